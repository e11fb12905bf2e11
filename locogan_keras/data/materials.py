"""Materials: folders of maps of one surface, named as ambientCG and Poly Haven name them."""

import contextlib
import dataclasses
import functools
import re
from pathlib import Path

import numpy as np

from locogan_keras.canvas.maps.names import CUTOUT, MAPS, channel_count, places
from locogan_keras.data.levels import (
    STEP,
    WHITE,
    header,
    premultiplied,
    read_data,
    with_unit_normals,
)
from locogan_keras.data.picture_files import MAX_PIXELS, SUFFIXES, pillow_quiet
from locogan_keras.data.pictures import decode
from locogan_keras.data.sources import Source, open_source

# What ends a map's name after the map: the size, and with Poly Haven the format.
_SIZE = re.compile(r"([-_ ]\d{1,2}k)?([-_ ](jpg|jpeg|png|exr|tif|tiff|webp))?$")
_ENDINGS = {
    ending: name for name, each in MAPS.items() for ending in (each.suffix.lower(), *each.others)
}
# Normals with y down, as of Direct3D, and those that do not say which.
_DOWN, _UNKNOWN = ("normaldx", "nor_dx"), ("normal", "nor", "nrm", "norm")
_WORD = re.compile(rf"(?:^|.*[-_ .])({'|'.join((*_ENDINGS, *_DOWN, *_UNKNOWN))})")


@dataclasses.dataclass(frozen=True)
class Material:
    """The maps of one surface.

    Args:
        files: `{name of a map: Path}`, in the order of `MAPS`.
        bits: Of a channel in each file.
        flipped: Whether the normals' y is down.
        others: Pairs of the names of files that are none of these and why they are left out.
    """

    files: dict[str, Path]
    bits: tuple[int, ...]
    flipped: bool
    others: tuple[tuple[str, str], ...]

    @property
    def maps(self):
        """`(name, bits)` pairs, as of `checked_maps`."""
        return tuple(zip(self.files, self.bits, strict=True))


def material_in(source, max_pixels=MAX_PIXELS):
    """The `Material` of a folder, or None if SOURCE is something else.

    A folder is a material if files of two maps or more lie in it, and are half of its pictures.

    Args:
        source: SOURCE.
        max_pixels: What a picture may have.

    Raises:
        ValueError: If it has two files for one map, normals that may be either way up, or no
            colour, or one of them is damaged or of another size; it names them.
        OSError: If one cannot be read at all.
    """
    folder = Path(source)
    if not folder.is_dir():
        return None
    paths = sorted(each for each in folder.iterdir() if not each.name.startswith("."))
    paths = [path for path in paths if path.is_file()]
    words = {path: _word(path) for path in paths if path.suffix.lower() in SUFFIXES}
    known = [path for path, word in words.items() if word]
    if len({_name(words[path]) for path in known}) < 2 or 2 * len(known) < len(words):
        return None
    others = [
        (path.name, "is none of the maps that are read") for path in paths if not words.get(path)
    ]
    has_up = any(_ENDINGS.get(words[path]) == "normal" for path in known)
    if has_up:
        down = [path for path in known if words[path] in _DOWN]
        others += [(path.name, "is left for the one with y up") for path in down]
        known = [path for path in known if path not in down]
    files = _files(source, {path: words[path] for path in known})
    with pillow_quiet(max_pixels):
        headers = [_header(name, path, max_pixels) for name, path in files.items()]
    sizes, bits = zip(*headers, strict=True)
    if len(set(sizes)) > 1:
        said = ", ".join(
            f"{path.name} {size[0]} x {size[1]}"
            for path, size in zip(files.values(), sizes, strict=True)
        )
        raise ValueError(f"SOURCE {source}: maps must have one size. Received: {said}")
    return Material(files, bits, "normal" in files and not has_up, tuple(others))


