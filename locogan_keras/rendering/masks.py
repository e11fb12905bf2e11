"""Weights for blends of latent fields: how much of another picture is in each cell.

Weights are functions of rows and columns, integer arrays that broadcast and that `View.wrapped` has
brought into one period, and give float64 in [0, 1]. What is asked for in pixels of the picture
becomes cells here: a cell's weight is the mean of its pixels.
"""

import numpy as np

from locogan_keras.canvas.latents import BORDER, CELL
from locogan_keras.canvas.views import checked_pixels


def ramp(view, axis, hard):
    """A ramp from one picture to another, from top to bottom or from left to right of a view.

    On an axis where the view repeats it goes there and back in one period, so that it closes.

    Args:
        view: The `View`.
        axis: 0 for y, 1 for x.
        hard: Whether it changes at once, half-way, instead of steadily.

    Returns:
        Weights.
    """
    period = view.period[axis]
    begin, length = (0, period) if period else (view.corner[axis], view.size[axis])

    def weights(rows, columns):
        cells = (rows, columns)[axis]
        way = np.clip((CELL * cells + CELL / 2 - begin) / length, 0.0, 1.0)
        if hard:
            return (way >= 0.5).astype(np.float64)
        return 1.0 - np.abs(2.0 * way - 1.0) if period else way

    return weights


def cell_weights(view, region, soft=0):
    """A region's weights, in every repeat of a view that repeats.

    What is past the picture's edge and not on it elsewhere, by a repeat, is as the edge is.

    Args:
        view: The `View` that it lies on.
        region: (top, left, height, width) in pixels of the picture, or a mask: `view.size` float32
            in [0, 1].
        soft: Pixels, rounded up to whole cells, over which the weight falls from full to nothing.
            They lie inside the region: nothing beyond it changes, and one that is thinner than
            twice as much nowhere has full weight.

    Returns:
        Weights.

    Raises:
        ValueError: If the region is empty or not inside the picture, or `soft` is negative or
            larger than the picture.
    """
    (soft,) = checked_pixels("soft", [soft])
    if soft < 0:
        raise ValueError(f"soft must not be negative. Received: soft={soft}")
    mask = _mask_cells(view, region) if isinstance(region, np.ndarray) else _box(view, region)
    if soft > max(view.size):
        raise ValueError(
            f"soft must not be larger than the picture, {max(view.size)} pixels. "
            f"Received: soft={soft}"
        )
    rings = -(-soft // CELL)
    margin = BORDER + rings
    grown = np.pad(mask, margin, mode="edge")
    # Where the picture repeats, what is around it is on it, too.
    table = _Table(view, margin)
    table.mark(mask, margin)
    grown = table.read(grown)
    softened = _cropped(grown, rings)
    # The mean of the mask and of what is left after 1, 2, ... rings of cells are taken from it.
    for ring in range(1, rings + 1):
        grown = _eroded(grown)
        softened = softened + _cropped(grown, rings - ring)
    softened /= rings + 1
    table = _Table(view, BORDER)
    table.mark(_cropped(softened, BORDER), BORDER)
    table.mark(table.read(softened), 0)
    return table.weights


def _mask_cells(view, mask):
    """The mean of a mask's pixels in each of the view's cells."""
    if mask.shape != view.size:
        raise ValueError(f"mask must have shape {view.size}. Received: shape {mask.shape}")
    if not mask.any():
        raise ValueError("mask must have a pixel that is not black")
    for axis in range(2):
        starts, stops = _pixels(view, axis)
        counts = (stops - starts).reshape((-1, 1) if axis == 0 else -1)
        mask = np.add.reduceat(mask, starts, axis=axis, dtype=np.float64) / counts
    return mask


def _box(view, region):
    """The `_mask_cells` of a mask that is 1 in a rectangle, without its pixels."""
    top, left, height, width = region = checked_pixels("region", region, 4)
    listed = ",".join(map(str, region))
    if height < 1 or width < 1:
        raise ValueError(f"region must have pixels. Received: region={listed}")
    if top < 0 or left < 0 or top + height > view.size[0] or left + width > view.size[1]:
        raise ValueError(
            f"region must lie inside the picture, {view.size[0]} x {view.size[1]} pixels. "
            f"Received: region={listed}"
        )
    sides = []
    for axis, (start, length) in enumerate(((top, height), (left, width))):
        starts, stops = _pixels(view, axis)
        inside = np.minimum(stops, start + length) - np.maximum(starts, start)
        sides.append(np.maximum(inside, 0) / (stops - starts))
    return np.outer(*sides)


def _pixels(view, axis):
    """The picture's pixels at which each of the view's cells begins, and those at which it ends."""
    first, last = _cells(view, axis)
    edges = CELL * np.arange(first, last + 1) - view.corner[axis]
    return np.maximum(edges[:-1], 0), np.minimum(edges[1:], view.size[axis])


def _cells(view, axis):
    """The first of the view's cells on an axis, and the one after the last."""
    corner, length = view.corner[axis], view.size[axis]
    return corner // CELL, (corner + length - 1) // CELL + 1


def _cropped(cells, margin):
    return cells[margin : len(cells) - margin, margin : cells.shape[1] - margin]


def _eroded(cells):
    """The least of each cell and its eight neighbours, a cell less on every side."""
    rows = np.minimum(np.minimum(cells[:-2], cells[1:-1]), cells[2:])
    return np.minimum(np.minimum(rows[:, :-2], rows[:, 1:-1]), rows[:, 2:])


class _Table:
    """The known values of cells around a view, by their place in the period where it repeats.

    Args:
        view: The `View`.
        margin: Cells around the view's own.
    """

    def __init__(self, view, margin):
        bounds = [_cells(view, axis) for axis in range(2)]
        self._origin = [0 if view.period[axis] else bounds[axis][0] - margin for axis in range(2)]
        places = [np.arange(first - margin, last + margin) for first, last in bounds]
        rows, columns = view.wrapped(places[0][:, None], places[1][None, :])
        self._places = np.broadcast_arrays(rows - self._origin[0], columns - self._origin[1])
        self._cells = np.full(
            [view.period[axis] // CELL or len(places[axis]) for axis in range(2)], -np.inf
        )

    def mark(self, cells, margin):
        """A note of cells, all but the outer `margin` of those around the view.

        A cell of a repeat may be on the picture several times, and marked on one of them.
        """
        np.maximum.at(self._cells, tuple(_cropped(each, margin) for each in self._places), cells)

    def read(self, otherwise):
        """All cells, those of which nothing is known taken from `otherwise`."""
        known = self._cells[tuple(self._places)]
        return np.where(np.isfinite(known), known, otherwise)

    def weights(self, rows, columns):
        """The weights of any cells; 0 where nothing is known."""
        height, width = self._cells.shape
        rows, columns = rows - self._origin[0], columns - self._origin[1]
        inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
        found = self._cells[np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)]
        return np.where(inside & np.isfinite(found), found, 0.0)
