"""The generator: no zero padding, any height and width."""

import keras
from keras import layers

from locogan_keras.canvas.latents import BORDER, LEVELS
from locogan_keras.canvas.positions import check_frame
from locogan_keras.networks.layers import PositionInjection, UpsamplingConvolution
from locogan_keras.networks.network import Network, check_settings, normal_kernel


def build_generator(
    width=32,
    encoding="linear",
    inject="every_layer",
    global_channels=16,
    local_channels=2,
    frame=(128, 128),
    image_channels=3,
    dtype=None,
):
    """A new `Generator` with random weights; the arguments are its own."""
    return Generator(
        width, encoding, inject, global_channels, local_channels, frame, image_channels, dtype
    )


@keras.saving.register_keras_serializable(package="locogan_keras")
class Generator(Network):
    """LocoGAN's generator (section 3 and Table 1), any height and width, no padding anywhere.

    Args:
        width: Channels of the last hidden layer; the others have 8, 4 and 2 times as many. 128 is
            the paper's Table 1, 64 the reference code's, 32 serves single pictures.
        encoding: How positions are encoded: `"linear"`, `"cylinder"` or `"torus"`.
        inject: `"every_layer"` (the paper) or `"input"` (the reference code).
        global_channels: Channels of the master plan. Non-negative.
        local_channels: Channels of the local plan. Positive.
        frame: (height, width) in pixels that positions -1 to 1 stand for; multiples of 16 on an
            axis that the encoding repeats on. The network does not use it: whoever makes its
            positions does.
        image_channels: Channels of the image. Positive.
        dtype: Keras's dtype policy of the layers, such as `"mixed_float16"`; the global one unless
            given. Positions and the last layer are float32 all the same.

    Call arguments:
        inputs: `[latent, positions]`, float32:
            latent `(batch, h + 6, w + 6, global_channels + local_channels)`,
            positions `(batch, h + 6, w + 6, 2)`, (y, x) of the cell centres.

    Returns:
        image `(batch, 16 h, 16 w, image_channels)`, float32 in [-1, 1].

    Raises:
        ValueError: If an argument is out of range.

    Example:

        import numpy as np
        from locogan_keras import build_generator

        generator = build_generator(width=4)
        latent = np.random.normal(size=(1, 4 + 6, 5 + 6, 18)).astype("float32")
        positions = np.zeros((1, 4 + 6, 5 + 6, 2), "float32")
        image = generator([latent, positions], training=False)
        assert image.shape == (1, 64, 80, 3)
    """

    settings = (
        *("width", "encoding", "inject", "global_channels", "local_channels", "frame"),
        "image_channels",
    )
    absent = {"image_channels": 3}

    def __init__(
        self,
        width=32,
        encoding="linear",
        inject="every_layer",
        global_channels=16,
        local_channels=2,
        frame=(128, 128),
        image_channels=3,
        dtype=None,
        name=None,
    ):
        check_settings(width, inject, image_channels)
        dtype = keras.dtype_policies.get(dtype)
        if global_channels < 0 or local_channels < 1:
            raise ValueError(
                "`global_channels` must be >= 0 and `local_channels` >= 1. Received: "
                f"global_channels={global_channels}, local_channels={local_channels}"
            )
        check_frame(frame, encoding)

        def inject_positions(features, level, margin):
            if level and inject == "input":
                return features
            layer = PositionInjection(encoding, margin, dtype=dtype, name=f"positions_{level}")
            return layer(features, positions)

        def upsample(features, level):
            filters = channels_at(width, level)
            upsample = UpsamplingConvolution(filters, dtype=dtype, name=f"upsample_{level}")
            normalize = layers.BatchNormalization(
                momentum=0.9,
                epsilon=1e-5,
                gamma_initializer=keras.initializers.RandomNormal(mean=1.0, stddev=0.02),
                dtype=dtype,
                name=f"normalize_{level}",
            )
            return layers.ReLU(dtype=dtype, name=f"relu_{level}")(normalize(upsample(features)))

        inputs = latent, positions = generator_inputs(global_channels + local_channels)
        image = generator_image(latent, inject_positions, upsample, image_channels, dtype)
        super().__init__(
            inputs,
            image,
            dtype=dtype,
            name=name,
            width=width,
            encoding=encoding,
            inject=inject,
            global_channels=global_channels,
            local_channels=local_channels,
            frame=tuple(frame),
            image_channels=image_channels,
        )


def generator_inputs(channels):
    """`[latent, positions]`, symbolic; `channels` are the latent's."""
    latent = keras.Input((None, None, channels), name="latent", dtype="float32")
    return [latent, keras.Input((None, None, 2), name="positions", dtype="float32")]


def generator_image(latent, inject_positions, upsample, image_channels, dtype):
    """The image, by way of what differs between training and deployment.

    Args:
        latent: Symbolic.
        inject_positions: Called with features, their level and how many of the position map's
            cells lie (before, after) them.
        upsample: Called with features and their level.
        image_channels: Of the image.
        dtype: The layers' dtype policy.
    """
    features = latent
    for level in range(LEVELS):
        features = layers.Cropping2D(1, dtype=dtype, name=f"crop_{level}")(features)
        margin = _margin(level) + 1
        features = inject_positions(features, level, (margin, margin))
        features = upsample(features, level)
    # Of the fully covered outputs the reference keeps [1:-2]; cropping the input is the same.
    features = layers.Cropping2D(((1, 2), (1, 2)), dtype=dtype, name=f"crop_{LEVELS}")(features)
    features = inject_positions(features, LEVELS, (_margin(LEVELS) + 1, _margin(LEVELS) + 2))
    return layers.Conv2D(
        image_channels,
        4,
        activation="tanh",
        kernel_initializer=normal_kernel(),
        dtype="float32",
        name="image",
    )(features)


def channels_at(width, level):
    """Channels that a level of the generator makes."""
    return width * 2 ** (LEVELS - 1 - level)


def _margin(level):
    """How many of the cells that a position map has at this level lie outside the features."""
    return BORDER * (2**level - 1)
