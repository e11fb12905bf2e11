"""Lattices that keep their period, stray and break."""

import numpy as np
import pytest
from support.patterns import bricks, rough

from locogan_keras.evaluation.metrics.lattice_error import lattice_strength, period_error

PERIOD = (32, 48)


@pytest.fixture
def photo(rng):
    return bricks(rng, 256, 384)


def test_a_lattice_at_any_phase_has_no_error(rng, photo):
    shifted = bricks(rng, 320, 480, stray=lambda y, x: (7.3, -11.8))
    assert period_error(shifted, photo, PERIOD) < 0.004


def test_a_period_may_be_of_any_fraction(rng):
    period = (30.4, 38.4)
    photo, other = (bricks(rng, 256, 384, period) for _ in range(2))
    assert period_error(other, photo, period) < 0.004
    assert period_error(bricks(rng, 256, 384, (30.4, 38)), photo, period) > 0.01


def test_a_swaying_lattice_has_its_sway(rng, photo):
    swaying = bricks(rng, 512, 768, stray=lambda y, x: (1.6 * np.sin(2 * np.pi * x / 384), 0 * y))
    # A sine's deviation is its amplitude over the root of 2; windows smooth it by a little.
    assert period_error(swaying, photo, PERIOD) == pytest.approx(0.05 / np.sqrt(2), rel=0.1)


def test_a_lattice_shifted_in_half_of_the_picture_is_found(rng, photo):
    torn = bricks(rng, 512, 768, stray=lambda y, x: (0 * y, 12.0 * (x > 384)))
    assert period_error(torn, photo, PERIOD) > 0.1


def test_noise_has_no_order(rng, photo):
    noise = rough(rng, 256, 384)
    assert period_error(noise, photo, PERIOD) > 0.1
    assert abs(lattice_strength(noise, PERIOD)) < 0.1


def test_one_axis_may_have_no_period(rng):
    stripes = np.sin(2 * np.pi * np.arange(256) / 25.6)[None, :, None] * np.ones((256, 1, 3))
    photo, other = (stripes + 0.5 * rough(rng, 256, 256) for _ in range(2))
    assert period_error(other, photo, (0, 25.6)) < 0.01
    # The grain's part of the variance does not repeat.
    expected = 0.5 / (0.5 + (0.5 * rough(rng, 256, 256)).mean(2).var())
    assert lattice_strength(other, (0, 25.6)) == pytest.approx(expected, abs=0.05)


def test_what_repeats_exactly_has_strength_one(rng):
    tile = rough(rng, 32, 48)
    assert lattice_strength(np.tile(tile, (4, 4, 1)), PERIOD) == pytest.approx(1)


def test_fewer_than_three_periods_are_refused(photo):
    with pytest.raises(ValueError, match="period=100x0"):
        period_error(photo, photo, (100, 0))
