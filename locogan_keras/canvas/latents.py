"""The noise-like image: every value is a function of a seed and integers.

A latent field is `(height + 6, width + 6, channels)` float32, global channels first (the paper's
master plan, section 3: one value for the whole picture), then local channels (one value per cell).
The first local channels may be lines, with one value for a row of cells, or for a column. One cell
is 16 x 16 image pixels, what the generator makes of it in four upsamplings, and the 3 cells around
the window are the border.

Values are addressed, not drawn in order: any window of an infinite canvas can be made alone.
The generator is Threefry-2x32 with 20 rounds (Salmon et al., "Parallel random numbers: as easy as
1, 2, 3", SC'11) with

    key     = (seed, channel)    local channels are 0, 1, ...; global ones -1, -2, ...
    counter = (row, column)      cells in two's complement; (0, 0) for a global channel,
                                 (row, 0) for one of rows, (0, column) for one of columns

and its two words give one normal value by Box-Muller. It needs 32-bit addition, exclusive or and
shifts, and float64 `log`, `sqrt` and `cos`: every runtime has them.
"""

import operator

import numpy as np

LEVELS = 4
CELL = 2**LEVELS
BORDER = 3
SCHEME = "threefry2x32-20/box-muller/1"

ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
PARITY = np.uint32(0x1BD11BDA)


def threefry(key, counter):
    """Threefry-2x32-20, elementwise.

    Args:
        key: Two integers or uint32 arrays.
        counter: Two uint32 arrays that broadcast with the keys.

    Returns:
        Two uint32 arrays.
    """
    keys = [np.asarray(word, np.uint32) for word in key]
    keys.append(keys[0] ^ keys[1] ^ PARITY)
    first, second = (np.asarray(word, np.uint32) for word in counter)
    with np.errstate(over="ignore"):
        first, second = first + keys[0], second + keys[1]
        for block in range(5):
            for rotation in ROTATIONS[block % 2]:
                first = first + second
                second = (second << np.uint32(rotation)) | (second >> np.uint32(32 - rotation))
                second = second ^ first
            first = first + keys[(block + 1) % 3]
            second = second + keys[(block + 2) % 3] + np.uint32(block + 1)
    return first, second


def normals(key, counter):
    """Standard normal float32 values in [-6.7, 6.7], one for each (key, counter)."""
    first, second = threefry(key, counter)
    radius = np.sqrt(-2.0 * np.log((first.astype(np.float64) + 1.0) / 2.0**32))
    return (radius * np.cos(second.astype(np.float64) * (2.0 * np.pi / 2.0**32))).astype(np.float32)


def checked_seed(seed):
    """A seed as uint32; `ValueError` if it is not a whole number, 0 to 2^32 - 1."""
    try:
        number = operator.index(seed)
    except TypeError:
        number = -1
    if not 0 <= number < 2**32:
        raise ValueError(f"`seed` must be 0 to 4294967295. Received: seed={seed!r}")
    return np.uint32(number)


def addressed_normals(seed, channels, rows, columns):
    """The normals at any addresses: `(..., count)` float32.

    Args:
        seed: 0 to 2^32 - 1.
        channels: `(count,)` integers: local channels are 0, 1, ...; global ones -1, -2, ...
        rows, columns: Integer arrays that broadcast: cells of the canvas, int32; 0 for a global
            channel.
    """
    return normals(
        (checked_seed(seed), _words(channels)),
        (_words(rows)[..., None], _words(columns)[..., None]),
    )


def global_latent(seed, channels):
    """The master plan: `(channels,)` float32.

    Args:
        seed: 0 to 2^32 - 1.
        channels: How many.
    """
    return addressed_normals(seed, np.arange(-1, -1 - channels, -1), 0, 0)


def local_groups(channels, line_channels=(0, 0)):
    """The local channels, by what they are addressed with.

    Args:
        channels: How many.
        line_channels: How many of them, the first ones, have one value for a row of cells, and how
            many, the next ones, one for a column: what a course of bricks or a board is.

    Yields:
        `(numbers, y, x)` of rows' channels, of columns' and of cells': integers, and 1 or 0, which
        the address along an axis is multiplied by.
    """
    rows, columns = np.cumsum(line_channels)
    numbers = np.split(np.arange(channels), [rows, columns])
    yield from zip(numbers, (1, 0, 1), (0, 1, 1), strict=True)


def local_latent(seed, channels, top, left, height, width, period=(0, 0), line_channels=(0, 0)):
    """The local plan of a window of cells: `(height, width, channels)` float32.

    Args:
        seed: 0 to 2^32 - 1.
        channels: How many.
        top, left: First cell, any int32; negative ones are as good as others.
        height, width: Window in cells, border included.
        period: (y, x) cells after which the field repeats; 0 for never.
        line_channels: See `local_groups`.
    """
    rows = _wrapped(np.arange(top, top + height), period[0])[:, None]
    columns = _wrapped(np.arange(left, left + width), period[1])
    groups = local_groups(channels, line_channels)
    return np.concatenate(
        [addressed_normals(seed, numbers, y * rows, x * columns) for numbers, y, x in groups],
        axis=-1,
    )


def latent_field(
    seed,
    top,
    left,
    height,
    width,
    *,
    global_channels=16,
    local_channels=2,
    line_channels=(0, 0),
    period=(0, 0),
):
    """The generator's `latent` for a window of cells, with its border.

    Args:
        seed: 0 to 2^32 - 1.
        top, left: First cell inside the border.
        height, width: Window in cells, without the border.
        global_channels, local_channels, line_channels: The model's channel counts.
        period: (y, x) cells after which the local plan repeats; 0 for never.

    Returns:
        `(height + 6, width + 6, global_channels + local_channels)` float32.

    Raises:
        ValueError: If the seed is out of range.
    """
    rows, columns = height + 2 * BORDER, width + 2 * BORDER
    corner = top - BORDER, left - BORDER
    local = local_latent(seed, local_channels, *corner, rows, columns, period, line_channels)
    plan = np.broadcast_to(global_latent(seed, global_channels), (rows, columns, global_channels))
    return np.concatenate([plan, local], axis=-1)


def _wrapped(cells, period):
    return cells % period if period else cells


def _words(integers):
    return np.asarray(integers, np.int64).astype(np.uint32)
