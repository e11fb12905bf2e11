"""Pictures of any size, tile by tile, with any engine."""

import contextlib
import dataclasses
import itertools
import math
import numbers

import numpy as np

from locogan_keras.canvas.maps.values import finished
from locogan_keras.rendering.ahead import ahead
from locogan_keras.rendering.costs import at_once, different_columns, streaming_bytes, tile_bytes
from locogan_keras.rendering.files.levels import to_levels
from locogan_keras.rendering.tiles import Tiles
from locogan_keras.storage.files.room import check_memory

# Bytes of rows that are put together at once.
_PIECE = 2**22


def render(engine, view, tile=256, progress=iter, dtype=np.uint8):
    """A picture in one array: its `bands`, one below the other.

    Args:
        engine, view, tile, progress, dtype: As of `bands`.

    Returns:
        `(height, width, channels)` of `dtype`; channels as the model's images have.

    Raises:
        ValueError: As of `bands`, or if the picture does not fit into memory.
    """
    pieces = bands(engine, view, tile, progress, dtype=dtype)
    size = (*view.size, engine.description.image_channels)
    needed = math.prod(size) * np.dtype(dtype).itemsize
    check_memory(needed, f"a picture of {view.size[0]} x {view.size[1]} pixels")
    picture = np.empty(size, dtype)
    done = 0
    for band in pieces:
        picture[done : done + len(band)] = band
        done += len(band)
    return picture


def bands(engine, view, tile=256, progress=iter, folder=None, dtype=np.uint8):
    """A picture in bands from top to bottom, made a row of tiles at a time.

    Tiles lie on a fixed grid of the canvas and are always computed whole, so for one `tile` a
    pixel's bits never depend on the window that asked for it. On an axis that repeats, one period
    is computed and copied. What is held is a row of tiles, as wide as the picture or its period,
    the one before it, and of a picture taller than its period those tiles of the period that come
    again: up to 64 MiB of tiles in memory, the others in a file. With every second column of
    repeats shifted, a row of the picture needs two rows of tiles.

    Args:
        engine: An `Engine`, such as `load_engine` gives.
        view: The `View`, from `make_view` or an edit.
        tile: Edge of a tile in pixels, a multiple of 16.
        progress: Wraps a range as long as there are tiles, as it is worked through, like `tqdm`.
        folder: For that file; the system's temporary folder unless given.
        dtype: uint8 or uint16 for levels, float32 for the model's own values in [-1, 1].
            Of maps, normals have length 1, and a cut-out's colour is plain.

    Returns:
        An iterator over `(rows, width, channels)` of `dtype`, which make up the picture.

    Raises:
        ValueError: If `tile` is not a positive multiple of 16, or there is not the memory; from the
            iterator, if what the engine gives is not an image.
    """
    cell = engine.description.cell
    if not isinstance(tile, numbers.Integral) or tile < cell or tile % cell:
        raise ValueError(f"tile must be a positive multiple of {cell}. Received: tile={tile!r}")
    check_memory(at_once(engine) * tile_bytes(engine.description, tile), f"tile={tile}")
    channels = engine.description.image_channels
    needed = streaming_bytes(view, tile, channels, np.dtype(dtype).itemsize)
    check_memory(needed, f"height={view.size[0]}, width={view.size[1]}")
    return _bands(engine, view, tile, progress, folder, np.dtype(dtype))


