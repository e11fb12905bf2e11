"""The generator's graph, in the form for training and the one for deployment."""

import keras
from keras import layers

from locogan_keras.canvas.latents import BORDER


def generator_inputs(channels):
    """`[latent, positions]`, symbolic; `channels` are the latent's."""
    latent = keras.Input((None, None, channels), name="latent", dtype="float32")
    return [latent, keras.Input((None, None, 2), name="positions", dtype="float32")]


def generator_image(latent, inject_positions, upsample, dtype):
    """The image, by way of what differs between training and deployment.

    Args:
        latent: Symbolic.
        inject_positions: Called with features, their level and how many of the position map's
            cells lie (before, after) them.
        upsample: Called with features and their level.
        dtype: The layers' dtype policy.
    """
    features = latent
    for level in range(4):
        features = layers.Cropping2D(1, dtype=dtype, name=f"crop_{level}")(features)
        margin = _margin(level) + 1
        features = inject_positions(features, level, (margin, margin))
        features = upsample(features, level)
    # Of the fully covered outputs the reference keeps [1:-2]; cropping the input is the same.
    features = layers.Cropping2D(((1, 2), (1, 2)), dtype=dtype, name="crop_4")(features)
    features = inject_positions(features, 4, (_margin(4) + 1, _margin(4) + 2))
    return layers.Conv2D(
        3, 4, activation="tanh", kernel_initializer=normal_kernel(), dtype="float32", name="image"
    )(features)


def channels_at(width, level):
    """Channels that a level of the generator makes."""
    return width * 2 ** (3 - level)


def _margin(level):
    """How many of the cells that a position map has at this level lie outside the features."""
    return BORDER * (2**level - 1)


def normal_kernel():
    """The paper's initial kernels."""
    return keras.initializers.RandomNormal(stddev=0.02)
