"""Levels of maps: as files have them, with all bits, no profile and not turned; and of 16 bits."""

import numpy as np

from locogan_keras.canvas.maps.names import places
from locogan_keras.data.picture_files import EXR, EXR_TO_PNG, MAX_PIXELS, NotRead
from locogan_keras.data.pictures import opened, too_large, turn_of

WHITE = 2**16 - 1
# Of 8 bits: white is white.
STEP = WHITE // 255

# Tags of TIFF: bits of each channel, and how they are to be seen (0: less is lighter).
_BITS, _SEEN = 258, 262
_PNG, _DEPTH = b"\x89PNG\r\n\x1a\n", 24
# How far values of an OpenEXR may lie outside of 0 to 1: lossy compression overshoots.
_OVER = 0.05
# Pixels whose vectors are worked on at a time: as numbers they take twenty times their levels.
_PIECE = 2**18


def header(file, max_pixels=MAX_PIXELS):
    """What is known of a picture before its pixels are read.

    Args:
        file: An open binary file.
        max_pixels: What a picture may have.

    Returns:
        `((height, width), bits, is_upright)`: its size as stored, the bits of a channel, 8 or 16,
        and whether its EXIF does not turn it.

    Raises:
        ValueError: As of `pictures.decode`, or if not all of its bits would be read.
    """
    if _head(file, len(EXR)) == EXR:
        first, last = np.asarray(_exr(file, header_only=True)[0]["dataWindow"], np.int64)
        width, height = (last - first + 1).tolist()
        if width * height > max_pixels:
            raise too_large(max_pixels)
        return (height, width), 16, True
    with opened(file, max_pixels) as picture:
        _check_tiff(picture)
        is_deep = picture.mode.startswith("I") or _is_deep_png(file)
        size = picture.height, picture.width
        return size, 16 if is_deep else 8, turn_of(picture) is None


def read_data(file, bits, max_pixels=MAX_PIXELS):
    """A picture's levels as they are stored.

    Args:
        file: An open binary file.
        bits, max_pixels: As of `header`.

    Returns:
        `(height, width, channels)` uint8 or uint16, grey or RGB; what is transparent is not.

    Raises:
        ValueError: As of `pictures.decode`, or if values of an OpenEXR are not from 0 to 1.
    """
    if _head(file, len(EXR)) == EXR:
        return _exr_levels(file)
    with opened(file, max_pixels) as picture:
        if picture.mode == "F":
            raise ValueError("floating-point pixels have no known range")
        if bits == 16 and _is_deep_png(file):
            return _deep_png(file)
        picture.load()
        if bits == 16:
            return np.clip(np.asarray(picture), 0, WHITE).astype(np.uint16)[..., None]
        is_grey = picture.mode in ("1", "L", "LA", "La")
        levels = np.asarray(picture.convert("L" if is_grey else "RGB"))
        return levels.reshape(*levels.shape[:2], -1)


def _check_tiff(picture):
    """A refusal, with `NotRead`, of a TIFF of more than 8 bits but of one channel of 16."""
    if picture.format != "TIFF" or picture.mode == "F":
        return
    bits = picture.tag_v2.get(_BITS, (1,))
    if max(bits) > 8 and (tuple(bits) != (16,) or picture.tag_v2.get(_SEEN) == 0):
        raise NotRead(
            f"is a TIFF of {' + '.join(map(str, bits))} bits, not all of which can be read: save "
            "it as PNG"
        )


def _is_deep_png(file):
    head = _head(file, _DEPTH + 1)
    return head.startswith(_PNG) and head[_DEPTH] == 16


def _head(file, count):
    """The first bytes of a file, which stays where it is."""
    place = file.tell()
    file.seek(0)
    head = file.read(count)
    file.seek(place)
    return head


def _deep_png(file):
    """Of 16 bits Pillow keeps the high ones, but of grey."""
    import tensorflow as tf

    file.seek(0)
    try:
        levels = tf.io.decode_png(file.read(), dtype=tf.uint16).numpy()
    except tf.errors.InvalidArgumentError:
        raise ValueError("is damaged: no whole PNG of 16 bits") from None
    # Grey and RGB may be followed by opacity.
    return levels[..., : 1 if levels.shape[-1] < 3 else 3]


def _exr(file, header_only=False):
    """The header of an OpenEXR, and `{names: array}` of its first part's channels."""
    try:
        import OpenEXR
    except ImportError:
        raise NotRead(
            "is an OpenEXR, which is read where its package is installed (pip install OpenEXR); "
            f"or {EXR_TO_PNG}"
        ) from None
    try:
        # From a path: older ones read no open files.
        with OpenEXR.File(file.name, header_only=header_only) as picture:
            # Copies: what is left when it is closed is empty.
            header = dict(picture.header())
            pixels = {name: channel.pixels for name, channel in picture.channels().items()}
    except (RuntimeError, TypeError, ValueError):
        header = {}
    if "dataWindow" not in header:
        raise ValueError("is damaged: no whole OpenEXR")
    return header, pixels


def _exr_levels(file):
    """An OpenEXR as `read_data` gives it: one channel of any name, or RGB."""
    _, channels = _exr(file)
    found = channels.get("RGB", channels.get("RGBA"))
    if found is None:
        if len(channels) != 1 or (found := next(iter(channels.values()))).ndim != 2:
            raise NotRead(f"has the channels {', '.join(channels)}, and not RGB or one alone")
        found = found[..., None]
    values = found[..., :3].astype(np.float32)
    low, high = float(values.min()), float(values.max())
    if not (low >= -_OVER and high <= 1 + _OVER):
        raise ValueError(f"has values from {low:.3g} to {high:.3g}: scale them to 0 to 1")
    return np.rint(WHITE * np.clip(values, 0, 1)).astype(np.uint16)


def with_unit_normals(levels, maps):
    """Maps of which normals, in the levels of [-1, 1], are vectors of length 1.

    Args:
        levels: `(height, width, channels)` uint16 where there are maps.
        maps: As of `checked_maps`.
    """
    place = places(maps).get("normal")
    if place is None:
        return levels
    levels = levels.copy()
    step = max(1, _PIECE // levels.shape[1])
    for first in range(0, len(levels), step):
        rows = slice(first, first + step)
        vectors = levels[rows, :, place] / (WHITE / 2) - 1
        lengths = np.sqrt(np.square(vectors).sum(axis=-1, keepdims=True))
        # Where there is none, the surface is level.
        vectors = np.where(lengths > 0, vectors / np.maximum(lengths, 1e-6), (0, 0, 1))
        levels[rows, :, place] = np.rint((vectors + 1) * (WHITE / 2))
    return levels


def premultiplied(picture):
    """A transparent picture with its colour multiplied by its opacity.

    Args:
        picture: `(height, width, 4)` uint8.

    Returns:
        The same of 16 bits.
    """
    levels = picture.astype(np.float64)
    levels[..., :3] *= levels[..., 3:] / 255
    return np.rint(STEP * levels).astype(np.uint16)
