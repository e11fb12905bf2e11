"""Wang tiles: whichever lie side by side, they are one render, and readers of Tiled know them."""

import itertools
import json
import re
import struct

import numpy as np
import pytest
import pytiled_parser
from conftest import lively_generator, same_levels
from PIL import Image
from support.commands import refusal

from locogan_keras.canvas.latents import latent_field
from locogan_keras.canvas.views import make_view
from locogan_keras.cli import main
from locogan_keras.engines.keras_engine import KerasEngine
from locogan_keras.engines.loading import load_engine
from locogan_keras.rendering.render import render
from locogan_keras.rendering.wang.laying import (
    Laying,
    complete_laying,
    lay,
    random_laying,
    tour,
)
from locogan_keras.rendering.wang.tile_set import write_wang_tiles

# The least tile of a model without positions, in pixels and cells.
LEAST, CELLS = (112, 112), (7, 7)


@pytest.fixture(scope="module")
def texture():
    """An engine that sees as far as the border: no positions, all levels wide, noise everywhere."""
    return KerasEngine(
        lively_generator(
            "none",
            frame=(16, 16),
            width=1,
            wide_levels=4,
            global_channels=1,
            local_channels=87,
            fine_channels=(1, 1, 1),
            line_channels=(1, 1),
        )
    )


def pixels(path):
    with Image.open(path) as picture:
        return np.asarray(picture)


def kept(path):
    with Image.open(path) as picture:
        return json.loads(picture.text["locogan"])


def tiles_in(folder):
    """The tiles of a folder by their colours from 0, clockwise from the top."""
    return {
        tuple(int(color) - 1 for color in path.stem.removeprefix("tile-")): pixels(path)
        for path in folder.glob("tile-*.png")
    }


def side_by_side(tiles, laying):
    rows = [np.concatenate([tiles[tuple(each)] for each in row], axis=1) for row in laying.edges]
    return np.concatenate(rows)


def pairs(laying):
    """All pairs that lie side by side, and one above the other."""
    edges = [[tuple(each) for each in row] for row in laying.edges.tolist()]
    for row, below in zip(edges, [*edges[1:], edges[0]], strict=True):
        for column, edge in enumerate(row):
            yield "beside", edge, row[(column + 1) % len(row)]
            yield "above", edge, below[column]


@pytest.mark.parametrize(
    "kind", ["keras", "onnx", pytest.param("savedmodel", marks=pytest.mark.slow)]
)
@pytest.mark.parametrize("encoding", ["torus", "none"])
def test_tiles_side_by_side_are_one_render(make_engine, tmp_path, kind, encoding):
    engine = make_engine(kind, encoding, frame=(96, 112), width=2, grainy=True)
    write_wang_tiles(tmp_path / "set", engine, (2, 3), height=192, width=112, seed=4, tile=64)
    laying = random_laying((12, 7), (2, 3), (3, 5), seed=9)
    whole = render(engine, lay(engine.description, laying, seed=4), tile=96)
    assert whole.std() > 20
    assert same_levels(side_by_side(tiles_in(tmp_path / "set"), laying), whole)


@pytest.mark.slow
def test_every_allowed_pair_fits_to_the_level(texture, tmp_path):
    write_wang_tiles(tmp_path / "set", texture, (2, 2), seed=2, height=112, width=112)
    tiles = tiles_in(tmp_path / "set")
    laying = random_laying(CELLS, (2, 2), (36, 36), seed=1)
    allowed = {
        (how, one, other)
        for one, other in itertools.product(tiles, repeat=2)
        for how, edge, facing in (("beside", 1, 3), ("above", 2, 0))
        if one[edge] == other[facing]
    }
    assert set(pairs(laying)) == allowed
    assert len(allowed) == 2 * 2**7
    whole = render(texture, lay(texture.description, laying, seed=2))
    assert same_levels(side_by_side(tiles, laying), whole)


@pytest.mark.parametrize("cells", [(7, 7), (8, 11)])
def test_what_a_tile_sees_is_the_same_in_every_laying(texture, cells):
    """So its picture is, which is a function of that: the contract."""

    def seen(laying):
        view = lay(texture.description, laying, seed=3)
        height, width = cells
        for row, column in np.ndindex(laying.across.shape):
            window = view.inputs(row * height, column * width, height, width)
            yield tuple(laying.edges[row, column].tolist()), window

    known = dict(seen(complete_laying(cells, (3, 2))))
    assert len(known) == 3**2 * 2**2
    for edges, window in seen(random_laying(cells, (3, 2), (20, 20), seed=5)):
        for part, expected in zip(window, known[edges], strict=True):
            np.testing.assert_array_equal(part, expected)


