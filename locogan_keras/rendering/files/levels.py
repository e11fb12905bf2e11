"""The values of pixels as files hold them."""

import numpy as np


def to_levels(image, dtype=np.uint8):
    """Float values in [-1, 1] as levels.

    Args:
        image: An array of them; what is of `dtype` already stays as it is.
        dtype: uint8 or uint16, -1 is black and the highest level white; float32, as they are.
    """
    dtype = np.dtype(dtype)
    if image.dtype == dtype:
        return image
    if dtype.kind == "f":
        return image.astype(dtype)
    most = np.iinfo(dtype).max
    return np.clip(np.rint((image + 1.0) * (most / 2)), 0, most).astype(dtype)


def white(dtype):
    """The value of white among levels of a type."""
    return 1.0 if np.dtype(dtype).kind == "f" else np.iinfo(dtype).max


def to_unit(image):
    """Float values in [-1, 1] as those from 0, black, to 1, white, which files of floats hold."""
    return np.clip((image + 1.0) / 2.0, 0.0, 1.0).astype(np.float32)


def to_linear(values):
    """Values of sRGB, 0 to 1, as linear light; IEC 61966-2-1."""
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4).astype(
        np.float32
    )