def _files(source, words):
    """`{name of a map: Path}` in the order of `MAPS`; what each file is called is in `words`."""
    files = {}
    for path, word in words.items():
        if word in _UNKNOWN:
            raise ValueError(
                f"SOURCE {source}: {path.name} does not say whether y is up or down; name it "
                "..._NormalGL or ..._NormalDX"
            )
        name = _name(word)
        if name in files:
            both = f"{files[name].name} and {path.name}"
            raise ValueError(f"SOURCE {source} has two files for {name}: {both}")
        files[name] = path
    if "color" not in files:
        names = ", ".join(path.name for path in files.values())
        raise ValueError(f"SOURCE {source} has no colour (*_Color or *_diff), only {names}")
    return {name: files[name] for name in MAPS if name in files}


def read_material(material, max_pixels=MAX_PIXELS):
    """The maps of a `Material` as one picture.

    Returns:
        `(height, width, channels)` uint16, in the order of `material.maps`; normals are vectors of
        length 1 with y up, in the levels of [-1, 1]. And whether it shows what it is laid over.

    Raises:
        ValueError: If a file cannot be used, or normals are grey; it names the file.
        OSError: If one cannot be read at all.
    """
    # One map at a time, because of large ones each takes a gigabyte.
    together, is_transparent = None, False
    for (name, path), bits in zip(material.files.items(), material.bits, strict=True):
        try:
            with open(path, "rb") as file:
                if name == "color":
                    levels, is_transparent = decode(file, max_pixels=max_pixels)
                else:
                    levels = read_data(file, bits, max_pixels)
            if name == "normal":
                _check_vectors(levels)
        except ValueError as error:
            raise ValueError(f"{path.name} {error}") from None
        if together is None:
            size = (*levels.shape[:2], channel_count(material.maps))
            together = np.empty(size, np.uint16)
        part = together[..., places(material.maps)[name]]
        part[:] = levels[..., : MAPS[name].channels]
        part *= 1 if levels.dtype == np.uint16 else STEP
    if material.flipped:
        y = places(material.maps)["normal"].start + 1
        together[..., y] = WHITE - together[..., y]
    return with_unit_normals(together, material.maps), is_transparent


def opened_with_maps(source, alpha="drop", max_pixels=MAX_PIXELS):
    """A SOURCE opened: its maps, if it is a material or its transparency is kept.

    Args:
        source: As of `sources.open_source`, or a material's folder.
        alpha, max_pixels: As of `load_pictures`.

    Returns:
        `(source, read, maps)`: the `Source`, the function that reads what its functions give, like
        `pictures.decode`; and `(name, bits)` pairs, as of `checked_maps`.

    Raises:
        ValueError, OSError: As of `open_source` and `material_in`.
    """
    if material := material_in(source, max_pixels):
        if alpha == "keep":
            raise ValueError(
                "data.alpha must be drop of a material, whose opacity is a map, *_Opacity. "
                f"Received: data.alpha=keep, SOURCE {source}"
            )
        opening = functools.partial(contextlib.nullcontext, material)
        name = f"SOURCE {source}:"
        opened = Source(1, [(name, opening)], is_picture=True, others=material.others)
        return opened, read_material, material.maps
    if alpha == "keep":
        return open_source(source), _read_cutout, ((CUTOUT, 8),)
    return open_source(source), decode, ()


def _read_cutout(file, max_pixels):
    levels, _ = decode(file, background=None, max_pixels=max_pixels)
    return premultiplied(levels), False


def _word(path):
    """What a file's name says that it is, in small letters, or None."""
    match = _WORD.fullmatch(_SIZE.sub("", path.stem.lower()))
    return match and match[1]


def _name(word):
    """The map that a word stands for, whichever way up."""
    return _ENDINGS.get(word, "normal")


def _header(name, path, max_pixels):
    """((height, width), bits) of a map's file, without its pixels."""
    with open(path, "rb") as file:
        try:
            size, bits, is_upright = header(file, max_pixels)
        except ValueError as error:
            raise ValueError(f"SOURCE {path} {error}") from None
    if not is_upright:
        raise ValueError(
            f"SOURCE {path} is to be turned, as its EXIF says: save it as it is to be seen"
        )
    return size, 8 if name == "color" else bits


def _check_vectors(levels):
    if levels.shape[2] < 3 or (levels == levels[..., :1]).all():
        raise ValueError("is grey: a normal map has three channels")
