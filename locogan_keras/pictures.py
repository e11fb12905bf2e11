"""Reading pictures of every common kind as 8-bit RGB."""

import warnings

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp")


def read_picture(path):
    """A picture as `(height, width, 3)` uint8, upright.

    Grey, palette and 16-bit pictures are converted; transparency is laid over white.

    Args:
        path: The file.

    Raises:
        ValueError: If it is not a picture, is damaged, or is larger than Pillow's limit for
            decompression bombs.
        OSError: If it cannot be read at all.
    """
    with open(path, "rb") as file, warnings.catch_warnings():
        # Pillow warns of damage before it raises the same.
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(file) as picture:
                return np.asarray(_over_white(_eight_bits(ImageOps.exif_transpose(picture))))
        except UnidentifiedImageError:
            raise ValueError(f"{path} is not a picture") from None
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise ValueError(
                f"{path} has more than {Image.MAX_IMAGE_PIXELS} pixels, Pillow's limit"
            ) from None
        except (OSError, SyntaxError, EOFError, ValueError) as error:
            raise ValueError(f"{path} is damaged: {error}") from None


def scaled(picture, size, wrap=(False, False), multiple=(1, 1)):
    """A picture whose shorter edge is `size`; smaller pictures are never enlarged.

    Args:
        picture: `(height, width, 3)` uint8.
        size: The shorter edge in pixels.
        wrap: Whether the picture repeats in (y, x): then its edges are filtered across the seam.
        multiple: (y, x) lengths that the result's height and width must be multiples of.

    Returns:
        `(height, width, 3)` uint8.
    """
    height, width = picture.shape[:2]
    factor = min(1.0, size / min(height, width))
    target = [
        round(length * factor) // unit * unit
        for length, unit in zip((height, width), multiple, strict=True)
    ]
    if 0 in target:
        raise ValueError(f"a picture of {height} x {width} pixels cannot repeat in whole cells")
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


def _eight_bits(picture):
    """The picture with 8 bits a channel."""
    if picture.mode.startswith("I"):
        # 16-bit grey: 65535 is white, so a level is 257.
        levels = np.asarray(picture).astype(np.float64) / 257.0
        return Image.fromarray(np.clip(np.rint(levels), 0, 255).astype(np.uint8))
    if picture.mode == "F":
        raise ValueError("floating-point pixels have no known range")
    return picture


def _over_white(picture):
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    picture = picture.convert("RGBA")
    white = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(white, picture).convert("RGB")
