"""What both discriminators' losses are made of, by numbers worked out by hand."""

import types

import numpy as np
import pytest
import tensorflow as tf

from locogan_keras.training.judgement import Judgement

CROPS, FAKES = tf.zeros((2, 64, 64, 3)), tf.ones((2, 64, 64, 3))


class Discriminator:
    """Logits of pixels: 2 for reals, which are black here, and -0.5 for fakes, which are white."""

    statistics = None

    def together(self, images, positions):
        return images

    def __call__(self, images, training):
        return 2.0 - 2.5 * images[:, :1, 0, 0]


class Features:
    """Two stages whose logits are 0.5 and -3 for reals, 1.5 and 0 for fakes."""

    def __init__(self):
        self.seen = []

    def maps(self, images):
        self.seen.append(images.numpy())
        mean = tf.reduce_mean(images)
        return [tf.fill((1, 4, 4, 1), 0.5 + mean), tf.fill((1, 2, 2, 1), 3 * (mean - 1))]

    def __call__(self, maps, training):
        return maps


def judgement(feature_weight, step=0, crops=CROPS):
    model = types.SimpleNamespace(
        loss_name="hinge",
        gradient_penalty=0.0,
        feature_weight=feature_weight,
        discriminator=Discriminator(),
        feature_discriminator=Features() if feature_weight else None,
        seed=3,
        step=types.SimpleNamespace(value=step),
    )
    return Judgement(model, crops, None, 0)


@pytest.mark.parametrize("weight", [0, 1, 3])
def test_the_features_losses_are_weighed_and_added(weight):
    judge = judgement(weight)
    loss, images, *maps = judge.of_generator(FAKES)
    # The fakes should be judged higher: of pixels 0.5, of the stages -1.5 and 0, and their mean.
    assert float(loss) == pytest.approx(0.5 + weight * -0.75)
    assert images is FAKES
    # Of pixels 0 for reals and 0.5 for fakes, halved; of the first stage 0.5 and 2.5, of the
    # second 4 and 1, halved, too.
    loss, reals, fakes = judge.of_discriminators(0, images, *maps)
    assert float(loss) == pytest.approx(0.25 + weight * (1.5 + 2.5) / 2)
    np.testing.assert_array_equal(reals, [[2.0], [2.0]])
    np.testing.assert_array_equal(fakes, [[-0.5], [-0.5]])


def test_fakes_of_further_steps_are_judged_like_the_first():
    judge = judgement(3)
    _, *first = judge.of_generator(FAKES)
    losses = [judge.of_discriminators(0, *fakes)[0] for fakes in (first, judge.fakes(FAKES))]
    assert float(losses[0]) == float(losses[1])


def test_the_eyes_see_crops_and_fakes_moved_alike_and_at_each_step_otherwise():
    places = np.stack(np.meshgrid(np.arange(64), np.arange(64), [0, 1], indexing="ij"), -1)
    images = tf.constant(places.transpose(2, 0, 1, 3).astype(np.float32))
    moves = []
    for step in range(100):
        judge = judgement(1, step, images)
        judge.of_generator(images)
        seen, fakes = judge._model.feature_discriminator.seen
        np.testing.assert_array_equal(seen, fakes)
        move = seen[0, 4, 4, :2]
        np.testing.assert_array_equal(seen[:, 4:-4, 4:-4, :2] - move, images[:, :-8, :-8, :2])
        moves.append(tuple(move))
    for axis in np.transpose(moves):
        assert set(axis) == set(range(9))
