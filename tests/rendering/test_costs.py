"""What pictures cost: wide ones and high ones alike, and what is refused before it is tried."""

import dataclasses
import tracemalloc

import numpy as np
import pytest

from locogan_keras.canvas.description import Description
from locogan_keras.canvas.views import make_view
from locogan_keras.rendering import costs, tiles
from locogan_keras.rendering.files.opening import write_picture
from locogan_keras.rendering.outputs import write
from locogan_keras.rendering.render import bands, render
from locogan_keras.storage.files import room


class Positions:
    """An engine whose pixels are some of its inputs, another at every cell."""

    description = Description(
        frame=(64, 64),
        encoding="torus",
        global_channels=2,
        local_channels=1,
        fingerprint="0" * 16,
        parameters=1000,
    )

    def __call__(self, latent, positions):
        cells = np.concatenate([np.tanh(latent[..., 2:]), np.clip(positions, -1, 1)], axis=-1)
        return cells[:, 3:-3, 3:-3].repeat(16, axis=1).repeat(16, axis=2)


def view_of(height, width, periodic="none", **request):
    return make_view(
        Positions.description, height=height, width=width, periodic=periodic, **request
    )


@pytest.mark.parametrize("periodic", ["none", "x", "y", "xy", "half-drop", "brick"])
def test_tiles_that_wait_in_a_file_are_the_same(periodic, monkeypatch, tmp_path):
    view = view_of(300, 500, periodic, top=-70, left=-90)
    whole = render(Positions(), view, 48)
    monkeypatch.setattr(tiles, "IN_MEMORY", 20_000)
    pieces = list(bands(Positions(), view, 48, folder=tmp_path))
    np.testing.assert_array_equal(np.concatenate(pieces), whole)
    # As few as one tile may wait, and no file has a name.
    monkeypatch.setattr(tiles, "IN_MEMORY", 0)
    np.testing.assert_array_equal(render(Positions(), view, 48), whole)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("height", [1, 64])
@pytest.mark.parametrize("periodic", ["none", "xy"])
def test_a_wide_and_low_picture_takes_the_memory_of_some_rows(
    height, periodic, monkeypatch, tmp_path
):
    monkeypatch.setattr(tiles, "IN_MEMORY", 2**16)
    monkeypatch.setattr("locogan_keras.rendering.render._PIECE", 2**16)

    def peak(width):
        view = view_of(height, width, periodic)
        tracemalloc.start()
        write_picture(tmp_path / "wide.png", view.size, bands(Positions(), view, 64))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(64)
    # Ten rows, each of three levels a pixel, and the plan of the picture.
    assert peak(30_000) - peak(64) < 10 * 3 * 30_000 + 1500 * 30_000 / 64


def test_what_does_not_fit_is_refused_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(room, "free_memory", lambda: 8e9)
    for out, views, tile, reason in [
        ("a.png", view_of(1, 2**31 - 1), 256, "height=1, width=2147483647 would need .* memory"),
        ("a.png", view_of(2**31 - 1, 1), 16, "height=2147483647, width=1 would need .* memory"),
        ("a.png", view_of(64, 64), 40_000, "tile=40000 would need about .* GB of memory, and 8.0"),
        ("a.png", 8 * [view_of(40_000, 40_000)], 256, "a sheet of 40000 x 320028 pixels would"),
        ("a.gif", 9 * [view_of(40_000, 40_000)], 256, "9 pictures of 40000 x 40000 pixels would"),
        ("a.png", view_of(10**7, 10**7), 256, "^height=10000000, width=10000000 would .* disk"),
        (
            "folder",
            4 * [view_of(10**7, 10**7)],
            256,
            "4 pictures of height=10000000, width=.* disk",
        ),
    ]:
        with pytest.raises(ValueError, match=reason):
            write(tmp_path / out, Positions(), views, tile=tile)
    with pytest.raises(ValueError, match="a picture of 100000 x 100000 pixels would need"):
        render(Positions(), view_of(10**5, 10**5))
    with pytest.raises(ValueError, match="tile='a'"):
        render(Positions(), view_of(64, 64), "a")
    assert not list(tmp_path.iterdir())


def test_estimates_are_near_what_was_measured():
    # Of Keras engines, megabytes: by width and tile.
    for width, tile, measured in (
        (8, 2048, 799),
        (16, 1024, 334),
        (16, 2048, 1330),
        (32, 1024, 606),
    ):
        weights = 16 * (8 * 4 + 4 * 2 + 2 * 1) * width**2
        description = dataclasses.replace(Positions.description, parameters=weights)
        assert costs.tile_bytes(description, tile) / 1e6 == pytest.approx(measured, rel=0.1)
