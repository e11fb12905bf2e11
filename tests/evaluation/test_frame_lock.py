"""What lies at one fixed place of every frame."""

import numpy as np
import pytest
from support.patterns import bricks, rough

from locogan_keras.evaluation.metrics.frame_lock import frame_lock

FRAME = (128, 192)


def spotted(picture):
    """The picture with a flaw of half a cell at a fixed place."""
    picture = picture.copy()
    picture[40:48, 100:108] += 0.8
    return picture


def test_pictures_that_know_no_frame_have_no_lock(rng):
    pictures = [rough(rng, *FRAME) for _ in range(8)]
    assert frame_lock(pictures, FRAME) == pytest.approx(1, abs=0.2)


def test_a_spot_in_every_frame_is_found(rng):
    pictures = [spotted(rough(rng, *FRAME)) for _ in range(8)]
    assert frame_lock(pictures, FRAME) > 1.7


def test_frames_within_a_picture_are_pictures(rng):
    pictures = [
        np.concatenate([spotted(rough(rng, *FRAME)) for _ in range(4)], axis=1) for _ in range(2)
    ]
    assert frame_lock(pictures, FRAME) > 1.7


def test_a_lattice_may_lie_alike_in_every_frame(rng):
    pictures = [bricks(rng, *FRAME) for _ in range(8)]
    assert frame_lock(pictures, FRAME, (32, 48)) == pytest.approx(1, abs=0.2)
    assert frame_lock(list(map(spotted, pictures)), FRAME, (32, 48)) > 1.7
    # Without the period, the lattice itself is what does not fade.
    assert frame_lock(pictures, FRAME) > 1.5


def test_copies_of_one_picture_are_locked(rng):
    assert frame_lock([rough(rng, *FRAME)] * 8, FRAME) > 2


def test_a_frame_of_one_period_has_nothing_else(rng):
    assert frame_lock([rough(rng, 64, 96)], (32, 48), (32, 48)) is None
