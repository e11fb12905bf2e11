"""Files of pictures that their libraries want whole: WebP, JPEG and OpenEXR."""

import contextlib
import errno
import io

import numpy as np
from PIL import Image

from locogan_keras.rendering.files.levels import to_linear, to_unit

# Of EXIF: the picture's description.
_DESCRIPTION = 0x010E
_QUALITY = 95


@contextlib.contextmanager
def begin_webp(path, size, pixels, metadata=None):
    """A WebP, without loss unless a quality is asked for.

    Args, yields: As of `format.Begin`.
    """
    with _gathered(size, pixels) as (picture, write):
        yield write
    how = {"lossless": True} if pixels.quality is None else {"quality": pixels.quality}
    save(as_image(picture), path, "WEBP", exif=_exif(metadata), **how)


@contextlib.contextmanager
def begin_jpeg(path, size, pixels, metadata=None):
    """A JPEG, whose colours are as fine as its light.

    Args, yields: As of `format.Begin`.
    """
    with _gathered(size, pixels) as (picture, write):
        yield write
    # Not optimised: Pillow gives that a room which grain at a high quality is too much for.
    how = {"quality": pixels.quality or _QUALITY, "subsampling": 0}
    save(as_image(picture), path, "JPEG", exif=_exif(metadata), **how)


@contextlib.contextmanager
def begin_exr(path, size, pixels, metadata=None):
    """An OpenEXR: colour is linear light times opacity, as who reads it expects; data is 0 to 1.

    Args, yields: As of `format.Begin`.
    """
    import OpenEXR

    def stored(rows):
        rows = to_unit(rows)
        if pixels.is_color:
            rows[..., :3] = to_linear(rows[..., :3])
        if pixels.channels == 4:
            rows[..., :3] *= rows[..., 3:]
        return rows

    dtype = np.float16 if pixels.bits == 16 else np.float32
    with _gathered(size, pixels, dtype, stored) as (values, write):
        yield write
    name = {1: "Y", 3: "RGB", 4: "RGBA"}[pixels.channels]
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    if metadata is not None:
        header["locogan"] = metadata
    channels = {name: values[..., 0].copy() if pixels.channels == 1 else values}
    try:
        OpenEXR.File(header, channels).write(str(path))
    except RuntimeError as error:
        # So it says that a disk is full, too.
        raise OSError(errno.EIO, f"OpenEXR: {error}") from None


def as_image(picture):
    """A picture of 8 bits and 1, 3 or 4 channels as Pillow's."""
    return Image.fromarray(picture[..., 0] if picture.shape[2] == 1 else picture)


def save(image, path, kind, **how):
    """A picture of Pillow's saved, as of its `save`.

    Pillow does not notice where a disk takes only a part of what it writes.
    """
    file = io.BytesIO()
    image.save(file, kind, **how)
    with open(path, "wb") as whole:
        whole.write(file.getbuffer())


@contextlib.contextmanager
def _gathered(size, pixels, dtype=None, stored=lambda rows: rows):
    """An array, and a function that fills it from the top with what is to be stored of rows."""
    picture = np.empty((*size, pixels.channels), dtype or pixels.dtype)
    done = 0

    def write(rows):
        nonlocal done
        picture[done : done + len(rows)] = stored(rows)
        done += len(rows)

    yield picture, write


def _exif(metadata):
    exif = Image.Exif()
    if metadata is not None:
        exif[_DESCRIPTION] = metadata
    return exif
