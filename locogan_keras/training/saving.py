"""The files of a run in training: checkpoints, generator, sample sheets, metrics, a board."""

import csv
import importlib.util
import shutil

import keras
import numpy as np
import tensorflow as tf

from locogan_keras.data.pictures import read_picture
from locogan_keras.engines.keras_engine import KerasEngine
from locogan_keras.evaluation.patch_distance import patch_distance
from locogan_keras.evaluation.sample_sheet import CROPS, fake_crops, sample_sheet
from locogan_keras.evaluation.scores import quick_scores
from locogan_keras.rendering.files.opening import write_picture
from locogan_keras.storage.evaluations import DISTANCE, REACHABLE, SPECTRUM
from locogan_keras.storage.files.atomic import replacing
from locogan_keras.storage.run import BEST, BOARD, EVALUATIONS, GENERATOR, METRICS, SAMPLES
from locogan_keras.training.locogan import LOGS

# Crops that an evaluation compares, and its columns.
EVALUATED = 64
_EVALUATION = ("step", DISTANCE, REACHABLE, SPECTRUM, "grid")
_STATISTICS_BATCHES, _STATISTICS_BATCH = 40, 16
# Every step is in `metrics.csv`; a curve on the board needs fewer points, and each takes time.
_EVERY = 10


class Table:
    """A CSV file with a row for some steps; rows after the step that a run goes on from are cut.

    Args:
        path: The file.
        names: Its columns; the first is the step.
        step: The step that the run goes on from.
    """

    def __init__(self, path, names, step):
        self.rows = []
        if path.is_file():
            try:
                with open(path, newline="", encoding="utf-8") as file:
                    before, *rows = list(csv.reader(file)) or [names]
            except (UnicodeDecodeError, csv.Error) as error:
                raise ValueError(f"{path} is damaged: {error}") from None
            # An older version's has fewer columns.
            absent = [""] * (len(names) - len(before))
            self.rows = [[*row, *absent] for row in rows if _is_until(row, before, step)]
        with replacing(path) as temporary, open(temporary, "w", newline="") as file:
            csv.writer(file).writerows([names, *self.rows])
        # By lines: a row is in the file when it has been added.
        self._file = open(path, "a", newline="", buffering=1, encoding="utf-8")  # noqa: SIM115
        self._writer = csv.writer(self._file)

    def add(self, row):
        """A row, appended."""
        self._writer.writerow(row)

    def close(self):
        """The file, closed."""
        self._file.close()


class MetricsLog(keras.callbacks.Callback):
    """A row of `metrics.csv` for each step.

    Args:
        run: The `Run`.
        step: The step that the run goes on from.
    """

    def __init__(self, run, step):
        super().__init__()
        self._table = Table(run.path(METRICS), ["step", "seconds", *LOGS], step)

    def on_train_batch_end(self, batch, logs=None):
        step, seconds = int(self.model.step.numpy()), float(self.model.seconds.numpy())
        self._table.add([step, f"{seconds:.2f}", *(f"{float(logs[name]):.6g}" for name in LOGS)])

    def close(self):
        """The file, closed."""
        self._table.close()