def test_tiles_differ_where_they_may(texture):
    """Corners are common, an edge's zone is its colour's, and no inside is another's."""
    laying = complete_laying(CELLS, (2, 2))
    view = lay(texture.description, laying, seed=3)
    # Without the border, and of the channels of cells.
    field = view.inputs(0, 0, 28, 28)[0][3:-3, 3:-3, 3:].reshape(4, 7, 4, 7, -1).swapaxes(1, 2)
    tiles = dict(
        zip(map(tuple, laying.edges.reshape(-1, 4)), field.reshape(16, 7, 7, -1), strict=True)
    )
    zones = {
        "top": np.s_[:3, 3],
        "right": np.s_[3, 4:],
        "bottom": np.s_[4:, 3],
        "left": np.s_[3, :3],
    }
    corners = np.ix_([0, 1, 2, 4, 5, 6], [0, 1, 2, 4, 5, 6])
    for (one, first), (other, second) in itertools.combinations(tiles.items(), 2):
        assert np.array_equal(first[corners], second[corners])
        assert not np.isin(first[3, 3], second).any()
        for edge, zone in enumerate(zones.values()):
            assert np.array_equal(first[zone], second[zone]) == (one[edge] == other[edge])
            assert np.isin(first[zone], second[zone]).any() == (one[edge] == other[edge])


def test_lines_cross_all_tiles(texture):
    """A course is of one piece, whatever tiles it crosses, and so repeats after one."""
    view = lay(texture.description, random_laying(CELLS, (3, 3), (3, 4), seed=5), seed=3)
    latent, _ = view.inputs(0, 0, 21, 28)
    rows, columns = latent[3:-3, 3:-3, 1], latent[3:-3, 3:-3, 2]
    own = latent_field(3, 0, 0, 7, 7, **texture.description.channels)[3:-3, 3:-3]
    assert np.array_equal(rows, np.broadcast_to(np.tile(own[:, :1, 1], (3, 1)), rows.shape))
    assert np.array_equal(columns, np.broadcast_to(np.tile(own[0, :, 2], 4), columns.shape))


def test_the_first_tile_is_the_seeds_own_picture(texture, tmp_path):
    write_wang_tiles(tmp_path / "set", texture, (2, 1), seed=6, height=112, width=128)
    own = make_view(texture.description, height=112, width=128, period=(112, 128), seed=6)
    assert same_levels(pixels(tmp_path / "set" / "tile-1111.png"), render(texture, own))


def test_more_colours_add_tiles(texture, tmp_path):
    for count in (2, 3):
        colors = (count, 1)
        write_wang_tiles(tmp_path / str(count), texture, colors, seed=6, height=112, width=112)
    fewer, more = (tiles_in(tmp_path / name) for name in ("2", "3"))
    assert (len(fewer), len(more)) == (4, 9)
    assert all(same_levels(fewer[edges], more[edges]) for edges in fewer)


@pytest.mark.parametrize("colors", range(1, 5))
def test_a_tour_takes_each_pair_once(colors):
    way = tour(colors)
    steps = list(zip(way, np.roll(way, -1), strict=True))
    assert sorted(steps) == list(itertools.product(range(colors), repeat=2))
    assert np.array_equal(way, tour(4)[: len(way)])


def test_seeds_have_their_tiles_for_good(texture):
    """Frozen: users have tiles of these seeds."""
    laying = random_laying(CELLS, (2, 4), (2, 3), seed=5)
    assert laying.across.tolist() == [[1, 0, 1], [0, 0, 1]]
    assert laying.down.tolist() == [[0, 0, 2], [2, 1, 1]]
    laying = Laying(CELLS, np.array([[1, 0]]), np.array([[0, 2]]))
    rows, columns = laying.addresses(np.arange(7)[:, None], np.arange(7, 14)[None, :])
    # Edges of the second tile: top 0, right 0, bottom 0, left 2; of the pair (2, 0), place 8.
    assert np.array_equal(rows, np.repeat(np.arange(7)[:, None], 7, axis=1))
    expected = np.tile(np.arange(7), (7, 1))
    expected[3] += [14, 14, 14, 56, 0, 0, 0]
    assert np.array_equal(columns, expected)
    latent, _ = lay(texture.description, laying, seed=8).inputs(3, 10, 1, 1)
    own = latent_field(8, 3, 59, 1, 1, **texture.description.channels)
    # The middle cell; the first three channels are the seed's and the lines' own.
    assert np.array_equal(latent[3, 3, 3:], own[3, 3, 3:])


