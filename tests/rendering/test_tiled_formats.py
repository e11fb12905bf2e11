"""Pictures in tiles: the same pixels as `render`'s, at every level, for others' readers."""

import dataclasses
import json
import re
from xml.etree import ElementTree

import numpy as np
import pytest
import tifffile
import zarr
from support.tiled import (
    SMALL,
    SUFFIXES,
    job_of,
    mean_levels,
    picture_of,
    read_levels,
    small_engine,
    whole,
    written,
)

from locogan_keras.canvas.views import make_view
from locogan_keras.rendering.files.formats import FORMATS
from locogan_keras.rendering.gigapixel import job as job_module
from locogan_keras.rendering.gigapixel.ome_zarr import crc32c
from locogan_keras.rendering.gigapixel.plan import Plan
from locogan_keras.rendering.gigapixel.units import halved
from locogan_keras.rendering.outputs import write


@pytest.fixture(scope="module")
def engine():
    return small_engine()


@pytest.mark.parametrize("size", [(1, 1), (16, 17), (64, 64), (65, 300), (1000, 33), (259, 1030)])
def test_each_pixel_of_each_level_is_of_one_unit(size):
    plan = Plan(size, 3, np.dtype(np.uint8), **SMALL, facts={})
    covered = [np.zeros(plan.level_size(level), int) for level in range(plan.levels)]
    units, seen = list(plan.units()), set()
    for unit in units:
        for level, top, left, height, width in plan.windows(unit):
            assert height > 0
            assert width > 0
            assert max(height, width) <= plan.edge(level)
            covered[level][top : top + height, left : left + width] += 1
        if unit.height:
            assert seen >= set(plan.below(unit))
            assert {plan.above(below) for below in plan.below(unit)} == {unit}
        seen.add(unit)
    assert all(np.all(count == 1) for count in covered)
    assert covered[-1].shape == (1, 1)
    assert [plan.above(unit) for unit in units].count(None) == 1
    assert plan.count == len(units) == len(seen)


VIEWS = [
    {"height": 130, "width": 203},
    {"height": 65, "width": 90, "top": -37, "left": 1001},
    {"height": 1, "width": 300},
    {"height": 150, "width": 140, "top": 5, "periodic": "xy"},
    {"height": 300, "width": 260, "left": -3, "periodic": "half-drop"},
]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("view", VIEWS, ids=lambda view: "-".join(map(str, view.values())))
def test_levels_are_means_of_what_render_gives(engine, tmp_path, suffix, view):
    picture = picture_of(engine, **view)
    written(tmp_path / f"a{suffix}", picture)
    levels = read_levels(tmp_path / f"a{suffix}")
    expected = mean_levels(whole(picture))
    if suffix == ".dzi":
        assert len(levels) == len(expected)
    else:
        assert max(levels[-1].shape[:2]) <= SMALL["chunk"] < max(levels[-2].shape[:2])
    for level, mean in zip(levels, expected, strict=False):
        np.testing.assert_array_equal(level, mean)


@pytest.mark.parametrize("suffix", [".zarr", ".btf"])
@pytest.mark.parametrize("bits", [16, 32])
def test_deep_levels(engine, tmp_path, suffix, bits):
    picture = picture_of(engine, bits, height=97, width=130)
    written(tmp_path / f"a{suffix}", picture, bits)
    levels = read_levels(tmp_path / f"a{suffix}")
    assert levels[0].dtype == (np.uint16 if bits == 16 else np.float32)
    for level, mean in zip(levels, mean_levels(whole(picture)), strict=False):
        if bits == 16:
            np.testing.assert_array_equal(level, mean)
        else:
            np.testing.assert_allclose(level, mean, atol=1e-6)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("channels", [1, 4])
def test_grey_and_opacity(tmp_path, suffix, channels, rng):
    """What models of other channels make, written by the format alone."""
    image = rng.integers(0, 256, (70, 90, channels), dtype=np.uint8)
    plan = Plan(image.shape[:2], channels, image.dtype, **SMALL, facts={})
    form = FORMATS[suffix]
    out, levels = tmp_path / f"a{suffix}", mean_levels(image)
    (tmp_path / "records" / "aside").mkdir(parents=True)
    # Two hyphens would end a comment of XML.
    facts = {"picture": "--> --"}
    store = form.store(out, plan, form.pixels(channels), facts, tmp_path / "records" / "aside")
    store.begin()
    for unit in plan.units():
        parts = [
            levels[level][top : top + height, left : left + width]
            for level, top, left, height, width in plan.windows(unit)
        ]
        for key, data in zip(store.keys(unit), store.encoded(unit, parts), strict=True):
            store.write(key, data)
            assert store.size(key) == len(data)
            assert store.read(key) == data
    store.finish()
    for level, mean in zip(read_levels(out), levels, strict=False):
        np.testing.assert_array_equal(level.reshape(mean.shape), mean)
    if suffix == ".dzi":
        comment = re.search("<!-- locogan (.*?) -->", out.read_text())[1]
        assert "--" not in comment
        assert json.loads(comment)["picture"] == facts["picture"]
        assert ElementTree.parse(out).getroot().attrib["TileSize"] == "16"
    if suffix == ".btf" and channels == 4:
        with tifffile.TiffFile(out) as file:
            assert file.pages[0].extrasamples == (tifffile.EXTRASAMPLE.UNASSALPHA,)


def test_halves_round_up_and_an_odd_edge_counts_twice():
    image = np.array([[0, 1, 7], [0, 1, 8], [255, 255, 9]], np.uint8)[..., None]
    np.testing.assert_array_equal(halved(image)[..., 0], [[1, 8], [255, 9]])
    assert halved(np.full((2, 2, 1), 65535, np.uint16)) == 65535
    small = np.array([1, 2**-24, 2**-24, 2**-24], np.float32).reshape(2, 2, 1)
    # In another order the small ones would be seen.
    assert halved(small).item() == np.float32(0.25)


