"""LocoGAN as a Keras model: both networks, their optimizers and one training step."""

import functools

import keras
import tensorflow as tf
from keras import ops

from locogan_keras.canvas import graph_latents
from locogan_keras.canvas.graph_positions import window_positions
from locogan_keras.canvas.latents import BORDER, CELL
from locogan_keras.networks.generator import Generator
from locogan_keras.networks.losses import accuracies
from locogan_keras.training.adversarial import AdversarialModel
from locogan_keras.training.devices.replicas import mean_over_replicas
from locogan_keras.training.judgement import Judgement

# What a step logs, beside the sum of both losses, which is `loss`.
LOGS = ("generator_loss", "discriminator_loss", "real_accuracy", "fake_accuracy")


@keras.saving.register_keras_serializable(package="locogan_keras")
class LocoGAN(AdversarialModel):
    """Both networks, and their training on local crops (paper, section 3).

    `fit` takes batches of `(crops, windows)`: crops `(batch, size, size, channels)` float32 in
    [-1, 1], size a multiple of 16; windows `(batch, 4)` float32, (top, left, height, width) of
    each crop as fractions of its frame. The fakes use the reals' windows.

    One step is the reference's: the generator first, then the discriminator on the same fakes,
    each discriminator call advancing the spectral vectors.

    Made inside the scope of a `tf.distribute` strategy, it is trained by all of the strategy's
    replicas. Batches are global: n replicas take a step like one replica would.

    Args:
        generator: A `Generator`.
        discriminator: A `Discriminator` with the same encoding.
        seed: 0 to 2^32 - 1, of all latents drawn in training.
        feature_discriminator: A `FeatureDiscriminator`, if any: a second opinion on the images,
            wherever they are, with the hinge loss.

    Call arguments:
        inputs: `[latent, positions]`; calling the model calls its `ema_generator`.

    Attributes:
        ema_generator: The generator with its weights averaged over the steps. This is what
            rendering uses, after `refresh_average_statistics`.
        step: int64 variable, generator steps done.
        seconds: float64 variable for whoever drives the training: time spent on it.

    Raises:
        ValueError: If the networks' encodings differ, or how many crops the discriminators judge
            together, or the feature discriminator cannot see the images.

    Example:

        import numpy as np
        import tensorflow as tf
        from locogan_keras import LocoGAN, build_discriminator, build_generator

        model = LocoGAN(build_generator(width=2), build_discriminator(width=2))
        model.compile(loss="hinge")
        crops = np.zeros((4, 64, 64, 3), "float32")
        # The upper left quarter of each frame.
        windows = np.tile([0, 0, 0.5, 0.5], (4, 1)).astype("float32")
        data = tf.data.Dataset.from_tensor_slices((crops, windows)).batch(2)
        model.fit(data, shuffle=False, verbose=0)
        print(int(model.step))  # 2
    """

    def __init__(self, generator, discriminator, seed=0, feature_discriminator=None, **kwargs):
        super().__init__(**kwargs)
        if generator.encoding != discriminator.encoding:
            raise ValueError(
                "`generator` and `discriminator` must have one encoding. Received: "
                f"{generator.encoding!r} and {discriminator.encoding!r}"
            )
        if feature_discriminator and feature_discriminator.packed != discriminator.packed:
            raise ValueError(
                "both discriminators must be `packed` alike. Received: packed="
                f"{discriminator.packed} and {feature_discriminator.packed}"
            )
        seen = max(map(max, feature_discriminator.pictures)) + 1 if feature_discriminator else 0
        if seen > generator.image_channels:
            raise ValueError(
                f"`feature_discriminator` looks at pictures of {seen} channels. Received: "
                f"image_channels={generator.image_channels}"
            )
        self.generator = generator
        self.discriminator = discriminator
        self.feature_discriminator = feature_discriminator
        self.seed = seed
        # What is kept and rendered is float32, whatever precision trains it.
        self.ema_generator = Generator.from_config({**generator.get_config(), "dtype": "float32"})
        self.ema_generator.set_weights(generator.get_weights())
        progress = {"shape": (), "initializer": "zeros", "trainable": False}
        self.step = self.add_weight(
            name="step", dtype="int64", aggregation="only_first_replica", **progress
        )
        self.seconds = self.add_weight(
            name="seconds", dtype="float64", aggregation="only_first_replica", **progress
        )
        self.built = True

    def call(self, inputs, training=False):
        return self.ema_generator(inputs, training=training)

    def draw_latents(self, step, samples, cells):
        """The latent fields of training samples: a pure function of seed, step and sample.

        Args:
            step: int64, generator steps done before this one.
            samples: `(batch,)` int64, each sample's index in the global batch; further
                discriminator steps go on counting.
            cells: Cells of a crop along each axis, border included.

        Returns:
            `(batch, cells, cells, channels)` float32.
        """
        seeds, _ = graph_latents.threefry(
            (tf.constant(self.seed, tf.uint32), graph_latents.words(step)),
            (graph_latents.words(samples), tf.zeros((), tf.uint32)),
        )
        return graph_latents.latent_fields(
            seeds,
            rows=tf.range(cells),
            columns=tf.range(cells),
            global_channels=self.generator.global_channels,
            local_channels=self.generator.local_channels,
            line_channels=self.generator.line_channels,
        )

    def train_step(self, data):
        crops, windows = data
        batch, size, width = ops.shape(crops)[:3]
        if isinstance(size, int) and isinstance(width, int) and (size != width or size % CELL):
            raise ValueError(
                f"crops must be square, with sides a multiple of {CELL}. Received: {size} x {width}"
            )
        cells = size // CELL
        cell_positions = window_positions(windows, cells, BORDER)
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group

        def fakes_of(draw):
            first = (draw * self.replicas + replica) * batch
            samples = tf.cast(first + tf.range(batch), tf.int64)
            latent = self.draw_latents(self.step.value, samples, cells + 2 * BORDER)
            return self.generator([latent, cell_positions], training=True)

        judgement = Judgement(self, crops, window_positions(windows, size, 0), replica)

        def update_discriminators(draw, *fakes):
            self._follow_learning_rate()
            judge = functools.partial(judgement.of_discriminators, draw, *fakes)
            return self._update(self.discriminator_optimizer, self.judges_variables, judge)

        for draw in range(1, self.discriminator_steps):
            update_discriminators(draw, *judgement.fakes(fakes_of(draw)))
        generator_loss, *fakes = self._update(
            self.generator_optimizer,
            self.generator.trainable_variables,
            lambda: judgement.of_generator(fakes_of(0)),
        )
        discriminator_loss, *logits = update_discriminators(0, *fakes)
        self.step.assign_add(1)
        self._average_generator()
        values = generator_loss, discriminator_loss, *accuracies(self.loss_name, *logits)
        logs = dict(zip(("loss", *LOGS), (values[0] + values[1], *values), strict=True))
        means = mean_over_replicas(tf.stack(list(logs.values())))
        return dict(zip(logs, tf.unstack(means), strict=True))

    def refresh_average_statistics(self, windows, size):
        """Batch statistics of the averaged generator's own, given to it.

        Every step copies the generator's, but averaged weights make other features, mostly
        smaller ones: normalised by the generator's statistics, their pictures are washed out while
        training is fast. This runs the averaged generator in training mode ("standing
        statistics", Brock et al., 2019). The next step is not changed by it.

        Args:
            windows: `(batches, batch, 4)` float32; 40 batches forget the copied statistics.
            size: Pixels of a training crop along each axis: features of other sizes have other
                statistics.

        Raises:
            ValueError: If `size` is not a positive multiple of 16.
        """
        if size < CELL or size % CELL:
            raise ValueError(f"`size` must be a multiple of {CELL}. Received: size={size}")
        self._refresh(tf.constant(windows), size // CELL)

    @tf.function(reduce_retracing=True, autograph=False)
    def _refresh(self, windows, cells):
        batches, batch = tf.unstack(tf.shape(windows)[:2])

        def run(draw):
            # Samples that no training step has: they count down from the last.
            samples = -1 - tf.cast(draw * batch + tf.range(batch), tf.int64)
            latent = self.draw_latents(self.step.value, samples, cells + 2 * BORDER)
            positions = window_positions(windows[draw], cells, BORDER)
            self.ema_generator([latent, positions], training=True)
            return (draw + 1,)

        tf.while_loop(lambda draw: draw < batches, run, (0,))

    def _average_generator(self):
        step = ops.cast(self.step.value, "float32")
        decay = ops.minimum(self.ema_decay, (1 + step) / (10 + step))
        average, generator = self.ema_generator, self.generator
        pairs = (average.trainable_variables, generator.trainable_variables)
        for mean, variable in zip(*pairs, strict=True):
            mean.assign(decay * mean + (1 - decay) * variable)
        statistics = generator.non_trainable_variables
        if not self.synchronized_batch_normalization:
            means = mean_over_replicas([variable.value for variable in statistics])
            for variable, mean in zip(statistics, means, strict=True):
                variable.assign(mean)
        for copy, variable in zip(average.non_trainable_variables, statistics, strict=True):
            copy.assign(variable)

    def get_config(self):
        return {
            "name": self.name,
            "generator": keras.saving.serialize_keras_object(self.generator),
            "discriminator": keras.saving.serialize_keras_object(self.discriminator),
            "feature_discriminator": self.feature_discriminator
            and keras.saving.serialize_keras_object(self.feature_discriminator),
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config):
        networks = {
            name: keras.saving.deserialize_keras_object(config[name])
            for name in ("generator", "discriminator", "feature_discriminator")
            # Older files have no second opinion.
            if config.get(name)
        }
        return cls(**{**config, **networks})
