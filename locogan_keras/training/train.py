"""One call that trains a run, or goes on with it."""

import contextlib
import dataclasses
import sys
from pathlib import Path

import tensorflow as tf

from locogan_keras.data.patterns.lattice import Lattice, drawn
from locogan_keras.data.usable import said_of, said_of_alpha
from locogan_keras.rendering.files.opening import write_picture
from locogan_keras.storage.files.atomic import check_writable
from locogan_keras.storage.files.locks import FolderLock
from locogan_keras.storage.fine_tuning import preset_to_begin_from
from locogan_keras.storage.run import CONFIG, LATTICE, REJECTED, Run, version
from locogan_keras.training import callbacks
from locogan_keras.training.costs import check_room
from locogan_keras.training.devices.machine import machine, went_on
from locogan_keras.training.devices.replicas import check_alike, check_batch_size
from locogan_keras.training.devices.strategies import (
    has_workers,
    is_chief,
    losses_of_workers_named,
    make_strategy,
)
from locogan_keras.training.prepare import prepare
from locogan_keras.training.preview import Forecast
from locogan_keras.training.saving import (
    Board,
    MetricsLog,
    SaveRun,
    StopWhenSettled,
    check_tensorboard,
)

# Keras wants a number of steps; `StopAt` ends a run that is bounded by time.
_UNBOUNDED = 2**31


def train(source, out, settings, *, recipe="", minutes=None, fresh=False, preset=None):
    """Training on a source until the run has its steps or minutes, from its last checkpoint if any.

    Args:
        source: A picture, a folder, `tfds:NAME[:SPLIT]` or `lmdb:PATH`; see `sources.open_source`.
        out: The run's folder.
        settings: `Settings`; `training.steps` are the run's total.
        recipe: The recipe's name, kept with the run.
        minutes: The run's total training time instead of `training.steps`.
        fresh: Whether to start over where `out` holds a run.
        preset: What a new run's generator has its first weights from, as of
            `Generator.from_preset`; random ones unless given. `settings.model` must be the
            preset's, but for the frame.

    Returns:
        `(model, received)`: the `LocoGAN`, and the number of the signal that ended the training,
        or None.

    Raises:
        ValueError: If the source cannot be used, the folder is not this run's, or this machine
            does not have the devices.
    """
    # First, because TensorFlow must not have run anything when it joins other workers.
    strategy = make_strategy(settings.training.strategy)
    check_batch_size(settings.training.batch_size, strategy)
    with losses_of_workers_named(strategy), contextlib.closing(FolderLock(out)) as lock:
        if settings.training.tensorboard:
            check_tensorboard()
        # Whether the folder may be used is for the chief to say; what it has seen stays true,
        # because nobody else trains there from now on.
        if is_chief(strategy):
            lock.take()
            check_writable(Run(out).path(CONFIG))
        check_room(settings, out)
        beginning = {"recipe": recipe, "preset": preset_to_begin_from(out, preset, fresh)}
        prepared = prepare(source, out, settings, **beginning, temporary_folder=_disk_of(out))
        if is_chief(strategy):
            prepared.check(fresh)
        if has_workers(strategy):
            _check_workers(strategy, prepared, minutes, fresh)
        if settings.training.deterministic:
            tf.config.experimental.enable_op_determinism()
        model = None if fresh else prepared.saved_model(strategy)
        stop = _bound(settings, minutes)
        if model is not None and (stop.reached(model) or _is_settled(prepared, model)):
            return model, None
        is_new = model is None
        if is_new:
            model = prepared.new_model(strategy)
        if is_chief(strategy):
            _write_beginning(prepared, is_new)
        _say_what_was_read(prepared)
        return model, _fit(strategy, prepared, model, stop)


def _disk_of(out):
    """The folder nearest to the run's that exists: room for a run is room for its pictures."""
    parents = (path for path in Path(out).absolute().parents if path.is_dir())
    return next(parents)


def _check_workers(strategy, prepared, minutes, fresh):
    """A refusal, with `ValueError`, of workers that would train another model than this one."""
    checkpoints = [] if fresh else [each.path.name for each in prepared.run.checkpoints.all()]
    facts = {
        "settings": f"{prepared.settings.to_toml()} {minutes}",
        "pictures": prepared.origin.pictures,
        "preset": prepared.origin.preset_weights,
        "checkpoints: --out must be one folder that all of them see": repr(checkpoints),
    }
    check_alike(strategy, facts)


