"""TIFF files, written while their rows are made."""

import contextlib
import math

import numpy as np
from PIL import ImageCms

from locogan_keras.rendering.files.levels import to_unit

# Bytes that offsets of 32 bits can tell, less what is not pixels.
LARGEST = 2**32 - 2**20
# Where an ICC profile says when it was made: a file is to have the same bytes each time.
_MADE = slice(24, 36)


@contextlib.contextmanager
def begin_tiff(path, size, pixels, metadata=None):
    """A TIFF that is not compressed: its place on the disk is taken, then filled from the top.

    Colour carries sRGB's ICC profile, floats, too, and is 0 to 1 in these. The facts are in its
    description.

    Args, yields: As of `format.Begin`.
    """
    # 0.1 s, and few write any.
    import tifffile

    height, width = size
    needed = math.prod(size) * pixels.channels * pixels.dtype.itemsize
    with tifffile.TiffWriter(path, bigtiff=needed > LARGEST) as tiff:
        place, _ = tiff.write(
            None,
            shape=(height, width, pixels.channels) if pixels.channels > 1 else size,
            dtype=pixels.dtype,
            photometric="rgb" if pixels.channels > 1 else "minisblack",
            extrasamples=["unassalpha"] if pixels.channels == 4 else None,
            planarconfig="contig" if pixels.channels > 1 else None,
            description=metadata,
            iccprofile=srgb_profile() if pixels.is_color and pixels.channels > 1 else None,
            metadata=None,
            software=False,
            returnoffset=True,
        )
    with open(path, "r+b") as file:
        file.seek(place)

        def write(rows):
            rows = to_unit(rows) if pixels.dtype.kind == "f" else rows
            file.write(np.ascontiguousarray(rows, pixels.dtype.newbyteorder("<")))

        yield write


def srgb_profile():
    """The ICC profile of sRGB, always the same bytes."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[_MADE] = bytes(12)
    return bytes(profile)
