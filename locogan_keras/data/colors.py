"""Colours as sRGB, whatever a file's profile says of its own."""

import functools
import io

import numpy as np
from PIL import Image, ImageChops, ImageCms

# What a profile speaks of, and the kinds of pictures that it may be said of.
_SPACES = {"RGB ": ("RGB", ("RGB", "L")), "GRAY": ("L", ("L",)), "CMYK": ("CMYK", ("CMYK",))}
# Levels by which a profile may differ from sRGB and be taken for it: it was written with rounding.
_SAME = 2
_STEPS = np.linspace(0, 255, 6).astype(np.uint8)


def to_srgb(picture, profile):
    """A picture in the colours of sRGB.

    Args:
        picture: A picture of Pillow's with 8 bits a channel, of any mode.
        profile: The bytes of its ICC profile, or None. One that is damaged, or of another kind of
            pictures, is passed over.

    Returns:
        It as RGB, or RGBA where it has transparency.
    """
    alpha = None
    if picture.has_transparency_data:
        alpha = picture.convert("RGBA").getchannel("A")
    if picture.mode == "LAB":
        profiles = [ImageCms.createProfile(space) for space in ("LAB", "sRGB")]
        picture, profile = ImageCms.profileToProfile(picture, *profiles, outputMode="RGB"), None
    elif picture.mode not in ("L", "RGB", "CMYK"):
        is_grey = picture.mode in ("1", "LA", "La")
        picture = picture.convert("L" if is_grey else "RGB")
    mode, transform = _transform(profile, picture.mode) if profile else ("RGB", None)
    picture = picture.convert(mode)
    if transform:
        picture = ImageCms.applyTransform(picture, transform)
    picture = picture.convert("RGB")
    if alpha:
        picture.putalpha(alpha)
    return picture


def upright_inks(picture):
    """A CMYK picture as it was opened, with 255 for full ink.

    Pillow takes every JPEG's for inverted, as Photoshop writes them; it marks those files.
    """
    is_jpeg = picture.format in ("JPEG", "MPO")
    if is_jpeg and picture.mode == "CMYK" and "adobe" not in picture.info:
        return ImageChops.invert(picture)
    return picture


@functools.lru_cache(maxsize=16)
def _transform(profile, mode):
    """The mode that a profile speaks of, and the way from there to sRGB; None if there is none."""
    try:
        known = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        own, modes = _SPACES[known.profile.xcolor_space]
        if mode not in modes:
            return "RGB", None
        transform = ImageCms.buildTransform(known, ImageCms.createProfile("sRGB"), own, "RGB")
        probe = _probe(own)
        found = ImageCms.applyTransform(probe, transform)
    except (KeyError, OSError, TypeError, ValueError, ImageCms.PyCMSError):
        return "RGB", None
    difference = np.subtract(np.asarray(probe.convert("RGB"), int), np.asarray(found))
    # What is sRGB stays as it is, to the bit.
    return ("RGB", None) if np.abs(difference).max() <= _SAME else (own, transform)


def _probe(mode):
    """A picture of all mixtures of some steps."""
    channels = len(Image.new(mode, (1, 1)).getbands())
    mixtures = np.stack(np.meshgrid(*[_STEPS] * channels), axis=-1).reshape(1, -1, channels)
    return Image.frombytes(mode, (mixtures.shape[1], 1), mixtures.tobytes())
