"""A Keras model of two networks against each other, each with an optimizer of its own."""

import math

import keras
import tensorflow as tf

from locogan_keras.networks.losses import LOSSES
from locogan_keras.networks.optimizers import (
    apply_gradients,
    for_network,
    learning_rate_ratio,
    reference_adam,
)
from locogan_keras.training.devices.replicas import ReplicatedModel


class AdversarialModel(ReplicatedModel):
    """A model that trains a `generator` and a `discriminator`: its settings, updates and config.

    A subclass sets both, built, and `feature_discriminator` or None, before it is compiled.
    """

    def compile(
        self,
        generator_optimizer=None,
        discriminator_optimizer=None,
        loss="bce",
        gradient_penalty=0.0,
        feature_weight=1.0,
        discriminator_steps=1,
        ema_decay=0.999,
        synchronized_batch_normalization=True,
        jit_compile=False,
        **kwargs,
    ):
        """The way of training, set.

        Args:
            generator_optimizer, discriminator_optimizer: Keras optimizers; the reference's
                Adam(2e-4, 0.5, 0.999) unless given. The discriminator's learning rate follows the
                generator's in proportion, so that learning-rate callbacks, which see
                `model.optimizer`, scale both. Of a network in mixed_float16, wrapped in a
                `LossScaleOptimizer`.
            loss: `"bce"` (non-saturating binary cross-entropy, the reference), `"hinge"` or
                `"relativistic"`.
            gradient_penalty: Weight of `losses.gradient_penalty` on reals and on fakes.
            feature_weight: Weight of the feature discriminator's loss beside the discriminator's.
            discriminator_steps: Discriminator updates for each generator update; the further ones
                come first, on the same crops and windows with fakes of their own.
            ema_decay: Share of the averaged generator that each step keeps, in [0, 1). 0 keeps no
                average. The first steps keep less, so that it does not start from random weights.
            synchronized_batch_normalization: Whether batch statistics are those of the global
                batch. Without, each replica normalises by its own part, which is faster and noisier
                and makes the result depend on the number of replicas; the running statistics are
                then the replicas' mean.
            jit_compile: As in Keras.
            **kwargs: Further arguments of `keras.Model.compile`.

        Raises:
            ValueError: If an argument is out of range.
        """
        if loss not in LOSSES:
            raise ValueError(f"`loss` must be one of {', '.join(LOSSES)}. Received: loss={loss!r}")
        weights = {"gradient_penalty": gradient_penalty, "feature_weight": feature_weight}
        for name, weight in weights.items():
            if not 0 <= weight < math.inf:
                raise ValueError(f"`{name}` must be >= 0, and finite. Received: {name}={weight}")
        if discriminator_steps < 1:
            raise ValueError(
                "`discriminator_steps` must be >= 1. Received: "
                f"discriminator_steps={discriminator_steps}"
            )
        if not 0 <= ema_decay < 1:
            raise ValueError(f"`ema_decay` must be in [0, 1). Received: ema_decay={ema_decay}")
        self.generator_optimizer = for_network(
            generator_optimizer or reference_adam(), self.generator
        )
        self.discriminator_optimizer = for_network(
            discriminator_optimizer or reference_adam(), self.discriminator
        )
        super().compile(
            optimizer=self.generator_optimizer,
            jit_compile=jit_compile,
            auto_scale_loss=False,
            **kwargs,
        )
        self.loss_name = loss
        self.gradient_penalty = gradient_penalty
        self.feature_weight = feature_weight
        self.discriminator_steps = discriminator_steps
        self.ema_decay = ema_decay
        self.synchronized_batch_normalization = synchronized_batch_normalization
        for layer in self.generator.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.synchronized = synchronized_batch_normalization and self.replicas > 1
        # Building here, inside the strategy's scope, is what lets replicas train and checkpoints
        # keep the optimizers' state.
        for optimizer, variables in (
            (self.generator_optimizer, self.generator.trainable_variables),
            (self.discriminator_optimizer, self.judges_variables),
        ):
            # Compiling again keeps the state; `LossScaleOptimizer` would start anew.
            if not optimizer.built:
                optimizer.build(variables)
        self.take_learning_rates()

    def take_learning_rates(self):
        """The optimizers' rates as they are now, taken for the proportion that callbacks keep."""
        self._learning_rate_ratio = learning_rate_ratio(
            self.generator_optimizer, self.discriminator_optimizer
        )

    def get_compile_config(self):
        return {
            "generator_optimizer": keras.saving.serialize_keras_object(self.generator_optimizer),
            "discriminator_optimizer": keras.saving.serialize_keras_object(
                self.discriminator_optimizer
            ),
            "loss": self.loss_name,
            "gradient_penalty": self.gradient_penalty,
            "feature_weight": self.feature_weight,
            "discriminator_steps": self.discriminator_steps,
            "ema_decay": self.ema_decay,
            "synchronized_batch_normalization": self.synchronized_batch_normalization,
            "jit_compile": self.jit_compile,
            "steps_per_execution": self.steps_per_execution,
            "learning_rate_ratio": self._learning_rate_ratio,
        }

    def compile_from_config(self, config):
        # A schedule may have ended at 0, or rounded both rates.
        config = dict(config)
        ratio = config.pop("learning_rate_ratio")
        optimizers = {
            name: keras.saving.deserialize_keras_object(config[name])
            for name in ("generator_optimizer", "discriminator_optimizer")
        }
        self.compile(**{**config, **optimizers})
        self._learning_rate_ratio = ratio

    @property
    def judges_variables(self):
        """What the discriminator's optimizer trains: both discriminators' weights."""
        further = self.feature_discriminator
        return [
            *self.discriminator.trainable_variables,
            *(further.judging_variables if further else ()),
        ]

    @property
    def replicas(self):
        """How many devices share a step."""
        return self.distribute_strategy.num_replicas_in_sync

    def _update(self, optimizer, variables, judge):
        """All that `judge` gives; the variables take a step down the gradient of the first."""
        tensors = [variable.value for variable in variables]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(tensors)
            outputs = judge()
            # Replicas' gradients are summed.
            share = optimizer.scale_loss(outputs[0] / self.replicas)
        apply_gradients(optimizer, tape.gradient(share, tensors), variables)
        return outputs

    def _follow_learning_rate(self):
        if self._learning_rate_ratio is not None:
            self.discriminator_optimizer.learning_rate = (
                self.generator_optimizer.learning_rate * self._learning_rate_ratio
            )
