"""The generator's inputs and its way from level to level: borders, finer noise, up-sampling."""

import keras
import tensorflow as tf
from keras import ops

from locogan_keras.canvas.latents import BORDER, LEVELS
from locogan_keras.canvas.positions import UPSAMPLINGS
from locogan_keras.networks.network import fine_latent_channels


@keras.saving.register_keras_serializable(package="locogan_keras")
class UpsamplingConvolution(keras.layers.Layer):
    """A stride-2, kernel-4 transposed convolution of which only fully covered outputs are kept.

    It is computed as a 2 x 2 convolution to four times the filters, followed by depth-to-space: the
    same function and the same arithmetic, in a far simpler graph. `kernel_from_transposed` converts
    a transposed convolution's kernel exactly. No bias: batch normalisation follows (Table 1).

    A free kernel has a 2 x 2 part of its own for each of the four places that an output can have
    under an input, so that it can print the up-sampling's lattice, and does (Odena et al., 2016,
    "Deconvolution and checkerboard artifacts"). A box-filtered one is a 3 x 3 kernel convolved with
    a 2 x 2 box: nearest up-sampling followed by a convolution. It costs the same, and constant
    features give constant outputs.

    Args:
        filters: Output channels.
        folded: Whether a bias and ReLU follow the convolution, before depth-to-space.
        upsampling: `"free"` (the reference) or `"box"`.

    Call arguments:
        features: `(batch, height, width, channels)`, height and width >= 2.

    Returns:
        `(batch, 2 * height - 2, 2 * width - 2, filters)`.

    Raises:
        ValueError: If `upsampling` is not known.

    Example:

        import numpy as np
        from locogan_keras import UpsamplingConvolution

        features = np.zeros((1, 8, 8, 32), "float32")
        print(UpsamplingConvolution(16)(features).shape)  # (1, 14, 14, 16)
    """

    def __init__(self, filters, folded=False, upsampling="free", **kwargs):
        super().__init__(**kwargs)
        if upsampling not in UPSAMPLINGS:
            raise ValueError(
                f"`upsampling` must be one of {', '.join(UPSAMPLINGS)}. "
                f"Received: upsampling={upsampling!r}"
            )
        self.filters = filters
        self.folded = folded
        self.upsampling = upsampling

    def build(self, input_shape):
        channels = input_shape[-1]
        shapes = {
            "free": (2, 2, channels, 4 * self.filters),
            "box": (3, 3, channels, self.filters),
        }
        self.kernel = self.add_weight(
            name="kernel",
            shape=shapes[self.upsampling],
            initializer=keras.initializers.RandomNormal(stddev=0.02),
        )
        if self.folded:
            self.bias = self.add_weight(name="bias", shape=(4 * self.filters,), initializer="zeros")

    def call(self, features):
        outputs = ops.conv(features, self.free_kernel(), padding="valid")
        if self.folded:
            outputs = ops.relu(outputs + self.bias)
        return tf.nn.depth_to_space(outputs, 2)

    def free_kernel(self):
        """The kernel of the 2 x 2 convolution, `(2, 2, channels, 4 * filters)`."""
        # In the layer's precision: in mixed precision a variable is cast as it is read.
        kernel = ops.convert_to_tensor(self.kernel)
        if self.upsampling == "free":
            return kernel
        # Outputs 2 k and 2 k + 1 see the up-sampled inputs k, k, k + 1 and k, k + 1, k + 1.
        rows = _paired(kernel, axis=0)
        return ops.concatenate([part for row in rows for part in _paired(row, axis=1)], axis=-1)

    def compute_output_shape(self, input_shape):
        batch, *size, _ = input_shape
        size = [None if length is None else 2 * length - 2 for length in size]
        return (batch, *size, self.filters)

    def get_config(self):
        names = ("filters", "folded", "upsampling")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}

    @staticmethod
    def kernel_from_transposed(kernel):
        """The kernel that makes this layer equal to a transposed convolution.

        Args:
            kernel: `(4, 4, channels, filters)`: height, width, input, output.

        Returns:
            `(2, 2, channels, 4 * filters)`.
        """
        _, _, channels, filters = kernel.shape
        # Output 2 k + 2 + p of the transposed convolution is input k times tap 2 + p, plus
        # input k + 1 times tap p.
        taps = ops.flip(ops.reshape(kernel, (2, 2, 2, 2, channels, filters)), axis=(0, 2))
        return ops.reshape(ops.transpose(taps, (0, 2, 4, 1, 3, 5)), (2, 2, channels, 4 * filters))


