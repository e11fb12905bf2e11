"""The generator in the form that inference engines like."""

import keras
import numpy as np
from keras import ops

from locogan_keras.canvas.latents import LEVELS
from locogan_keras.networks.encodings import ENCODINGS
from locogan_keras.networks.generator import generator_image
from locogan_keras.networks.layers import PositionInjection, PositionUpsampling
from locogan_keras.networks.upsampling import (
    UpsamplingConvolution,
    channels_at,
    generator_inputs,
)


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
    encoding = ENCODINGS[generator.encoding]

    def inject_positions(features, level, margin, name="positions"):
        if level and (generator.inject == "input" or not encoding.channels):
            return features
        if not encoding.channels:
            unused = PositionInjection(generator.encoding, dtype="float32", name=f"{name}_0")
            return unused(features, positions)
        resize = PositionUpsampling(2**level, margin, dtype="float32", name=f"{name}_{level}")
        resized = resize(scaled)
        return ops.concatenate([features, *encoding.encode_scaled(resized)], axis=-1)

    def widen(features, level):
        filters = channels_at(generator.width, max(level - 1, 0))
        return keras.layers.Conv2D(
            filters, 3, activation="relu", dtype="float32", name=f"widen_{level}"
        )(features)

    def upsample(features, level):
        filters = channels_at(generator.width, level)
        return UpsamplingConvolution(
            filters, folded=True, dtype="float32", name=f"upsample_{level}"
        )(features)

    inputs = latent, positions = generator_inputs(
        generator.global_channels + generator.local_channels
    )
    scaled = positions if (encoding.scales == 1.0).all() else positions * encoding.scales
    image = generator_image(
        latent,
        generator.fine_channels,
        generator.wide_levels,
        inject_positions,
        widen,
        upsample,
        generator.image_channels,
        "float32",
    )
    model = keras.Model(inputs, image, name="generator")
    for level in range(LEVELS):
        if level < generator.wide_levels:
            layer = model.get_layer(f"widen_{level}")
            layer.set_weights(_folded(generator, level, layer.name, f"normalize_widened_{level}"))
        layer = model.get_layer(f"upsample_{level}")
        layer.set_weights(_folded(generator, level, layer.name, f"normalize_{level}"))
    kernel, bias = generator.get_layer("image").get_weights()
    if generator.inject == "every_layer":
        kernel = _reordered(kernel, encoding)
    model.get_layer("image").set_weights([kernel, bias])
    return model


def _folded(generator, level, convolution, normalization):
    """Kernel and bias that do what a level's convolution and normalisation of these names do."""
    layer, normalize = generator.get_layer(convolution), generator.get_layer(normalization)
    kernel = layer.free_kernel() if isinstance(layer, UpsamplingConvolution) else layer.kernel
    kernel = ops.convert_to_numpy(kernel).astype(np.float64)
    gamma, beta, mean, variance = (weight.astype(np.float64) for weight in normalize.get_weights())
    scale = gamma / np.sqrt(variance + normalize.epsilon)
    # Depth-to-space takes its four blocks of filters from the channels one after another.
    copies = kernel.shape[-1] // len(scale)
    kernel, bias = kernel * np.tile(scale, copies), np.tile(beta - mean * scale, copies)
    if level == 0 or generator.inject == "every_layer":
        kernel = _reordered(kernel, ENCODINGS[generator.encoding])
    return kernel, bias


def _reordered(kernel, encoding):
    """A kernel for position channels, its last ones, that come as `encode_scaled` gives them."""
    others = kernel.shape[2] - encoding.channels
    return kernel[:, :, [*range(others), *(others + place for place in encoding.order)]]
