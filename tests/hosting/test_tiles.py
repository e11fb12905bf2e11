"""Tiles: the bytes of `locogan render`, the levels of a Deep Zoom, and where there is none."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.tiled import MODEL, mean_levels, small_engine

from locogan_keras.canvas.views import FARTHEST, make_view
from locogan_keras.cli import main
from locogan_keras.engines.loading import load_engine
from locogan_keras.hosting.tiles import EDGE, Canvas, NoTile, Tile, tile_at
from locogan_keras.rendering.render import render

LAST = FARTHEST // EDGE - 1
MATERIAL = Path(MODEL).with_name("material.keras")


def pixels(canvas, *address):
    return np.asarray(Image.open(io.BytesIO(canvas.png(Tile(*address)))))


@pytest.fixture(scope="module")
def canvas():
    return Canvas(small_engine())


@pytest.fixture(scope="module")
def bounded(make_engine):
    """A model without repeats, and its whole picture of seed 5."""
    engine = make_engine("onnx", "linear", frame=(300, 611))
    return Canvas(engine), render(engine, make_view(engine.description, seed=5))


@pytest.mark.parametrize("place", [(0, 0), (-3, 12), (LAST - 1, -LAST), (-1, -1)])
def test_a_tile_of_full_size_is_what_locogan_render_writes(canvas, tmp_path, place):
    x, y = place
    out = tmp_path / "tile.png"
    size = ["--height", str(EDGE), "--width", str(EDGE), "--periodic", "none", "--seed", "7"]
    corner = [f"--left={x * EDGE}", f"--top={y * EDGE}"]
    assert main(["render", str(MODEL), "--out", str(out), *size, *corner]) == 0
    assert canvas.png(Tile(7, 0, x, y)) == out.read_bytes()


@pytest.mark.parametrize("place", [(0, 0), (-1, -2), (2**20, -(2**20) + 1)])
@pytest.mark.parametrize("z", [1, 2])
def test_farther_levels_are_means_of_the_canvas(canvas, place, z):
    x, y = place
    edge = EDGE * 2**z
    engine = small_engine()
    window = {"top": y * edge, "left": x * edge, "height": edge, "width": edge}
    whole = render(engine, make_view(engine.description, seed=9, periodic="none", **window))
    np.testing.assert_array_equal(pixels(canvas, 9, z, x, y), mean_levels(whole)[z])


def test_of_a_model_with_edges_tiles_make_up_each_level_of_its_picture(bounded):
    canvas, whole = bounded
    assert canvas.size == (300, 611)
    for z, level in enumerate(mean_levels(whole)[:3]):
        rows, columns = (range(-(-length // EDGE)) for length in level.shape[:2])
        laid = [np.concatenate([pixels(canvas, 5, z, x, y) for x in columns], axis=1) for y in rows]
        np.testing.assert_array_equal(np.concatenate(laid), level)
        for x, y in ((-1, 0), (0, -1), (columns.stop, 0), (0, rows.stop)):
            with pytest.raises(NoTile, match=r"the picture ends: [xy] must be 0 to"):
                canvas.window(Tile(5, z, x, y))


def test_a_panorama_ends_above_and_below_alone(make_engine):
    canvas = Canvas(make_engine("onnx", "cylinder"))
    assert canvas.size == (96, 0)
    assert canvas.window(Tile(0, 0, -(2**20), 0)) == (0, -(2**28), 96, EDGE)
    with pytest.raises(NoTile, match="y must be 0 to 0"):
        canvas.window(Tile(0, 0, 5, 1))


@pytest.mark.parametrize("z", [0, 1, 2])
def test_the_canvas_ends_where_views_do(canvas, z):
    description = small_engine().description
    edge = EDGE << z
    last = FARTHEST // edge - 1
    for place in (-last - 2, -last - 1, -last, last - 1, last, last + 1):
        window = {"top": 0, "left": place * edge, "height": edge, "width": edge}
        try:
            make_view(description, periodic="none", **window)
        except ValueError:
            with pytest.raises(NoTile, match=r"x is beyond the canvas of \+-2\^35"):
                canvas.window(Tile(0, z, place, 0))
        else:
            assert canvas.window(Tile(0, z, place, 0)) == tuple(
                window[name] for name in ("top", "left", "height", "width")
            )


def test_of_a_material_the_colour_is_seen():
    engine = load_engine(MATERIAL)
    canvas = Canvas(engine)
    height, width = (length or EDGE for length in canvas.size)
    view = make_view(
        engine.description, height=min(height, EDGE), width=min(width, EDGE), periodic="none"
    )
    whole = render(engine, view)
    assert whole.shape[-1] > 3
    np.testing.assert_array_equal(pixels(canvas, 0, 0, 0, 0), whole[..., :3])


@pytest.mark.parametrize(
    ("path", "tile"),
    [
        ("/7/0/-3/12.png", Tile(7, 0, -3, 12)),
        ("/4294967295/2/0/-1.png", Tile(2**32 - 1, 2, 0, -1)),
        ("/7/0/3/12.jpg", None),
        ("/7/0/3.png", None),
        ("/a/7/0/3/12.png", None),
        ("7/0/3/12.png", None),
        ("/7/0/3/12.png\n", None),
    ],
)
def test_a_path_is_a_tile_or_none(path, tile):
    assert tile_at(path) == tile


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/a/0/0/0.png", "seed must be a whole number"),
        ("/07/0/0/0.png", "seed must be a whole number"),
        ("/-1/0/0/0.png", "seed must be 0 to 4294967295. Received: seed=-1"),
        ("/4294967296/0/0/0.png", "seed must be 0 to 4294967295"),
        ("/1/0/-0/0.png", "x must be a whole number"),
        ("/1/0/+1/0.png", "x must be a whole number"),
        ("/1/0/٣/0.png", "x must be a whole number"),
        ("/1/0/1e3/0.png", "x must be a whole number"),
        ("/1/0/0/1_0.png", "y must be a whole number"),
        (f"/1/0/0/{'9' * 5000}.png", "y must be a whole number"),
        ("/1//0/0.png", "z must be a whole number"),
    ],
)
def test_what_is_no_number_is_said(path, reason):
    with pytest.raises(ValueError, match=reason):
        tile_at(path)


@pytest.mark.parametrize("z", [-1, 3])
def test_there_are_three_levels(z):
    with pytest.raises(NoTile, match="z, the levels out, must be 0 to 2"):
        tile_at(f"/0/{z}/0/0.png")


def test_a_tag_is_of_all_that_decides_the_bytes(canvas, bounded, monkeypatch):
    addresses = [(0, 0, 0, 0), (1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1), (0, 0, 1, 1)]
    tags = [canvas.tag(Tile(*address)) for address in addresses]
    tags.append(bounded[0].tag(Tile(0, 0, 0, 0)))
    assert Canvas(small_engine()).tag(Tile(0, 0, 0, 0)) == tags[0]
    monkeypatch.setattr("locogan_keras.hosting.tiles.version", lambda: "0.1.1")
    tags.append(Canvas(small_engine()).tag(Tile(0, 0, 0, 0)))
    assert len(set(tags)) == len(tags)
