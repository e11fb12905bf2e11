"""Adversarial losses: pure functions of float32 logits."""

from keras import ops


def binary_cross_entropy_generator(fake_logits):
    """Non-saturating: fakes should be judged real."""
    return ops.mean(ops.softplus(-fake_logits))


def binary_cross_entropy_discriminator(real_logits, fake_logits):
    """Reals should be judged real, fakes fake; halved, as in the reference."""
    return (ops.mean(ops.softplus(-real_logits)) + ops.mean(ops.softplus(fake_logits))) / 2


def hinge_generator(fake_logits):
    """The fakes' logits should be high."""
    return -ops.mean(fake_logits)


def hinge_discriminator(real_logits, fake_logits):
    """Real logits should be over 1, fake ones under -1; halved, like the other loss."""
    return (ops.mean(ops.relu(1 - real_logits)) + ops.mean(ops.relu(1 + fake_logits))) / 2


LOSSES = {
    "bce": (binary_cross_entropy_generator, binary_cross_entropy_discriminator),
    "hinge": (hinge_generator, hinge_discriminator),
}
