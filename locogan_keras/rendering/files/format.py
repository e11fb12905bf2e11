"""What a format of picture files is, and what is asked of those who write it."""

import dataclasses
import importlib.util
import math
from typing import Protocol

import numpy as np

from locogan_keras.canvas.description import PICTURE_CHANNELS
from locogan_keras.rendering.files.sheets import write_sheet
from locogan_keras.storage.files.room import check_memory

LEVELS = {8: np.dtype(np.uint8), 16: np.dtype(np.uint16)}
FLOATS = np.dtype(np.float32)


@dataclasses.dataclass(frozen=True)
class Pixels:
    """What the pixels of a file are.

    Args:
        channels: 1, 3 or 4.
        bits: Of a channel in the file.
        dtype: Of the rows that are written.
        is_color: Whether they are colours of sRGB, and not data such as heights.
        quality: 1 to 100 where something may be lost; None for the format's default.
    """

    channels: int
    bits: int
    dtype: np.dtype
    is_color: bool = True
    quality: int | None = None


class Begin(Protocol):
    """The beginning of a file of one picture: a context manager, at whose end it is finished."""

    def __call__(self, path, size, pixels, metadata=None):
        """The file begun.

        Args:
            path: A `Path` of a file that is nobody's yet.
            size: (height, width), which the format can have.
            pixels: `Pixels`.
            metadata: A text of ASCII that it keeps, if any.

        Yields:
            A function that writes the next rows, `(rows, width, channels)` of `pixels.dtype`.
        """


class Writer(Protocol):
    """The making and writing of several pictures, whole or not at all."""

    def __call__(self, out, pictures, opened):
        """The pictures, made and written.

        Args:
            out: A `Path`. What was there stays if this fails.
            pictures: A list of `outputs.Picture`, of any sizes and one type.
            opened: As `opening.open_picture`, of a path, a size, channels and the facts.

        Raises:
            ValueError: If the format has no such size, before anything is made.
            OSError: If it cannot be written; it names `out`.
        """


@dataclasses.dataclass(frozen=True)
class Format:
    """A format of files, which a suffix stands for.

    Args:
        name: As said to users.
        begin: The `Begin` of a file of one picture, if it can be asked for.
        several: The `Writer` of several, if it can have them.
        becomes: What several become, in words.
        kinds: The type of the rows for each number of bits that it can have, the default first.
        channels: That a picture in it can have.
        longest: Of height and width, in pixels.
        is_whole: Whether a picture is held in memory until it is written.
        stored: Bytes on the disk for each value of 8 bits, about.
        has_quality: Whether it can be smaller for some loss.
        module, package: What has to be installed for it, as imported and as `pip` knows it.
        store: The `gigapixel.store.Store` of one picture, if it can be in tiles.
        largest: Bytes of pixels from which on it is; of a format without `begin`, always.
    """

    name: str
    begin: Begin | None = None
    several: Writer | None = write_sheet
    becomes: str = "a sheet"
    kinds: dict = dataclasses.field(default_factory=lambda: {8: LEVELS[8]})
    channels: tuple[int, ...] = PICTURE_CHANNELS
    longest: int = 2**31 - 1
    is_whole: bool = False
    stored: float = 0.4
    has_quality: bool = False
    module: str | None = None
    package: str = ""
    store: type | None = None
    largest: int = 0

    def is_tiled(self, size, pixels):
        """Whether a picture of a size, (height, width), is written in tiles."""
        needed = math.prod(size) * pixels.channels * pixels.dtype.itemsize
        return self.store is not None and needed > self.largest

    def pixels(self, channels, bits=None, is_color=True, quality=None):
        """The `Pixels` of a file of this format.

        Args:
            channels: Of the picture.
            bits: Of a channel; the format's default unless given.
            is_color: Whether the values are colours of sRGB, and not data such as heights.
            quality: 1 to 100, of a format that has one.

        Raises:
            ValueError: If it cannot have them, or what it needs is not installed.
        """
        bits = next(iter(self.kinds)) if bits is None else bits
        if bits not in self.kinds:
            possible = " or ".join(map(str, self.kinds))
            raise ValueError(f"bits of {self.name} must be {possible}. Received: bits={bits}")
        if quality is not None and not (self.has_quality and 1 <= quality <= 100):
            what = "must be 1 to 100" if self.has_quality else "cannot be chosen"
            raise ValueError(f"quality of {self.name} {what}. Received: quality={quality}")
        if channels not in self.channels:
            names = {1: "1 (grey)", 3: "3 (RGB)", 4: "4 (RGBA)"}
            *others, last = (names[each] for each in self.channels)
            raise ValueError(
                f"{self.name} has {', '.join(others)} or {last} channels. "
                f"Received: a picture of {channels} channels"
            )
        if self.module and not importlib.util.find_spec(self.module):
            raise ValueError(
                f"{self.name} needs the package {self.package}: pip install {self.package}"
            )
        return Pixels(channels, bits, self.kinds[bits], is_color, quality)

    def check(self, size, pixels):
        """A check, with `ValueError`, that a file can have a size, and that it fits into memory."""
        height, width = size
        if not (1 <= height <= self.longest and 1 <= width <= self.longest):
            raise ValueError(
                f"height and width of {self.name} must be 1 to {self.longest}. "
                f"Received: height={height}, width={width}"
            )
        if self.is_whole:
            # The picture, and another one as its library wants it.
            needed = math.prod(size) * pixels.channels * (2 * pixels.dtype.itemsize + 4)
            check_memory(needed, f"{self.name} of {height} x {width} pixels, which is held whole,")
