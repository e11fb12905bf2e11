"""The discriminator of crops and where they lie, spectrally normalised or not."""

import keras
from keras import layers, ops

from locogan_keras.canvas.latents import LEVELS
from locogan_keras.networks.layers import PositionInjection
from locogan_keras.networks.network import Network, check_settings, check_whole, normal_kernel
from locogan_keras.networks.spectral_normalization import SpectralNormalization


def build_discriminator(
    width=32,
    encoding="linear",
    inject="every_layer",
    statistics=None,
    image_channels=3,
    dtype=None,
    spectral_normalization=True,
    packed=1,
):
    """A new `Discriminator` with random weights; the arguments are its own."""
    return Discriminator(
        width,
        encoding,
        inject,
        statistics,
        image_channels,
        dtype,
        spectral_normalization=spectral_normalization,
        packed=packed,
    )


@keras.saving.register_keras_serializable(package="locogan_keras")
class Discriminator(Network):
    """LocoGAN's discriminator (section 3 and Table 2) of 64 x 64 crops.

    Args:
        width: Channels of the first layer; the next have 2, 4 and 8 times as many.
        encoding: How positions are encoded, as of the generator.
        inject: `"every_layer"` (the paper) or `"input"` (the reference code).
        statistics: `[mean, deviation]` of the pictures: each channel's mean and one number, or one
            for each channel, of values in [-1, 1]. Images are then standardised to mean 0 and
            deviation 0.5 first. A spectrally normalised network hardly sees a photo of low
            contrast, such as sand. None (the reference) leaves images as they are.
        image_channels: Channels of the images. Positive.
        dtype: Keras's dtype policy of the layers; the global one unless given. Positions and the
            last layers are float32 all the same.
        spectral_normalization: Whether kernels are divided by their spectral norm (the reference).
            Without, something else has to bound the network's steepness, such as a penalty.
        packed: How many crops of one place are judged together, as channels of one image (Lin et
            al., 2018, "PacGAN"): of two that should differ it is seen whether they do.

    Call arguments:
        inputs: `[image, positions]`, float32:
            image `(batch, height, width, packed * image_channels)` in [-1, 1], height and width
            >= 64,
            positions `(batch, height, width, 2)`, (y, x) of the pixel centres.

    Returns:
        logits `(batch, 1)`, float32; for crops over 64 x 64 the mean over the places where they
        fit.

    Raises:
        ValueError: If an argument is out of range.

    Example:

        import numpy as np
        from locogan_keras import build_discriminator

        discriminator = build_discriminator(width=4)
        image = np.zeros((2, 64, 64, 3), "float32")
        positions = np.zeros((2, 64, 64, 2), "float32")
        logits = discriminator([image, positions], training=False)
        print(logits.shape)  # (2, 1)
    """

    settings = (
        *("width", "encoding", "inject", "statistics", "image_channels"),
        *("spectral_normalization", "packed"),
    )
    absent = {"image_channels": 3, "spectral_normalization": True, "packed": 1}

    def __init__(
        self,
        width=32,
        encoding="linear",
        inject="every_layer",
        statistics=None,
        image_channels=3,
        dtype=None,
        name=None,
        spectral_normalization=True,
        packed=1,
    ):
        check_settings(width, inject, image_channels)
        check_whole(1, packed=packed)
        dtype = keras.dtype_policies.get(dtype)
        image = keras.Input((None, None, packed * image_channels), name="image", dtype="float32")
        positions = keras.Input((None, None, 2), name="positions", dtype="float32")
        features = image
        if statistics is not None:
            mean, deviation = statistics
            each = deviation if isinstance(deviation, list) else image_channels * [deviation]
            if {len(mean), len(each)} != {image_channels} or not min(each) > 0:
                raise ValueError(
                    f"`statistics` must be {image_channels} means, one a channel, and a positive "
                    f"deviation, or as many. Received: statistics={statistics}"
                )
            features = layers.Normalization(
                mean=packed * list(mean),
                variance=packed * [(2.0 * one) ** 2 for one in each],
                dtype="float32",
                name="standardize",
            )(features)
        for level in range(LEVELS):
            if level == 0 or inject == "every_layer":
                features = PositionInjection(encoding, dtype=dtype, name=f"positions_{level}")(
                    features, positions
                )
            convolution = layers.Conv2D(
                width * 2**level,
                4,
                strides=2,
                padding="same",
                kernel_initializer=normal_kernel() if spectral_normalization else "he_normal",
                dtype=dtype,
                name=f"convolution_{level}",
            )
            if spectral_normalization:
                convolution = SpectralNormalization(convolution, name=f"downsample_{level}")
            features = convolution(features)
            features = layers.LeakyReLU(0.2, dtype=dtype, name=f"leaky_relu_{level}")(features)
        if inject == "every_layer":
            features = PositionInjection(encoding, dtype="float32", name=f"positions_{LEVELS}")(
                features, positions
            )
        patches = layers.Conv2D(
            1,
            4,
            kernel_initializer=normal_kernel() if spectral_normalization else "lecun_normal",
            dtype="float32",
            name="patches",
        )(features)
        logits = layers.GlobalAveragePooling2D(dtype="float32", name="logits")(patches)
        super().__init__(
            [image, positions],
            logits,
            dtype=dtype,
            name=name,
            width=width,
            encoding=encoding,
            inject=inject,
            statistics=statistics,
            image_channels=image_channels,
            spectral_normalization=spectral_normalization,
            packed=packed,
        )

    def together(self, images, positions):
        """The inputs for images of which `packed` neighbours in the batch share their positions.

        Raises:
            ValueError: If the images cannot be divided so.
        """
        count, *size, channels = ops.shape(images)
        if isinstance(count, int) and count % self.packed:
            raise ValueError(f"{self.packed} are judged together. Received: {count} images")
        sets = ops.reshape(images, (-1, self.packed, *size, channels))
        joined = ops.concatenate(ops.unstack(sets, self.packed, axis=1), axis=-1)
        return [joined, ops.convert_to_tensor(positions)[:: self.packed]]
