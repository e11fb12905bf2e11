"""The generator in the form that inference engines like."""

import math

import keras
import numpy as np
from keras import ops

from locogan_keras.canvas.positions import PERIODIC_AXES
from locogan_keras.networks.generator import channels_at, generator_image, generator_inputs
from locogan_keras.networks.layers import PositionUpsampling, UpsamplingConvolution


def deployable(generator):
    """The same function as a `Generator`'s inference, in the form that inference engines like.

    Batch normalisation is folded into the kernels, ReLU comes before depth-to-space, and positions
    are resized by convolutions of fixed factors, so that no shape is computed anywhere.
    All of it is float32, whatever precision the generator was trained in.

    Args:
        generator: A `Generator`, whose weights are copied.

    Returns:
        A `keras.Model` with the generator's inputs and output, equal to 2e-6. Not for training.
    """
    encoding = generator.encoding

    def inject_positions(features, level, margin):
        if level and generator.inject == "input":
            return features
        resized = PositionUpsampling(2**level, margin, dtype="float32", name=f"positions_{level}")(
            angles
        )
        if encoding == "linear":
            return ops.concatenate([features, resized], axis=-1)
        if encoding == "torus":
            return ops.concatenate([features, ops.cos(resized), ops.sin(resized)], axis=-1)
        y, x = ops.split(resized, 2, axis=-1)
        return ops.concatenate([features, y, ops.cos(x), ops.sin(x)], axis=-1)

    def upsample(features, level):
        filters = channels_at(generator.width, level)
        return UpsamplingConvolution(
            filters, folded=True, dtype="float32", name=f"upsample_{level}"
        )(features)

    inputs = latent, positions = generator_inputs(
        generator.global_channels + generator.local_channels
    )
    scales = [math.pi if repeats else 1.0 for repeats in PERIODIC_AXES[encoding]]
    angles = positions if encoding == "linear" else positions * np.array(scales, np.float32)
    image = generator_image(latent, inject_positions, upsample, "float32")
    model = keras.Model(inputs, image, name="generator")
    for level in range(4):
        model.get_layer(f"upsample_{level}").set_weights(_folded(generator, level))
    kernel, bias = generator.get_layer("image").get_weights()
    if generator.inject == "every_layer":
        kernel = _deployed_order(kernel, encoding)
    model.get_layer("image").set_weights([kernel, bias])
    return model


def _folded(generator, level):
    """Kernel and bias that do what a level's convolution and normalisation do."""
    kernel = generator.get_layer(f"upsample_{level}").kernel.numpy().astype(np.float64)
    normalize = generator.get_layer(f"normalize_{level}")
    gamma, beta, mean, variance = (weight.astype(np.float64) for weight in normalize.get_weights())
    scale = gamma / np.sqrt(variance + normalize.epsilon)
    # Depth-to-space takes its four blocks of filters from the channels one after another.
    kernel, bias = kernel * np.tile(scale, 4), np.tile(beta - mean * scale, 4)
    if level == 0 or generator.inject == "every_layer":
        kernel = _deployed_order(kernel, generator.encoding)
    return kernel, bias


def _deployed_order(kernel, encoding):
    """A kernel for position channels that come as all cosines, then all sines."""
    if encoding != "torus":
        return kernel
    others = list(range(kernel.shape[2] - 4))
    return kernel[:, :, [*others, -4, -2, -3, -1]]
