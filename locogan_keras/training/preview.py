"""A preview of what `locogan train` would do, before it does it."""

import math
import os
import time

import keras
import tensorflow as tf
from tqdm import tqdm

from locogan_keras.data.usable import said_of, said_of_alpha
from locogan_keras.storage.files.atomic import check_writable, scratch_folder
from locogan_keras.storage.fine_tuning import preset_to_begin_from
from locogan_keras.storage.run import CONFIG, SAMPLES, Run
from locogan_keras.training.costs import check_room, training_bytes, training_flops
from locogan_keras.training.devices.replicas import check_batch_size
from locogan_keras.training.devices.strategies import check_cluster, make_strategy
from locogan_keras.training.prepare import prepare

_TIMED_STEPS = 3
# Of a run, until it says when its first sample comes.
_FORECAST_STEPS = 10


def preview(source, out, settings, minutes=None, fresh=False, preset=None):
    """The settings, the data, the networks and what a step costs. Nothing is written.

    Of several devices, a step is timed on the first one.

    Args:
        source, out, settings, minutes, fresh, preset: As of `training.train`.

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
        preset = preset_to_begin_from(out, preset, fresh)
        prepared = prepare(source, out, settings, preset=preset, temporary_folder=folder)
        prepared.check(fresh)
        pictures = prepared.pictures
        height, width = pictures.frame
        yield ""
        yield f"pictures:         {len(pictures.decoded)}, {said_of(pictures.rejected)}"
        if pictures.transparent:
            said = said_of_alpha(pictures.transparent, len(pictures.decoded))
            yield f"alpha:            {said}"
        yield f"frame:            {height} x {width} pixels"
        if preset:
            yield f"begins from:      {preset.said}"
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
