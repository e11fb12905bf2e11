"""The canvas one value at a time, in Python's own integers, floats and fractions: an oracle."""

import math
from fractions import Fraction

import numpy as np


def scalar_normal(seed, channel, row, column):
    """Threefry-2x32-20 and Box-Muller."""
    mask = 0xFFFFFFFF
    keys = [seed & mask, channel & mask]
    keys.append(keys[0] ^ keys[1] ^ 0x1BD11BDA)
    first, second = (row + keys[0]) & mask, (column + keys[1]) & mask
    rotations = [13, 15, 26, 6, 17, 29, 16, 24]
    for turn in range(20):
        bits = rotations[turn % 8]
        first = (first + second) & mask
        second = ((second << bits) | (second >> (32 - bits))) & mask
        second ^= first
        if turn % 4 == 3:
            block = turn // 4 + 1
            first = (first + keys[block % 3]) & mask
            second = (second + keys[(block + 1) % 3] + block) & mask
    radius = math.sqrt(-2 * math.log((first + 1) / 2**32))
    return np.float32(radius * math.cos(second * (2 * math.pi / 2**32)))


def covering_cells(corner, length):
    """(first, count) of the cells of 16 pixels that a window shows, along one axis."""
    first, last = math.floor(corner / 16), math.floor((corner + length - 1) / 16)
    return first, last - first + 1


def scalar_latent(model, request, cells):
    """`latent` of a window of cells with 3 around, for a model's and a request's values by name."""
    top, left, height, width = cells
    seed, periods = request.get("seed", 0), _periods(model, request)
    plan = [scalar_normal(seed, -1 - channel, 0, 0) for channel in range(model["global_channels"])]
    return np.array(
        [
            [
                [*plan, *_local(model, seed, y, x, request, periods)]
                for x in range(left - 3, left + width + 3)
            ]
            for y in range(top - 3, top + height + 3)
        ],
        np.float32,
    )


def scalar_positions(model, request, cells):
    """`positions` of a window of cells with 3 around: centres in frames, as fractions."""
    axes = []
    for axis, repeats in enumerate(_repeats(model)):
        first, count = cells[axis], cells[2 + axis]
        trained = model["frame"][axis]
        asked = request.get(("height", "width")[axis], trained)
        frame = trained if repeats else request.get("frame", (0, 0))[axis] or asked
        # Whole frames before the window's first cell are taken off.
        first -= frame // 16 * (first // (frame // 16)) if repeats else 0
        axes.append(
            [
                np.float32(float(Fraction(2 * (16 * cell + 8), frame) - 1))
                for cell in range(first - 3, first + count + 3)
            ]
        )
    return np.array([[[y, x] for x in axes[1]] for y in axes[0]], np.float32)


def _local(model, seed, y, x, request, periods):
    (rows, columns), periodic = periods, request.get("periodic")
    # A line is one line through all repeats, however they are shifted.
    line_y = y % (rows // 2 if periodic == "half-drop" else rows) if rows else y
    line_x = x % (columns // 2 if periodic == "brick" else columns) if columns else x
    if periodic == "half-drop" and x // columns % 2:
        y += rows // 2
    if periodic == "brick" and y // rows % 2:
        x += columns // 2
    y, x = (y % rows if rows else y), (x % columns if columns else x)
    rows_only, columns_only = model.get("line_channels", (0, 0))
    values = []
    for channel in range(model["local_channels"]):
        if channel < rows_only:
            values.append(scalar_normal(seed, channel, line_y, 0))
        elif channel < rows_only + columns_only:
            values.append(scalar_normal(seed, channel, 0, line_x))
        else:
            values.append(scalar_normal(seed, channel, y, x))
    return values


def _periods(model, request):
    """(y, x) in cells."""
    periodic = request.get("periodic")
    asked = request.get("period", (0, 0))
    periods = []
    for axis, name in enumerate("yx"):
        repeats = _repeats(model)[axis] and periodic in (None, "xy", name, "half-drop", "brick")
        halved = ("half-drop", "brick")[axis] == periodic
        shortest = model["frame"][axis] * (2 if halved else 1)
        periods.append((asked[axis] or shortest) // 16 if repeats else 0)
    return periods


def _repeats(model):
    return {"linear": (0, 0), "cylinder": (0, 1), "torus": (1, 1)}[model["encoding"]]
