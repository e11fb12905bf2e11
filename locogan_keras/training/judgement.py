"""How the discriminators judge the crops and the fakes of one training step."""

import tensorflow as tf
from keras import ops

from locogan_keras.networks.losses import (
    LOSSES,
    NEARBY,
    PAIRED,
    gradient_penalty,
    hinge_discriminator,
    hinge_generator,
)

# Pixels. Strides of 2 to 32 look at some pixels more than at others, always the same ones: the
# generator would draw a comb there, as fakes begin at a cell, if what is looked at were not moved.
_MOST_MOVED = 4


class Judgement:
    """The losses of one step's crops and of fakes of their windows.

    Args:
        model: The `AdversarialModel`, compiled.
        crops: `(batch, size, size, channels)`, a replica's part of the global batch.
        positions: `(batch, size, size, 2)`, of their pixels.
        replica: The replica's number.
    """

    def __init__(self, model, crops, positions, replica):
        self._model, self._crops, self._positions = model, crops, positions
        self._replica = replica
        self._losses = LOSSES[model.loss_name]
        if model.feature_discriminator:
            # Of the step alone, so that all replicas, and reals and fakes, are moved alike.
            self._move = tf.random.stateless_uniform(
                (2,), tf.stack([model.seed, model.step.value]), 0, 2 * _MOST_MOVED + 1, tf.int32
            )
        self._real_maps = self._maps(crops)

    def of_generator(self, fakes):
        """The generator's loss; and what the other judgement needs of these fakes."""
        logits = [self._judge(fakes)]
        if self._model.loss_name in PAIRED:
            logits.append(self._judge(self._crops))
        loss, maps = self._losses[0](*logits), self._maps(fakes)
        if maps:
            loss = loss + self._weighted(hinge_generator(each) for each in self._judge_maps(maps))
        return loss, fakes, *maps

    def of_discriminators(self, draw, fakes, *maps):
        """Both discriminators' loss, and the logits of the crops and of the fakes.

        Args:
            draw: The number of the discriminators' step within the generator's.
            fakes, maps: As `of_generator` gives them.
        """
        penalty = self._model.gradient_penalty
        logits = self._judge(self._crops), self._judge(fakes)
        loss = self._losses[1](*logits)
        if penalty:
            noises = self._noises(draw)
            for own, images, noise in zip(logits, (self._crops, fakes), noises, strict=True):
                nearby = self._judge(images + noise)
                loss = loss + penalty * gradient_penalty(own, nearby, NEARBY)
        if maps:
            pairs = zip(self._judge_maps(self._real_maps), self._judge_maps(maps), strict=True)
            loss = loss + self._weighted(hinge_discriminator(*pair) for pair in pairs)
        return loss, *logits

    def fakes(self, images):
        """Fakes as `of_discriminators` takes them."""
        return images, *self._maps(images)

    def _judge(self, images):
        discriminator = self._model.discriminator
        return discriminator(discriminator.together(images, self._positions), training=True)

    def _maps(self, images):
        features = self._model.feature_discriminator
        return features.maps(_moved(images, self._move)) if features else []

    def _judge_maps(self, maps):
        return self._model.feature_discriminator(list(maps), training=True)

    def _weighted(self, losses):
        return self._model.feature_weight * ops.mean(ops.stack(list(losses)))

    def _noises(self, draw):
        # Of the global batch, so that a replica's part is what one device would draw.
        model, batch = self._model, ops.shape(self._crops)[0]
        shape = (2, model.replicas * batch, *self._crops.shape[1:])
        count = model.step.value * model.discriminator_steps + draw
        noises = tf.random.stateless_normal(shape, tf.stack([model.seed, count]))
        _, deviation = model.discriminator.statistics or (None, 0.5)
        each = deviation if isinstance(deviation, list) else [deviation]
        mine = noises[:, self._replica * batch : (self._replica + 1) * batch]
        return tf.unstack(mine * [NEARBY * 2 * one for one in each])


def _moved(images, move):
    """Images moved by `move` - `_MOST_MOVED` pixels (y, x), mirrored at the edges."""
    _, height, width, _ = images.shape
    both = (_MOST_MOVED, _MOST_MOVED)
    padded = tf.pad(images, [(0, 0), both, both, (0, 0)], "REFLECT")
    y, x = tf.unstack(move)
    return tf.ensure_shape(padded[:, y : y + height, x : x + width], images.shape)
