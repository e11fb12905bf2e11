"""Adversarial losses: pure functions of float32 logits."""

from keras import ops

# Deviation of the noise that a gradient is measured over, for images of deviation 0.5.
NEARBY = 0.01


def binary_cross_entropy_generator(fake_logits):
    """The non-saturating loss: fakes should be judged real."""
    return ops.mean(ops.softplus(-fake_logits))


def binary_cross_entropy_discriminator(real_logits, fake_logits):
    """The cross entropy: reals should be judged real, fakes fake; halved, as in the reference."""
    return (ops.mean(ops.softplus(-real_logits)) + ops.mean(ops.softplus(fake_logits))) / 2


def hinge_generator(fake_logits):
    """The hinge loss of the generator: the fakes' logits should be high."""
    return -ops.mean(fake_logits)


def hinge_discriminator(real_logits, fake_logits):
    """The hinge loss: logits over 1 for reals, under -1 for fakes; halved, like the other loss."""
    return (ops.mean(ops.relu(1 - real_logits)) + ops.mean(ops.relu(1 + fake_logits))) / 2


def relativistic_generator(fake_logits, real_logits):
    """The relativistic loss (Jolicoeur-Martineau, 2019) of the generator.

    Each fake should be judged more real than the real of its window. A generator that makes one
    thing only is told so: its fakes lie on one side of every real.
    """
    return ops.mean(ops.softplus(real_logits - fake_logits))


def relativistic_discriminator(real_logits, fake_logits):
    """The relativistic loss: each real should be judged more real than the fake of its window."""
    return ops.mean(ops.softplus(fake_logits - real_logits))


def gradient_penalty(logits, nearby_logits, distance):
    """Half the mean square of the discriminator's gradient by the image, without a second gradient.

    For noise n of deviation 1 the mean of ((D(x + d n) - D(x)) / d)^2 is the square of the gradient
    for small d. On reals this is R1 (Mescheder et al., 2018), on fakes R2; the relativistic loss
    converges with both (Huang et al., 2024, "The GAN is dead; long live the GAN!").

    Args:
        logits: `(batch, 1)`, of images.
        nearby_logits: `(batch, 1)`, of the images with noise.
        distance: Deviation of the noise.
    """
    return ops.mean(ops.square((nearby_logits - logits) / distance)) / 2


# The generator's loss is one of the fakes' logits; where `PAIRED`, of the reals' too.
LOSSES = {
    "bce": (binary_cross_entropy_generator, binary_cross_entropy_discriminator),
    "hinge": (hinge_generator, hinge_discriminator),
    "relativistic": (relativistic_generator, relativistic_discriminator),
}
PAIRED = ("relativistic",)


def accuracies(loss, real_logits, fake_logits):
    """The shares of reals and of fakes that the discriminator is right about, two scalars.

    Of a paired loss only differences mean something: it is right, or not, about both at once.

    Args:
        loss: One of `LOSSES`.
        real_logits, fake_logits: `(batch, 1)` each.
    """
    if loss in PAIRED:
        right = ops.mean(ops.cast(real_logits > fake_logits, "float32"))
        return right, right
    shares = (ops.cast(right, "float32") for right in (real_logits > 0, fake_logits < 0))
    return tuple(ops.mean(share) for share in shares)
