"""A preview of what `locogan train` would do, before it does it."""

import math
import os
import time

import keras
import tensorflow as tf
from tqdm import tqdm

from locogan_keras.canvas.latents import BORDER, CELL
from locogan_keras.canvas.positions import CROP
from locogan_keras.data.sources import passed_over
from locogan_keras.storage.atomic import check_writable, scratch_folder
from locogan_keras.storage.room import check_disk, check_memory
from locogan_keras.storage.run import CONFIG, SAMPLES, Run
from locogan_keras.training.prepare import prepare
from locogan_keras.training.replicas import check_batch_size
from locogan_keras.training.strategies import check_cluster, make_strategy

_TIMED_STEPS = 3
# Of a run, until it says when its first sample comes.
_FORECAST_STEPS = 10
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
    check_writable(Run(out).path(CONFIG))
    check_room(settings, out)
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
        rejected = f"{len(pictures.rejected)} more rejected{passed_over(source)}"
        yield f"pictures:         {len(pictures.decoded)}, {rejected}"
        yield f"frame:            {height} x {width} pixels"
        model = prepared.new_model()
        networks = model.generator, model.discriminator
        for name, network in zip(("generator", "discriminator"), networks, strict=True):
            yield f"{name + ':':<18}{network.count_params():,} parameters"
        crops = pictures.crops(training.batch_size, training.seed, packed=training.packed)
        batch = crops.element_spec[0].shape[:2]
        flops = training_flops(*networks, *batch, training.discriminator_steps)
        yield f"a step:           {flops / 1e9:.1f} GFLOP (its convolutions)"
        memory = training_bytes(*networks, *batch)
        yield f"memory:           about {memory / 1e9:.2f} GB, and TensorFlow's own"
        seconds = _seconds_a_step(model, crops)
    yield f"time:             {seconds:.2f} s a step, measured here"
    if minutes is None:
        total = seconds * training.steps / 60
        yield f"                  {total:.0f} minutes for {training.steps} steps"
    else:
        yield f"                  {60 * minutes / seconds:.0f} steps in {minutes:g} minutes"


class Forecast(keras.callbacks.Callback):
    """What to expect of a run that begins, said once: its compilation, and its first sample.

    Args:
        run: The `Run`.
        every: Steps between saves.
        steps: The run's steps in all, or None.
    """

    def __init__(self, run, every, steps=None):
        super().__init__()
        self._run, self._every, self._steps = run, every, steps

    def on_train_begin(self, logs=None):
        self._first = int(self.model.step.numpy()) + 1
        self._begun = time.monotonic()
        tqdm.write("The first step compiles, which takes a while.")

    def on_train_batch_end(self, batch, logs=None):
        step, seconds = int(self.model.step.numpy()), time.monotonic() - self._begun
        if step == self._first:
            self._begun += seconds
            tqdm.write(f"The first step took {seconds:.0f} s, its compilation included.")
        elif step == self._first + _FORECAST_STEPS:
            pace = seconds / _FORECAST_STEPS
            save = min(-(-step // self._every) * self._every, self._steps or math.inf)
            sample = self._run.path(SAMPLES) / f"step-{save:06d}.png"
            wait = (save - step) * pace
            tqdm.write(
                f"A step takes {pace:.2g} s: the next sample comes in {wait:.0f} s, {sample}"
            )


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


def training_flops(generator, discriminator, batch, size, discriminator_steps=1):
    """Operations of one training step on `batch` crops of `size` x `size` pixels."""
    forward_g = convolution_flops(generator, size // CELL + 2 * BORDER)
    forward_d = convolution_flops(discriminator, size)
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


def training_bytes(generator, discriminator, batch, size):
    """Memory that one training step needs for weights and activations, without TensorFlow itself.

    Weights come with a gradient and Adam's two moments, the generator's with their average, too.
    Every layer's output is kept for the backward pass, the discriminator's of reals and of fakes.
    """
    weights = 5 * generator.count_params() + 4 * discriminator.count_params()
    activations = _values(generator, size // CELL + 2 * BORDER) + 2 * _values(discriminator, size)
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
    inputs = [(1, size, size, tensor.shape[-1]) for tensor in network.inputs]
    return keras.Model(network.inputs, outputs).compute_output_shape(inputs)


def _kernel(layer):
    layer = getattr(layer, "layer", layer)
    return getattr(layer, "kernel", None)