class SaveRun(keras.callbacks.Callback):
    """A checkpoint, generator, sample sheet and evaluation every so many steps and at the end.

    Args:
        run: The `Run`.
        pictures: For the real crops.
        every: Steps.
        keep: How many of the last checkpoints stay; the best by the evaluation does, too.
        step: The step that the run goes on from.
        guard: The `RefuseDivergence`. What it suspects is saved at the end only, and pushes no
            older checkpoint out.
    """

    def __init__(self, run, pictures, every, keep, step, guard):
        super().__init__()
        self._run = run
        self._guard = guard
        self._every = every
        self._keep = keep
        crops = pictures.crops(EVALUATED).as_numpy_iterator()
        (self._crops, self._windows), (others, _) = next(crops), next(crops)
        batches = pictures.crops(_STATISTICS_BATCH).take(_STATISTICS_BATCHES)
        self._statistics_windows = np.stack([windows for _, windows in batches.as_numpy_iterator()])
        if run.evaluations.rows and run.evaluations.best > step:
            # Of a save that the run no longer has.
            run.path(BEST).unlink(missing_ok=True)
        self._table = Table(run.path(EVALUATIONS), _EVALUATION, step)
        self._reachable = patch_distance(others, self._crops)
        self._engine = None
        self._saved = None

    def on_train_batch_end(self, batch, logs=None):
        if int(self.model.step.numpy()) % self._every == 0 and not self._guard.suspects:
            self._save()

    def on_train_end(self, logs=None):
        self._save()

    def close(self):
        """The table of evaluations, closed."""
        self._table.close()

    def _save(self):
        step = int(self.model.step.numpy())
        if step == self._saved:
            return
        size = self._crops.shape[1]
        self.model.refresh_average_statistics(self._statistics_windows, size)
        generator = self.model.ema_generator
        with replacing(self._run.path(GENERATOR)) as temporary:
            generator.save(temporary)
        self._engine = self._engine or KerasEngine(generator)
        fakes = fake_crops(self._engine, self._windows, size)
        sheet = sample_sheet(self._engine, self._crops[:CROPS], fakes[:CROPS])
        write_picture(self._run.path(SAMPLES) / f"step-{step:06d}.png", sheet.shape[:2], [sheet])
        if step not in self._run.evaluations.rows:
            scores = {**quick_scores(fakes, self._crops), REACHABLE: self._reachable}
            self._table.add([step, *(f"{scores[name]:.6g}" for name in _EVALUATION[1:])])
        if not self._guard.suspects and self._run.evaluations.best == step:
            with replacing(self._run.path(BEST)) as temporary:
                shutil.copyfile(self._run.path(GENERATOR), temporary)
        # Last, so that a checkpoint never stands without the generator it promises.
        self._run.checkpoints.save(step, self.model.save)
        if not self._guard.suspects:
            evaluations = self._run.evaluations
            self._run.checkpoints.prune(self._keep, evaluations.best)
        self._saved = step


class StopWhenSettled(keras.callbacks.Callback):
    """An end of training when the distance has stopped falling; it comes after `SaveRun`.

    Args:
        run: The `Run`.
        every: Steps between saves.
        patience: As `every`, of `Evaluations.are_settled`.
    """

    def __init__(self, run, every, patience):
        super().__init__()
        self._run = run
        self._every = every
        self._patience = patience

    def on_train_batch_end(self, batch, logs=None):
        step = int(self.model.step.numpy())
        if step % self._every == 0:
            evaluations = self._run.evaluations
            if evaluations.are_settled(self._patience, self._every, step):
                self.model.stop_training = True


def check_tensorboard():
    """A check that the package `tensorboard` is installed; `ValueError` if not."""
    if importlib.util.find_spec("tensorboard") is None:
        raise ValueError(
            "training.tensorboard=true needs the package tensorboard: pip install tensorboard"
        )


class Board(keras.callbacks.Callback):
    """Losses, accuracies and evaluations as scalars, by step, and each sample sheet as an image.

    Args:
        run: The `Run`. Sheets are taken from its files, so that this comes after `SaveRun`.
    """

    def __init__(self, run):
        super().__init__()
        self._run = run
        self._writer = tf.summary.create_file_writer(str(run.path(BOARD)))
        self._shown = int(run.saved_step())

    def on_train_batch_end(self, batch, logs=None):
        step = int(self.model.step.numpy())
        if step % _EVERY == 0:
            with self._writer.as_default(step):
                for name, value in logs.items():
                    tf.summary.scalar(name, value)
        self._show_sheet(step)

    def on_train_end(self, logs=None):
        self._show_sheet(int(self.model.step.numpy()))

    def close(self):
        """The file, closed."""
        self._writer.close()

    def _show_sheet(self, step):
        path = self._run.path(SAMPLES) / f"step-{step:06d}.png"
        if step != self._shown and path.exists():
            with self._writer.as_default(step):
                tf.summary.image("samples", read_picture(path)[None])
                evaluation = self._run.evaluations.rows.get(step, {})
                for name, value in evaluation.items():
                    tf.summary.scalar(name, value)
            self._shown = step


def _is_until(row, names, step):
    """Whether a row is whole and of a step that the run still has; its last may be cut short."""
    return len(row) == len(names) and row[0].isdigit() and int(row[0]) <= step
