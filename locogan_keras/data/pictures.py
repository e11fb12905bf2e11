"""Pictures of every common kind, read as 8-bit RGB."""

import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

# What is read, whatever a file's name says. Of the kinds that Pillow also knows some are programs:
# it hands EPS to Ghostscript.
FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF", "PPM", "JPEG2000", "AVIF")
# What becomes of a camera's own format, and how the files of those begin, after their size.
CONVERT = "convert it to PNG or JPEG, as with `magick photo.heic photo.png`"
_HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis")
# What is looked for in folders.
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp")

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


def read_picture(path, background="white"):
    """The picture in a file as `(height, width, 3)` uint8, upright, as of `decode`.

    Args:
        path: The file.
        background: The colour that shows where the picture is transparent.

    Raises:
        ValueError: If it cannot be used; it names the file and the reason.
        OSError: If it cannot be read at all.
    """
    if Path(path).exists() and not Path(path).is_file():
        # A pipe would be waited for.
        raise ValueError(f"{path} is not a file")
    with open(path, "rb") as file, pillow_quiet():
        try:
            return decode(file, background)
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
    picture = Image.fromarray(read_picture(path, background="black")).convert("L")
    if picture.size != size[::-1]:
        if not resize:
            raise ValueError(
                f"mask {path} is {picture.height} x {picture.width} pixels, the picture {size[0]} "
                f"x {size[1]}; --resize-mask makes it fit"
            )
        picture = picture.resize(size[::-1], Image.Resampling.BILINEAR)
    return np.asarray(picture, np.float32) / 255.0


def decode(file, background="white"):
    """A picture as `(height, width, 3)` uint8, upright.

    Grey, palette, CMYK and 16-bit pictures are converted; of an animation the first picture is
    taken. 16-bit grey without alpha is rounded; of other 16-bit pictures Pillow keeps the high
    bytes, at most one level off. It is called under `pillow_quiet`.

    Args:
        file: An open binary file.
        background: As of `read_picture`.

    Raises:
        ValueError: If it is not a picture, is damaged, or is larger than Pillow's limit for
            decompression bombs. The text goes on after the file's name.
    """
    try:
        with Image.open(file, formats=FORMATS) as picture:
            if picture.width * picture.height > (Image.MAX_IMAGE_PIXELS or float("inf")):
                raise Image.DecompressionBombError
            picture.load()
            return np.asarray(_opaque(_eight_bits(_upright(picture)), background))
    except UnidentifiedImageError:
        raise ValueError(f"is {_unread(file)}") from None
    except Image.DecompressionBombError:
        raise ValueError(f"has more than {Image.MAX_IMAGE_PIXELS} pixels, Pillow's limit") from None
    except _DAMAGE as error:
        raise ValueError(f"is damaged: {error or type(error).__name__}") from None


def _unread(file):
    """What a file is that Pillow cannot open, and what helps."""
    file.seek(0)
    head = file.read(12)
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC:
        return f"a HEIC or AVIF picture, which is not read here: {CONVERT}"
    return "not a picture"


def pillow_quiet():
    """A context without warnings, for all threads: Pillow warns of damage before it raises it."""
    return warnings.catch_warnings(action="ignore")


def scaled(picture, size, wrap=(False, False), multiple=(1, 1)):
    """A picture of another size.

    Args:
        picture: `(height, width, 3)` uint8.
        size: The shorter edge in pixels, to which larger pictures are scaled down; or (height,
            width), to which any is scaled.
        wrap: Whether the picture repeats in (y, x): then its edges are filtered across the seam.
        multiple: (y, x) lengths that the result's height and width must be multiples of.

    Returns:
        `(height, width, 3)` uint8.

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
    tiled = Image.fromarray(np.tile(picture, (*copies, 1)))
    box = (left, top, left + width, top + height)
    return np.asarray(tiled.resize(target[::-1], Image.Resampling.LANCZOS, box=box))


def _upright(picture):
    """The loaded picture as its camera was held; as it is where the camera's notes are damaged."""
    try:
        return ImageOps.exif_transpose(picture)
    except _DAMAGE:
        return picture


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
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    picture = picture.convert("RGBA")
    under = Image.new("RGBA", picture.size, background)
    return Image.alpha_composite(under, picture).convert("RGB")
