"""Formats of picture files and what each can do: one table, by suffix."""

import dataclasses
import math
from pathlib import Path
from typing import Protocol

import numpy as np
from PIL import Image

from locogan_keras.rendering.png import check_channels, write_png
from locogan_keras.storage.files.atomic import replacing, replacing_folder
from locogan_keras.storage.files.room import check_memory

_GAP = 4
_ACROSS = 8
_CHANNELS = 3
_LONGEST_GIF = 2**16 - 1
_MILLISECONDS = 150


class Writer(Protocol):
    """The making and writing of pictures in one format, whole or not at all."""

    def __call__(self, out, pictures):
        """The pictures, made and written.

        Args:
            out: A `Path`. What was there stays if this fails.
            pictures: A list of `outputs.Picture`, of any sizes.

        Raises:
            ValueError: If the format has no such size, before anything is made.
            OSError: If it cannot be written; it names `out`.
        """


@dataclasses.dataclass(frozen=True)
class Format:
    """A format of files, which a suffix stands for.

    Args:
        one: The `Writer` of one picture, if it can be asked for.
        several: The `Writer` of several, if they can.
        becomes: What several become, in words.
    """

    one: Writer | None = None
    several: Writer | None = None
    becomes: str = ""


def _write_picture(out, pictures):
    (picture,) = pictures
    write_png(out, picture.size, picture.bands(), picture.metadata())


def _write_sheet(out, pictures):
    rows = [pictures[first : first + _ACROSS] for first in range(0, len(pictures), _ACROSS)]
    height = sum(max(picture.size[0] for picture in row) + _GAP for row in rows) - _GAP
    width = max(sum(picture.size[1] + _GAP for picture in row) for row in rows) - _GAP
    # A row of pictures, and itself put together.
    pixels = 2 * max(sum(math.prod(picture.size) for picture in row) for row in rows)
    check_memory(_CHANNELS * pixels, f"a sheet of {height} x {width} pixels")
    write_png(out, (height, width), _sheet_bands(rows, width), pictures[0].metadata())


def _sheet_bands(rows, width):
    """Rows of pictures, white between them."""
    for number, row in enumerate(rows):
        wholes = [picture.whole() for picture in row]
        top = _GAP if number else 0
        height = top + max(len(whole) for whole in wholes)
        band = np.full((height, width, wholes[0].shape[2]), 255, np.uint8)
        left = 0
        for whole in wholes:
            band[top : top + whole.shape[0], left : left + whole.shape[1]] = whole
            left += whole.shape[1] + _GAP
        yield band


def _write_animation(out, pictures):
    height, width = (max(picture.size[axis] for picture in pictures) for axis in range(2))
    if max(height, width) > _LONGEST_GIF:
        raise ValueError(
            f"a GIF's height and width must be at most {_LONGEST_GIF}. "
            f"Received: height={height}, width={width}"
        )
    # Pillow keeps them all, in colours of a palette.
    check_memory(
        len(pictures) * height * width,
        f"an animation of {len(pictures)} pictures of {height} x {width} pixels",
    )
    with replacing(out) as temporary:
        first, *others = (_centred(picture.whole(), height, width) for picture in pictures)
        first.save(
            temporary,
            format="GIF",
            save_all=True,
            append_images=others,
            duration=_MILLISECONDS,
            loop=0,
        )


def as_image(picture):
    """A picture as Pillow's; `ValueError` if no file can hold its channels."""
    check_channels(picture.shape[2])
    return Image.fromarray(picture[..., 0] if picture.shape[2] == 1 else picture)


def _centred(whole, height, width):
    """A picture in the middle of a white one."""
    frame = np.full((height, width, whole.shape[2]), 255, np.uint8)
    top, left = (height - whole.shape[0]) // 2, (width - whole.shape[1]) // 2
    frame[top : top + whole.shape[0], left : left + whole.shape[1]] = whole
    return as_image(frame)


def _write_folder(out, pictures):
    with replacing_folder(out) as folder:
        for picture in pictures:
            # Each is one of the views, which its name tells.
            metadata = picture.metadata(picture=picture.name)
            write_png(folder / f"{picture.name}.png", picture.size, picture.bands(), metadata)


FORMATS = {
    ".png": Format(one=_write_picture, several=_write_sheet, becomes="a sheet"),
    ".gif": Format(several=_write_animation, becomes="an animation"),
    "": Format(several=_write_folder, becomes="a folder"),
}


def format_of(out, several):
    """The `Format` of a path.

    Args:
        out: The path.
        several: Whether it is for several pictures.

    Raises:
        ValueError: If its suffix is of no format that can take them.
    """
    found = FORMATS.get(Path(out).suffix.lower())
    if found and (found.several if several else found.one):
        return found
    if several:
        *others, last = (
            f"{suffix or 'nothing'} ({form.becomes})"
            for suffix, form in FORMATS.items()
            if form.several
        )
    else:
        *others, last = (suffix for suffix, form in FORMATS.items() if form.one)
    what = f"{', '.join(others)} or {last}" if others else last
    raise ValueError(f"--out must end in {what}. Received: --out {out}")
