"""Pictures of any size, tile by tile, with any engine."""

import itertools

import numpy as np


def render(engine, view, tile=256, progress=iter):
    """A picture in one array: its `bands`, one below the other.

    Args:
        engine, view, tile, progress: As of `bands`.

    Returns:
        `(height, width, channels)` uint8; channels as the model's images have.

    Raises:
        ValueError: If `tile` is not a positive multiple of 16, or what the engine gives is not an
            image.
    """
    pieces = bands(engine, view, tile, progress)
    picture = np.empty((*view.size, engine.description.image_channels), np.uint8)
    done = 0
    for band in pieces:
        picture[done : done + len(band)] = band
        done += len(band)
    return picture


def bands(engine, view, tile=256, progress=iter):
    """A picture in bands from top to bottom, made a row of tiles at a time.

    Tiles lie on a fixed grid of the canvas and are always computed whole, so for one `tile` a
    pixel's bits never depend on the window that asked for it. On an axis that repeats, one period
    is computed and copied. What is held is a row of tiles, as wide as the picture, the one before
    it, and of a picture taller than its period those tiles of the period that come again. With
    every second column of repeats shifted, a row of the picture needs two rows of tiles.

    Args:
        engine: An `Engine`, such as `load_engine` gives.
        view: The `View`, from `make_view` or an edit.
        tile: Edge of a tile in pixels, a multiple of 16.
        progress: Wraps a range as long as there are tiles, as it is worked through, like `tqdm`.

    Returns:
        An iterator over `(rows, width, channels)` uint8, which make up the picture.

    Raises:
        ValueError: If `tile` is not a positive multiple of 16; from the iterator, if what the
            engine gives is not an image.
    """
    cell = engine.description.cell
    if tile < cell or tile % cell:
        raise ValueError(f"tile must be a positive multiple of {cell}. Received: tile={tile}")
    return _bands(engine, view, tile, progress)


def to_levels(image):
    """Float values in [-1, 1] as uint8 levels."""
    return np.clip(np.rint((image + 1.0) * 127.5), 0, 255).astype(np.uint8)


def _bands(engine, view, tile, progress):
    layouts, lanes = _lanes(view, tile)
    bands = _band_rows(view, tile, lanes)
    # When each row of tiles is last used, in each layout.
    last = {}
    for number, (_, _, sources) in enumerate(bands):
        for lane, (row, _, layout) in enumerate(sources):
            last.setdefault(row, {})[layout] = number, lane
    count = sum(len(set().union(*(layouts[layout] for layout in used))) for used in last.values())
    ticks = iter(progress(range(count)))
    channels = engine.description.image_channels
    made = {}
    for number, (top, bottom, sources) in enumerate(bands):
        band = np.empty((bottom - top, view.size[1], channels), np.uint8)
        for lane, (row, offset, layout) in enumerate(sources):
            for column, targets in layouts[layout].items():
                if (row, column) not in made:
                    next(ticks)
                    made[row, column] = _tile(engine, view, row, column, tile)
                rows = made[row, column][offset : offset + bottom - top]
                for source, target in targets:
                    band[:, target] = rows[:, source]
                if not any(
                    use > (number, lane) and column in layouts[other]
                    for other, use in last[row].items()
                ):
                    # At once, so that a row of tiles and its band are not held together.
                    del made[row, column]
        yield band
    # Whoever shows the progress learns that it is over.
    next(ticks, None)


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


def _tile(engine, view, row, column, tile):
    """Tile (row, column) of the canvas, `(tile, tile, channels)` uint8."""
    cells = tile // engine.description.cell
    latent, positions = view.inputs(row * cells, column * cells, cells, cells)
    image = engine(latent[None], positions[None])
    return to_levels(engine.description.checked_image(image, latent[None])[0])
