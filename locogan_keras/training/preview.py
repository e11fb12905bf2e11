"""A preview of what `locogan train` would do, before it does it."""

import math
import os
import time

import keras
import tensorflow as tf

from locogan_keras.canvas.latents import BORDER, CELL
from locogan_keras.storage.atomic import scratch_folder
from locogan_keras.training.devices.replicas import check_batch_size
from locogan_keras.training.devices.strategies import check_cluster, make_strategy
from locogan_keras.training.prepare import prepare

_TIMED_STEPS = 3
# Bytes of a float32.
_FLOAT = 4


def preview(source, out, settings, minutes=None, fresh=False):
    """The settings, the data, the networks and what a step costs. Nothing is written.

    Of several devices, a step is timed on the first one.

    Args:
        source, out, settings, minutes, fresh: As of `training.train`.

    Yields:
        Lines of text; the time of a step comes last, because it is measured.

    Raises:
        ValueError: If the source, the run's folder or the devices cannot be used.
    """
    yield from settings.to_toml().splitlines()
    training = settings.training
    if training.strategy == "multiworker":
        # To make it would wait for the others.
        check_cluster(os.environ.get("TF_CONFIG"))
    else:
        check_batch_size(training.batch_size, make_strategy(training.strategy))
    with scratch_folder() as folder:
        prepared = prepare(source, out, settings, temporary_folder=folder)
        prepared.check(fresh)
        pictures = prepared.pictures
        height, width = pictures.frame
        yield ""
        yield f"pictures:         {len(pictures.decoded)}, {len(pictures.rejected)} more rejected"
        yield f"frame:            {height} x {width} pixels"
        model = prepared.new_model()
        for name in ("generator", "discriminator"):
            yield f"{name + ':':<18}{getattr(model, name).count_params():,} parameters"
        if model.feature_discriminator:
            count = model.feature_discriminator.count_params()
            yield f"{'by features:':<18}{count:,} parameters, most of them not trained"
        crops = pictures.crops(training.batch_size, training.seed, packed=training.packed)
        batch = crops.element_spec[0].shape[:2]
        flops = training_flops(model, *batch)
        yield f"a step:           {flops / 1e9:.1f} GFLOP (its convolutions)"
        memory = training_bytes(model, *batch)
        yield f"memory:           about {memory / 1e9:.2f} GB, and TensorFlow's own"
        seconds = _seconds_a_step(model, crops)
    yield f"time:             {seconds:.2f} s a step, measured here"
    if minutes is None:
        total = seconds * training.steps / 60
        yield f"                  {total:.0f} minutes for {training.steps} steps"
    else:
        yield f"                  {60 * minutes / seconds:.0f} steps in {minutes:g} minutes"


def _seconds_a_step(model, crops):
    step = tf.function(model.train_step, autograph=False)
    batches = iter(crops)
    # The first one traces, the second one allocates.
    for _ in range(2):
        float(step(next(batches))["loss"])
    begun = time.perf_counter()
    for _ in range(_TIMED_STEPS):
        float(step(next(batches))["loss"])
    return (time.perf_counter() - begun) / _TIMED_STEPS


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
        activations += 2 * _values(model.feature_discriminator.features, size)
    return _FLOAT * (weights + batch * activations)


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
