"""LocoGAN as a Keras model: both networks, their optimizers and one training step."""

import keras
import tensorflow as tf
from keras import ops

from locogan_keras import graph_latents
from locogan_keras.config import CROP
from locogan_keras.graph_positions import window_positions
from locogan_keras.latents import BORDER, CELL
from locogan_keras.losses import LOSSES
from locogan_keras.networks import Generator


@keras.saving.register_keras_serializable(package="locogan_keras")
class LocoGAN(keras.Model):
    """Trains a generator on local crops (paper, section 3).

    `fit` takes batches of `(crops, windows)`: crops `(batch, size, size, 3)` float32 in [-1, 1],
    size a multiple of 16; windows `(batch, 4)` float32, (top, left, height, width) of each crop as
    fractions of its frame. The fakes use the reals' windows.

    One step is the reference's: the generator first, then the discriminator on the same fakes,
    each discriminator call advancing the spectral vectors.

    Args:
        generator: A `Generator`.
        discriminator: A `Discriminator` with the same encoding.
        seed: 0 to 2^32 - 1, of all latents drawn in training.

    Call arguments:
        inputs: `[latent, positions]`; calling the model calls its `ema_generator`.

    Attributes:
        ema_generator: The generator with its weights averaged over the steps. This is what
            rendering uses, after `refresh_average_statistics`.
        step: int64 variable, generator steps done.
        seconds: float64 variable for whoever drives the training: time spent on it.

    Raises:
        ValueError: If the networks' encodings differ.
    """

    def __init__(self, generator, discriminator, seed=0, **kwargs):
        super().__init__(**kwargs)
        if generator.encoding != discriminator.encoding:
            raise ValueError(
                "`generator` and `discriminator` must have one encoding. Received: "
                f"{generator.encoding!r} and {discriminator.encoding!r}"
            )
        self.generator = generator
        self.discriminator = discriminator
        self.seed = seed
        self.ema_generator = Generator.from_config(generator.get_config())
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

    def compile(
        self,
        generator_optimizer=None,
        discriminator_optimizer=None,
        loss="bce",
        discriminator_steps=1,
        ema_decay=0.999,
        jit_compile=False,
        **kwargs,
    ):
        """Sets how to train.

        Args:
            generator_optimizer, discriminator_optimizer: Keras optimizers; the reference's
                Adam(2e-4, 0.5, 0.999) unless given. The discriminator's learning rate follows the
                generator's in proportion, so that learning-rate callbacks, which see
                `model.optimizer`, scale both.
            loss: `"bce"` (non-saturating binary cross-entropy, the reference) or `"hinge"`.
            discriminator_steps: Discriminator updates for each generator update; the further ones
                come first, on the same crops and windows with fakes of their own.
            ema_decay: Share of the averaged generator that each step keeps, in [0, 1). 0 keeps no
                average. The first steps keep less, so that it does not start from random weights.
            jit_compile: As in Keras.
            **kwargs: Further arguments of `keras.Model.compile`.

        Raises:
            ValueError: If an argument is out of range.
        """
        if loss not in LOSSES:
            raise ValueError(f"`loss` must be one of {', '.join(LOSSES)}. Received: loss={loss!r}")
        if discriminator_steps < 1:
            raise ValueError(
                "`discriminator_steps` must be >= 1. Received: "
                f"discriminator_steps={discriminator_steps}"
            )
        if not 0 <= ema_decay < 1:
            raise ValueError(f"`ema_decay` must be in [0, 1). Received: ema_decay={ema_decay}")
        self.generator_optimizer = generator_optimizer or reference_adam()
        self.discriminator_optimizer = discriminator_optimizer or reference_adam()
        super().compile(optimizer=self.generator_optimizer, jit_compile=jit_compile, **kwargs)
        self.loss_name = loss
        self.discriminator_steps = discriminator_steps
        self.ema_decay = ema_decay
        # Building here, inside the strategy's scope, is what lets replicas train and checkpoints
        # keep the optimizers' state.
        self.generator_optimizer.build(self.generator.trainable_variables)
        self.discriminator_optimizer.build(self.discriminator.trainable_variables)
        self._learning_rate_ratio = _ratio(self.generator_optimizer, self.discriminator_optimizer)

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
        )

    def train_step(self, data):
        crops, windows = data
        generator_loss_of, discriminator_loss_of = LOSSES[self.loss_name]
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        batch, size, width = ops.shape(crops)[:3]
        if isinstance(size, int) and isinstance(width, int) and (size != width or size % CELL):
            raise ValueError(
                f"crops must be square, with sides a multiple of {CELL}. Received: {size} x {width}"
            )
        cells = size // CELL
        cell_positions = window_positions(windows, cells, BORDER)
        pixel_positions = window_positions(windows, size, 0)

        def fakes_of(draw):
            replica = tf.distribute.get_replica_context().replica_id_in_sync_group
            first = draw * replicas * batch + replica * batch
            samples = tf.cast(first + tf.range(batch), tf.int64)
            latent = self.draw_latents(self.step.value, samples, cells + 2 * BORDER)
            return self.generator([latent, cell_positions], training=True)

        def judge(images):
            return ops.cast(self.discriminator([images, pixel_positions], training=True), "float32")

        def update_discriminator(fakes):
            variables = self.discriminator.trainable_variables
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch([variable.value for variable in variables])
                real_logits, fake_logits = judge(crops), judge(fakes)
                # Gradients are summed over replicas.
                loss = discriminator_loss_of(real_logits, fake_logits)
                share = loss / replicas
            gradients = tape.gradient(share, [variable.value for variable in variables])
            self._follow_learning_rate()
            self.discriminator_optimizer.apply_gradients(zip(gradients, variables, strict=True))
            return loss, real_logits, fake_logits

        for draw in range(1, self.discriminator_steps):
            update_discriminator(fakes_of(draw))

        variables = self.generator.trainable_variables
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([variable.value for variable in variables])
            fakes = fakes_of(0)
            generator_loss = generator_loss_of(judge(fakes))
            share = generator_loss / replicas
        gradients = tape.gradient(share, [variable.value for variable in variables])
        self.generator_optimizer.apply_gradients(zip(gradients, variables, strict=True))

        discriminator_loss, real_logits, fake_logits = update_discriminator(fakes)
        self.step.assign_add(1)
        self._average_generator()
        real_accuracy = ops.mean(ops.cast(real_logits > 0, "float32"))
        fake_accuracy = ops.mean(ops.cast(fake_logits < 0, "float32"))
        return {
            "loss": generator_loss + discriminator_loss,
            "generator_loss": generator_loss,
            "discriminator_loss": discriminator_loss,
            "real_accuracy": real_accuracy,
            "fake_accuracy": fake_accuracy,
        }

    def refresh_average_statistics(self, windows):
        """Gives the averaged generator batch statistics of its own.

        Every step copies the generator's, but averaged weights make other features, mostly
        smaller ones: normalised by the generator's statistics, their pictures are washed out while
        training is fast. This runs the averaged generator in training mode ("standing
        statistics", Brock et al., 2019). The next step is not changed by it.

        Args:
            windows: `(batches, batch, 4)` float32; 40 batches forget the copied statistics.
        """
        self._refresh(tf.constant(windows))

    @tf.function(reduce_retracing=True)
    def _refresh(self, windows):
        cells = CROP // CELL
        for draw in tf.range(tf.shape(windows)[0]):
            batch = tf.shape(windows)[1]
            # Samples that no training step has: they count down from the last.
            samples = -1 - tf.cast(draw * batch + tf.range(batch), tf.int64)
            latent = self.draw_latents(self.step.value, samples, cells + 2 * BORDER)
            positions = window_positions(windows[draw], cells, BORDER)
            self.ema_generator([latent, positions], training=True)

    def _follow_learning_rate(self):
        if self._learning_rate_ratio is not None:
            self.discriminator_optimizer.learning_rate = (
                self.generator_optimizer.learning_rate * self._learning_rate_ratio
            )

    def _average_generator(self):
        step = ops.cast(self.step.value, "float32")
        decay = ops.minimum(self.ema_decay, (1 + step) / (10 + step))
        averages = self.ema_generator.variables
        for average, variable in zip(averages, self.generator.variables, strict=True):
            if variable.trainable:
                average.assign(decay * average + (1 - decay) * variable)
            else:
                average.assign(variable)

    def get_config(self):
        return {
            "name": self.name,
            "generator": keras.saving.serialize_keras_object(self.generator),
            "discriminator": keras.saving.serialize_keras_object(self.discriminator),
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config):
        networks = {
            name: keras.saving.deserialize_keras_object(config[name])
            for name in ("generator", "discriminator")
        }
        return cls(**{**config, **networks})

    def get_compile_config(self):
        return {
            "generator_optimizer": keras.saving.serialize_keras_object(self.generator_optimizer),
            "discriminator_optimizer": keras.saving.serialize_keras_object(
                self.discriminator_optimizer
            ),
            "loss": self.loss_name,
            "discriminator_steps": self.discriminator_steps,
            "ema_decay": self.ema_decay,
            "jit_compile": self.jit_compile,
        }

    def compile_from_config(self, config):
        optimizers = {
            name: keras.saving.deserialize_keras_object(config[name])
            for name in ("generator_optimizer", "discriminator_optimizer")
        }
        self.compile(**{**config, **optimizers})


def reference_adam(learning_rate=2e-4, beta_1=0.5):
    """The reference's optimizer."""
    return keras.optimizers.Adam(learning_rate, beta_1=beta_1, beta_2=0.999, epsilon=1e-8)


def _ratio(generator_optimizer, discriminator_optimizer):
    """The discriminator's learning rate over the generator's, if both are plain numbers."""
    rates = [
        optimizer.get_config().get("learning_rate")
        for optimizer in (generator_optimizer, discriminator_optimizer)
    ]
    plain = all(isinstance(rate, float) and rate > 0 for rate in rates)
    return rates[1] / rates[0] if plain else None
