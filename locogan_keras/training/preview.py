"""What `locogan train` would do, before it does it."""

import dataclasses
import os
import time

import tensorflow as tf

from locogan_keras.data.crops import load_pictures
from locogan_keras.storage.atomic import scratch_folder
from locogan_keras.storage.run import Origin, Run, version
from locogan_keras.training.estimates import training_bytes, training_flops
from locogan_keras.training.replicas import check_batch_size
from locogan_keras.training.strategies import check_cluster, make_strategy
from locogan_keras.training.train import build, pixel_statistics

_TIMED_STEPS = 3


def preview(source, out, config, minutes=None, fresh=False):
    """The settings, the data, the networks and what a step costs. Nothing is written.

    Of several devices, a step is timed on the first one.

    Args:
        source, out, config, minutes, fresh: As of `training.train`.

    Yields:
        Lines of text; the time of a step comes last, because it is measured.

    Raises:
        ValueError: If the source, the run's folder or the devices cannot be used.
    """
    yield from config.to_toml().splitlines()
    settings = config.training
    if settings.strategy == "multiworker":
        # To make it would wait for the others.
        check_cluster(os.environ.get("TF_CONFIG"))
    else:
        check_batch_size(settings.batch_size, make_strategy(settings.strategy))
    with scratch_folder() as folder:
        pictures = load_pictures(
            source,
            encoding=config.model.encoding,
            frame=config.model.frame,
            temporary_folder=folder,
            **dataclasses.asdict(config.data),
        )
        origin = Origin(str(source), pictures.fingerprint, "", version())
        Run(out).check(config, origin, fresh)
        height, width = pictures.frame
        yield ""
        yield f"pictures:         {len(pictures.decoded)}, {len(pictures.rejected)} more rejected"
        yield f"frame:            {height} x {width} pixels"
        model = build(config, pictures.frame, pixel_statistics(pictures, settings))
        networks = model.generator, model.discriminator
        for name, network in zip(("generator", "discriminator"), networks, strict=True):
            yield f"{name + ':':<18}{network.count_params():,} parameters"
        flops = training_flops(*networks, settings.batch_size, settings.discriminator_steps)
        yield f"a step:           {flops / 1e9:.1f} GFLOP (its convolutions)"
        memory = training_bytes(*networks, settings.batch_size)
        yield f"memory:           about {memory / 1e9:.2f} GB, and TensorFlow's own"
        seconds = _seconds_a_step(model, pictures.crops(settings.batch_size, settings.seed))
    yield f"time:             {seconds:.2f} s a step, measured here"
    if minutes is None:
        total = seconds * settings.steps / 60
        yield f"                  {total:.0f} minutes for {settings.steps} steps"
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
