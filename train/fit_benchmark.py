"""What a training step costs under `fit`, each way in turns with the plain one.

    python train/fit_benchmark.py

The seconds are those of the fastest turn, because what a shared machine adds varies more than the
ways differ; *ratio* is the median, over the turns, of a turn's seconds over those of plain `fit` in
the same turn: below 1 is faster, and next to it stands the middle half of the turns. Callbacks are
timed by themselves.
"""

import argparse
import contextlib
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
from PIL import Image

from locogan_keras.canvas.graph_positions import window_positions
from locogan_keras.canvas.latents import BORDER, CELL
from locogan_keras.canvas.positions import CROP
from locogan_keras.data.crops import load_pictures
from locogan_keras.networks.discriminator import build_discriminator
from locogan_keras.networks.generator import build_generator
from locogan_keras.networks.losses import LOSSES
from locogan_keras.networks.optimizers import apply_gradients
from locogan_keras.storage.run import Run
from locogan_keras.training import callbacks, saving
from locogan_keras.training.devices.replicas import divided
from locogan_keras.training.locogan import LocoGAN

FRAME = (192, 192)
# In one turn, and in one execution where several are.
STEPS = 8
SAVE_EVERY = 500


class OnePass(LocoGAN):
    """A model that judges the fakes once a step: both networks learn from one judgement.

    It is there to be timed only. The spectral vectors advance twice a step here, and the
    discriminator's gradients are those of the vectors before: not the reference's steps.
    """

    def train_step(self, data):
        crops, windows = data
        cells = CROP // CELL
        samples = tf.range(tf.shape(crops)[0], dtype=tf.int64)
        latent = self.draw_latents(self.step.value, samples, cells + 2 * BORDER)
        cell_positions = window_positions(windows, cells, BORDER)
        pixel_positions = window_positions(windows, CROP, 0)
        generator_loss_of, discriminator_loss_of = LOSSES[self.loss_name]
        networks = (self.generator, self.discriminator)
        variables = [network.trainable_variables for network in networks]
        tensors = [[variable.value for variable in each] for each in variables]
        with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
            tape.watch(tensors)
            fakes = self.generator([latent, cell_positions], training=True)
            fake_logits = self.discriminator([fakes, pixel_positions], training=True)
            real_logits = self.discriminator([crops, pixel_positions], training=True)
            losses = generator_loss_of(fake_logits), discriminator_loss_of(real_logits, fake_logits)
        gradients = [tape.gradient(*each) for each in zip(losses, tensors, strict=True)]
        optimizers = (self.generator_optimizer, self.discriminator_optimizer)
        for each in zip(optimizers, gradients, variables, strict=True):
            apply_gradients(*each)
        self.step.assign_add(1)
        self._average_generator()
        return {"loss": losses[0] + losses[1]}


def make_model(width, kind=LocoGAN, **compiled):
    generator = build_generator(width, "torus", frame=FRAME)
    model = kind(generator, build_discriminator(width, "torus"))
    model.compile(**compiled)
    return model


def ways(width, batch, pictures):
    """The ways to time: `{name: (model, batches)}`."""
    crops = pictures.crops(batch)
    ready = tf.data.Dataset.from_tensors(next(iter(crops))).repeat()
    plain = make_model(width)
    processors = [device.name for device in tf.config.list_logical_devices("CPU")]
    strategy = tf.distribute.MirroredStrategy(processors)
    with strategy.scope():
        mirrored = make_model(width)
    several = make_model(width, steps_per_execution=STEPS)
    return {
        "plain": (plain, crops),
        "without prefetch": (plain, crops._input_dataset),
        "one batch over and over: no pipeline": (plain, ready),
        f"{STEPS} steps in one execution": (several, crops),
        "one discriminator pass over the fakes": (make_model(width, OnePass), crops),
        "two replicas, one a core": (mirrored, divided(crops, strategy)),
    }


def seconds_a_step(model, batches):
    begun = time.perf_counter()
    model.fit(batches, steps_per_epoch=STEPS, shuffle=False, verbose=0)
    return (time.perf_counter() - begun) / STEPS


def seconds_of_callbacks(run, model):
    """The seconds that a run's callbacks take after every step, all of them together."""
    stop = callbacks.StopAt(steps=10**9)
    closed = (callbacks.StopOnSignal(), saving.MetricsLog(run, 0), callbacks.Progress(stop, model))
    with contextlib.ExitStack() as stack:
        closed = [stack.enter_context(contextlib.closing(each)) for each in closed]
        every = [callbacks.Clock(), stop, *closed, callbacks.RefuseDivergence(every=10**9)]
        for callback in every:
            callback.set_model(model)
            callback.on_train_begin()
        logs = {"loss": 1.0, **dict.fromkeys(saving.LOGS, 0.5)}
        begun = time.perf_counter()
        for _ in range(200):
            for callback in every:
                callback.on_train_batch_end(0, logs)
        return (time.perf_counter() - begun) / 200


def seconds_a_save(run, pictures, model):
    """The seconds of a save, every so many steps: checkpoint, generator, sheet, evaluation."""
    guard = callbacks.RefuseDivergence(every=10**9)
    saver = saving.SaveRun(run, pictures, every=10**9, keep=2, step=0, guard=guard)
    times = []
    for callback in (saver, guard):
        callback.set_model(model)
    with contextlib.closing(saver):
        for _ in range(3):
            model.step.assign_add(1)
            begun = time.perf_counter()
            guard.on_train_end()
            saver.on_train_end()
            times.append(time.perf_counter() - begun)
    # The first one traces.
    return min(times)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7, help="timed turns of each (default: 7)")
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--batch", type=int, default=16)
    options = parser.parse_args()
    (processor,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(
        processor, [tf.config.LogicalDeviceConfiguration()] * 2
    )
    with tempfile.TemporaryDirectory() as folder:
        run, photo = Run(Path(folder) / "run"), Path(folder) / "photo.png"
        run.path("").mkdir()
        noise = np.random.default_rng(0).integers(0, 256, (256, 256, 3), np.uint8)
        Image.fromarray(noise).save(photo)
        pictures = load_pictures(photo, image_size=256, encoding="torus", frame=FRAME)
        every = ways(options.width, options.batch, pictures)
        times = {name: [] for name in every}
        for turn in range(options.rounds + 1):
            for name, way in every.items():
                seconds = seconds_a_step(*way)
                # The first turn traces.
                if turn:
                    times[name].append(seconds)
        after = seconds_of_callbacks(run, every["plain"][0])
        save = seconds_a_save(run, pictures, every["plain"][0])
    print(f"{os.cpu_count()} cores; width {options.width}, batch {options.batch}")
    print("| a step of `fit` | seconds | ratio | middle half |")
    print("|---|---|---|---|")
    step = min(times["plain"])
    for name, each in times.items():
        low, middle, high = np.quantile(np.divide(each, times["plain"]), [0.25, 0.5, 0.75])
        print(f"| {name} | {min(each):.3f} | {middle:.2f} | {low:.2f} to {high:.2f} |")
    print(
        f"\nA run's callbacks: {1000 * after:.1f} ms a step, {after / step:.2%}; "
        f"a save: {save:.1f} s, {save / (SAVE_EVERY * step):.2%} of {SAVE_EVERY} steps."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
