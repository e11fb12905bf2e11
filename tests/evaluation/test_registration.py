"""Registration by maps whose correlation is known."""

import numpy as np
import pytest

from locogan_keras.evaluation.registration import mean_correlations, registration

MAPS = (("color", 8), ("height", 8))


def pair(rng, shift):
    """Noise as a colour, and the same as a height, some pixels to the right."""
    noise = rng.normal(size=(64, 64))
    height = np.roll(noise, shift, axis=1)
    return np.stack([noise, noise, noise, height], axis=-1)


def test_the_same_edges_correlate_wholly_and_others_not_at_all(rng):
    assert mean_correlations([pair(rng, 0)], MAPS) == pytest.approx([1])
    assert mean_correlations([pair(rng, 20)], MAPS) == pytest.approx([0], abs=0.05)


def test_it_is_numpys_correlation_of_the_gradients(rng):
    picture = rng.normal(size=(32, 48, 4)).cumsum(axis=0)
    down, across = np.diff(picture, axis=0)[:, :-1], np.diff(picture, axis=1)[:-1]
    squares = down**2 + across**2
    edges = np.sqrt(squares[..., :3].sum(-1)), np.sqrt(squares[..., 3])
    expected = np.corrcoef(edges[0].ravel(), edges[1].ravel())[0, 1]
    assert mean_correlations([picture], MAPS) == pytest.approx([expected])
    # Colour and opacity of a cut-out are two maps.
    assert mean_correlations([picture], (("cutout", 8),)) == pytest.approx([expected])


def test_maps_that_have_slipped_are_told_from_those_that_have_not(rng):
    real, good, slipped = pair(rng, 0), pair(rng, 0), pair(rng, 5)
    assert registration([good], [real], MAPS) == pytest.approx(0, abs=1e-6)
    assert registration([slipped], [real], MAPS) > 0.9


def test_a_flat_map_has_no_edges(rng):
    flat = pair(rng, 0)
    flat[..., 3] = 0.5
    assert mean_correlations([flat], MAPS) == pytest.approx([0])
