"""Optimizers of the two networks: the reference's, loss scaling, and their learning rates."""

import keras
import tensorflow as tf
from keras import ops


def reference_adam(learning_rate=2e-4, beta_1=0.5):
    """The reference's optimizer."""
    return keras.optimizers.Adam(learning_rate, beta_1=beta_1, beta_2=0.999, epsilon=1e-8)


def for_network(optimizer, network):
    """The optimizer, with loss scaling where the network is trained in float16.

    Gradients under 6e-8 are 0 in float16; scaled up with the loss they are not. As in Keras's own
    `compile`, an optimizer that scales already is left as it is.

    Args:
        optimizer: A Keras optimizer.
        network: The `keras.Model` that it trains.
    """
    if network.dtype_policy.name != "mixed_float16":
        return optimizer
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        return optimizer
    return keras.optimizers.LossScaleOptimizer(optimizer)


def learning_rate_ratio(generator_optimizer, discriminator_optimizer):
    """The discriminator's learning rate over the generator's, or None for schedules."""
    rates = []
    for optimizer in (generator_optimizer, discriminator_optimizer):
        inner = getattr(optimizer, "inner_optimizer", optimizer)
        rates.append(inner.get_config().get("learning_rate"))
    plain = all(isinstance(rate, float) and rate > 0 for rate in rates)
    return rates[1] / rates[0] if plain else None


def apply_gradients(optimizer, gradients, variables):
    """An update of the variables, by each replica with its own gradients of the scaled loss."""
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        gradients = _none_finite_unless_all_are(gradients)
    optimizer.apply_gradients(zip(gradients, variables, strict=True))


def _none_finite_unless_all_are(gradients):
    """The gradients; NaN in all replicas if one's are not finite, so that all skip the step.

    `LossScaleOptimizer` looks at the first replica's gradients only, before they are summed.
    """
    context = tf.distribute.get_replica_context()
    if context.num_replicas_in_sync == 1:
        return gradients
    # 0, or NaN if anything is not finite.
    zero = sum(ops.sum(gradient * 0) for gradient in gradients)
    zero = context.all_reduce(tf.distribute.ReduceOp.SUM, zero)
    return [gradient + zero for gradient in gradients]