def _bands(engine, view, tile, progress, folder, dtype):
    width, channels = view.size[1], engine.description.image_channels
    # As far as it repeats, it is copied.
    view = dataclasses.replace(view, size=(view.size[0], different_columns(view)))
    layouts, lanes = _lanes(view, tile)
    bands = _band_rows(view, tile, lanes)
    # When each row of tiles is last used, in each layout, and which of its rows of pixels are.
    last, used = {}, {}
    for number, (top, bottom, sources) in enumerate(bands):
        for row, offset, layout in sources:
            last.setdefault(row, {})[layout] = number
            first, stop = used.get(row, (tile, 0))
            used[row] = min(first, offset), max(stop, offset + bottom - top)
    count = sum(len(set().union(*(layouts[layout] for layout in each))) for each in last.values())
    ticks = iter(progress(range(count)))
    piece = max(1, _PIECE // (width * channels * dtype.itemsize))
    largest = tile * tile * channels * dtype.itemsize
    cells = tile // engine.description.cell

    def place(key):
        return key, view.inputs(key[0] * cells, key[1] * cells, cells, cells)

    def tile_of(key, inputs):
        # The rest is not held.
        return _tile(engine, inputs, dtype)[slice(*used[key[0]])].copy()

    with (
        contextlib.closing(Tiles(largest, folder)) as tiles,
        contextlib.closing(_made(engine, place, tile_of, _in_order(bands, layouts, last))) as made,
    ):
        for number, (top, bottom, sources) in enumerate(bands):
            keys = _keys(sources, layouts)
            wanted = [key for key in sorted(keys) if key not in tiles]
            for key, image in zip(wanted, made, strict=False):
                next(ticks)
                tiles.put(key, image)
            for first in range(top, bottom, piece):
                band = np.empty((min(piece, bottom - first), view.size[1], channels), dtype)
                for row, offset, layout in sources:
                    begin = offset + first - top - used[row][0]
                    for column, targets in layouts[layout].items():
                        rows = tiles.rows((row, column), begin, begin + len(band))
                        for source, target in targets:
                            band[:, target] = rows[:, source]
                yield np.tile(band, (1, -(-width // view.size[1]), 1))[:, :width]
            for row, column in keys:
                if not any(
                    use > number and column in layouts[layout] for layout, use in last[row].items()
                ):
                    tiles.drop((row, column))
    # Whoever shows the progress learns that it is over.
    next(ticks, None)


def _keys(sources, layouts):
    """The `(row, column)` of the tiles that a band is made of."""
    return {(row, column) for row, _, layout in sources for column in layouts[layout]}


def _in_order(bands, layouts, last):
    """The keys of the tiles that bands are made of, in the order in which they are needed."""
    known = set()
    for number, (_, _, sources) in enumerate(bands):
        keys = _keys(sources, layouts)
        yield from sorted(keys - known)
        # No more than the tiles that wait, however high the picture.
        known = {key for key in known | keys if max(last[key[0]].values()) > number}


def _made(engine, place, tile_of, keys):
    """Tiles by their keys, as many at once as the engine makes: `tile_of(*place(key))` of each."""
    if at_once(engine) > 1:
        yield from ahead(lambda key: tile_of(*place(key)), keys, at_once(engine))
    else:
        for placed in ahead(place, keys):
            yield tile_of(*placed)


def _lanes(view, tile):
    """The columns of pixels that columns of tiles become.

    Returns:
        `layouts`: `{column of tiles: [(slice of the tile, slice of the picture), ...]}` each, and
        `lanes`, which together fill each row: `(shift in y, layouts in even and in odd rows of
        repeats)`.
    """
    corner, length, period = view.corner[1], view.size[1], view.period[1]

    def layout(shift, parities=(0, 1)):
        targets = {}
        for start, stop in itertools.pairwise(_cuts(corner, length, period, tile, (0, shift))):
            if _repeat(corner + start, period) % 2 in parities:
                column, offset = divmod(_wrapped(corner + start - shift, period), tile)
                source = slice(offset, offset + stop - start)
                targets.setdefault(column, []).append((source, slice(start, stop)))
        return targets

    down, right = view.shift
    if down:
        layouts = [layout(0, (0,)), layout(0, (1,))]
        lanes = [(0, (0, 0)), (down, (1, 1))]
        return layouts, [lane for lane in lanes if layouts[lane[1][0]]]
    if right:
        return [layout(0), layout(right)], [(0, (0, 1))]
    return [layout(0)], [(0, (0, 0))]


def _band_rows(view, tile, lanes):
    """The picture's bands: `(top, bottom, [(row of tiles, offset in it, layout), ...])` each.

    None crosses an edge of tiles or of repeats, in any lane.
    """
    corner, length, period = view.corner[0], view.size[0], view.period[0]
    bands = []
    shifts = [shift for shift, _ in lanes]
    for top, bottom in itertools.pairwise(_cuts(corner, length, period, tile, (0, *shifts))):
        sources = [
            (
                *divmod(_wrapped(corner + top - shift, period), tile),
                layouts[_repeat(corner + top, period) % 2],
            )
            for shift, layouts in lanes
        ]
        bands.append((top, bottom, sources))
    return bands


def _cuts(corner, length, period, tile, shifts):
    """The places along one axis of the picture where tiles or repeats begin or end, in order."""
    cuts = {0, length}
    for shift in shifts:
        place = 0
        while place < length:
            wrapped = _wrapped(corner + place - shift, period)
            place += min(tile - wrapped % tile, (period or np.inf) - wrapped)
            cuts.add(min(place, length))
    return sorted(cuts)


def _repeat(place, period):
    return place // period if period else 0


def _wrapped(place, period):
    return place % period if period else place


def _tile(engine, inputs, dtype):
    """The tile of an engine's inputs, `(tile, tile, channels)` of `dtype`."""
    latent, positions = (each[None] for each in inputs)
    description = engine.description
    (image,) = description.checked_image(engine(latent, positions), latent)
    return to_levels(finished(image, description.maps), dtype)
