"""What training and rendering cost, counted from the networks' shapes."""

import keras

from locogan_keras.canvas.latents import BORDER, CELL
from locogan_keras.storage.config import CROP

_FLOAT = 4


def convolution_flops(network, size):
    """Operations of one forward pass, two for each multiplication and addition of a convolution.

    Args:
        network: A `Generator` or a `Discriminator`.
        size: Height and width of its inputs.

    Returns:
        {layer's name: FLOP for one sample}.
    """
    names = [layer.name for layer in network.layers if _kernel(layer) is not None]
    outputs = [network.get_layer(name).output for name in names]
    # A channel-last convolution's output has as many multiplications a value as its kernel has
    # inputs; depth-to-space only reorders values.
    flops = {}
    for name, (_, height, width, channels) in zip(
        names, _shapes(network, outputs, size), strict=True
    ):
        *taps, inputs, _ = _kernel(network.get_layer(name)).shape
        flops[name] = 2 * height * width * channels * inputs * taps[0] * taps[1]
    return flops


def training_flops(generator, discriminator, batch, discriminator_steps=1):
    """Operations of one training step."""
    forward_g = convolution_flops(generator, CROP // CELL + 2 * BORDER)
    forward_d = convolution_flops(discriminator, CROP)
    g, d = sum(forward_g.values()), sum(forward_d.values())
    # A backward pass is one product for the kernels and one for the inputs, which a first layer
    # does not need unless somebody asks for the gradient of its inputs.
    first_g, first_d = next(iter(forward_g.values())), next(iter(forward_d.values()))
    generator_step = g + 2 * g - first_g + d + d
    discriminator_step = 2 * (d + 2 * d - first_d)
    # Further steps draw fakes of their own.
    further = (discriminator_steps - 1) * (g + discriminator_step)
    return batch * (generator_step + discriminator_step + further)


def rendering_flops(generator, size, tile):
    """Operations of a square picture, all of its tiles with their borders."""
    tiles = (-(-size // tile)) ** 2
    return tiles * sum(convolution_flops(generator, tile // CELL + 2 * BORDER).values())


def training_bytes(generator, discriminator, batch):
    """Memory that one training step needs for weights and activations, without TensorFlow itself.

    Weights come with a gradient and Adam's two moments, the generator's with their average, too.
    Every layer's output is kept for the backward pass, the discriminator's of reals and of fakes.
    """
    weights = 5 * generator.count_params() + 4 * discriminator.count_params()
    activations = _values(generator, CROP // CELL + 2 * BORDER) + 2 * _values(discriminator, CROP)
    return _FLOAT * (weights + batch * activations)


def _values(network, size):
    """How many values all layers of a network put out for one sample."""
    outputs = [layer.output for layer in network.layers]
    return sum(
        height * width * channels
        for _, height, width, channels in (
            shape for shape in _shapes(network, outputs, size) if len(shape) == 4
        )
    )


def _shapes(network, outputs, size):
    inputs = [(1, size, size, tensor.shape[-1]) for tensor in network.inputs]
    return keras.Model(network.inputs, outputs).compute_output_shape(inputs)


def _kernel(layer):
    layer = getattr(layer, "layer", layer)
    return getattr(layer, "kernel", None)
