"""The two networks: a generator without zero padding and a spectrally normalised discriminator."""

import inspect

import keras
from keras import layers

from locogan_keras.canvas.positions import check_frame
from locogan_keras.exporting.deployable import deployable as deployable
from locogan_keras.networks.generator_graph import (
    channels_at,
    generator_image,
    generator_inputs,
    normal_kernel,
)
from locogan_keras.networks.layers import PositionInjection, UpsamplingConvolution
from locogan_keras.networks.spectral_normalization import SpectralNormalization
from locogan_keras.storage.config import INJECTIONS


def build_generator(
    width=32,
    encoding="linear",
    inject="every_layer",
    global_channels=16,
    local_channels=2,
    frame=(128, 128),
    dtype=None,
):
    """A new `Generator` with random weights; the arguments are its own."""
    return Generator(width, encoding, inject, global_channels, local_channels, frame, dtype)


def build_discriminator(
    width=32, encoding="linear", inject="every_layer", statistics=None, dtype=None
):
    """A new `Discriminator` with random weights; the arguments are its own."""
    return Discriminator(width, encoding, inject, statistics, dtype)


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
        dtype: Keras's dtype policy of the layers, such as `"mixed_float16"`; the global one unless
            given. Positions and the last layer are float32 all the same.

    Call arguments:
        inputs: `[latent, positions]`, float32:
            latent `(batch, h + 6, w + 6, global_channels + local_channels)`,
            positions `(batch, h + 6, w + 6, 2)`, (y, x) of the cell centres.

    Returns:
        image `(batch, 16 h, 16 w, 3)`, float32 in [-1, 1].

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
        dtype=None,
        name=None,
    ):
        _check(width, inject)
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
        image = generator_image(latent, inject_positions, upsample, dtype)
        super().__init__(inputs=inputs, outputs=image, name=name)
        self.width = width
        self.encoding = encoding
        self.inject = inject
        self.global_channels = global_channels
        self.local_channels = local_channels
        self.frame = tuple(frame)
        self.dtype_policy = dtype

    def get_config(self):
        names = ("width", "encoding", "inject", "global_channels", "local_channels", "frame")
        config = {name: getattr(self, name) for name in names}
        return {"name": self.name, "dtype": self.dtype_policy.name, **config}

    @classmethod
    def from_config(cls, config):
        return _from_config(cls, config)


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
        dtype: Keras's dtype policy of the layers; the global one unless given. Positions and the
            last layers are float32 all the same.

    Call arguments:
        inputs: `[image, positions]`, float32:
            image `(batch, height, width, 3)` in [-1, 1], height and width >= 64,
            positions `(batch, height, width, 2)`, (y, x) of the pixel centres.

    Returns:
        logits `(batch, 1)`, float32; for crops over 64 x 64 the mean over the places where they
        fit.

    Raises:
        ValueError: If an argument is out of range.
    """

    def __init__(
        self,
        width=32,
        encoding="linear",
        inject="every_layer",
        statistics=None,
        dtype=None,
        name=None,
    ):
        _check(width, inject)
        dtype = keras.dtype_policies.get(dtype)
        image = keras.Input((None, None, 3), name="image", dtype="float32")
        positions = keras.Input((None, None, 2), name="positions", dtype="float32")
        features = image
        if statistics is not None:
            mean, deviation = statistics
            if len(mean) != 3 or not deviation > 0:
                raise ValueError(
                    "`statistics` must be three means and a positive deviation. Received: "
                    f"statistics={statistics}"
                )
            features = layers.Normalization(
                mean=mean,
                variance=3 * [(2.0 * deviation) ** 2],
                dtype="float32",
                name="standardize",
            )(features)
        for level, filters in enumerate((width, 2 * width, 4 * width, 8 * width)):
            if level == 0 or inject == "every_layer":
                features = PositionInjection(encoding, dtype=dtype, name=f"positions_{level}")(
                    features, positions
                )
            convolution = layers.Conv2D(
                filters,
                4,
                strides=2,
                padding="same",
                kernel_initializer=normal_kernel(),
                dtype=dtype,
            )
            features = SpectralNormalization(convolution, name=f"downsample_{level}")(features)
            features = layers.LeakyReLU(0.2, dtype=dtype, name=f"leaky_relu_{level}")(features)
        if inject == "every_layer":
            features = PositionInjection(encoding, dtype="float32", name="positions_4")(
                features, positions
            )
        patches = layers.Conv2D(
            1, 4, kernel_initializer=normal_kernel(), dtype="float32", name="patches"
        )(features)
        logits = layers.GlobalAveragePooling2D(dtype="float32", name="logits")(patches)
        super().__init__(inputs=[image, positions], outputs=logits, name=name)
        self.width = width
        self.encoding = encoding
        self.inject = inject
        self.statistics = statistics
        self.dtype_policy = dtype

    def get_config(self):
        names = ("width", "encoding", "inject", "statistics")
        config = {name: getattr(self, name) for name in names}
        return {"name": self.name, "dtype": self.dtype_policy.name, **config}

    @classmethod
    def from_config(cls, config):
        return _from_config(cls, config)


def _from_config(network, config):
    # Keras would drop in silence what its own constructor does not know.
    parameters = inspect.signature(network.__init__).parameters
    takes_all = any(each.kind is each.VAR_KEYWORD for each in parameters.values())
    unknown = sorted(config.keys() - parameters)
    if unknown and not takes_all:
        names = ", ".join(unknown)
        raise ValueError(f"unknown settings of {network.__name__}, of a newer version? {names}")
    return network(**config)


def _check(width, inject):
    if width < 1:
        raise ValueError(f"`width` must be >= 1. Received: width={width}")
    if inject not in INJECTIONS:
        raise ValueError(
            f"`inject` must be one of {', '.join(INJECTIONS)}. Received: inject={inject!r}"
        )
