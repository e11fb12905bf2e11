"""Tiles that wait for their rows to be written: some in memory, the others in a file."""

import tempfile

import numpy as np

# Bytes: a row of tiles of 256 pixels of a picture as wide as 87,000.
IN_MEMORY = 2**26


class Tiles:
    """Tiles by key, in memory as far as there is room for, then in a file without a name.

    A picture is written row by row, and a row of tiles is as wide as the picture: of one that is
    wide enough, it would not fit into memory.

    Args:
        largest: Bytes of the largest tile.
        folder: Where the file is made, if one is needed; the system's temporary folder unless
            given.
    """

    def __init__(self, largest, folder=None):
        self._largest, self._folder = largest, folder
        self._tiles, self._held = {}, 0
        # Places in the file: those that are free again, and how many there are.
        self._file, self._free, self._places = None, [], 0

    def __contains__(self, key):
        return key in self._tiles

    def put(self, key, tile):
        """A tile kept: `(rows, columns, channels)` of any type."""
        if self._held + tile.nbytes <= IN_MEMORY:
            self._held += tile.nbytes
            self._tiles[key] = tile
            return
        if self._file is None:
            self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115
        if not self._free:
            self._free.append(self._places * self._largest)
            self._places += 1
        place = self._free.pop()
        self._file.seek(place)
        self._file.write(tile)
        self._tiles[key] = (place, tile.shape, tile.dtype)

    def rows(self, key, first, last):
        """Rows `first` to `last` of a tile, the last one not included."""
        tile = self._tiles[key]
        if isinstance(tile, np.ndarray):
            return tile[first:last]
        place, (_, columns, channels), dtype = tile
        rows = np.empty((last - first, columns, channels), dtype)
        self._file.seek(place + first * columns * channels * dtype.itemsize)
        self._file.readinto(rows)
        return rows

    def drop(self, key):
        """A tile forgotten."""
        tile = self._tiles.pop(key)
        if isinstance(tile, np.ndarray):
            self._held -= tile.nbytes
        else:
            place, *_ = tile
            self._free.append(place)

    def close(self):
        """All of them forgotten."""
        self._tiles.clear()
        if self._file is not None:
            self._file.close()