@pytest.fixture(scope="module")
def made(texture, tmp_path_factory):
    folder = tmp_path_factory.mktemp("wang") / "set"
    write_wang_tiles(folder, texture, (2, 3), seed=7, height=112, width=144, tile=64)
    return folder


def test_a_reader_of_tiled_lays_the_preview(made):
    (sheet,) = pytiled_parser.parse_map(made / "preview.tmj").tilesets.values()
    tile_map = pytiled_parser.parse_map(made / "preview.tmj")
    (layer,) = tile_map.layers
    assert tuple(tile_map.map_size) == (8, 8)
    assert tuple(tile_map.tile_size) == (sheet.tile_width, sheet.tile_height) == (144, 112)
    (wang_set,) = sheet.wang_sets
    assert wang_set.wang_type == "edge"
    atlas = pixels(made / sheet.image)
    assert atlas.shape == (sheet.image_height, sheet.image_width, 3)
    laid = []
    for row in layer.data:
        places = [divmod(number - 1, sheet.columns) for number in row]
        laid.append([atlas[112 * y : 112 * (y + 1), 144 * x : 144 * (x + 1)] for y, x in places])
        ids = [wang_set.wang_tiles[number - 1].wang_id for number in row]
        # The right edge of each, and the left one of the next.
        assert [each[2] for each in ids] == [each[6] for each in [*ids[1:], ids[0]]]
    rows = [[wang_set.wang_tiles[number - 1].wang_id for number in row] for row in layer.data]
    for above, below in zip(rows, [*rows[1:], rows[0]], strict=True):
        assert [each[4] for each in above] == [each[0] for each in below]
    laid = np.concatenate([np.concatenate(row, axis=1) for row in laid])
    assert np.array_equal(laid, pixels(made / "preview.png"))
    assert kept(made / "preview.png")["tiles"] == (np.array(layer.data) - 1).tolist()


def test_the_tileset_names_each_tile(made):
    facts = json.loads((made / "tileset.tsj").read_text(encoding="utf-8"))
    embedded = json.loads((made / "preview.tmj").read_text(encoding="utf-8"))["tilesets"][0]
    assert {**facts, "firstgid": 1} == {"type": "tileset", "version": "1.10", **embedded}
    (wang_set,) = facts["wangsets"]
    assert [color["name"] for color in wang_set["colors"]] == ["1", "2", "3"]
    atlas, edges = pixels(made / "atlas.png"), set()
    for each in wang_set["wangtiles"]:
        row, column = divmod(each["tileid"], facts["columns"])
        corner = 112 * row, 144 * column
        name = "".join(map(str, each["wangid"][::2]))
        assert each["wangid"][1::2] == [0] * 4
        tile = pixels(made / f"tile-{name}.png")
        assert np.array_equal(tile, atlas[corner[0] : corner[0] + 112, corner[1] : corner[1] + 144])
        told = kept(made / f"tile-{name}.png")
        assert told["window"] == [*corner, 112, 144]
        assert (told["seed"], told["wang"], told["edges"]) == (7, [2, 3], each["wangid"][::2])
        edges.add(name)
    assert len(edges) == facts["tilecount"] == 2**2 * 3**2
    names = {f"tile-{name}.png" for name in edges}
    names |= {"atlas.png", "preview.png", "preview.tmj", "tileset.tsj"}
    assert {path.name for path in made.iterdir()} == names


@pytest.mark.parametrize(
    ("encoding", "colors", "size", "reason"),
    [
        ("torus", (2, 2), (96, 112), "height of a Wang tile .* frame, 96, .* nearest is 192"),
        ("torus", (2, 2), (192, 120), "frame, 112, .* the nearest is 112. Received: width=120"),
        ("torus", (2, 2), (400, 112), "the nearest is 384. Received: height=400"),
        ("torus", (2, 2), ("a", 112), "height must be a whole number"),
        ("torus", (0, 2), (192, 112), "1 to 4. Received: wang=0x2"),
        ("torus", (2, 5), (192, 112), "1 to 4. Received: wang=2x5"),
        ("torus", (2, 2, 2), (192, 112), "Received: wang=2x2x2"),
        ("torus", 2, (192, 112), "Received: wang=2"),
        ("linear", (2, 2), (192, 112), "linear, which does not repeat in y, .*wang=2x2"),
        ("cylinder", (2, 2), (192, 112), "cylinder, which does not repeat in y"),
        ("torus", (2, 2), (96 * 2**22, 112), "wang=2x2, height=402653184, width=112 would"),
        ("torus", (2, 2), (96 * 2**27, 112), "wang=2x2, height=.* of memory"),
        ("torus", (2, 2), (96 * 2**29, 112), "beyond the canvas"),
    ],
)
def test_what_has_no_tiles_is_refused(make_engine, tmp_path, encoding, colors, size, reason):
    engine = make_engine("keras", encoding, width=2)
    with pytest.raises(ValueError, match=reason):
        write_wang_tiles(tmp_path / "set", engine, colors, height=size[0], width=size[1])
    assert not list(tmp_path.iterdir())


