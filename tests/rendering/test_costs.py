"""What pictures cost: wide ones and high ones alike, and what is refused before it is tried."""

import dataclasses
import tracemalloc

import numpy as np
import pytest
from support.materials import MAPS

from locogan_keras.canvas.description import Description
from locogan_keras.canvas.views import make_view
from locogan_keras.rendering import costs, tiles
from locogan_keras.rendering.outputs import write
from locogan_keras.rendering.render import bands, render
from locogan_keras.storage.files import room


class Positions:
    """An engine whose pixels are some of its inputs, another at every cell; of maps, for each."""

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
        cells = np.tile(cells, self.description.image_channels // 3)
        return cells[:, 3:-3, 3:-3].repeat(16, axis=1).repeat(16, axis=2)


class Material(Positions):
    """The same with five maps."""

    description = dataclasses.replace(Positions.description, image_channels=9, maps=MAPS)


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
        write(tmp_path / "wide.png", Positions(), view, tile=64)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(64)
    # Ten rows, each of three levels a pixel, and the plan of the picture.
    assert peak(30_000) - peak(64) < 10 * 3 * 30_000 + 1500 * 30_000 / 64


def test_a_wide_material_takes_the_memory_of_some_rows_of_its_channels(monkeypatch, tmp_path):
    monkeypatch.setattr(tiles, "IN_MEMORY", 2**16)
    monkeypatch.setattr(costs, "IN_MEMORY", 2**16)
    monkeypatch.setattr("locogan_keras.rendering.render._PIECE", 2**16)

    def peak(width):
        tracemalloc.start()
        write(tmp_path / f"{width}", Material(), view_of(16, width), tile=64)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    def estimate(width):
        return costs.streaming_bytes(view_of(16, width), 64, Material.description.image_channels)

    peak(64)
    measured = peak(30_000) - peak(128)
    estimated = estimate(30_000) - estimate(128)
    assert measured < estimated < 5 * measured


def test_maps_beyond_colour_are_counted(monkeypatch, tmp_path):
    """What fits of a picture does not of a material's nine channels, and is refused at once."""
    wide, tile = view_of(64, 2**20), view_of(64, 64)
    sheet = [view_of(4000, 4000), view_of(16, 16)]
    for free, views, edge, reason in [
        (130e6, wide, 256, "height=64, width=1048576 would need about 16[78].. MB"),
        (100e6, tile, 1024, "tile=1024 would need about 21... MB"),
        (150e6, sheet, 64, "a sheet of 4000 x 4020 pixels would need about 192.. MB"),
    ]:
        monkeypatch.setattr(room, "free_memory", lambda free=free: free)
        with pytest.raises(ValueError, match=reason):
            write(tmp_path / "a.png", Material(), views, tile=edge)
        if views is not sheet:
            bands(Positions(), views, edge)
    assert not list(tmp_path.iterdir())


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
    # Of Keras engines, megabytes: by width, tile and maps.
    for width, tile, engine, measured in (
        (8, 2048, Positions, 799),
        (16, 1024, Positions, 334),
        (16, 2048, Positions, 1330),
        (32, 1024, Positions, 606),
        (16, 1536, Material, 1043),
    ):
        weights = 16 * (8 * 4 + 4 * 2 + 2 * 1) * width**2
        description = dataclasses.replace(engine.description, parameters=weights)
        assert costs.tile_bytes(description, tile) / 1e6 == pytest.approx(measured, rel=0.1)


def test_each_of_the_tiles_that_are_made_at_once_is_counted(monkeypatch):
    class Several(Positions):
        at_once = 4

    one = costs.tile_bytes(Positions.description, 1024)
    monkeypatch.setattr(room, "free_memory", lambda: 4.5 * one + 70e6)
    bands(Several(), view_of(64, 64), 1024)
    monkeypatch.setattr(room, "free_memory", lambda: 3.5 * one)
    bands(Positions(), view_of(64, 64), 1024)
    with pytest.raises(ValueError, match="tile=1024 would need"):
        bands(Several(), view_of(64, 64), 1024)
