"""What is copied, and what does not vary."""

import numpy as np
import pytest
from support.patterns import rough

from locogan_keras.evaluation.metrics.nearest_patches import nearest_distance


def test_a_copy_is_at_no_distance(rng):
    photo = rough(rng, 160, 176, smooth=6)
    assert nearest_distance([photo[40:140, 30:130]], [photo]) < 1e-3


def test_what_is_only_of_its_kind_is_as_far_as_halves(rng):
    photo, other = (rough(rng, 160, 320, smooth=6) for _ in range(2))
    apart = nearest_distance([photo[:, :160]], [photo[:, 160:]])
    assert nearest_distance([other], [photo]) == pytest.approx(apart, rel=0.2)
    # What is put together from pieces of it is as near as its pieces are large.
    pieces = np.block([[[photo[:80, :80]], [photo[70:150, 200:280]]]])
    assert nearest_distance([pieces], [photo]) < 0.6 * apart


def test_the_distance_is_the_root_mean_square(rng):
    photo = np.full((64, 64, 3), 0.1)
    assert nearest_distance([photo + 0.3], [photo]) == pytest.approx(0.3, rel=1e-4)


def test_the_nearest_place_of_any_picture_counts(rng):
    pictures = [rough(rng, 64, 64), rough(rng, 200, 64)]
    assert nearest_distance(pictures[1:], pictures) < 1e-3
