"""At which size the lattice of a photo is a whole number of cells."""

import itertools
import math

from locogan_keras.canvas.latents import CELL

# What a choice costs: squares of the departure from the wanted size in quarters, and of the change
# of aspect in three hundredths; and each period in the frame after the first.
_SIZE = math.log(1.25)
_ASPECT = math.log(1.03)
_PERIOD = 1.0

_MOST_ASPECT = math.log(1.06)
_MOST_SIZE = math.log(1.6)
_MOST_PERIODS = 8


def whole_cells(frame, size, image_size):
    """The size to scale a photo to, and its frame then.

    The photo becomes one whose frames, or few of them, are whole cells of 16 pixels: rounding to
    whole pixels is then less than half a pixel over the whole photo. Both axes are scaled by nearly
    the same factor, at most 6 % apart. The frame holds several periods only where one of them is
    less than a cell, or where that keeps the photo much nearer the wanted size.

    Args:
        frame: (rows, columns) in pixels of the photo, None on an axis without a period; of
            `Lattice.frame`.
        size: The photo's (height, width).
        image_size: The wanted shorter edge. Photos are not enlarged but for the whole cells.

    Returns:
        A pair: (height, width), and the frame (height, width), multiples of 16 or None.

    Raises:
        ValueError: If there is no period, or none that any such size brings to whole cells.
    """
    if frame[0] is None and frame[1] is None:
        raise ValueError(f"`frame` must have a period on an axis. Received: frame={frame}")
    wanted = min(1.0, image_size / min(size))
    axes = [_choices(period, wanted) for period in frame]
    choices = [
        (_cost(down, across, wanted), down, across)
        for down, across in itertools.product(*axes)
        if down is None or across is None or abs(math.log(down[0] / across[0])) <= _MOST_ASPECT
    ]
    if not choices:
        raise ValueError(
            f"no scale brings whole periods to whole cells near `image_size`. Received: "
            f"frame={tuple(frame)}, size={tuple(size)}, image_size={image_size}"
        )
    _, *best = min(choices, key=lambda choice: choice[0])
    factors = [axis[0] if axis else other[0] for axis, other in zip(best, best[::-1], strict=True)]
    target = tuple(round(length * factor) for length, factor in zip(size, factors, strict=True))
    return target, tuple(axis and axis[1] for axis in best)


def _choices(period, wanted):
    """(scale, frame in pixels, periods in it) of an axis; None alone without a period."""
    if period is None:
        return [None]
    choices = []
    for periods in range(1, _MOST_PERIODS + 1):
        cells = periods * period * wanted / CELL
        spread = math.exp(_MOST_SIZE)
        for count in range(max(1, math.ceil(cells / spread)), math.floor(cells * spread) + 1):
            choices.append((CELL * count / (periods * period), CELL * count, periods))
    return choices


def _cost(down, across, wanted):
    scales = [axis[0] for axis in (down, across) if axis]
    cost = sum((math.log(scale / wanted) / _SIZE) ** 2 for scale in scales) / len(scales)
    cost += (math.log(max(scales) / min(scales)) / _ASPECT) ** 2
    return cost + _PERIOD * sum(axis[2] - 1 for axis in (down, across) if axis)