def test_a_quality_makes_jpegs(engine, tmp_path):
    picture = picture_of(engine, height=70, width=90)
    root = written(tmp_path / "a.dzi", picture, quality=95).root
    assert root == written(tmp_path / "b.dzi", picture).root
    assert not list(tmp_path.glob("a_files/*/*.png"))
    difference = read_levels(tmp_path / "a.dzi")[0].astype(int) - whole(picture)
    assert 0 < np.abs(difference).mean() < 4


def test_the_root_is_of_pixels_alone(engine, tmp_path, rng):
    picture = picture_of(engine, height=150, width=200)
    roots = {written(tmp_path / f"a{suffix}", picture).root for suffix in SUFFIXES}
    with job_of(tmp_path / "b.zarr", picture) as job:
        missing = [unit for units in job.missing() for unit in units]
        while missing:
            unit = missing.pop(rng.integers(len(missing)))
            if unit.height and not set(job.plan.below(unit)) <= set(job.records.done):
                missing.append(unit)
                continue
            job.note(unit, job.make(unit))
        roots.add(job.finish())
    assert len(roots) == 1
    other = picture_of(engine, height=150, width=200, left=1)
    assert written(tmp_path / "c.dzi", other).root not in roots


def test_progress_is_of_all_tiles_in_one_bar(engine, tmp_path):
    seen, units = [], []

    class Bar:
        def __init__(self, tiles):
            self.tiles = tiles

        def __iter__(self):
            for number in self.tiles:
                yield number
                seen.append(number)
            seen.append("over")

        def set_postfix_str(self, text):
            units.append(text)

    picture = dataclasses.replace(picture_of(engine, height=150, width=200, top=5), progress=Bar)
    assert written(tmp_path / "a.zarr", picture).units == 13
    # 64 pixels are 2 tiles of 32, what is left of 150 and 200 is 1: 5 rows of 7.
    assert seen == [*range(35), "over"]
    assert units == [f"unit {number} of 13" for number in range(1, 14)]


def test_an_ome_zarr_says_what_it_is(engine, tmp_path):
    """The metadata of OME-NGFF 0.5, and no file that zarr does not read."""
    picture = picture_of(engine, height=70, width=90)
    written(tmp_path / "a.zarr", picture)
    group = zarr.open_group(tmp_path / "a.zarr", mode="r")
    ome = group.attrs["ome"]
    assert ome["version"] == "0.5"
    (multiscale,) = ome["multiscales"]
    assert [axis["type"] for axis in multiscale["axes"]] == ["channel", "space", "space"]
    for level, dataset in enumerate(multiscale["datasets"]):
        scale, translation = dataset["coordinateTransformations"]
        assert scale["scale"] == [1, 2**level, 2**level]
        # Middle of the first pixel, in pixels of the picture.
        assert translation["translation"][1:] == [(2**level - 1) / 2] * 2
        assert group[dataset["path"]].metadata.dimension_names == ("c", "y", "x")
    assert len(ome["omero"]["channels"]) == 3
    assert group.attrs["locogan"]["seed"] == 3
    array = group["0"]
    assert (array.shards, array.chunks) == ((3, 64, 64), (3, 16, 16))


def test_the_check_of_a_shard_is_crc_32c():
    """The value that the catalogue of CRCs gives for it; zarr compares each index, too."""
    assert crc32c(b"123456789") == 0xE3069283


def test_a_big_tiff_says_what_it_is(engine, tmp_path):
    picture = picture_of(engine, height=70, width=90)
    written(tmp_path / "a.btf", picture)
    with tifffile.TiffFile(tmp_path / "a.btf") as file:
        page = file.pages[0]
        assert json.loads(page.description)["seed"] == 3
        assert len(page.iccprofile) > 100
        assert [each.is_reduced for each in (page, *page.pages)] == [False, True, True, True]
        assert page.compression == 1
        (series,) = file.series
        assert [level.shape for level in series.levels] == [
            page.shape for page in (page, *page.pages)
        ]


@pytest.mark.parametrize("suffix", [".btf", ".tif"])
def test_vips_reads_a_big_tiff(engine, tmp_path, suffix):
    pyvips = pytest.importorskip("pyvips", reason="it comes with the extra dev")
    picture = picture_of(engine, height=130, width=203)
    written(tmp_path / "a.btf", picture)
    (tmp_path / "a.btf").rename(tmp_path / f"b{suffix}")
    for level, mean in enumerate(mean_levels(whole(picture))[:3]):
        where = {"subifd": level - 1} if level else {}
        image = pyvips.Image.tiffload(str(tmp_path / f"b{suffix}"), **where)
        np.testing.assert_array_equal(image.numpy(), mean)


def test_a_tiff_is_in_tiles_from_4_gb_on(engine, tmp_path, monkeypatch):
    """A smaller one is what it always was; see `test_golden` for its bytes."""
    view = make_view(engine.description, height=70, width=90, periodic="none")
    write(tmp_path / "a.tif", engine, view)
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        assert not file.is_bigtiff
        assert not file.pages[0].is_tiled
    assert not (tmp_path / "a.tif.records").exists()
    asked = []
    monkeypatch.setattr(job_module, "finest", lambda *_: asked.append(1) or 1 / 0)
    monkeypatch.setattr(job_module, "check_disk", lambda *_: None)
    view = make_view(engine.description, height=37838, width=37838, periodic="none")
    with pytest.raises(ZeroDivisionError):
        write(tmp_path / "b.tif", engine, view)
    assert asked
    assert re.search(r'"unit": 4096', (tmp_path / "b.tif.records" / "plan.json").read_text())
