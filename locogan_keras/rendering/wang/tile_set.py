"""A complete set of Wang tiles, made and written."""

import dataclasses
import functools
import json
import math
import operator
from pathlib import Path

import numpy as np

from locogan_keras.canvas.latents import BORDER, CELL
from locogan_keras.canvas.periods import AXES
from locogan_keras.canvas.views import checked_pixels
from locogan_keras.rendering.costs import disk_bytes
from locogan_keras.rendering.files.formats import format_of
from locogan_keras.rendering.files.opening import write_picture
from locogan_keras.rendering.outputs import Picture
from locogan_keras.rendering.render import bands
from locogan_keras.rendering.wang.laying import complete_laying, lay, random_laying
from locogan_keras.rendering.wang.tiled import tile_map, tileset
from locogan_keras.storage.files.atomic import replacing_folder
from locogan_keras.storage.files.room import check_disk, check_memory

MOST_COLORS = 4
# Rows and columns of the laying that the set is shown by.
_SHOWN = (8, 8)
# Cells and pixels of the least tile: one cell of inside between the edges' outer three.
_LEAST = CELL * (2 * BORDER + 1)


def write_wang_tiles(
    out, engine, colors, *, height=None, width=None, seed=0, bits=None, tile=256, progress=iter
):
    """A complete set of Wang tiles as a folder: each pair whose colours agree fits to the level.

    Args:
        out: The folder to make: `atlas.png`, all tiles, which fit where they lie; `tileset.tsj`,
            the colours of their edges; a PNG of each, `tile-1212.png`, named by its colours,
            clockwise from the top; `preview.png`, 8 x 8 of them at random, and `preview.tmj`, that
            laying. The last letters are Tiled's, for JSON.
        engine: An `Engine`, such as `load_engine` gives.
        colors: How many for top and bottom edges, and for left and right ones; 1 to 4 each. Two
            of each make 16 tiles.
        height, width: Of a tile in pixels, multiples of the model's frame, and at least 112; the
            description's `shown` unless given, or the first multiple of it that is large enough.
        seed: 0 to 2^32 - 1. More colours of one seed and size only add tiles.
        bits: Of a channel, 8 or 16; 8 unless given.
        tile, progress: As of `bands`.

    Raises:
        ValueError: If the model cannot do this, there is something at `out`, or not the memory or
            the disk; it names the argument and the value.
        OSError: If it cannot be written.

    Example:

        from locogan_keras import build_generator, load_engine, write_wang_tiles

        engine = load_engine(build_generator(width=2, encoding="torus", frame=(64, 64)))
        write_wang_tiles("tiles", engine, (2, 2), height=128, width=192)
    """
    description = engine.description
    colors = _checked_colors(description, colors)
    size = _tile_size(description, (height, width))
    cells = tuple(length // CELL for length in size)
    complete = complete_laying(cells, colors)
    # What cannot be made or does not fit is refused before there is a folder.
    png = format_of("atlas.png", several=False)
    pixels = png.pixels(description.picture_channels, bits)
    what = f"wang={colors[0]}x{colors[1]}, height={size[0]}, width={size[1]}"
    # The atlas; of a material it is taken from all maps.
    channels = description.image_channels + (pixels.channels if description.maps else 0)
    values = complete.across.size * math.prod(size) * channels
    check_memory(values * pixels.dtype.itemsize, what)
    view = lay(description, complete, seed)
    shown = random_laying(cells, colors, _SHOWN, seed)
    bands(engine, view, tile)
    # Each tile is in the atlas, by itself, and some are in the preview, again and again.
    copies = 2 + math.prod(_SHOWN) / complete.across.size
    stored = png.stored + (pixels.bits - 8) / 8
    needed = copies * disk_bytes(view, tile, pixels.channels, pixels.dtype.itemsize, stored)
    check_disk(out, needed, what)
    origin = {"seed": seed, "wang": list(colors)}
    picture = Picture(engine, view, "atlas", tile, origin, progress, Path(out).parent, pixels.dtype)
    write = functools.partial(write_picture, bits=bits)
    with replacing_folder(out) as folder:
        atlas = picture.whole()
        write(folder / "atlas.png", view.size, [atlas], picture.metadata())
        rows, columns = complete.across.shape
        # The tiles, row by row.
        tiles = atlas.reshape(rows, size[0], columns, size[1], -1).swapaxes(1, 2)
        for place in np.ndindex(rows, columns):
            corner = tuple(CELL * each * cell for each, cell in zip(place, cells, strict=True))
            part = dataclasses.replace(view, corner=corner, size=size)
            edges = (1 + complete.edges[place]).tolist()
            metadata = dataclasses.replace(picture, view=part).metadata(edges=edges)
            name = "".join(map(str, edges))
            write(folder / f"tile-{name}.png", size, [tiles[place]], metadata)
        laid = _numbers(complete, shown)
        beside = (
            np.concatenate([tiles[divmod(number, columns)] for number in row], axis=1)
            for row in laid
        )
        total = tuple(count * length for count, length in zip(_SHOWN, size, strict=True))
        write(folder / "preview.png", total, beside, picture.metadata(tiles=laid.tolist()))
        facts = tileset(complete, size, "atlas.png")
        for name, values in (("tileset.tsj", facts), ("preview.tmj", tile_map(facts, laid))):
            (folder / name).write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


def _checked_colors(description, colors):
    """The numbers of colours, if the model can have a set of them."""
    try:
        counts = tuple(map(operator.index, colors))
    except TypeError:
        counts = ()
    if len(counts) != 2 or not all(1 <= count <= MOST_COLORS for count in counts):
        asked = "x".join(map(str, counts)) or repr(colors)
        raise ValueError(
            f"wang must be two numbers of colours, 1 to {MOST_COLORS}. Received: wang={asked}"
        )
    for name, repeats in zip(AXES, description.periodic, strict=True):
        if not repeats:
            raise ValueError(
                f"wang is refused: the model's positions are {description.encoding}, which does "
                f"not repeat in {name}, and tiles differ by their latents alone. Received: "
                f"wang={counts[0]}x{counts[1]}"
            )
    return counts


def _tile_size(description, asked):
    """(height, width) of a tile in pixels."""
    size = []
    for name, length, frame, shown in zip(
        ("height", "width"), asked, description.frame, description.shown, strict=True
    ):
        least = -(-_LEAST // frame) * frame
        if length is None:
            length = -(-_LEAST // shown) * shown
        (length,) = checked_pixels(name, [length])
        if length < least or length % frame:
            nearest = max(least, round(length / frame) * frame)
            raise ValueError(
                f"{name} of a Wang tile must be a multiple of the trained frame, {frame}, and at "
                f"least {_LEAST}, for edges, corners and an inside; the nearest is {nearest}. "
                f"Received: {name}={length}"
            )
        size.append(length)
    return tuple(size)


def _numbers(complete, laying):
    """The numbers in the complete set of a laying's tiles: `(rows, columns)` from 0."""
    known = {tuple(edges): number for number, edges in enumerate(complete.edges.reshape(-1, 4))}
    rows, columns, _ = laying.edges.shape
    numbers = [known[tuple(edges)] for edges in laying.edges.reshape(-1, 4)]
    return np.reshape(numbers, (rows, columns))
