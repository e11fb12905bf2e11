"""What a run costs: operations, memory and disk, from its settings and networks."""

import math

import keras
import tensorflow as tf

from locogan_keras.canvas.latents import BORDER, CELL
from locogan_keras.canvas.positions import CROP
from locogan_keras.storage.files.room import check_disk, check_memory

# Bytes of a float32.
_FLOAT = 4


def convolution_flops(network, size):
    """Operations of one forward pass, two for each multiplication and addition of a convolution.

    Args:
        network: A functional Keras model, such as a `Generator`.
        size: Height and width of its inputs; of several sizes, a list.

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
        layer = network.get_layer(name)
        *taps, inputs, _ = _kernel(layer).shape
        inputs = 1 if isinstance(layer, keras.layers.DepthwiseConv2D) else inputs
        flops[name] = 2 * height * width * channels * inputs * taps[0] * taps[1]
    return flops


def training_flops(model, batch, size):
    """Operations of one training step of a `LocoGAN` on `batch` crops of `size` x `size` pixels."""
    forward_g = convolution_flops(model.generator, size // CELL + 2 * BORDER)
    forward_d = convolution_flops(model.discriminator, size)
    g, d = sum(forward_g.values()), sum(forward_d.values())
    # A backward pass is one product for the kernels and one for the inputs, which a first layer
    # does not need unless somebody asks for the gradient of its inputs.
    first_g, first_d = next(iter(forward_g.values())), next(iter(forward_d.values()))
    generator_step = g + 2 * g - first_g + d + d
    discriminator_step = 2 * (d + 2 * d - first_d)
    # Further steps draw fakes of their own.
    further = (model.discriminator_steps - 1) * (g + discriminator_step)
    return batch * (generator_step + discriminator_step + further + _feature_flops(model, size))


def _feature_flops(model, size):
    """Operations of one step on one crop and one fake for the feature discriminator."""
    discriminator = model.feature_discriminator
    if not discriminator:
        return 0
    features = sum(convolution_flops(discriminator.features, size).values())
    features *= len(discriminator.pictures)
    shapes = _shapes(discriminator.features, discriminator.features.outputs, size)
    logits = convolution_flops(discriminator, [shape[1] for shape in shapes])
    logits = sum(logits.values()) / discriminator.packed
    # Both images' features, and the gradient of the fake's; logits of the fake with the gradient of
    # its features, and of both with all gradients. Further steps have fakes of their own.
    further = (model.discriminator_steps - 1) * (features + 6 * logits)
    return 3 * features + 8 * logits + further


def rendering_flops(generator, size, tile):
    """Operations of a square picture, all of its tiles with their borders."""
    tiles = (-(-size // tile)) ** 2
    return tiles * sum(convolution_flops(generator, tile // CELL + 2 * BORDER).values())


def training_bytes(model, batch, size):
    """Memory that one step of a `LocoGAN` needs for weights and activations, beside TensorFlow's.

    Weights come with a gradient and Adam's two moments, the generator's with their average, too.
    Every layer's output is kept for the backward pass, the discriminator's of reals and of fakes.
    """
    weights = 5 * model.generator.count_params() + 4 * model.discriminator.count_params()
    activations = _values(model.generator, size // CELL + 2 * BORDER)
    activations += 2 * _values(model.discriminator, size)
    if model.feature_discriminator:
        judging = model.feature_discriminator.judging_variables
        weights += model.feature_discriminator.count_params()
        weights += 3 * sum(math.prod(each.shape) for each in judging)
        pictures = 2 * len(model.feature_discriminator.pictures)
        activations += pictures * _values(model.feature_discriminator.features, size)
    return _FLOAT * (weights + batch * activations)


def check_room(settings, out):
    """A refusal, with `ValueError`, of a run that this machine cannot hold, before it is begun.

    Args:
        settings, out: As of `training.train`.
    """
    model, training = settings.model, settings.training
    # Of a GPU's own memory, the machine's says nothing.
    if not tf.config.list_physical_devices("GPU"):
        check_memory(
            least_bytes(model, training.batch_size),
            f"model.width={model.width}, model.local_channels={model.local_channels}, "
            f"training.batch_size={training.batch_size}",
        )
    saves = min(training.keep, training.steps // training.save_every) + 2
    # About as much as what training holds without any crop.
    needed = saves * least_bytes(model, 0)
    check_disk(out, needed, f"model.width={model.width}, training.keep={training.keep}")


def least_bytes(model, batch):
    """The least that `training_bytes` could be: some of the weights, some of the layers' outputs.

    Args:
        model: The settings' section.
        batch: Crops in a step.
    """
    channels = model.global_channels + model.local_channels
    generator = 16 * (8 * channels + 23 * model.width) * model.width
    discriminator = 16 * (2 * 1 + 4 * 2 + 8 * 4) * model.width**2
    activations = 15 * CROP**2 * model.width
    return _FLOAT * (5 * generator + 4 * discriminator + batch * activations)


def _values(network, size):
    """The number of values that all layers of a network put out for one sample."""
    outputs = [layer.output for layer in network.layers]
    return sum(
        height * width * channels
        for _, height, width, channels in (
            shape for shape in _shapes(network, outputs, size) if len(shape) == 4
        )
    )


def _shapes(network, outputs, size):
    sizes = size if isinstance(size, list) else len(network.inputs) * [size]
    inputs = [
        (1, each, each, tensor.shape[-1])
        for each, tensor in zip(sizes, network.inputs, strict=True)
    ]
    return keras.Model(network.inputs, outputs).compute_output_shape(inputs)


def _kernel(layer):
    layer = getattr(layer, "layer", layer)
    return getattr(layer, "kernel", None)
