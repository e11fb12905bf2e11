"""Several pictures as one sheet, one animation, or a folder: the suffix says which."""

from pathlib import Path

import numpy as np
from PIL import Image

from locogan_keras.rendering.png import check_channels, write_png
from locogan_keras.storage.atomic import replacing, replacing_folder

_GAP = 4
_ACROSS = 8
_LONGEST_GIF = 2**16 - 1


def write_pictures(out, names, pictures, metadata, milliseconds=150):
    """Writes pictures, whole or not at all.

    Args:
        out: Where to: a `.png` becomes a sheet, eight in a row; a `.gif` an animation that repeats,
            on white where sizes differ; without suffix, a folder with a PNG of each.
        names: Of the pictures, as files of a folder; as many as there are pictures.
        pictures: An iterable of `(height, width, channels)` uint8.
        metadata: A dict for each picture, which its PNG keeps; a sheet keeps the first.
        milliseconds: For which the animation shows each.

    Raises:
        ValueError: If a GIF cannot be as large, or the folder exists.
        OSError: If it cannot be written.
    """
    suffix = Path(out).suffix.lower()
    if suffix:
        pictures = list(pictures)
        if suffix == ".png":
            sheet = sheet_of(pictures)
            write_png(out, sheet.shape[:2], [sheet], metadata[0])
        else:
            _write_gif(out, pictures, milliseconds)
        return
    with replacing_folder(out) as folder:
        for name, picture, kept in zip(names, pictures, metadata, strict=True):
            write_png(folder / f"{name}.png", picture.shape[:2], [picture], kept)


def as_image(picture):
    """A picture as Pillow's; `ValueError` if no file can hold its channels."""
    check_channels(picture.shape[2])
    return Image.fromarray(picture[..., 0] if picture.shape[2] == 1 else picture)


def sheet_of(pictures):
    """Pictures of any sizes in rows of eight, 4 white pixels apart, as one picture."""
    rows = [pictures[first : first + _ACROSS] for first in range(0, len(pictures), _ACROSS)]
    heights = [max(picture.shape[0] for picture in row) for row in rows]
    widths = [sum(picture.shape[1] for picture in row) + _GAP * (len(row) - 1) for row in rows]
    size = sum(heights) + _GAP * (len(rows) - 1), max(widths)
    sheet = np.full((*size, pictures[0].shape[2]), 255, np.uint8)
    top = 0
    for row, height in zip(rows, heights, strict=True):
        left = 0
        for picture in row:
            sheet[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
            left += picture.shape[1] + _GAP
        top += height + _GAP
    return sheet


def _write_gif(out, pictures, milliseconds):
    height, width = np.max([picture.shape[:2] for picture in pictures], axis=0)
    if max(height, width) > _LONGEST_GIF:
        raise ValueError(
            f"a GIF's height and width must be at most {_LONGEST_GIF}. "
            f"Received: height={height}, width={width}"
        )
    frames = []
    for picture in pictures:
        frame = np.full((height, width, picture.shape[2]), 255, np.uint8)
        top, left = (height - picture.shape[0]) // 2, (width - picture.shape[1]) // 2
        frame[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
        frames.append(as_image(frame))
    with replacing(out) as temporary:
        frames[0].save(
            temporary,
            format="GIF",
            save_all=True,
            append_images=frames[1:],
            duration=milliseconds,
            loop=0,
        )
