"""Which lattice a model's pictures are measured on, where nobody says."""

import numpy as np
import pytest

from locogan_keras.canvas.description import Description
from locogan_keras.evaluation.evaluate import _period


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("torus", (16, 48)),
        ("columns", (0, 48)),
        ("rows", (16, 0)),
        # It tells of no place: a cell is no period, however alike boards are along their grain.
        ("none", (0, 0)),
        ("linear", (0, 0)),
    ],
)
def test_a_frame_is_a_period_where_positions_tell_of_it(encoding, expected):
    boards = np.tile(np.sin(2 * np.pi * np.arange(240) / 48)[:, None], (200, 1, 3))
    description = Description((16, 48), encoding, 0, 2, "0" * 16, 0)
    assert _period(description, boards) == expected


def test_boards_that_are_hardly_alike_are_a_lattice_for_who_tells_of_columns(rng):
    photo = rng.normal(size=(200, 240, 3))
    for encoding, expected in (("columns", (0, 48)), ("torus", (0, 0))):
        description = Description((16, 48), encoding, 0, 2, "0" * 16, 0)
        assert _period(description, photo) == expected
