"""Pictures in tiles, small ones: made with small units, and read by others' readers."""

import contextlib
import re
from pathlib import Path

import numpy as np
import tifffile
import zarr
from PIL import Image

from locogan_keras.canvas.views import make_view
from locogan_keras.engines.loading import load_engine
from locogan_keras.rendering.files.format import LEVELS
from locogan_keras.rendering.files.formats import FORMATS
from locogan_keras.rendering.gigapixel.job import Job, write_tiled
from locogan_keras.rendering.outputs import Picture
from locogan_keras.rendering.render import render

MODEL = Path(__file__).parents[1] / "golden" / "torus.onnx"
SUFFIXES = (".dzi", ".zarr", ".btf")
SMALL = {"unit": 64, "chunk": 16}


def picture_of(engine, bits=8, tile=32, **view):
    """A picture of the golden model that does not repeat unless asked to."""
    view = make_view(engine.description, **{"periodic": "none", "seed": 3, **view})
    dtype = LEVELS.get(bits, np.dtype(np.float32))
    return Picture(engine, view, "", tile, {"seed": 3}, iter, None, dtype)


def written(out, picture, bits=8, quality=None, **how):
    """A picture written in tiles with small units."""
    form = FORMATS[out.suffix]
    pixels = form.pixels(picture.channels, bits, quality=quality)
    return write_tiled(out, picture, form.store, pixels, **{**SMALL, **how})


@contextlib.contextmanager
def job_of(out, picture, bits=8):
    """A `Job` with small units, begun."""
    form = FORMATS[out.suffix]
    pixels = form.pixels(picture.channels, bits)
    job = Job(out, picture, form.store, pixels, **SMALL)
    with job.records:
        job.look()
        job.begin()
        yield job


def small_engine():
    return load_engine(MODEL)


def whole(picture):
    """The picture by the function that every other format uses."""
    made = render(picture.engine, picture.view, picture.tile, dtype=picture.dtype)
    return made if picture.dtype.kind != "f" else np.clip((made + 1) / 2, 0, 1)


def mean_levels(image):
    """All levels, in whole numbers of Python's or in float64, as README defines them."""
    levels = [image]
    while max(levels[-1].shape[:2]) > 1:
        last = levels[-1]
        rows, columns = (np.arange(length + length % 2) for length in last.shape[:2])
        rows, columns = rows.clip(max=last.shape[0] - 1), columns.clip(max=last.shape[1] - 1)
        even = last[rows][:, columns]
        quads = even.reshape(len(rows) // 2, 2, len(columns) // 2, 2, -1)
        if image.dtype.kind == "f":
            mean = quads.astype(float).mean((1, 3)).astype(image.dtype)
        else:
            mean = ((quads.astype(np.int64).sum((1, 3)) + 2) // 4).astype(image.dtype)
        levels.append(mean)
    return levels


def read_levels(out):
    """The levels that others' readers find, the finest first."""
    return {".dzi": _deep_zoom, ".zarr": _zarr, ".btf": _tiff, ".tif": _tiff}[out.suffix](out)


def _deep_zoom(out):
    """As the format is described: no reader of it runs without a browser."""
    kind, overlap, tile, height, width = re.search(
        r'Format="(\w+)" Overlap="(\d+)" TileSize="(\d+)".*Height="(\d+)" Width="(\d+)"',
        out.read_text(),
        re.DOTALL,
    ).groups()
    assert overlap == "0"
    tile, height, width = int(tile), int(height), int(width)
    folder = out.with_name(f"{out.stem}_files")
    levels = []
    for level in sorted(map(int, (each.name for each in folder.iterdir())), reverse=True):
        rows, columns = -(-height // tile), -(-width // tile)
        tiles = [
            [
                np.asarray(Image.open(folder / f"{level}/{column}_{row}.{kind}"))
                for column in range(columns)
            ]
            for row in range(rows)
        ]
        assert len(list((folder / str(level)).iterdir())) == rows * columns
        levels.append(np.concatenate([np.concatenate(row, axis=1) for row in tiles]))
        assert levels[-1].shape[:2] == (height, width)
        height, width = -(-height // 2), -(-width // 2)
    assert (level, height, width) == (0, 1, 1)
    return levels


def _zarr(out):
    group = zarr.open_group(out, mode="r")
    paths = [each["path"] for each in group.attrs["ome"]["multiscales"][0]["datasets"]]
    assert sorted(group.array_keys()) == sorted(paths)
    return [group[path][:].transpose(1, 2, 0) for path in paths]


def _tiff(out):
    with tifffile.TiffFile(out) as file:
        assert file.is_bigtiff
        pages = [file.pages[0], *(file.pages[0].pages or ())]
        assert all(page.is_tiled for page in pages)
        return [page.asarray() for page in pages]