def _bound(settings, minutes):
    if minutes is None:
        return callbacks.StopAt(steps=settings.training.steps)
    return callbacks.StopAt(seconds=60.0 * minutes)


def _is_settled(prepared, model):
    """Whether the run has ended by itself."""
    training, step = prepared.settings.training, int(model.step.numpy())
    return prepared.run.evaluations.are_settled(training.patience, training.save_every, step)


def _write_beginning(prepared, is_new):
    """The folder, made this run's: nothing of another run's, its settings, what was left out."""
    run, origin = prepared.run, prepared.origin
    if is_new:
        run.clear()
        origin = dataclasses.replace(origin, machine=machine())
    else:
        run.sweep()
        before = run.read()[1]
        machines = went_on(before.machine, machine())
        origin = dataclasses.replace(before, version=version(), machine=machines)
    run.write(prepared.settings, origin)
    if prepared.settings.data.true_phase:
        pictures = prepared.pictures
        shown = drawn(pictures.colour(0), Lattice(frame=pictures.frame))
        write_picture(run.path(LATTICE), shown.shape[:2], [shown])
    run.write_rejected(prepared.pictures.rejected)


def _say_what_was_read(prepared):
    pictures = prepared.pictures
    if pictures.rejected:
        path = prepared.run.path(REJECTED)
        print(f"{len(pictures.decoded)} pictures, {said_of(pictures.rejected)}; see {path}")
    if pictures.transparent:
        said = said_of_alpha(pictures.transparent, len(pictures.decoded))
        print(f"{prepared.origin.source}: {said}")
    sys.stdout.flush()


def _fit(strategy, prepared, model, stop):
    """Training until something ends it, and the number of the signal, if it was one."""
    training, run = prepared.settings.training, prepared.run
    step = int(model.step.numpy())
    crops = prepared.pictures.crops(
        training.batch_size, training.seed, first_step=step, packed=training.packed
    )
    with contextlib.ExitStack() as stack:
        signals = stack.enter_context(contextlib.closing(callbacks.StopOnSignal()))
        used = list(_callbacks(strategy, prepared, model, stop, signals, stack))
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
        except tf.errors.ResourceExhaustedError:
            batch_size = training.batch_size
            raise MemoryError(
                f"training.batch_size={batch_size} is too much; {_kept(run)}"
            ) from None
        except OSError as error:
            reason = f"{error.strerror or error}; {_kept(run)}"
            raise OSError(error.errno, reason, error.filename or str(run.folder)) from error
    return signals.received


def _callbacks(strategy, prepared, model, stop, signals, stack):
    """The callbacks of each step, in their order; `stack` closes what has to be closed."""

    def closing(callback):
        return stack.enter_context(contextlib.closing(callback))

    training, run = prepared.settings.training, prepared.run
    guard = callbacks.RefuseDivergence(training.save_every)
    step = int(model.step.numpy())
    # Before all that read the time: the bound, the metrics and the progress bar.
    yield callbacks.Clock()
    if training.rate_decay:
        yield callbacks.DecayRates(training.rate_decay, stop)
    # Only asks for an end: the step at hand is logged and saved all the same.
    yield stop
    # Likewise.
    yield signals
    if is_chief(strategy):
        # Before the guard: the step that it refuses is the one to look at.
        yield closing(MetricsLog(run, step))
        yield closing(callbacks.Progress(stop, model))
        # Writes above the bar.
        yield Forecast(run, training.save_every, stop.steps)
    # Before anything is saved; on all workers, or one would wait for the others.
    yield guard
    if is_chief(strategy):
        # After the metrics: a checkpoint's rows are there whenever the checkpoint is.
        yield closing(
            SaveRun(run, prepared.pictures, training.save_every, training.keep, step, guard)
        )
        if training.tensorboard:
            # Shows the sheet that has just been saved.
            yield closing(Board(run))
        if training.patience:
            # Reads the evaluation that has just been saved.
            yield StopWhenSettled(run, training.save_every, training.patience)
    if has_workers(strategy):
        # Last, when each worker's callbacks have said whether they want to end.
        yield callbacks.KeepTogether(signals)


def _kept(run):
    return f"{run.folder} keeps step {run.saved_step()}"
