"""The layers of both networks; `SpectralNormalization` has a file of its own."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from locogan_keras.networks.encodings import ENCODINGS


@keras.saving.register_keras_serializable(package="locogan_keras")
class PositionInjection(keras.layers.Layer):
    """Features with encoded positions after them: the paper's position channels (section 3).

    The raw (y, x) map is resized to the grid of the features, bilinearly, and only then encoded:
    averaging cosines and sines would shrink them. Both happen in the positions' own precision,
    float32: neighbouring pixels of a large frame are one number in float16.

    Args:
        encoding: `"linear"` (y, x); `"cylinder"` (y, cos pi x, sin pi x), for pictures that repeat
            in x; `"torus"` (cos pi y, sin pi y, cos pi x, sin pi x), for planes that repeat in
            both; `"rows"` (cos pi y, sin pi y) and `"columns"` (cos pi x, sin pi x), for those
            that have a lattice along one axis, such as boards; `"none"`: nothing, for textures that
            are alike everywhere. The layer then only keeps the positions among the inputs of the
            networks, whose signature is one for all.
        margin: (before, after): how many cells of the features' grid lie between the edge of the
            map and the edge of the features, alike on both axes. They are resized too and cropped,
            so that no value clamped at the map's edge survives.

    Call arguments:
        features: `(batch, height, width, channels)`.
        positions: `(batch, rows, columns, 2)`, any size; y and x in frames, -1 to 1 inside.

    Returns:
        `(batch, height, width, channels + 2, 3, 4 or 0)`.

    Raises:
        ValueError: If the encoding is unknown or a margin is negative.

    Example:

        import numpy as np
        from locogan_keras import PositionInjection

        y, x = np.meshgrid(np.linspace(-1, 1, 5), np.linspace(-1, 1, 5), indexing="ij")
        positions = np.stack([y, x], axis=-1)[None].astype("float32")
        features = np.zeros((1, 10, 10, 8), "float32")
        told = PositionInjection("torus")(features, positions)
        print(told.shape)  # (1, 10, 10, 12)
    """

    def __init__(self, encoding, margin=(0, 0), **kwargs):
        super().__init__(autocast=False, **kwargs)
        if encoding not in ENCODINGS:
            raise ValueError(
                f"`encoding` must be one of {', '.join(ENCODINGS)}. Received: encoding={encoding!r}"
            )
        if min(margin) < 0:
            raise ValueError(f"`margin` must be >= 0. Received: margin={margin}")
        self.encoding = encoding
        self.margin = tuple(margin)

    def call(self, features, positions):
        if not ENCODINGS[self.encoding].channels:
            return ops.cast(features, self.compute_dtype)
        before, after = self.margin
        size = ops.shape(features)[1:3]
        height, width = (length + before + after for length in size)
        resized = tf.image.resize(positions, (height, width), method="bilinear")
        resized = resized[:, before : height - after, before : width - after]
        channels = (features, ENCODINGS[self.encoding].encode(resized))
        return ops.concatenate([ops.cast(each, self.compute_dtype) for each in channels], axis=-1)

    def compute_output_shape(self, features_shape, positions_shape):
        return (*features_shape[:-1], features_shape[-1] + ENCODINGS[self.encoding].channels)

    def get_config(self):
        return {**super().get_config(), "encoding": self.encoding, "margin": self.margin}


@keras.saving.register_keras_serializable(package="locogan_keras")
class PositionUpsampling(keras.layers.Layer):
    """A position map resized bilinearly by a whole factor, as `PositionInjection` does it.

    Each output is a fixed mean of the map's 3 x 3 neighbours: a convolution and depth-to-space,
    which every inference engine has, and which need no shape arithmetic.

    Args:
        factor: Rows and columns of the result for one of the map. Positive.
        margin: (before, after): how much of the result to crop, alike on both axes; at least
            `factor` if that is over 1, because the map's edge has no neighbours.

    Call arguments:
        positions: `(batch, rows, columns, 2)`.

    Returns:
        `(batch, factor * rows - before - after, factor * columns - before - after, 2)`.

    Raises:
        ValueError: If the factor or the margin is too small.

    Example:

        import numpy as np
        from locogan_keras import PositionUpsampling

        positions = np.zeros((1, 10, 10, 2), "float32")
        print(PositionUpsampling(2, margin=(3, 3))(positions).shape)  # (1, 14, 14, 2)
    """

    def __init__(self, factor, margin, **kwargs):
        super().__init__(**kwargs)
        if factor < 1:
            raise ValueError(f"`factor` must be >= 1. Received: factor={factor}")
        self._edge = factor if factor > 1 else 0
        if min(margin) < self._edge:
            raise ValueError(f"`margin` must be >= {self._edge}. Received: margin={margin}")
        self.factor = factor
        self.margin = tuple(margin)

    def call(self, positions):
        if self.factor > 1:
            phases = tf.nn.conv2d(positions, self._kernel(), strides=1, padding="VALID")
            positions = tf.nn.depth_to_space(phases, self.factor)
        before, after = (cells - self._edge for cells in self.margin)
        end = -after or None
        return positions[:, before:end, before:end]

    def _kernel(self):
        """`(3, 3, 2, factor * factor * 2)`: every phase's weights of the neighbours."""
        offsets = (np.arange(self.factor) + 0.5) / self.factor - 0.5
        weights = np.maximum(0.0, 1.0 - np.abs(offsets - np.array([[-1], [0], [1]])))
        kernel = np.einsum("ip,jq,cd->ijcpqd", weights, weights, np.eye(2))
        return kernel.reshape(3, 3, 2, -1).astype(np.float32)

    def compute_output_shape(self, positions_shape):
        batch, *size, channels = positions_shape
        crop = sum(self.margin)
        size = [None if length is None else self.factor * length - crop for length in size]
        return (batch, *size, channels)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor, "margin": self.margin}
