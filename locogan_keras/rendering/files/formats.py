"""Formats of picture files and what each can do: one table, by suffix."""

from pathlib import Path

from locogan_keras.rendering.files.format import FLOATS, LEVELS, Format
from locogan_keras.rendering.files.png import begin_png
from locogan_keras.rendering.files.sheets import write_animation, write_folder
from locogan_keras.rendering.files.tiff import LARGEST, begin_tiff
from locogan_keras.rendering.files.whole import begin_exr, begin_jpeg, begin_webp
from locogan_keras.rendering.gigapixel.big_tiff import BigTiff
from locogan_keras.rendering.gigapixel.deep_zoom import DeepZoom
from locogan_keras.rendering.gigapixel.ome_zarr import OmeZarr

_PNG = Format("a PNG", begin_png, kinds=LEVELS)
_WEBP = Format("a WebP", begin_webp, longest=2**14 - 1, is_whole=True, has_quality=True)
_JPEG = Format(
    "a JPEG", begin_jpeg, channels=(1, 3), longest=65500, is_whole=True, has_quality=True
)
_DEEP = {**LEVELS, 32: FLOATS}
_TIFF = Format("a TIFF", begin_tiff, kinds=_DEEP, stored=1.0, store=BigTiff, largest=LARGEST)
_EXR = Format(
    "an OpenEXR",
    begin_exr,
    kinds={16: FLOATS, 32: FLOATS},
    is_whole=True,
    module="OpenEXR",
    package="OpenEXR",
)
FORMATS = {
    ".png": _PNG,
    ".webp": _WEBP,
    ".jpg": _JPEG,
    ".jpeg": _JPEG,
    ".tif": _TIFF,
    ".tiff": _TIFF,
    ".exr": _EXR,
    ".dzi": Format("a Deep Zoom", several=None, has_quality=True, store=DeepZoom),
    ".zarr": Format("an OME-Zarr", several=None, kinds=_DEEP, stored=0.7, store=OmeZarr),
    ".btf": Format("a BigTIFF", several=None, kinds=_DEEP, stored=1.0, store=BigTiff),
    ".gif": Format("a GIF", several=write_animation, becomes="an animation"),
    "": Format("a folder", several=write_folder, becomes="a folder", kinds=LEVELS),
}


def is_file(out):
    """Whether pictures go to an open binary file, such as standard output, and not to a path."""
    return hasattr(out, "write")


def format_of(out, several):
    """The `Format` of a path.

    Args:
        out: The path, or an open binary file for a PNG.
        several: Whether it is for several pictures.

    Raises:
        ValueError: If its suffix is of no format that can take them.
    """
    found = FORMATS[".png"] if is_file(out) else FORMATS.get(Path(out).suffix.lower())
    if found and (found.several if several else found.begin or found.store):
        return found
    names = [
        f"{suffix or 'nothing'} ({form.becomes})" if several else suffix
        for suffix, form in FORMATS.items()
        if (form.several if several else form.begin or form.store)
    ]
    *others, last = names
    raise ValueError(f"--out must end in {', '.join(others)} or {last}. Received: --out {out}")
