"""The patch distance against samples whose distance is known."""

import numpy as np
import pytest

from locogan_keras.evaluation.patch_distance import PATCH, patch_distance


def test_a_shift_of_all_pixels_is_what_it_is(rng):
    pictures = rng.uniform(-1, 1, (8, 64, 64, 3))
    # A constant c moves a projection on the unit vector d by c times the sum of d: normal with
    # deviation c, of which the mean size is c sqrt(2 / pi).
    expected = 0.3 * np.sqrt(2 / np.pi)
    assert patch_distance(pictures + 0.3, pictures) == pytest.approx(expected, rel=0.1)


def test_equal_samples_are_nearer_than_others(rng):
    flat = rng.normal(size=(16, 64, 64, 3)) * 0.3
    other = rng.normal(size=(16, 64, 64, 3)) * 0.3
    striped = flat + 0.3 * np.sign(np.sin(np.arange(64)))[:, None]
    assert patch_distance(flat, flat) < 0.01
    assert patch_distance(flat, other) < 0.02 < 0.05 < patch_distance(striped, flat)
    assert patch_distance(flat, other) == patch_distance(flat, other)


def test_pictures_are_not_too_small_for_the_last_scale(rng):
    assert PATCH <= 64 // 4
    assert patch_distance(rng.normal(size=(1, 64, 64, 3)), rng.normal(size=(1, 64, 64, 3))) > 0
