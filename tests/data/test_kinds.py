"""What kind of pattern a photo is taken for."""

import numpy as np
import pytest
from support.textures import bricks, levels

from locogan_keras.data.patterns.kinds import kind_of
from locogan_keras.data.patterns.lines import line_axes
from locogan_keras.data.pictures import scaled
from locogan_keras.storage.config import load_config
from locogan_keras.storage.settings import toml_value


def test_a_wall_is_regular_and_its_frame_is_whole_cells(rng):
    kind = kind_of(bricks((17.3, 41.3), 0.5))
    changes = dict(kind.changes)
    assert kind.recipe == "regular"
    assert all(length % 16 == 0 for length in changes["model.frame"])
    # Scaled to that size, whole periods are the frame.
    for length, frame, period, size in zip(
        (230, 250), changes["model.frame"], (34.6, 41.3), changes["data.image_size"], strict=True
    ):
        periods = frame / (size * period / length)
        assert periods == pytest.approx(round(periods), rel=0.01)
    assert "34.6" in kind.found


def test_what_has_no_lattice_is_irregular(rng):
    kind = kind_of(levels(rng.normal(128, 40, size=(200, 220))))
    assert (kind.recipe, kind.changes) == ("irregular", ())


@pytest.mark.parametrize("axis", [0, 1])
def test_what_repeats_along_one_axis_is_told_of_that_alone(axis, rng):
    """Boards, whose frame is a board's width by one cell."""
    stripes = 128 + 60 * np.sign(np.sin(2 * np.pi * np.arange(220) / 20))
    picture = np.tile(stripes, (200, 1)) + rng.normal(0, 5, size=(200, 220))
    kind = kind_of(levels(np.moveaxis(picture, 1, axis)))
    changes = dict(kind.changes)
    assert (kind.recipe, changes["model.encoding"]) == ("regular", ("rows", "columns")[axis])
    frame, size = changes["model.frame"], changes["data.image_size"]
    assert frame[1 - axis] == 16
    # Scaled to that size, whole boards are the frame.
    boards = frame[axis] / (size[axis] * 20 / 220)
    assert boards == pytest.approx(round(boards), rel=0.01)
    # A stripe goes all the way, so it is told of its line, too.
    assert changes["model.line_channels"] == ([8, 0], [0, 8])[axis]
    assert f"its {('rows', 'columns')[axis]} are of one piece" in kind.found
    assert f"every 20 pixels in {'yx'[axis]}" in kind.found
    load_config(kind.recipe, [f"{key}={toml_value(value)}" for key, value in kind.changes])


@pytest.mark.parametrize("axis", [0, 1])
def test_lines_of_one_piece_are_found_along_their_axis(rng, axis):
    """Boards of random widths and shades, under grain of their own strength."""
    boards = np.repeat(rng.normal(0, 40, 40), rng.integers(4, 20, 40))[:300, None]
    picture = levels(np.swapaxes(128 + boards + rng.normal(0, 40, (300, 280)), 0, axis))
    assert line_axes(picture) == (axis == 0, axis == 1)
    # As large as stones, and light from one side: nothing is of one piece.
    stones = np.kron(rng.normal(0, 40, (30, 30)), np.ones((10, 10))) + np.arange(300) / 3
    assert line_axes(levels(100 + stones)) == (False, False)
    # What is hardly larger than a crop says nothing.
    assert line_axes(picture[:140, :140]) == (False, False)


def panorama(rng, height=128, closes=True):
    x = np.linspace(0, 2 * np.pi, 2 * height, endpoint=False)
    y = np.linspace(0, 1, height)[:, None]
    turn = np.sin(x) if closes else x / 2
    return levels(200 - 120 * y + 20 * turn + rng.normal(0, 2, size=(height, 2 * height)))


def test_a_panorama_is_twice_as_wide_as_high_and_closes(rng):
    assert kind_of(panorama(rng)).recipe == "pattern-cylinder"
    assert kind_of(panorama(rng, closes=False)).recipe == "irregular"
    assert kind_of(panorama(rng)[:, :-2]).recipe == "irregular"


def test_a_picture_is_scaled_to_a_size_of_its_own():
    picture = np.zeros((100, 200, 3), np.uint8)
    assert scaled(picture, (120, 190)).shape == (120, 190, 3)
