"""One call that trains a run, or goes on with it."""

import contextlib
import dataclasses
import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from locogan_keras.data.crops import load_pictures
from locogan_keras.engines.keras_engine import load_keras
from locogan_keras.networks.discriminator import build_discriminator
from locogan_keras.networks.generator import build_generator
from locogan_keras.networks.optimizers import reference_adam
from locogan_keras.storage.locks import FolderLock
from locogan_keras.storage.run import REJECTED, Origin, Run, version
from locogan_keras.training import callbacks
from locogan_keras.training.board import Board, check_tensorboard
from locogan_keras.training.locogan import LocoGAN
from locogan_keras.training.replicas import check_alike, check_batch_size
from locogan_keras.training.saving import MetricsLog, SaveRun
from locogan_keras.training.strategies import (
    has_workers,
    is_chief,
    losses_of_workers_named,
    make_strategy,
)

# Keras wants a number of steps; `StopAt` ends a run that is bounded by time.
_UNBOUNDED = 2**31


def train(source, out, config, *, recipe="", minutes=None, fresh=False):
    """Trains on a source until the run has its steps or minutes, from its last checkpoint if any.

    Args:
        source: A picture, a folder, `tfds:NAME[:SPLIT]` or `lmdb:PATH`; see `sources.open_source`.
        out: The run's folder.
        config: A `Config`; `training.steps` are the run's total.
        recipe: The recipe's name, kept with the run.
        minutes: The run's total training time instead of `training.steps`.
        fresh: Whether to start over where `out` holds a run.

    Returns:
        `(model, received)`: the `LocoGAN`, and the number of the signal that ended the training,
        or None.

    Raises:
        ValueError: If the source cannot be used, the folder is not this run's, or this machine
            does not have the devices.
    """
    # First, because TensorFlow must not have run anything when it joins other workers.
    strategy = make_strategy(config.training.strategy)
    check_batch_size(config.training.batch_size, strategy)
    with losses_of_workers_named(strategy), contextlib.closing(FolderLock(out)) as lock:
        return _train(strategy, lock, source, out, config, str(recipe), minutes, fresh)


def _train(strategy, lock, source, out, config, recipe, minutes, fresh):
    is_writer = is_chief(strategy)
    if config.training.tensorboard:
        check_tensorboard()
    pictures = load_pictures(
        source,
        encoding=config.model.encoding,
        frame=config.model.frame,
        temporary_folder=_disk_of(out),
        **dataclasses.asdict(config.data),
    )
    run = Run(out)
    origin = Origin(str(source), pictures.fingerprint, recipe, version())
    # Whether the folder may be used is for the chief to say.
    if is_writer:
        lock.take()
        run.check(config, origin, fresh)
    if has_workers(strategy):
        checkpoints = [] if fresh else [each.path.name for each in run.checkpoints.all()]
        facts = {
            "settings": f"{config.to_toml()} {minutes}",
            "pictures": origin.pictures,
            "checkpoints: --out must be one folder that all of them see": repr(checkpoints),
        }
        check_alike(strategy, facts)
    if config.training.deterministic:
        tf.config.experimental.enable_op_determinism()
    with strategy.scope():
        model = None if fresh else _load(run, config.training)
    if minutes is None:
        stop = callbacks.StopAt(steps=config.training.steps)
    else:
        stop = callbacks.StopAt(seconds=60.0 * minutes)
    if model is None:
        statistics = pixel_statistics(pictures, config.training)
        with strategy.scope():
            model = build(config, pictures.frame, statistics)
        if is_writer:
            run.clear()
            run.write(config, origin)
            lock.take()
    elif stop.reached(model):
        return model, None
    elif is_writer:
        run.sweep()
        run.write(config, dataclasses.replace(run.read()[1], version=version()))
    if pictures.rejected:
        print(
            f"{len(pictures.decoded)} pictures; {len(pictures.rejected)} cannot be used, "
            f"see {run.path(REJECTED)}",
            file=sys.stderr,
        )
    if is_writer:
        run.write_rejected(pictures.rejected)
    step = int(model.step.numpy())
    crops = pictures.crops(config.training.batch_size, config.training.seed, first_step=step)
    with contextlib.ExitStack() as stack:

        def closing(callback):
            return stack.enter_context(contextlib.closing(callback))

        signals = closing(callbacks.StopOnSignal())
        used = [callbacks.Clock(), stop, signals]
        guard = callbacks.RefuseDivergence(config.training.save_every)
        if is_writer:
            settings = config.training
            used += [
                closing(MetricsLog(run, step)),
                closing(callbacks.Progress(stop, model)),
                guard,
                closing(SaveRun(run, pictures, settings.save_every, settings.keep, step, guard)),
            ]
            if settings.tensorboard:
                used.append(closing(Board(run)))
        else:
            used.append(guard)
        if has_workers(strategy):
            used.append(callbacks.KeepTogether(signals))
        try:
            model.fit(
                crops,
                steps_per_epoch=_UNBOUNDED if stop.steps is None else stop.steps - step,
                shuffle=False,
                verbose=0,
                callbacks=used,
            )
        except callbacks.Diverged as error:
            raise ValueError(f"{error}; {_kept(run)}") from None
        except OSError as error:
            reason = f"{error.strerror or error}; {_kept(run)}"
            raise OSError(error.errno, reason, error.filename or str(run.folder)) from error
    return model, signals.received