def _paired(kernel, axis):
    """Two taps in place of three along an axis: for the output before an input, and after it."""
    first, middle, last = ops.split(kernel, 3, axis=axis)
    return (
        ops.concatenate([first + middle, last], axis=axis),
        ops.concatenate([first, middle + last], axis=axis),
    )


@keras.saving.register_keras_serializable(package="locogan_keras")
class CropBorder(keras.layers.Cropping2D):
    """`keras.layers.Cropping2D` whose gradient is a padding.

    The gradient of TensorFlow's strided slice is run by none of its threads or vector units:
    a padding is the same numbers, sooner.
    """

    def call(self, features):
        (top, bottom), (left, right) = self.cropping
        margins = ((0, 0), (top, bottom), (left, right), (0, 0))

        @tf.custom_gradient
        def crop(features):
            cropped = features[:, top : -bottom or None, left : -right or None]
            return cropped, lambda gradient: tf.pad(gradient, margins)

        return crop(features)


@keras.saving.register_keras_serializable(package="locogan_keras")
class FineNoise(keras.layers.Layer):
    """Latent channels as noise at a finer level than the cells.

    4 channels of a cell are one noise map at twice the cells' resolution, 16 at four times, 64 at
    eight times. So the noise of every level is addressed, wraps and is cropped like any latent,
    and no graph has a random operator.

    Args:
        factor: Rows and columns of the noise for one of the cells: 2, 4 or 8.
        margin: How much of the result to crop on each side.

    Call arguments:
        channels: `(batch, rows, columns, count * factor * factor)`.

    Returns:
        `(batch, factor * rows - 2 * margin, factor * columns - 2 * margin, count)`.

    Raises:
        ValueError: If `factor` is under 2 or `margin` under 1.
    """

    def __init__(self, factor, margin, **kwargs):
        super().__init__(**kwargs)
        if factor < 2 or margin < 1:
            raise ValueError(
                "`factor` must be >= 2 and `margin` >= 1. Received: "
                f"factor={factor}, margin={margin}"
            )
        self.factor = factor
        self.margin = margin

    def call(self, channels):
        noise = tf.nn.depth_to_space(channels, self.factor)
        return noise[:, self.margin : -self.margin, self.margin : -self.margin]

    def compute_output_shape(self, channels_shape):
        batch, *size, channels = channels_shape
        size = [None if each is None else self.factor * each - 2 * self.margin for each in size]
        return (batch, *size, channels // self.factor**2)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor, "margin": self.margin}


def generator_inputs(channels):
    """`[latent, positions]`, symbolic; `channels` are the latent's."""
    latent = keras.Input((None, None, channels), name="latent", dtype="float32")
    return [latent, keras.Input((None, None, 2), name="positions", dtype="float32")]


def channels_at(width, level):
    """The number of channels that a level of the generator makes."""
    return width * 2 ** (LEVELS - 1 - level)


def by_level(latent, fine_channels, dtype):
    """The cells' own channels, and the noise of each finer level that has some."""
    first = cells = latent.shape[-1] - fine_latent_channels(fine_channels)
    noise = {}
    for level, count in enumerate(fine_channels, start=1):
        if count:
            last = first + 4**level * count
            layer = FineNoise(2**level, border_before(level), dtype=dtype, name=f"noise_{level}")
            noise[level] = layer(latent[..., first:last])
            first = last
    return (latent[..., :cells] if noise else latent), noise


def border_before(level):
    """The number of a position map's cells at this level outside the features, on each side."""
    return BORDER * (2**level - 1)
