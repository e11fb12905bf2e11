"""The memory and the disk that pictures take, about, before they are made."""

import math

from locogan_keras.rendering.tiles import IN_MEMORY

# Measured: bytes for each value of a row while it is put together, filtered and compressed; bytes
# for a column of tiles, and for a row of them, in the plan of a picture; values for each pixel of a
# tile while it is made, so many for each of the narrowest layers' channels, for each channel of the
# image beyond a picture's, and some more.
_ROW = 10
_COLUMN, _BAND = 1500, 1000
_VALUES, _MAP_VALUES, _MORE_VALUES = 4, 5, 16
_PICTURE = 3


def different_columns(view):
    """The columns of pixels of a view that are not those of a repeat before."""
    # Every second column of repeats may be another one.
    period = view.period[1] * (2 if view.shift[0] else 1)
    return min(view.size[1], period) if period else view.size[1]


def at_once(engine):
    """How many images an engine makes at once; one, where it does not say."""
    return getattr(engine, "at_once", 1)


def tile_bytes(description, tile):
    """The memory that an engine takes for one tile.

    Of a generator most weights are in kernels of 4 x 4 between 8, 4, 2 and 1 times its width.
    """
    width = math.sqrt(description.parameters / (16 * (8 * 4 + 4 * 2 + 2)))
    more = _MORE_VALUES + _MAP_VALUES * max(0, description.image_channels - _PICTURE)
    return 4 * (_VALUES * width + more) * tile**2


def streaming_bytes(view, tile, channels, itemsize=1):
    """The memory that a picture takes while it is made and written; `itemsize` of its values."""
    pieces = [
        length / min(tile, period or tile)
        for length, period in zip((view.size[0], different_columns(view)), view.period, strict=True)
    ]
    row = _ROW * itemsize * channels * view.size[1]
    return IN_MEMORY + row + _BAND * pieces[0] + _COLUMN * pieces[1]


def disk_bytes(view, tile, channels, itemsize=1, stored=0.4):
    """The disk that a picture takes while it is written, its file included.

    Args:
        view: The `View`.
        tile, channels: As rendered.
        itemsize: Bytes of its values while it waits.
        stored: Bytes in the file for each of its values.
    """
    rows = view.period[0] if 0 < view.period[0] < view.size[0] else min(tile, view.size[0])
    waiting = rows * different_columns(view) * channels * itemsize * (2 if any(view.shift) else 1)
    return max(0, waiting - IN_MEMORY) + stored * math.prod(view.size) * channels
