"""Keras callbacks that drive a run: its bounds, its files and its progress bar."""

import csv
import math
import signal
import sys
import time

import keras
import numpy as np
from tqdm import tqdm

from locogan_keras.atomic import replacing
from locogan_keras.keras_engine import KerasEngine
from locogan_keras.png import write_png
from locogan_keras.runs import CHECKPOINT, GENERATOR, METRICS, SAMPLES
from locogan_keras.sheets import CROPS, sample_sheet

_STATISTICS_BATCHES, _STATISTICS_BATCH = 40, 16

LOGS = ("generator_loss", "discriminator_loss", "real_accuracy", "fake_accuracy")


class Clock(keras.callbacks.Callback):
    """Counts the time spent training in `model.seconds`, over all parts of a run."""

    def on_train_begin(self, logs=None):
        self._begun = time.monotonic() - float(self.model.seconds.numpy())

    def on_train_batch_end(self, batch, logs=None):
        self.model.seconds.assign(time.monotonic() - self._begun)


class StopAt(keras.callbacks.Callback):
    """Ends training after a total of steps or seconds, counted over all parts of a run.

    Args:
        steps: Or None.
        seconds: Or None; needs `Clock` before it.
    """

    def __init__(self, steps=None, seconds=None):
        super().__init__()
        self.steps = steps
        self.seconds = seconds

    def reached(self, model):
        """Whether there is nothing left to do."""
        if self.steps is not None:
            return int(model.step.numpy()) >= self.steps
        return float(model.seconds.numpy()) >= self.seconds

    def on_train_batch_end(self, batch, logs=None):
        if self.reached(self.model):
            self.model.stop_training = True


class StopOnInterrupt(keras.callbacks.Callback):
    """Ends training after the step at hand when Ctrl-C is pressed; at once when pressed again.

    Attributes:
        interrupted: Whether it was.
    """

    def __init__(self):
        super().__init__()
        self.interrupted = False
        self._before = signal.signal(signal.SIGINT, self._interrupt)

    def on_train_batch_end(self, batch, logs=None):
        if self.interrupted:
            self.model.stop_training = True

    def close(self):
        """Gives Ctrl-C its former meaning back."""
        signal.signal(signal.SIGINT, self._before)

    def _interrupt(self, number, frame):
        if self.interrupted:
            raise KeyboardInterrupt
        self.interrupted = True


class RefuseDivergence(keras.callbacks.Callback):
    """Ends training with `ValueError` when the loss is not finite, before anything is saved.

    Args:
        run: The `Run`.
    """

    def __init__(self, run):
        super().__init__()
        self._run = run

    def on_train_batch_end(self, batch, logs=None):
        if not math.isfinite(logs["loss"]):
            raise ValueError(
                f"training diverged at step {int(self.model.step.numpy())}: loss={logs['loss']}; "
                f"{self._run.folder} keeps step {self._run.saved_step()}"
            )


class MetricsLog(keras.callbacks.Callback):
    """A row of `metrics.csv` for each step; rows after the step that a run goes on from are cut.

    Args:
        run: The `Run`.
        step: The step that the run goes on from.
    """

    def __init__(self, run, step):
        super().__init__()
        path = run.path(METRICS)
        rows = [["step", "seconds", *LOGS]]
        if path.exists():
            with open(path, newline="") as file:
                rows += [row for row in csv.reader(file) if row and _before(row[0], step)]
        with replacing(path) as temporary, open(temporary, "w", newline="") as file:
            csv.writer(file).writerows(rows)
        self._file = open(path, "a", newline="", buffering=1)  # noqa: SIM115
        self._writer = csv.writer(self._file)

    def on_train_batch_end(self, batch, logs=None):
        step, seconds = int(self.model.step.numpy()), float(self.model.seconds.numpy())
        values = [f"{float(logs[name]):.6g}" for name in LOGS]
        self._writer.writerow([step, f"{seconds:.2f}", *values])

    def close(self):
        """Closes the file."""
        self._file.close()


class SaveRun(keras.callbacks.Callback):
    """Saves checkpoint, generator and sample sheet every so many steps, and at the end.

    Args:
        run: The `Run`.
        pictures: The `Pictures`, for the sheet's real crops.
        every: Steps.
    """

    def __init__(self, run, pictures, every):
        super().__init__()
        self._run = run
        self._every = every
        self._crops, self._windows = (
            tensor.numpy() for tensor in next(iter(pictures.crops(CROPS)))
        )
        batches = pictures.crops(_STATISTICS_BATCH).take(_STATISTICS_BATCHES)
        self._statistics_windows = np.stack([windows for _, windows in batches.as_numpy_iterator()])
        self._engine = None
        self._saved = None

    def on_train_batch_end(self, batch, logs=None):
        if int(self.model.step.numpy()) % self._every == 0:
            self._save()

    def on_train_end(self, logs=None):
        self._save()

    def _save(self):
        step = int(self.model.step.numpy())
        if step == self._saved:
            return
        self.model.refresh_average_statistics(self._statistics_windows)
        generator = self.model.ema_generator
        with replacing(self._run.path(GENERATOR)) as temporary:
            generator.save(temporary)
        self._engine = self._engine or KerasEngine(generator)
        sheet = sample_sheet(self._engine, self._crops, self._windows)
        write_png(self._run.path(SAMPLES) / f"step-{step:06d}.png", sheet.shape[:2], [sheet])
        # Last, so that a checkpoint never stands without the generator it promises.
        with replacing(self._run.path(CHECKPOINT)) as temporary:
            self.model.save(temporary)
        self._saved = step


class Progress(keras.callbacks.Callback):
    """One progress bar over the whole run, with the step's losses and accuracies.

    Args:
        stop: The `StopAt` that bounds the run.
        model: The `LocoGAN`, for where the run stands.
    """

    def __init__(self, stop, model):
        super().__init__()
        self._stop = stop
        if self._stop.steps is not None:
            total, unit = self._stop.steps, "step"
        else:
            total, unit = round(self._stop.seconds), "s"
        self._bar = tqdm(
            total=total,
            initial=min(total, self._done(model)),
            unit=unit,
            mininterval=0.5 if sys.stderr.isatty() else 30,
        )

    def on_train_batch_end(self, batch, logs=None):
        step = int(self.model.step.numpy())
        losses = " ".join(f"{float(logs[name]):.2f}" for name in LOGS[:2])
        accuracy = " ".join(f"{float(logs[name]):.0%}" for name in LOGS[2:])
        text = f"step {step}, loss G D {losses}, D right on real fake {accuracy}"
        self._bar.set_postfix_str(text, refresh=False)
        self._bar.update(min(self._bar.total, self._done(self.model)) - self._bar.n)

    def close(self):
        """Leaves the bar as it stands."""
        self._bar.close()

    def _done(self, model):
        progress = model.step if self._stop.steps is not None else model.seconds
        return int(progress.numpy())


def _before(text, step):
    return text.isdigit() and int(text) <= step