def test_nothing_is_left_of_a_set_that_fails(texture, tmp_path):
    class Failing:
        description = texture.description

        def __call__(self, latent, positions):
            raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        write_wang_tiles(tmp_path / "set", Failing(), (1, 1))
    assert not list(tmp_path.iterdir())


def test_a_tile_is_what_the_model_shows_or_the_least(tmp_path, make_engine):
    for frame, expected in (((96, 112), (192, 112)), ((16, 64), (256, 128))):
        engine = make_engine("keras", frame=frame, width=2)
        write_wang_tiles(tmp_path / str(frame), engine, (1, 1))
        assert pixels(tmp_path / str(frame) / "tile-1111.png").shape == (*expected, 3)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "torus.keras"
    lively_generator("torus", frame=(64, 64), width=1).save(path)
    return path


def test_the_command_writes_a_set(model, tmp_path, capsys):
    out = tmp_path / "tiles"
    command = ["render", str(model), "--out", str(out), "--wang", "2x1", "--height", "128"]
    assert main([*command, "--seed", "3"]) == 0
    assert f"look at {out}/preview.png" in capsys.readouterr().out
    write_wang_tiles(tmp_path / "same", load_engine(str(model)), (2, 1), seed=3)
    for path in out.iterdir():
        assert path.read_bytes() == (tmp_path / "same" / path.name).read_bytes()


def test_the_command_takes_a_size_and_bits(model, tmp_path):
    out = tmp_path / "tiles"
    command = ["render", str(model), "--out", str(out), "--wang", "1x1", "--size", "192"]
    assert main([*command, "--bits", "16"]) == 0
    with open(out / "tile-1111.png", "rb") as file:
        # PNG's width, height and bits of a channel.
        assert struct.unpack(">16xIIB", file.read(25)) == (192, 192, 16)


def test_of_a_material_the_tiles_show_the_colour(tmp_path):
    maps = (("color", 8), ("normal", 8))
    generator = lively_generator("torus", frame=(64, 64), width=2, image_channels=6, maps=maps)
    write_wang_tiles(tmp_path / "tiles", load_engine(generator), (1, 1))
    assert pixels(tmp_path / "tiles" / "atlas.png").shape == (128, 128, 3)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (
            ("--out", "tiles", "--wang", "2x2", "--size", "1k", "--height", "1024"),
            "leave those out",
        ),
        (("--out", "tiles", "--wang", "2x2", "--quality", "9"), "leave out --quality"),
        (("--out", "tiles", "--wang", "2x2", "--bits", "32"), "must be 8 or 16"),
        (("--out", "tiles", "--wang", "2"), "two numbers of colours, such as 2x2: 2"),
        (("--out", "tiles", "--wang", "2x9"), "1 to 4. Received: wang=2x9"),
        (("--out", "tiles.png", "--wang", "2x2"), "without a suffix, .* tiles.png"),
        (("--out", "-", "--wang", "2x2"), "must be a folder, .* -$"),
        (("--out", "tiles", "--wang", "2x2", "--pack", "orm"), "leave out --pack"),
        (("--out", "tiles", "--wang", "2x2", "--normals", "dx"), "leave out --normals"),
        (("--out", "there", "--wang", "2x2"), "--out there exists already"),
        (("--out", "tiles", "--wang", "2x2", "--width", "100"), "nearest is 128. .* width=100"),
        (("--out", "tiles", "--wang", "2x2", "--seeds", "1,2"), "leave out --seeds"),
        (("--out", "tiles", "--wang", "2x2", "--left", "5"), "leave out --left"),
        (("--out", "tiles", "--wang", "2x2", "--period", "64x64"), "leave out --period"),
        (("--out", "tiles", "--wang", "2x2", "--periodic", "none"), "leave out --periodic"),
    ],
)
def test_the_command_refuses_in_one_line(model, tmp_path, monkeypatch, capfd, arguments, reason):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "file").touch()
    line = refusal(capfd, "render", model, *arguments)
    assert re.search(reason, line)
    assert [path.name for path in tmp_path.iterdir()] == ["there"]
