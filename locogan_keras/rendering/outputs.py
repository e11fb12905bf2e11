"""Pictures as files: made while they are written, in the format that the suffix says."""

import dataclasses
import functools
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from locogan_keras.canvas.latents import SCHEME
from locogan_keras.canvas.maps.names import CUTOUT
from locogan_keras.canvas.plans import Seeded
from locogan_keras.canvas.views import View
from locogan_keras.rendering.ahead import behind
from locogan_keras.rendering.costs import disk_bytes
from locogan_keras.rendering.files.format import LEVELS
from locogan_keras.rendering.files.formats import format_of, is_file
from locogan_keras.rendering.files.opening import open_picture
from locogan_keras.rendering.gigapixel.job import write_tiled
from locogan_keras.rendering.materials.folder import files_of, write_material
from locogan_keras.rendering.render import bands, render
from locogan_keras.storage.files.atomic import replacing_folder
from locogan_keras.storage.files.names import own_name
from locogan_keras.storage.files.room import check_disk
from locogan_keras.storage.run import version


def write(
    out,
    engine,
    views,
    *,
    names=None,
    tile=256,
    origin=None,
    progress=iter,
    bits=None,
    quality=None,
    packs=(),
    normals="gl",
    verify=False,
    workers=None,
):
    """One picture as a file, or several as a file or a folder; whole or not at all.

    One in tiles, a pyramid, may have any number of pixels. It is made unit by unit, with records
    beside it, and the same call goes on after whatever has ended it: see `gigapixel.job`.

    Args:
        out: Where to. One view becomes a picture of the format that the suffix says: `.png` and
            `.tif` are written while they are made, `.webp`, `.jpg` and `.exr` are held whole. In
            tiles are `.dzi` (Deep Zoom), `.zarr` (OME-Zarr), `.btf` (BigTIFF), and a `.tif` whose
            pixels are 4 GB or more.
            Several become a sheet (the same suffixes), eight in a row; an animation (`.gif`) that
            repeats, on white where sizes differ; or a folder (no suffix) with a PNG of each. An
            open binary file gets a PNG. Of a material, a file shows the colour; a folder has a PNG
            of each map, packs of them, a glTF and a MaterialX file, or such a folder for each view.
        engine: An `Engine`, such as `load_engine` gives.
        views: One `View`, or a list of them.
        names: Of several pictures, as files of a folder; numbers unless given.
        tile: As of `bands`.
        origin: A dict that each PNG keeps, as JSON in its text chunk `locogan`, next to the view,
            the tile, the model and the version. A sheet keeps its first picture's.
        progress: As of `bands`, for each picture.
        bits: Of a channel: 8 or 16, of `.tif` and `.exr` 32, which are floats; 8 unless given, of
            `.exr` 16.
        quality: 1 to 100, of `.jpg` (95 unless given), `.webp` and `.dzi` (without loss unless
            given).
        packs, normals: Of a material's folder, as of `materials.folder.files_of`.
        verify: Whether of a picture in tiles what is there is compared with its digests, and made
            again where it differs.
        workers: Who makes the units of a picture in tiles: how many processes, which import a
            script that asks (`if __name__ == "__main__"`), or a Dask scheduler's address.

    Returns:
        Of a picture in tiles a `gigapixel.job.Written`, which has its root digest; else None.

    Raises:
        ValueError: If `out` ends in something else, the format has no such size, the folder exists,
            a picture in tiles has another plan, there is not the memory or the disk, or another
            argument is out of range.
        OSError: If it cannot be written.

    Example:

        from locogan_keras import build_generator, load_engine, make_view, write

        engine = load_engine(build_generator(width=2, encoding="torus", frame=(64, 64)))
        view = make_view(engine.description, height=100, width=150, seed=3)
        write("picture.png", engine, view, origin={"seed": 3})

        views = [make_view(engine.description, seed=seed) for seed in range(10)]
        write("sheet.png", engine, views)
        write("animation.gif", engine, views)
    """
    several = not isinstance(views, View)
    description = engine.description
    is_folder = _is_material(out, description)
    if (packs or normals != "gl") and not is_folder:
        raise ValueError(
            "packs and normals are of a material's folder, which has no suffix. Received: "
            f"--out {out}, of a model of {description.image_channels} channels"
        )
    form = format_of(out, several or is_folder)
    views = list(views) if several else [views]
    names = [f"{number:04}" for number in range(len(views))] if names is None else list(names)
    if not views or len(names) != len(views):
        raise ValueError(
            "views must be one or more, and names as many. "
            f"Received: {len(views)} views, {len(names)} names"
        )
    how = {"bits": bits, "quality": quality}
    files = files_of(description.maps, packs, normals) if is_folder else ()
    pixels = form.pixels(description.picture_channels, **how)
    if _is_tiled(form, views, pixels) and not (several or is_folder or is_file(out)):
        form.check(views[0].size, pixels)
        picture = Picture(engine, views[0], "", tile, origin or {}, progress, None, pixels.dtype)
        return write_tiled(out, picture, form.store, pixels, _stored(form, pixels), verify, workers)
    asked = "verify" if verify else "workers" if workers else None
    if asked:
        raise ValueError(f"{asked} is of pictures in tiles, such as a .dzi. Received: --out {out}")
    # What cannot be made or does not fit is refused before there is a file or folder.
    for view in views:
        bands(engine, view, tile)
    channels = sum(pack.count for pack in files) or pixels.channels
    stored = _stored(form, pixels)
    needed = sum(disk_bytes(view, tile, channels, pixels.dtype.itemsize, stored) for view in views)
    largest = max((view.size for view in views), key=math.prod)
    count = f"{len(views)} pictures of " if several else ""
    if not is_file(out):
        records = Path(f"{out}.records")
        if (records / "plan.json").exists():
            raise ValueError(
                f"--out {out} is of a picture in tiles: remove {records} or name another"
            )
        check_disk(out, needed, f"{count}height={largest[0]}, width={largest[1]}")
    folder = None if is_file(out) else Path(out).parent
    pictures = [
        Picture(engine, view, name, tile, origin or {}, progress, folder, pixels.dtype)
        for view, name in zip(views, names, strict=True)
    ]
    opened = functools.partial(open_picture, **how)
    if is_folder:
        with replacing_folder(out) as folder:
            for picture in pictures:
                inner = folder / picture.name if several else folder
                inner.mkdir(exist_ok=True)
                name = picture.name if several else own_name(out)
                write_material(inner, name, picture, files, opened)
    elif len(pictures) == 1 and form.begin:
        (picture,) = pictures
        with (
            opened(out, picture.size, picture.channels, picture.metadata()) as write_rows,
            behind(write_rows) as write_behind,
        ):
            for band in picture.bands():
                write_behind(band)
    else:
        form.several(out if is_file(out) else Path(out), pictures, opened)
    return None


