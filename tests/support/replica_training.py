"""A process that trains a tiny model on 1, 2 and 4 replicas, or as a worker of TF_CONFIG.

    python replica_training.py OUT '{"replicas": [1, 2], "optimizer": "sgd", "steps": 100}'

`OUT-REPLICAS.npz` (of worker i, `OUT-i.npz`) gets `losses`, all weights as `weight-0` and so on,
`halfway-0` and so on after ten steps, and `apart`: how far the copies of a weight differ.
"""

import json
import os
import sys
import types

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from locogan_keras.networks.discriminator import build_discriminator
from locogan_keras.networks.generator import build_generator
from locogan_keras.networks.optimizers import reference_adam
from locogan_keras.networks.pretrained.feature_discriminator import FeatureDiscriminator
from locogan_keras.training.callbacks import KeepTogether
from locogan_keras.training.devices.strategies import has_workers, make_strategy
from locogan_keras.training.locogan import LocoGAN

BATCH = 8


def global_batches():
    rng = np.random.default_rng(0)
    crops = rng.uniform(-1, 1, size=(5, BATCH, 64, 64, 3)).astype(np.float32)
    windows = rng.uniform(0, 0.5, size=(5, BATCH, 4)).astype(np.float32)
    return tf.data.Dataset.from_tensor_slices((crops, windows)).repeat()


def train(strategy, optimizer, steps, dtype="float32", synchronized=True, as_recipes=False):
    """What the file is to hold; `as_recipes` with the loss and the discriminators of `regular`."""
    keras.utils.set_random_seed(0)
    optimizers = {
        "sgd": lambda: keras.optimizers.SGD(0.01),
        "reference_adam": lambda: reference_adam(2e-4, 0.5),
        # Epsilon is 100 times the reference's. Adam divides a gradient by its own size, which
        # makes whole steps of rounding where a gradient nearly vanishes: even one device leaves
        # itself when its first weights are changed by one unit in the last place (README).
        "adam": lambda: keras.optimizers.Adam(2e-4, beta_1=0.5, epsilon=1e-6),
    }
    with strategy.scope():
        model = LocoGAN(
            build_generator(2, "torus", dtype=dtype),
            build_discriminator(2, "torus", dtype=dtype, packed=1 + as_recipes),
            seed=3,
            feature_discriminator=FeatureDiscriminator(packed=2) if as_recipes else None,
        )
        recipe = {"loss": "relativistic", "gradient_penalty": 0.1} if as_recipes else {}
        model.compile(
            optimizers[optimizer](),
            optimizers[optimizer](),
            synchronized_batch_normalization=synchronized,
            **recipe,
        )
    recorder = Recorder()
    together = [KeepTogether(types.SimpleNamespace(received=None))] if has_workers(strategy) else []
    model.fit(
        global_batches(),
        steps_per_epoch=steps,
        shuffle=False,
        verbose=0,
        callbacks=[recorder, *together],
    )
    apart = 0.0
    for variable in model.variables:
        copies = [copy.numpy() for copy in strategy.experimental_local_results(variable.value)]
        apart = max(apart, *(np.abs(copy - copies[0]).max() for copy in copies))
    return {
        **{f"halfway-{index}": weight for index, weight in enumerate(recorder.halfway)},
        **{f"weight-{index}": weight for index, weight in enumerate(weights(model))},
        "losses": recorder.losses,
        "apart": apart,
    }


class Recorder(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.losses = []
        self.halfway = []

    def on_train_batch_end(self, batch, logs=None):
        self.losses.append([float(value) for value in logs.values()])
        if len(self.losses) == 10:
            self.halfway = weights(self.model)


def weights(model):
    return [np.asarray(variable) for variable in model.variables]


def main(out, settings):
    replicas = settings.pop("replicas", None)
    if replicas is None:
        strategy = make_strategy("multiworker")
        np.savez(f"{out}-{strategy.cluster_resolver.task_id}.npz", **train(strategy, **settings))
        return
    (processor,) = tf.config.list_physical_devices("CPU")
    devices = [tf.config.LogicalDeviceConfiguration()] * max(replicas)
    tf.config.set_logical_device_configuration(processor, devices)
    names = [device.name for device in tf.config.list_logical_devices("CPU")]
    for count in replicas:
        mirrored = count > 1
        strategy = (
            tf.distribute.MirroredStrategy(names[:count])
            if mirrored
            else tf.distribute.get_strategy()
        )
        np.savez(f"{out}-{count}.npz", **train(strategy, **settings))


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
