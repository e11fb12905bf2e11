"""Keras callbacks that drive a run: its bounds, its signals and its progress bar."""

import math
import signal
import sys
import time

import keras
import numpy as np
from tqdm import tqdm

from locogan_keras.storage.files.atomic import ENDING, heard
from locogan_keras.training.devices.replicas import mean_over_workers
from locogan_keras.training.locogan import LOGS

# Accuracies, on reals and on fakes, of a discriminator with one answer to all, or none right.
_BLIND = {(1.0, 0.0), (0.0, 1.0), (0.0, 0.0)}


class Clock(keras.callbacks.Callback):
    """A count, in `model.seconds`, of the time spent training, over all parts of a run."""

    def on_train_begin(self, logs=None):
        self._begun = time.monotonic() - float(self.model.seconds.numpy())

    def on_train_batch_end(self, batch, logs=None):
        self.model.seconds.assign(time.monotonic() - self._begun)


class StopAt(keras.callbacks.Callback):
    """An end of training after a total of steps or seconds, counted over all parts of a run.

    Args:
        steps: Or None.
        seconds: Or None; needs `Clock` before it.
    """

    def __init__(self, steps=None, seconds=None):
        super().__init__()
        self.steps = steps
        self.seconds = seconds

    def done(self, model):
        """The share of the run that is done."""
        if self.steps is not None:
            return int(model.step.numpy()) / self.steps
        return float(model.seconds.numpy()) / self.seconds

    def reached(self, model):
        """Whether there is nothing left to do."""
        return self.done(model) >= 1

    def on_train_batch_end(self, batch, logs=None):
        if self.reached(self.model):
            self.model.stop_training = True


class DecayRates(keras.callbacks.Callback):
    """A linear fall of both learning rates to 0, over the last `share` of what `stop` bounds."""

    def __init__(self, share, stop):
        super().__init__()
        self._share, self._stop = share, stop

    def on_train_begin(self, logs=None):
        self._rate = float(self.model.generator_optimizer.learning_rate)

    def on_train_batch_begin(self, batch, logs=None):
        left = max(0.0, 1.0 - self._stop.done(self.model))
        rate = self._rate * min(1.0, left / self._share)
        # The discriminator's follows.
        self.model.generator_optimizer.learning_rate = rate


class StopOnSignal(keras.callbacks.Callback):
    """An end of training after the step at hand on an `ENDING` signal; at once when told again.

    Attributes:
        received: The signal's number, or None.
    """

    def __init__(self):
        super().__init__()
        self.received = None
        # Ctrl-C is for training in the background of a script, too, where it is ignored.
        numbers = {signal.SIGINT, signal.SIGTERM, *heard(ENDING)}
        self._before = {number: signal.signal(number, self._receive) for number in numbers}

    def on_train_batch_end(self, batch, logs=None):
        if self.received:
            self.model.stop_training = True

    def close(self):
        """The signals' former meaning, given back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _receive(self, number, frame):
        if not self.received:
            self.received = number
        elif callable(before := self._before[number]):
            before(number, frame)
        else:
            raise KeyboardInterrupt


class KeepTogether(keras.callbacks.Callback):
    """One end of several workers, after the same step, as soon as one of them wants to.

    Whoever went on alone would wait for the others forever. It must be the last callback.

    Args:
        signals: The `StopOnSignal`. A signal that one worker received ends all as one does.
    """

    def __init__(self, signals):
        super().__init__()
        self._signals = signals

    def on_train_begin(self, logs=None):
        self._mean = mean_over_workers(self.model.distribute_strategy)

    def on_train_batch_end(self, batch, logs=None):
        self.model.stop_training = self._mean(self.model.stop_training) > 0

    def on_train_end(self, logs=None):
        if self._mean(self._signals.received or 0) > 0 and not self._signals.received:
            self._signals.received = signal.SIGTERM


class Diverged(ValueError):
    """Training that cannot get better; what happened, and at which step."""


class RefuseDivergence(keras.callbacks.Callback):
    """An end of training, with `Diverged`, when it cannot get better, before anything is saved.

    That is when the loss or a weight is not finite, or when the discriminator has collapsed: step
    after step it gives all pictures the same answer. It comes before `SaveRun`, which saves nothing
    on the way while `suspects`.

    Args:
        every: Steps between two looks at all weights: those between two saves.
        patience: Steps of a collapsed discriminator, one after the other. Where `fit` executes
            several at once (`steps_per_execution`), the last one stands for all.

    Raises:
        ValueError: If `every` or `patience` is less than 1.

    Example:

        import numpy as np
        import tensorflow as tf
        import locogan_keras

        model = locogan_keras.LocoGAN(
            locogan_keras.build_generator(width=2), locogan_keras.build_discriminator(width=2)
        )
        model.compile()
        crops = np.full((2, 64, 64, 3), np.nan, "float32")
        windows = np.tile([0, 0, 0.5, 0.5], (2, 1)).astype("float32")
        data = tf.data.Dataset.from_tensor_slices((crops, windows)).batch(2)
        try:
            model.fit(data, shuffle=False, verbose=0, callbacks=[locogan_keras.RefuseDivergence()])
        except ValueError as error:
            print(error)  # training diverged at step 1: loss=nan
    """

    def __init__(self, every=500, patience=500):
        super().__init__()
        if min(every, patience) < 1:
            raise ValueError(
                f"`every` and `patience` must be >= 1. Received: every={every}, patience={patience}"
            )
        self._every = every
        self._patience = patience
        self._blind = 0

    @property
    def suspects(self):
        """Whether the discriminator was blind for more than a tenth of the patience."""
        return 10 * self._blind > self._patience

    def on_train_begin(self, logs=None):
        self._blind = 0

    def on_train_batch_end(self, batch, logs=None):
        if not math.isfinite(logs["loss"]):
            self._refuse("diverged", f"loss={logs['loss']}")
        if int(self.model.step.numpy()) % self._every == 0:
            self._refuse_weights()
        right = (float(logs["real_accuracy"]), float(logs["fake_accuracy"]))
        self._blind = self._blind + 1 if right in _BLIND else 0
        if self._blind >= self._patience:
            self._refuse(
                "collapsed",
                "the discriminator did not tell real pictures from fakes in the last "
                f"{self._patience} steps",
            )

    def on_train_end(self, logs=None):
        self._refuse_weights()

    def _refuse_weights(self):
        # The loss is that of the weights before the step.
        for variable in self.model.variables:
            if not np.isfinite(variable.numpy()).all():
                self._refuse("diverged", f"{variable.path} is not finite")

    def _refuse(self, what, why):
        raise Diverged(f"training {what} at step {int(self.model.step.numpy())}: {why}")


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
        """The bar, left as it stands."""
        self._bar.close()

    def _done(self, model):
        progress = model.step if self._stop.steps is not None else model.seconds
        return int(progress.numpy())
