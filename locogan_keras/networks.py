"""The two networks: a generator without zero padding and a spectrally normalised discriminator."""

import keras
from keras import layers

from locogan_keras.config import INJECTIONS
from locogan_keras.latents import BORDER
from locogan_keras.layers import (
    PositionInjection,
    UpsamplingConvolution,
)
from locogan_keras.positions import check_frame
from locogan_keras.spectral_normalization import SpectralNormalization


def build_generator(
    width=32,
    encoding="linear",
    inject="every_layer",
    global_channels=16,
    local_channels=2,
    frame=(128, 128),
):
    """A new `Generator` with random weights; the arguments are its own."""
    return Generator(width, encoding, inject, global_channels, local_channels, frame)


def build_discriminator(width=32, encoding="linear", inject="every_layer", statistics=None):
    """A new `Discriminator` with random weights; the arguments are its own."""
    return Discriminator(width, encoding, inject, statistics)


@keras.saving.register_keras_serializable(package="locogan_keras")
class Generator(keras.Model):
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

    Call arguments:
        inputs: `[latent, positions]`, float32:
            latent `(batch, h + 6, w + 6, global_channels + local_channels)`,
            positions `(batch, h + 6, w + 6, 2)`, (y, x) of the cell centres.

    Returns:
        image `(batch, 16 h, 16 w, 3)` in [-1, 1].

    Raises:
        ValueError: If an argument is out of range.
    """

    def __init__(
        self,
        width=32,
        encoding="linear",
        inject="every_layer",
        global_channels=16,
        local_channels=2,
        frame=(128, 128),
        **kwargs,
    ):
        _check(width, inject)
        if global_channels < 0 or local_channels < 1:
            raise ValueError(
                "`global_channels` must be >= 0 and `local_channels` >= 1. Received: "
                f"global_channels={global_channels}, local_channels={local_channels}"
            )
        check_frame(frame, encoding)

        def inject_positions(features, level, margin):
            if level and inject == "input":
                return features
            layer = PositionInjection(encoding, margin, name=f"positions_{level}")
            return layer(features, positions)

        def upsample(features, level):
            filters = channels_at(width, level)
            features = UpsamplingConvolution(filters, name=f"upsample_{level}")(features)
            features = layers.BatchNormalization(
                momentum=0.9,
                epsilon=1e-5,
                gamma_initializer=keras.initializers.RandomNormal(mean=1.0, stddev=0.02),
                name=f"normalize_{level}",
            )(features)
            return layers.ReLU(name=f"relu_{level}")(features)

        inputs = latent, positions = generator_inputs(global_channels + local_channels)
        image = generator_image(latent, inject_positions, upsample)
        super().__init__(inputs=inputs, outputs=image, **kwargs)
        self.width = width
        self.encoding = encoding
        self.inject = inject
        self.global_channels = global_channels
        self.local_channels = local_channels
        self.frame = tuple(frame)

    def get_config(self):
        names = ("width", "encoding", "inject", "global_channels", "local_channels", "frame")
        return {"name": self.name, **{name: getattr(self, name) for name in names}}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


@keras.saving.register_keras_serializable(package="locogan_keras")
class Discriminator(keras.Model):
    """LocoGAN's discriminator (section 3 and Table 2) of 64 x 64 crops.

    Args:
        width: Channels of the first layer; the next have 2, 4 and 8 times as many.
        encoding: How positions are encoded: `"linear"`, `"cylinder"` or `"torus"`.
        inject: `"every_layer"` (the paper) or `"input"` (the reference code).
        statistics: `[mean, deviation]` of the pictures: three means and one number, of values in
            [-1, 1]. Images are then standardised to mean 0 and deviation 0.5 first. A spectrally
            normalised network hardly sees a photo of low contrast, such as sand. None (the
            reference) leaves images as they are.

    Call arguments:
        inputs: `[image, positions]`, float32:
            image `(batch, height, width, 3)` in [-1, 1], height and width >= 64,
            positions `(batch, height, width, 2)`, (y, x) of the pixel centres.

    Returns:
        logits `(batch, 1)`; for crops over 64 x 64 the mean over the places where they fit.

    Raises:
        ValueError: If an argument is out of range.
    """

    def __init__(
        self, width=32, encoding="linear", inject="every_layer", statistics=None, **kwargs
    ):
        _check(width, inject)
        image = keras.Input((None, None, 3), name="image")
        positions = keras.Input((None, None, 2), name="positions")
        features = image
        if statistics is not None:
            mean, deviation = statistics
            if len(mean) != 3 or not deviation > 0:
                raise ValueError(
                    "`statistics` must be three means and a positive deviation. Received: "
                    f"statistics={statistics}"
                )
            features = layers.Normalization(
                mean=mean, variance=3 * [(2.0 * deviation) ** 2], name="standardize"
            )(features)
        for level, filters in enumerate((width, 2 * width, 4 * width, 8 * width)):
            if level == 0 or inject == "every_layer":
                features = PositionInjection(encoding, name=f"positions_{level}")(
                    features, positions
                )
            convolution = layers.Conv2D(
                filters, 4, strides=2, padding="same", kernel_initializer=_normal_kernel()
            )
            features = SpectralNormalization(convolution, name=f"downsample_{level}")(features)
            features = layers.LeakyReLU(0.2, name=f"leaky_relu_{level}")(features)
        if inject == "every_layer":
            features = PositionInjection(encoding, name="positions_4")(features, positions)
        patches = layers.Conv2D(1, 4, kernel_initializer=_normal_kernel(), name="patches")(features)
        logits = layers.GlobalAveragePooling2D(name="logits")(patches)
        super().__init__(inputs=[image, positions], outputs=logits, **kwargs)
        self.width = width
        self.encoding = encoding
        self.inject = inject
        self.statistics = statistics

    def get_config(self):
        names = ("width", "encoding", "inject", "statistics")
        return {"name": self.name, **{name: getattr(self, name) for name in names}}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


def generator_inputs(channels):
    """`[latent, positions]`, symbolic; `channels` are the latent's."""
    latent = keras.Input((None, None, channels), name="latent")
    return [latent, keras.Input((None, None, 2), name="positions")]


def generator_image(latent, inject_positions, upsample):
    """The generator's graph, around what differs between training and deployment."""
    features = latent
    for level in range(4):
        features = layers.Cropping2D(1, name=f"crop_{level}")(features)
        margin = _margin(level) + 1
        features = inject_positions(features, level, (margin, margin))
        features = upsample(features, level)
    # Of the fully covered outputs the reference keeps [1:-2]; cropping the input is the same.
    features = layers.Cropping2D(((1, 2), (1, 2)), name="crop_4")(features)
    features = inject_positions(features, 4, (_margin(4) + 1, _margin(4) + 2))
    return layers.Conv2D(
        3, 4, activation="tanh", kernel_initializer=_normal_kernel(), name="image"
    )(features)


def channels_at(width, level):
    """Channels that a level of the generator makes."""
    return width * 2 ** (3 - level)


def _margin(level):
    """How many of the cells that a position map has at this level lie outside the features."""
    return BORDER * (2**level - 1)


def _normal_kernel():
    return keras.initializers.RandomNormal(stddev=0.02)


def _check(width, inject):
    if width < 1:
        raise ValueError(f"`width` must be >= 1. Received: width={width}")
    if inject not in INJECTIONS:
        raise ValueError(
            f"`inject` must be one of {', '.join(INJECTIONS)}. Received: inject={inject!r}"
        )
