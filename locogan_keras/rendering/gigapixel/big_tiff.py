"""BigTIFF with a pyramid: the picture in tiles, and its levels as SubIFDs, not compressed.

Each tile has its place from the beginning, so that units are written in any order. tifffile, which
would write what comes before the tiles, would write all of them, too: of 65,536 x 65,536 pixels 17
GB of zeros. So here is the little of TIFF that a picture of ours needs.
"""

import functools
import os
import struct
from pathlib import Path

import numpy as np

from locogan_keras.rendering.files.tiff import srgb_profile
from locogan_keras.rendering.gigapixel.store import as_text, sync_folder

_ASCII, _SHORT, _LONG, _BYTES, _LONG8, _IFD8 = 2, 3, 4, 7, 16, 18
_FORMS = {_SHORT: "H", _LONG: "I", _LONG8: "Q", _IFD8: "Q"}
_HEADER, _ENTRY = 16, 20


class BigTiff:
    """A `Store` of one file. Until it is whole, it lies aside.

    Args:
        out, plan, pixels, facts, aside: As of `Store`.
    """

    def __init__(self, out, plan, pixels, facts, aside):
        self.out, self.plan, self.pixels = Path(out), plan, pixels
        self.facts = {**facts, "plan": plan.digest}
        self._unfinished = Path(aside).with_name(self.out.name)
        self._tile = plan.chunk**2 * plan.channels * plan.dtype.itemsize

    @property
    def _path(self):
        return self.out if self.out.exists() else self._unfinished

    def paths(self):
        """As of `Store`."""
        return [self.out]

    def begin(self):
        """The file made, if there is none, as long as it will be: nothing of it is on the disk."""
        if not self._path.exists():
            with open(self._path, "wb") as file:
                file.truncate(self._starts[-1])
            sync_folder(self._path.parent)

    def keys(self, unit):
        """As of `Store`: (place in the file, bytes) of each row of tiles."""
        for window in self._windows(unit):
            across = self._grid(window.level)[1]
            start, columns = self._starts[window.level], -(-window.width // self.plan.chunk)
            for (row, column), _ in self.plan.tiles(window):
                if column * self.plan.chunk == window.left:
                    place = start + (row * across + column) * self._tile
                    yield place, columns * self._tile

    def encoded(self, unit, levels):
        """As of `Store`."""
        plan = self.plan
        for window, level in zip(self._windows(unit), levels, strict=False):
            tiles = []
            for (_, column), inside in plan.tiles(window):
                if column * plan.chunk == window.left and tiles:
                    yield b"".join(tiles)
                    tiles = []
                tile = np.zeros(
                    (plan.chunk, plan.chunk, plan.channels), plan.dtype.newbyteorder("<")
                )
                part = level[inside]
                tile[: part.shape[0], : part.shape[1]] = part
                tiles.append(tile.tobytes())
            yield b"".join(tiles)

    def write(self, key, data):
        """As of `Store`."""
        with open(self._path, "r+b") as file:
            file.seek(key[0])
            file.write(data)

    def sync(self):
        """As of `Store`."""
        with open(self._path, "r+b") as file:
            os.fsync(file.fileno())

    def size(self, key):
        """As of `Store`."""
        place, length = key
        try:
            return max(0, min(self._path.stat().st_size - place, length))
        except FileNotFoundError:
            return 0

    def read(self, key):
        """As of `Store`."""
        with open(self._path, "rb") as file:
            file.seek(key[0])
            return file.read(key[1])

    def headers(self):
        """As of `Store`: all that comes before the tiles."""
        return {(0, len(self._header)): self._header}

    def finish(self):
        """What comes before the tiles written, and the file put into its place."""
        for key, data in self.headers().items():
            if self.read(key) != data:
                self.write(key, data)
        self.sync()
        if self._path != self.out:
            os.replace(self._path, self.out)
            sync_folder(self.out.parent)

    def _windows(self, unit):
        return [each for each in self.plan.windows(unit) if each.level < self.plan.shown]

    def _grid(self, level):
        return tuple(-(-length // self.plan.chunk) for length in self.plan.level_size(level))

    @functools.cached_property
    def _starts(self):
        """Where the tiles of each level begin, and where the file ends."""
        # As long as any other: places have a fixed length.
        starts = [len(self._directories([0] * self.plan.shown))]
        for level in range(self.plan.shown):
            rows, columns = self._grid(level)
            starts.append(starts[-1] + rows * columns * self._tile)
        return starts

    @functools.cached_property
    def _header(self):
        return self._directories(self._starts)

    def _directories(self, starts):
        """All that comes before the tiles, which begin at `starts`: the directories in a row."""
        places, data = [], b""
        # The later ones first: the first names their places.
        blocks = []
        for level in range(1, self.plan.shown):
            blocks.append(self._tags(level, starts[level], []))
        sizes = [len(_directory(tags, 0)) for tags in blocks]
        first = self._tags(0, starts[0], [0] * len(blocks))
        place = _HEADER + len(_directory(first, 0))
        for size in sizes:
            places.append(place)
            place += size
        data = struct.pack("<2sHHHQ", b"II", 43, 8, 0, _HEADER)
        for tags in (self._tags(0, starts[0], places), *blocks):
            data += _directory(tags, len(data))
        return data

    def _tags(self, level, start, others):
        """The tags of a level's directory: `(tag, type, values or bytes)`, in their order."""
        plan, channels = self.plan, self.plan.channels
        height, width = plan.level_size(level)
        count = int(np.prod(self._grid(level)))
        tags = [
            (254, _LONG, [int(level > 0)]),
            (256, _LONG, [width]),
            (257, _LONG, [height]),
            (258, _SHORT, [8 * plan.dtype.itemsize] * channels),
            (259, _SHORT, [1]),
            (262, _SHORT, [2 if channels > 1 else 1]),
            (277, _SHORT, [channels]),
            (284, _SHORT, [1]),
            (322, _LONG, [plan.chunk]),
            (323, _LONG, [plan.chunk]),
            (324, _LONG8, start + self._tile * np.arange(count, dtype="<u8")),
            (325, _LONG8, np.full(count, self._tile, "<u8")),
            (339, _SHORT, [3 if plan.dtype.kind == "f" else 1] * channels),
        ]
        if not level:
            tags.append((270, _ASCII, as_text(self.facts).encode("ascii") + b"\0"))
        if others:
            tags.append((330, _IFD8, others))
        if channels == 4:
            # Colour is not multiplied by opacity.
            tags.append((338, _SHORT, [2]))
        if self.pixels.is_color and channels > 1:
            tags.append((34675, _BYTES, srgb_profile()))
        return sorted(tags, key=lambda tag: tag[0])


def _directory(tags, place):
    """A directory that begins at a place of the file, and what its tags' values are too long for.

    Args:
        tags: `(tag, type, values or bytes)` each, in their order.
        place: In bytes.
    """
    entries, values = struct.pack("<Q", len(tags)), b""
    behind = place + 8 + len(tags) * _ENTRY + 8
    for tag, kind, given in tags:
        data = given if isinstance(given, bytes) else np.array(given, f"<{_FORMS[kind]}").tobytes()
        count = len(given)
        entries += struct.pack("<HHQ", tag, kind, count)
        if len(data) <= 8:
            entries += data.ljust(8, b"\0")
        else:
            entries += struct.pack("<Q", behind + len(values))
            values += data.ljust(-(-len(data) // 8) * 8, b"\0")
    return entries + struct.pack("<Q", 0) + values
