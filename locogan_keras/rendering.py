"""Pictures of any size, tile by tile, with any engine."""

import dataclasses

import numpy as np

from locogan_keras.latents import CELL, latent_field
from locogan_keras.positions import position_map

AXES = ("y", "x")
# Cells are int32, and the border and whole tiles need room.
FARTHEST = 2**31 * CELL - 2**20


@dataclasses.dataclass(frozen=True)
class View:
    """A window of one world. All lengths are pixels, (y, x).

    Args:
        size: Of the window.
        corner: Of the window on the infinite canvas, (top, left).
        seed: Of the world.
        frame: What positions -1 to 1 stand for.
        period: After which the picture repeats; 0 on an axis where it does not.
    """

    size: tuple[int, int]
    corner: tuple[int, int]
    seed: int
    frame: tuple[int, int]
    period: tuple[int, int]


def make_view(
    description,
    *,
    height=None,
    width=None,
    seed=0,
    top=0,
    left=0,
    frame=(0, 0),
    periodic=None,
    period=(0, 0),
):
    """Checks what is asked of a model, and fills in the rest.

    Args:
        description: The engine's.
        height, width: Of the picture in pixels; the model's frame unless given.
        seed: 0 to 2^32 - 1.
        top, left: The picture's corner on the infinite canvas, in pixels.
        frame: (height, width) in pixels; 0 for the default: the trained frame on an axis where the
            model repeats, the picture itself on others.
        periodic: Axes on which the picture repeats: `"none"`, `"x"`, `"y"` or `"xy"`; all on which
            the model does unless given. `"none"` on such a model makes the paper's semi-periodic
            pictures (section 4.2): positions repeat, the local plan is fresh.
        period: (height, width) in pixels after which it repeats; 0 for one frame.

    Returns:
        A `View`.

    Raises:
        ValueError: If the model cannot do this; it names the argument and the value.
    """
    if not 0 <= seed < 2**32:
        raise ValueError(f"seed must be 0 to {2**32 - 1}. Received: seed={seed}")
    if periodic is None:
        repeats = description.periodic
    elif periodic in ("none", "y", "x", "xy"):
        repeats = tuple(axis in periodic.replace("none", "") for axis in AXES)
    else:
        raise ValueError(f"periodic must be none, x, y or xy. Received: periodic={periodic!r}")

    size, frames, periods = [], [], []
    for axis in range(2):
        length = (height, width)[axis]
        if length is None:
            length = description.frame[axis]
        if length < 1:
            side = ("height", "width")[axis]
            raise ValueError(f"{side} must be positive. Received: {side}={length}")
        size.append(length)
        corner = (top, left)[axis]
        for side, place in (
            (("top", "left")[axis], corner),
            (("height", "width")[axis], corner + length),
        ):
            if abs(place) >= FARTHEST:
                raise ValueError(
                    f"{side} reaches beyond the canvas of +-2^35. Received: top={top}, "
                    f"left={left}, height={height}, width={width}"
                )
        if description.periodic[axis]:
            frames.append(_trained_frame(description, axis, frame))
        else:
            frames.append(_linear_frame(axis, frame, size[axis], corner))
        periods.append(_period(description, axis, repeats[axis], period))
    return View(tuple(size), (top, left), seed, tuple(frames), tuple(periods))


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


def _trained_frame(description, axis, frame):
    trained = description.frame[axis]
    if frame[axis] not in (0, trained):
        raise ValueError(
            f"frame must be {trained} in {AXES[axis]}, where the model repeats. "
            f"Received: frame={frame[0]}x{frame[1]}"
        )
    return trained


def _linear_frame(axis, frame, length, corner):
    if frame[axis] < 0:
        raise ValueError(f"frame must be positive. Received: frame={frame[0]}x{frame[1]}")
    if corner and not frame[axis]:
        side = ("top", "left")[axis]
        raise ValueError(
            f"{side} needs a frame, because the model does not repeat in {AXES[axis]}. "
            f"Received: {side}={corner}"
        )
    return frame[axis] or length


def _period(description, axis, repeats, period):
    name, asked, trained = AXES[axis], period[axis], description.frame[axis]
    if not repeats:
        if asked:
            raise ValueError(
                f"period must be 0 in {name}, where the picture does not repeat. "
                f"Received: period={period[0]}x{period[1]}"
            )
        return 0
    if not description.periodic[axis]:
        raise ValueError(
            f"periodic is refused in {name}: the model's positions are {description.encoding}, "
            f"which does not repeat there. Received: periodic={name}"
        )
    if asked < 0 or asked % trained:
        nearest = max(1, round(asked / trained)) * trained
        raise ValueError(
            f"period must be a multiple of the trained frame, {trained} in {name}; the nearest is "
            f"{nearest}. Received: period={period[0]}x{period[1]}"
        )
    return asked or trained
