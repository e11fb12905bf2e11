"""What a run shows in TensorBoard."""

import importlib.util

import keras
import tensorflow as tf

from locogan_keras.data.pictures import read_picture
from locogan_keras.storage.run import BOARD, SAMPLES

# Every step is in `metrics.csv`; a curve needs fewer points, and each takes time.
_EVERY = 10


def check_tensorboard():
    """Raises `ValueError` if the package `tensorboard` is not installed."""
    if importlib.util.find_spec("tensorboard") is None:
        raise ValueError(
            "training.tensorboard=true needs the package tensorboard: pip install tensorboard"
        )


class Board(keras.callbacks.Callback):
    """Losses and accuracies as scalars, by step, and each sample sheet as an image.

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
        """Closes the file."""
        self._writer.close()

    def _show_sheet(self, step):
        path = self._run.path(SAMPLES) / f"step-{step:06d}.png"
        if step != self._shown and path.exists():
            with self._writer.as_default(step):
                tf.summary.image("samples", read_picture(path)[None])
            self._shown = step
