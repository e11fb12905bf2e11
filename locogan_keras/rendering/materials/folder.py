"""The folder of a material: a file for each map, packs of them, and what shows them together."""

import contextlib

import numpy as np

from locogan_keras.canvas.maps.names import MAPS, places
from locogan_keras.rendering.materials.gltf import gltf
from locogan_keras.rendering.materials.materialx import materialx
from locogan_keras.rendering.materials.packs import BUILT_IN, Pack
from locogan_keras.storage.run import version

# Which way the y of normals is: up, as of OpenGL, or down, as of Direct3D.
NORMALS = ("gl", "dx")
_DOWN = Pack("NormalDX", ("normal",))


def files_of(maps, packs=(), normals="gl"):
    """The files that a material's folder has.

    Args:
        maps: As of `checked_maps`.
        packs: Those that are asked for.
        normals: One of `NORMALS`; normals with y down come beside those with y up, which glTF and
            MaterialX want.

    Returns:
        A list of `Pack`: files of one map first, then those that are asked for, then those that
        the glTF file needs.

    Raises:
        ValueError: If two would have one name, or an argument is none.
    """
    if normals not in NORMALS:
        raise ValueError(f"normals must be {' or '.join(NORMALS)}. Received: normals={normals!r}")
    names = [name for name, _ in maps]
    found = [Pack(MAPS[name].suffix, (name,)) for name in names]
    if normals == "dx" and "normal" in names:
        found.append(_DOWN)
    found += packs
    needed = {"orm": "metalness", "rgba": "opacity"}
    found += [BUILT_IN[pack] for pack, name in needed.items() if name in names]
    # Twice the same is once.
    found = list(dict.fromkeys(found))
    suffixes = [pack.suffix for pack in found]
    for suffix in suffixes:
        if suffixes.count(suffix) > 1:
            raise ValueError(f"two files would be called _{suffix}; rename that pack's")
    return found


def write_material(folder, name, picture, files, opened):
    """A material's files, written in one pass over its pixels.

    Args:
        folder: A `Path` of a folder.
        name: Of the material, which all files' names begin with.
        picture: An `outputs.Picture`.
        files: As of `files_of`.
        opened: As `opening.open_picture`, of a path, a size, channels, the facts and `is_color`.
    """
    maps = picture.engine.description.maps
    paths = {pack: f"{name}_{pack.suffix}.png" for pack in files}
    with contextlib.ExitStack() as stack:
        writers = {
            pack: stack.enter_context(
                opened(
                    folder / path,
                    picture.size,
                    pack.count,
                    picture.metadata(map=pack.suffix),
                    is_color=pack.is_color,
                )
            )
            for pack, path in paths.items()
        }
        for band in picture.image_bands():
            for pack, write in writers.items():
                rows = pack.of(band, maps)
                write(_flipped(rows) if pack == _DOWN else rows)
    single = {each: paths[Pack(MAPS[each].suffix, (each,))] for each in places(maps)}
    packed = {each: paths[pack] for each, pack in BUILT_IN.items() if pack in paths}
    generator = f"locogan-keras {version()}"
    document = gltf(name, picture.size, {**single, **packed}, generator)
    (folder / f"{name}.gltf").write_text(document, encoding="utf-8")
    (folder / f"{name}.mtlx").write_text(materialx(name, single), encoding="utf-8")


def _flipped(normals):
    """Normals with y the other way."""
    flipped = normals.copy()
    flipped[..., 1] = np.iinfo(normals.dtype).max - normals[..., 1]
    return flipped
