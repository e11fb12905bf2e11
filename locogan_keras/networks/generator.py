"""The generator: no zero padding, any height and width."""

import keras
from keras import layers

from locogan_keras.canvas.latents import LEVELS
from locogan_keras.canvas.maps.names import checked_maps
from locogan_keras.canvas.positions import check_frame
from locogan_keras.networks.encodings import ENCODINGS
from locogan_keras.networks.layers import PositionInjection
from locogan_keras.networks.network import (
    Network,
    check_local_channels,
    check_settings,
    check_whole,
    normal_kernel,
    normalization,
)
from locogan_keras.networks.pretrained.presets import FromPreset
from locogan_keras.networks.upsampling import (
    CropBorder,
    UpsamplingConvolution,
    border_before,
    by_level,
    channels_at,
    generator_inputs,
)


def build_generator(*arguments, **settings):
    """A new `Generator` with random weights; the arguments are its own."""
    return Generator(*arguments, **settings)


@keras.saving.register_keras_serializable(package="locogan_keras")
class Generator(FromPreset, Network):
    """LocoGAN's generator (section 3 and Table 1), any height and width, no padding anywhere.

    Args:
        width: Channels of the last hidden layer; the others have 8, 4 and 2 times as many. 128 is
            the paper's Table 1, 64 the reference code's, 32 serves single pictures.
        encoding: How positions are encoded: `"linear"`, `"cylinder"`, `"torus"`, `"rows"` or
            `"columns"`; with `"none"` the network does not look at them.
        inject: `"every_layer"` (the paper) or `"input"` (the reference code).
        global_channels: Channels of the master plan. Non-negative.
        local_channels: Channels of the local plan, in all. Positive.
        frame: (height, width) in pixels that positions -1 to 1 stand for; multiples of 16 on an
            axis that the encoding repeats on. The network does not use it: whoever makes its
            positions does.
        image_channels: Channels of the image. Positive.
        dtype: Keras's dtype policy of the layers, such as `"mixed_float16"`; the global one unless
            given. Positions and the last layer are float32 all the same.
        upsampling: `"free"` (the reference) or `"box"`; see `UpsamplingConvolution`.
        fine_channels: Noise maps at twice, four and eight times the cells' resolution. Each is made
            of 4, 16 or 64 of the local channels, the last ones: a plan with a value for every 16 x
            16 pixels has nothing to draw grain from.
        line_channels: How many of the local channels, the first ones, have one value for a row of
            cells, and how many, the next ones, one for a column: a course of bricks is laid, and a
            board is cut, as a whole. The network does not know: whoever makes its latent does.
        wide_levels: How many levels, from the cells' on, begin with a 3 x 3 convolution (without
            padding, then normalisation and ReLU) of what the reference only crops the border of: 0
            to 4. So a brick of three cells can be of one colour, and its joints agree: a cell
            reaches 16, 24, 28 or 30 pixels further than without, still within the border.
        maps: What the image's channels are, `(name, bits)` pairs as of `checked_maps`; none where
            they are grey, RGB or RGBA. The network does not know: whoever writes its images does.

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
        print(image.shape)  # (1, 64, 80, 3)
    """

    settings = (
        *("width", "encoding", "inject", "global_channels", "local_channels", "frame"),
        *("image_channels", "upsampling", "fine_channels", "wide_levels", "line_channels", "maps"),
    )
    absent = {
        "image_channels": 3,
        "upsampling": "free",
        "fine_channels": (0, 0, 0),
        "wide_levels": 0,
        "line_channels": (0, 0),
        "maps": (),
    }

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
        upsampling="free",
        fine_channels=(0, 0, 0),
        wide_levels=0,
        line_channels=(0, 0),
        maps=(),
    ):
        check_settings(width, inject, image_channels)
        dtype = keras.dtype_policies.get(dtype)
        check_whole(0, global_channels=global_channels)
        check_whole(1, local_channels=local_channels)
        check_whole(0, LEVELS, wide_levels=wide_levels)
        check_frame(frame, encoding)
        fine_channels, line_channels = tuple(fine_channels), tuple(line_channels)
        check_local_channels(local_channels, fine_channels, line_channels)
        maps = checked_maps(maps, image_channels)

        def inject_positions(features, level, margin, name="positions"):
            if level and (inject == "input" or not ENCODINGS[encoding].channels):
                return features
            layer = PositionInjection(encoding, margin, dtype=dtype, name=f"{name}_{level}")
            return layer(features, positions)

        def widen(features, level):
            convolution = layers.Conv2D(
                channels_at(width, max(level - 1, 0)),
                3,
                use_bias=False,
                kernel_initializer=normal_kernel(),
                dtype=dtype,
                name=f"widen_{level}",
            )
            return normalization(f"widened_{level}", dtype)(convolution(features))

        def upsample(features, level):
            filters, name = channels_at(width, level), f"upsample_{level}"
            layer = UpsamplingConvolution(filters, upsampling=upsampling, dtype=dtype, name=name)
            # Made first, so that a seed gives the weights that it has always given.
            normalize = normalization(f"{level}", dtype)
            return normalize(layer(features))

        inputs = latent, positions = generator_inputs(global_channels + local_channels)
        image = generator_image(
            latent,
            fine_channels,
            wide_levels,
            inject_positions,
            widen,
            upsample,
            image_channels,
            dtype,
        )
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
            upsampling=upsampling,
            fine_channels=fine_channels,
            wide_levels=wide_levels,
            line_channels=line_channels,
            maps=maps,
        )


def generator_image(
    latent,
    fine_channels,
    wide_levels,
    inject_positions,
    widen,
    upsample,
    image_channels,
    dtype,
):
    """The image, by way of what differs between training and deployment.

    Args:
        latent: Symbolic.
        fine_channels, wide_levels: See `Generator`.
        inject_positions: Called with features, their level and how many of the position map's
            cells lie (before, after) them; and with a name for the layer, where it is not the
            level's only one.
        widen: Called with features and their level.
        upsample: Called with features and their level.
        image_channels: Of the image.
        dtype: The layers' dtype policy.
    """
    features, noise = by_level(latent, fine_channels, dtype)
    for level in range(LEVELS):
        if level in noise:
            join = layers.Concatenate(dtype=dtype, name=f"join_noise_{level}")
            features = join([features, noise[level]])
        margin = border_before(level)
        if level < wide_levels:
            features = inject_positions(features, level, (margin, margin), "positions_to_widen")
            features = widen(features, level)
        else:
            features = CropBorder(1, dtype=dtype, name=f"crop_{level}")(features)
        features = inject_positions(features, level, (margin + 1, margin + 1))
        features = upsample(features, level)
    # Of the fully covered outputs the reference keeps [1:-2]; cropping the input is the same.
    features = CropBorder(((1, 2), (1, 2)), dtype=dtype, name=f"crop_{LEVELS}")(features)
    features = inject_positions(
        features, LEVELS, (border_before(LEVELS) + 1, border_before(LEVELS) + 2)
    )
    return layers.Conv2D(
        image_channels,
        4,
        activation="tanh",
        kernel_initializer=normal_kernel(),
        dtype="float32",
        name="image",
    )(features)
