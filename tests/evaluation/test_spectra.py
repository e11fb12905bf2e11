"""Spectra of gratings, and grids that are drawn in."""

import numpy as np
import pytest
from support.patterns import bricks, rough

from locogan_keras.evaluation.metrics.spectra import grid, power_spectrum, spectrum_distance


def test_a_grating_has_its_power_at_its_frequency():
    y, x = np.mgrid[:64, :64]
    wave = 0.5 * np.cos(2 * np.pi * (5 * y + 12 * x) / 64)
    spectrum = power_spectrum([np.repeat(wave[..., None], 3, axis=2)])
    # Half the amplitude at each of the two frequencies; a Hann window of n samples has the sum
    # n / 2, and its squares 3 n / 8.
    expected = 0.25**2 * (32**2 / 24) ** 2
    assert spectrum[5, 12] == pytest.approx(expected, rel=1e-3)
    assert spectrum[-5, -12] == pytest.approx(expected, rel=1e-3)
    assert spectrum[5, 20] < 1e-4


def test_white_noise_has_its_variance_at_each_frequency(rng):
    grey = 0.2 * rng.normal(size=(1024, 1024, 1))
    spectrum = power_spectrum([np.repeat(grey, 3, axis=2)])
    assert np.median(spectrum) == pytest.approx(0.04, rel=0.02)


def test_one_and_a_half_times_the_contrast_is_half_too_much(rng):
    noise = rough(rng, 128, 128, smooth=0)
    assert spectrum_distance([noise * 1.5], [noise]) == pytest.approx(0.5, abs=0.005)
    assert spectrum_distance([noise * 0.5], [noise]) == pytest.approx(0.5, abs=0.005)
    assert spectrum_distance([noise], [noise]) == 0


def test_what_nobody_sees_counts_little(rng):
    photo, other = bricks(rng, 256, 384), bricks(rng, 256, 384)
    faint = 0.004 * rng.normal(size=photo.shape)
    assert spectrum_distance([other], [photo + faint]) < 0.2
    assert spectrum_distance([rough(rng, 256, 384)], [photo + faint]) > 0.4


@pytest.mark.parametrize("period", [2, 4, 8, 16])
def test_a_grid_drawn_in_is_found(rng, period):
    photo, other = rough(rng, 256, 256), rough(rng, 256, 256)
    drawn = other.copy()
    drawn[::period] += 0.1
    assert grid([other], [photo]) < 2
    assert grid([drawn], [photo]) > 10


def test_smooth_pictures_have_no_grid(rng):
    assert grid([rough(rng, 256, 256, smooth=4)], [rough(rng, 256, 256)]) < 1.5


def test_a_pattern_that_repeats_by_cells_is_no_grid(rng):
    photo, other = bricks(rng, 256, 384), bricks(rng, 256, 384)
    assert grid([other], [photo]) < 1.5
