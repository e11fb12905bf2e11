"""Edges that can be seen, and edges that cannot."""

import pytest
from support.patterns import bricks, rough

from locogan_keras.evaluation.metrics.seams import seam


@pytest.mark.parametrize("axis", [0, 1])
def test_what_repeats_has_no_seam(rng, axis):
    pictures = [rough(rng, 64, 96) for _ in range(20)]
    assert seam(pictures, axis) == pytest.approx(0.5, abs=0.2)


@pytest.mark.parametrize("axis", [0, 1])
def test_what_is_cut_has_one(rng, axis):
    pictures = [rough(rng, 200, 200, smooth=8)[:96, :96] for _ in range(4)]
    assert seam(pictures, axis) > 0.99


def test_the_edge_of_a_lattice_is_compared_with_its_like(rng):
    # Brightness changes from joint to brick at the first row of each course.
    pictures = [bricks(rng, 128, 96, stray=lambda y, x: (14, 0)) for _ in range(8)]
    assert seam(pictures, 0, 32) == pytest.approx(0.5, abs=0.25)
