"""Frames, windows and position maps: where on the picture each cell or pixel lies.

Positions are (y, x). A *frame* is the rectangle, in pixels, that [-1, 1] x [-1, 1] stands for: the
whole training picture, or one repeat of a pattern; its corner is the canvas's (0, 0). (Paper,
section 3, "Adding spatial information", and section 4.2 for the periodic encodings.)
"""

import numbers

import numpy as np

from locogan_keras.canvas.latents import BORDER, CELL

# Pixels of a training crop along each axis (paper, section 4): the least that the discriminator's
# kernel of 4 can see after it has halved them as often as the generator doubles cells.
CROP = 4 * CELL

# Which layers of a network take positions: the paper's, or the reference code's.
INJECTIONS = ("every_layer", "input")

# How a generator's features are up-sampled: by a kernel free to print its lattice, or filtered.
UPSAMPLINGS = ("free", "box")

# Which axes (y, x) an encoding repeats on. "none" does by its latents alone, "rows" does so in x,
# and "columns" in y.
PERIODIC_AXES = {
    "linear": (False, False),
    "cylinder": (False, True),
    "torus": (True, True),
    "rows": (True, True),
    "columns": (True, True),
    "none": (True, True),
}

# Which axes (y, x) it tells of, where that is not both.
_TOLD_AXES = {"rows": (True, False), "columns": (False, True), "none": (False, False)}

# Pixels of the longest frame. Larger numbers are a mistake, or meant to be one.
_LONGEST_FRAME = 2**31 - 1


def told_axes(encoding):
    """Whether an encoding, one of `PERIODIC_AXES`, tells of y and of x."""
    return _TOLD_AXES.get(encoding, (True, True))


def check_frame(frame, encoding):
    """A check that the encoding can repeat a frame.

    Args:
        frame: (height, width) in pixels.
        encoding: One of `PERIODIC_AXES`.

    Raises:
        ValueError: If the encoding is unknown, a length is not a positive whole number, or an axis
            that repeats is not a whole number of cells.
    """
    if encoding not in tuple(PERIODIC_AXES):
        raise ValueError(
            f"`encoding` must be one of {', '.join(PERIODIC_AXES)}. Received: encoding={encoding!r}"
        )
    for length, repeats in zip(frame, PERIODIC_AXES[encoding], strict=True):
        whole = isinstance(length, numbers.Integral) and 1 <= length <= _LONGEST_FRAME
        if not whole or (repeats and length % CELL):
            raise ValueError(
                f"`frame` must be whole numbers, 1 to {_LONGEST_FRAME}, and multiples of {CELL} on "
                f"an axis that the encoding repeats on. Received: frame={tuple(frame)}, "
                f"encoding={encoding!r}"
            )


def cell_centres(first, count, frame):
    """Centres of `count` cells along one axis, `(count,)` float32.

    They are computed in float64 from the integer cell index and cast once, so that a tile's map
    equals the slice of the whole map to the bit.

    Args:
        first: First cell.
        count: How many cells.
        frame: The frame's length on this axis, in pixels.
    """
    cells = np.arange(first, first + count, dtype=np.int64)
    return (2.0 * (CELL * cells + CELL // 2) / frame - 1.0).astype(np.float32)


def position_map(top, left, height, width, frame, periodic=(False, False)):
    """The generator's `positions` for a window of cells, with its border.

    Args:
        top, left: First cell inside the border.
        height, width: Window in cells, without the border.
        frame: (height, width) in pixels.
        periodic: Whether positions repeat in (y, x). On such an axis whole frames are subtracted
            from the first cell, in integers and once per window: far from the origin float32
            would drift, and a jump inside the map could not be resized.

    Returns:
        `(height + 6, width + 6, 2)` float32.
    """
    axes = []
    for first, count, length, repeats in zip(
        (top, left), (height, width), frame, periodic, strict=True
    ):
        first = first % (length // CELL) if repeats else first
        axes.append(cell_centres(first - BORDER, count + 2 * BORDER, length))
    return position_grid(*axes)


def position_grid(y, x):
    """The map `(rows, columns, 2)` of the positions y `(rows,)` and x `(columns,)`."""
    return np.stack(np.meshgrid(y, x, indexing="ij"), axis=-1)


def window_positions(window, count, border):
    """Positions of `count` equal parts of a window along each axis, with `border` more around.

    This is what training feeds both networks: cells (10 with their border) for the generator,
    pixels (64, no border) for the discriminator.

    Args:
        window: (top, left, height, width) as fractions of the frame.
        count: Parts of the window on each axis.
        border: Further parts on each side.

    Returns:
        `(count + 2 * border, count + 2 * border, 2)` float32.
    """
    centres = (np.arange(-border, count + border, dtype=np.float64) + 0.5) / count
    axes = [
        (2.0 * (first + length * centres) - 1.0).astype(np.float32)
        for first, length in (window[::2], window[1::2])
    ]
    return position_grid(*axes)
