"""Pictures of every common kind, read as 8-bit RGB."""

import contextlib
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from locogan_keras.data.colors import to_srgb, upright_inks
from locogan_keras.data.picture_files import (
    MAX_PIXELS,
    NotRead,
    open_picture,
    pillow_quiet,
    refusal,
)

_ORIENTATION = 0x0112
# How pictures are turned upright, by EXIF's number.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# What Pillow raises at damage: half of these were seen in 15,000 files with random bytes changed,
# the others are their kin. Running out of memory is not among them.
_DAMAGE = (
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


def read_picture(path, background="white", **how):
    """The picture in a file as `(height, width, 3)` uint8, upright, as of `decode`.

    Args:
        path: The file.
        background: The colour that shows where the picture is transparent.
        how: `max_pixels` and `is_color`, as of `decode`.

    Raises:
        ValueError: If it cannot be used; it names the file and the reason.
        OSError: If it cannot be read at all.
    """
    if Path(path).exists() and not Path(path).is_file():
        # A pipe would be waited for.
        raise ValueError(f"{path} is not a file")
    with open(path, "rb") as file, pillow_quiet(how.get("max_pixels", MAX_PIXELS)):
        try:
            return decode(file, background, **how)[0]
        except ValueError as error:
            raise ValueError(f"{path} {error}") from None


def read_mask(path, size, resize=False):
    """A picture as a mask: white is 1, black and transparent 0, grey in between.

    Args:
        path: The file.
        size: (height, width) of the picture it is for.
        resize: Whether a mask of another size is resized to it, or refused.

    Returns:
        `size` float32.

    Raises:
        ValueError: If it is no picture, or has another size and is not to be resized.
        OSError: If it cannot be read.
    """
    levels = read_picture(path, background="black", is_color=False)
    picture = Image.fromarray(levels).convert("L")
    if picture.size != size[::-1]:
        if not resize:
            raise ValueError(
                f"mask {path} is {picture.height} x {picture.width} pixels, the picture {size[0]} "
                f"x {size[1]}; --resize-mask makes it fit"
            )
        picture = picture.resize(size[::-1], Image.Resampling.BILINEAR)
    return np.asarray(picture, np.float32) / 255.0


def decode(file, background="white", *, max_pixels=MAX_PIXELS, is_color=True):
    """A picture, upright and in the colours of sRGB, and whether some of it is transparent.

    Grey, palette, CMYK and 16-bit pictures are converted, as are the colours of an ICC profile; of
    an animation the first picture is taken. 16-bit grey without alpha is rounded; of other 16-bit
    pictures Pillow keeps the high bytes, at most one level off. It is called under `pillow_quiet`.

    Args:
        file: An open binary file.
        background: As of `read_picture`; None keeps what is transparent, as a fourth channel.
        max_pixels: What a picture may have.
        is_color: Whether it is a picture of colours, and not data, whose levels have no profile.

    Returns:
        `(height, width, 3)` uint8, or 4 channels, and a bool.

    Raises:
        NotRead: If it is none, or of a kind that is not read.
        ValueError: If it is damaged, or too large. The text goes on after the file's name.
    """
    with opened(file, max_pixels) as picture:
        picture.load()
        profile = picture.info.get("icc_profile") if is_color else None
        picture = to_srgb(_eight_bits(_upright(upright_inks(picture))), profile)
        return _opaque(picture, background)


@contextlib.contextmanager
def opened(file, max_pixels=MAX_PIXELS):
    """Pillow's picture of a file, not read yet; whatever goes wrong with it is as of `decode`."""
    try:
        with open_picture(file) as picture:
            if picture.width * picture.height > max_pixels:
                raise Image.DecompressionBombError
            yield picture
    except UnidentifiedImageError:
        raise refusal(file) from None
    except NotRead:
        raise
    except Image.DecompressionBombError:
        raise too_large(max_pixels) from None
    except _DAMAGE as error:
        raise ValueError(f"is damaged: {error or type(error).__name__}") from None


def too_large(max_pixels):
    """The error of a picture that has more pixels than it may."""
    return ValueError(f"has more pixels than data.max_pixels={max_pixels} allows")


def scaled(picture, size, wrap=(False, False), multiple=(1, 1)):
    """A picture of another size.

    Args:
        picture: `(height, width, 3)` uint8, or maps, `(height, width, channels)` uint16.
        size: The shorter edge in pixels, to which larger pictures are scaled down; or (height,
            width), to which any is scaled.
        wrap: Whether the picture repeats in (y, x): then its edges are filtered across the seam.
        multiple: (y, x) lengths that the result's height and width must be multiples of.

    Returns:
        A picture like it.

    Raises:
        ValueError: If the picture is smaller than `multiple`.
    """
    height, width = picture.shape[:2]
    if isinstance(size, int):
        factor = min(1.0, size / min(height, width))
        size = (round(height * factor), round(width * factor))
    target = [length // unit * unit for length, unit in zip(size, multiple, strict=True)]
    if 0 in target:
        raise ValueError(f"is {height} x {width} pixels, too small to repeat in whole cells")
    if target == [height, width]:
        return picture
    # Three copies along an axis that repeats; the middle one sees its neighbours.
    copies = [3 if repeats else 1 for repeats in wrap]
    top, left = (
        length * (count // 2) for length, count in zip((height, width), copies, strict=True)
    )
    tiled = np.tile(picture, (*copies, 1))
    box = (left, top, left + width, top + height)

    def resize(image):
        return image.resize(target[::-1], Image.Resampling.LANCZOS, box=box)

    if picture.dtype == np.uint16:
        # Each channel by itself, with all its bits.
        channels = [
            np.asarray(resize(Image.fromarray(np.float32(channel))))
            for channel in np.moveaxis(tiled, -1, 0)
        ]
        return np.clip(np.rint(np.stack(channels, axis=-1)), 0, 2**16 - 1).astype(np.uint16)
    return np.asarray(resize(Image.fromarray(tiled)))


def turn_of(picture):
    """How a picture of Pillow's is turned upright, or None; where its notes are damaged, too."""
    try:
        return _TURNS.get(picture.getexif().get(_ORIENTATION))
    except _DAMAGE:
        return None


def _upright(picture):
    """The loaded picture as its camera was held."""
    turn = turn_of(picture)
    return picture if turn is None else picture.transpose(turn)


def _eight_bits(picture):
    """The picture with 8 bits a channel."""
    if picture.mode.startswith("I"):
        # 16-bit grey: 65535 is white, so a level is 257.
        deep = np.asarray(picture)
        levels = np.clip(np.rint(deep / 257.0), 0, 255).astype(np.uint8)
        grey = Image.fromarray(levels)
        clear = picture.info.get("transparency")
        if clear is not None:
            grey.putalpha(Image.fromarray(np.where(deep == clear, 0, 255).astype(np.uint8)))
        return grey
    if picture.mode == "F":
        raise ValueError("floating-point pixels have no known range")
    clear = picture.info.get("transparency")
    if picture.mode == "RGB" and isinstance(clear, tuple) and max(clear) > 255:
        # Of 16 bits, like the pixels before Pillow kept their high bytes.
        picture.info["transparency"] = tuple(level >> 8 for level in clear)
    return picture


def _opaque(picture, background):
    """The levels of a picture laid over a colour, and whether that shows."""
    if background is None:
        return np.asarray(picture.convert("RGBA")), False
    if picture.mode == "RGB":
        return np.asarray(picture), False
    under = Image.new("RGBA", picture.size, background)
    levels = np.asarray(Image.alpha_composite(under, picture).convert("RGB"))
    return levels, picture.getchannel("A").getextrema()[0] < 255