def build(config, frame, statistics=None):
    """A compiled `LocoGAN` with the random weights that the config's seed gives.

    Args:
        config: A `Config`.
        frame: (height, width) in pixels.
        statistics: See `Discriminator`.
    """
    settings = config.training
    keras.utils.set_random_seed(settings.seed)
    architecture = dataclasses.asdict(config.model)
    architecture |= {"frame": frame, "dtype": settings.precision}
    shared = {key: architecture[key] for key in ("width", "encoding", "inject", "dtype")}
    discriminator = build_discriminator(**shared, statistics=statistics)
    model = LocoGAN(build_generator(**architecture), discriminator, settings.seed)
    model.compile(
        reference_adam(settings.generator_learning_rate, settings.beta_1),
        reference_adam(settings.discriminator_learning_rate, settings.beta_1),
        loss=settings.loss,
        discriminator_steps=settings.discriminator_steps,
        ema_decay=settings.ema_decay,
        synchronized_batch_normalization=settings.synchronized_batch_normalization,
    )
    return model


def _kept(run):
    return f"{run.folder} keeps step {run.saved_step()}"


def _disk_of(out):
    """The folder nearest to the run's that exists: room for a run is room for its pictures."""
    parents = (path for path in Path(out).absolute().parents if path.is_dir())
    return next(parents)


def _load(run, settings):
    """The model of the newest checkpoint that is whole, or None if none was ever written."""
    checkpoint = run.checkpoints.newest_whole(lambda line: print(line, file=sys.stderr))
    if checkpoint is None:
        if run.saved_step():
            raise ValueError(
                f"every checkpoint of {run.folder} is damaged, the last one is of step "
                f"{run.saved_step()}; --fresh starts over"
            )
        return None
    model = load_keras(checkpoint.path, compile=True)
    # Rates may change from one part of a run to the next.
    model.generator_optimizer.learning_rate = settings.generator_learning_rate
    model.discriminator_optimizer.learning_rate = settings.discriminator_learning_rate
    model.take_learning_rates()
    return model


def pixel_statistics(pictures, settings):
    """Mean and deviation of the pictures' pixels, from 256 crops; see `Discriminator`.

    Args:
        pictures: What the crops come from.
        settings: The config's `training`.

    Returns:
        `[mean, deviation]`, or None where the settings do not standardise.
    """
    if not settings.standardize:
        return None
    crops, _ = next(iter(pictures.crops(256, settings.seed)))
    crops = crops.numpy().astype(np.float64)
    mean, deviation = crops.mean(axis=(0, 1, 2)), crops.std(axis=(0, 1, 2)).mean()
    # A picture of one colour has none; it can be learned all the same.
    return [mean.tolist(), max(float(deviation), 1e-3)]