def _is_tiled(form, views, pixels):
    """Whether a picture goes to a format in tiles; what an edit blends, only if it must."""
    plans = (views[0].latents.master, views[0].latents.local)
    is_seeded = all(isinstance(each, Seeded) for each in plans)
    return form.is_tiled(views[0].size, pixels) and (is_seeded or form.begin is None)


def _stored(form, pixels):
    """Bytes on the disk for each value, about."""
    return form.stored + (pixels.bits - 8) / 8


def _is_material(out, description):
    """Whether a folder of maps is asked for, and not a picture."""
    has_maps = bool(description.maps) and description.maps[0][0] != CUTOUT
    return has_maps and not is_file(out) and not Path(out).suffix


@dataclasses.dataclass(frozen=True)
class Picture:
    """A picture that is made when it is written.

    Args:
        engine, view, tile, progress: As of `bands`.
        name: As a file of a folder.
        origin: What its file keeps, next to how it was made.
        folder, dtype: As of `bands`; the first is beside the file.
    """

    engine: Any
    view: View
    name: str
    tile: int
    origin: dict
    progress: Callable
    folder: Path | None
    dtype: Any = LEVELS[8]

    @property
    def channels(self):
        """Of the picture: of a material, those of its colour."""
        return self.engine.description.picture_channels

    @property
    def image_channels(self):
        """Of the model's images: of a material, those of all its maps."""
        return self.engine.description.image_channels

    @property
    def size(self):
        """(height, width) in pixels."""
        return self.view.size

    def bands(self):
        """The picture from top to bottom: an iterator over `(rows, width, channels)`."""
        return (band[..., : self.channels] for band in self.image_bands())

    def image_bands(self):
        """The same with all channels of the model's images."""
        return bands(self.engine, self.view, self.tile, self.progress, self.folder, self.dtype)

    def whole(self):
        """The picture in one array: `(height, width, channels)`."""
        whole = render(self.engine, self.view, self.tile, self.progress, self.dtype)
        # A copy where it is a part, which would keep the rest.
        return np.ascontiguousarray(whole[..., : self.channels])

    def metadata(self, **further):
        """The facts that its file keeps, as a dict; `further` comes after `origin`."""
        view = self.view
        shift = {"shift": view.shift} if any(view.shift) else {}
        precision = getattr(self.engine, "precision", "float32")
        return {
            **self.origin,
            **further,
            "window": [*view.corner, *view.size],
            # A fitted one is no whole number; the period says of what it is a part.
            "frame": [frame if isinstance(frame, int) else float(frame) for frame in view.frame],
            "period": view.period,
            **shift,
            "tile": self.tile,
            "latents": SCHEME,
            "model": self.engine.description.fingerprint,
            **({} if precision == "float32" else {"precision": precision}),
            "version": version(),
        }
