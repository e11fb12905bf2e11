"""What several pictures become: a sheet, an animation or a folder."""

import math

import numpy as np

from locogan_keras.rendering.files.levels import white
from locogan_keras.rendering.files.whole import as_image, save
from locogan_keras.storage.files.atomic import replacing, replacing_folder
from locogan_keras.storage.files.room import check_memory

_GAP = 4
_ACROSS = 8
_LONGEST_GIF = 2**16 - 1
_MILLISECONDS = 150


def write_sheet(out, pictures, opened):
    """Pictures eight in a row, white between them; as of `format.Writer`."""
    rows = [pictures[first : first + _ACROSS] for first in range(0, len(pictures), _ACROSS)]
    height = sum(max(picture.size[0] for picture in row) + _GAP for row in rows) - _GAP
    width = max(sum(picture.size[1] + _GAP for picture in row) for row in rows) - _GAP
    # A row of pictures, and itself put together; and of one of them what is not shown.
    pixels = 2 * max(sum(math.prod(picture.size) for picture in row) for row in rows)
    first, largest = pictures[0], max(math.prod(picture.size) for picture in pictures)
    values = first.channels * pixels + (first.image_channels - first.channels) * largest
    check_memory(first.dtype.itemsize * values, f"a sheet of {height} x {width} pixels")
    with opened(out, (height, width), pictures[0].channels, pictures[0].metadata()) as write:
        for number, row in enumerate(rows):
            if number:
                write(_white((_GAP, width, row[0].channels), row[0].dtype))
            write(_row(row, width))


def _row(row, width):
    wholes = [picture.whole() for picture in row]
    height, channels, dtype = max(map(len, wholes)), row[0].channels, row[0].dtype
    band, left = _white((height, width, channels), dtype), 0
    for whole in wholes:
        band[: len(whole), left : left + whole.shape[1]] = whole
        left += whole.shape[1] + _GAP
    return band


def _white(shape, dtype):
    return np.full(shape, white(dtype), dtype)


def write_animation(out, pictures, opened):
    """A GIF of pictures one after another, which repeats; as of `format.Writer`."""
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
        save(
            first,
            temporary,
            "GIF",
            save_all=True,
            append_images=others,
            duration=_MILLISECONDS,
            loop=0,
        )


def _centred(whole, height, width):
    """A picture in the middle of a white one."""
    frame = _white((height, width, whole.shape[2]), np.uint8)
    top, left = (height - whole.shape[0]) // 2, (width - whole.shape[1]) // 2
    frame[top : top + whole.shape[0], left : left + whole.shape[1]] = whole
    return as_image(frame)


def write_folder(out, pictures, opened):
    """A folder with a PNG of each; as of `format.Writer`."""
    with replacing_folder(out) as folder:
        for picture in pictures:
            # Each is one of the views, which its name tells.
            facts = picture.metadata(picture=picture.name)
            path = folder / f"{picture.name}.png"
            with opened(path, picture.size, picture.channels, facts) as write:
                for band in picture.bands():
                    write(band)
