"""Pictures of any size, tile by tile, with any engine."""

import numpy as np

from locogan_keras.latents import CELL, latent_field
from locogan_keras.positions import position_map


def render(engine, view, tile=256, progress=iter):
    """Makes a picture: `bands` in one array.

    Args:
        engine, view, tile, progress: As of `bands`.

    Returns:
        `(height, width, 3)` uint8.

    Raises:
        ValueError: If `tile` is not a positive multiple of 16.
    """
    pieces = bands(engine, view, tile, progress)
    picture = np.empty((*view.size, 3), np.uint8)
    done = 0
    for band in pieces:
        picture[done : done + len(band)] = band
        done += len(band)
    return picture


def bands(engine, view, tile=256, progress=iter):
    """Makes a picture from top to bottom, a row of tiles at a time.

    Tiles lie on a fixed grid of the canvas and are always computed whole, so for one `tile` a
    pixel's bits never depend on the window that asked for it. On an axis that repeats, one period
    is computed and copied. What is held is a row of tiles, as wide as the picture, the one before
    it, and of a picture taller than its period those rows of the period that come again.

    Args:
        engine: See `engines`.
        view: What to make, from `make_view`.
        tile: Edge of a tile in pixels, a multiple of 16.
        progress: Wraps a range as long as there are tiles, as it is worked through, like `tqdm`.

    Returns:
        An iterator over `(rows, width, 3)` uint8, not to be written to, which make up the picture.

    Raises:
        ValueError: If `tile` is not a positive multiple of 16.
    """
    if tile < CELL or tile % CELL:
        raise ValueError(f"tile must be a positive multiple of {CELL}. Received: tile={tile}")
    return _bands(engine, view, tile, progress)


def to_levels(image):
    """Float values in [-1, 1] as uint8 levels."""
    return np.clip(np.rint((image + 1.0) * 127.5), 0, 255).astype(np.uint8)


def _bands(engine, view, tile, progress):
    rows, columns = (
        list(_pieces(corner, length, period, tile))
        for corner, length, period in zip(view.corner, view.size, view.period, strict=True)
    )
    # No row of tiles comes again before each has come once.
    count = len({row for row, _, _ in rows})
    once, again = rows[:count], rows[count:]
    returning = {row for row, _, _ in again}
    kept = {}
    strips = _strips(engine, view, [row for row, _, _ in once], columns, tile, progress)
    for strip, (row, source, _) in zip(strips, once, strict=True):
        # Whoever wrote to a row that comes again would change the next repeat.
        strip.flags.writeable = False
        if row in returning:
            kept[row] = strip
        yield strip[source]
    for row, source, _ in again:
        yield kept[row][source]


def _strips(engine, view, rows, columns, tile, progress):
    """Whole rows of tiles in the picture's width, `(tile, width, 3)` uint8 each."""
    targets = {}
    for column, source, target in columns:
        targets.setdefault(column, []).append((source, target))
    order = list(targets)
    for number in progress(range(len(rows) * len(order))):
        row, place = divmod(number, len(order))
        if place == 0:
            strip = np.empty((tile, view.size[1], 3), np.uint8)
        pixels = _tile(engine, view, rows[row], order[place], tile)
        for source, target in targets[order[place]]:
            strip[:, target] = pixels[:, source]
        if place == len(order) - 1:
            yield strip


def _tile(engine, view, row, column, tile):
    """Tile (row, column) of the canvas, `(tile, tile, 3)` uint8."""
    model, cells = engine.description, tile // CELL
    top, left = row * cells, column * cells
    positions = position_map(top, left, cells, cells, view.frame, model.periodic)
    latent = latent_field(
        view.seed,
        top,
        left,
        cells,
        cells,
        global_channels=model.global_channels,
        local_channels=model.local_channels,
        period=tuple(period // CELL for period in view.period),
    )
    return to_levels(engine(latent[None], positions[None])[0])


def _pieces(corner, length, period, tile):
    """Along one axis, in the picture's order: (tile, slice of the tile, slice of the picture)."""
    done = 0
    while done < length:
        place = corner + done
        room = length - done
        if period:
            place %= period
            room = min(room, period - place)
        index, offset = divmod(place, tile)
        count = min(room, tile - offset)
        yield index, slice(offset, offset + count), slice(done, done + count)
        done += count
