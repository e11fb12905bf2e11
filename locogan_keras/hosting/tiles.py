"""Tiles by address: which there are, and the file of each, a pure function of model and address.

Tile (x, y) of level z out is the square of `EDGE` pixels at `EDGE * (x, y)` of that level; level 0
is the canvas itself, and each further one is half as large, by `gigapixel.units.halved`. On an axis
on which the model does not repeat, the canvas is one picture, and its last tiles are cut as those
of a Deep Zoom.
"""

import dataclasses
import hashlib
import io
import re
from typing import NamedTuple

from locogan_keras.canvas.plans import Latents, Seeded
from locogan_keras.canvas.views import CANVAS, FARTHEST, make_view
from locogan_keras.rendering.costs import at_once
from locogan_keras.rendering.files.opening import open_picture
from locogan_keras.rendering.gigapixel.units import halved
from locogan_keras.rendering.outputs import Picture
from locogan_keras.storage.run import version

# Pixels, and the levels out: one tile is computed from 1024 x 1024 pixels at most.
EDGE, FARTHEST_OUT = 256, 2
_ADDRESS = re.compile(r"/([^/]*)/([^/]*)/([^/]*)/([^/]*)\.png")
# One way to write a number, so that a tile has one address.
_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,11}")


class NoTile(LookupError):
    """The want of a tile at an address, in a line that says why."""


class Tile(NamedTuple):
    """A tile's address, its numbers in the order of the path."""

    seed: int
    z: int
    x: int
    y: int

    @property
    def area(self):
        """How many tiles of level 0 it is computed from."""
        return 4**self.z


def tile_at(path):
    """The `Tile` that a path names.

    Args:
        path: `/SEED/Z/X/Y.png`, each a whole number in its shortest form.

    Returns:
        The tile; None if the path is not of that form.

    Raises:
        ValueError: If one of the four is no such number, or the seed is out of range.
        NoTile: If there is no level `z`.
    """
    match = _ADDRESS.fullmatch(path)
    if not match:
        return None
    for name, text in zip(Tile._fields, match.groups(), strict=True):
        if not _WHOLE.fullmatch(text):
            raise ValueError(f"{name} must be a whole number such as 0 or -12: /SEED/Z/X/Y.png")
    tile = Tile(*map(int, match.groups()))
    if not 0 <= tile.seed < 2**32:
        raise ValueError(f"seed must be 0 to {2**32 - 1}. Received: seed={tile.seed}")
    if not 0 <= tile.z <= FARTHEST_OUT:
        raise NoTile(f"z, the levels out, must be 0 to {FARTHEST_OUT}. Received: z={tile.z}")
    return tile


class Canvas:
    """The endless picture of each seed of a model, in tiles. Of a material it is the colour.

    Args:
        engine: An `Engine`, such as `load_engine` gives.

    Attributes:
        at_once: How many tiles are made at once, called for from as many threads.
        size: (height, width) in pixels; 0 on an axis on which it is endless.
    """

    def __init__(self, engine):
        description = engine.description
        self._engine, self.at_once = engine, at_once(engine)
        self._view = make_view(description, periodic="none")
        self.size = tuple(
            0 if repeats else length
            for length, repeats in zip(self._view.size, description.periodic, strict=True)
        )
        # All that decides a tile's bytes, but for its address.
        precision = getattr(engine, "precision", "float32")
        self._facts = (description.fingerprint, type(engine).__name__, precision, version(), EDGE)

    @property
    def name(self):
        """16 hexadecimal digits that tell its tiles from those of others."""
        return self._digest()[:16]

    def tag(self, tile):
        """The entity tag of a tile: another one wherever its bytes may be others.

        It is a weak one, for processors of another kind round a pixel to the next level here and
        there.
        """
        return f'W/"{self._digest(*tile)[:32]}"'

    def window(self, tile):
        """The pixels of level 0 that a tile shows: `(top, left, height, width)`.

        Raises:
            NoTile: If it lies outside of the picture, or beyond the canvas.
        """
        edge = EDGE << tile.z
        corner, lengths = (tile.y * edge, tile.x * edge), []
        for axis, (start, size) in enumerate(zip(corner, self.size, strict=True)):
            name, place = "yx"[axis], (tile.y, tile.x)[axis]
            if size and not 0 <= start < size:
                last = -(-size // edge) - 1
                raise NoTile(
                    f"the picture ends: {name} must be 0 to {last}. Received: {name}={place}"
                )
            if not -FARTHEST < start < FARTHEST - edge:
                raise NoTile(f"{name} is beyond {CANVAS} pixels. Received: {name}={place}")
            lengths.append(min(edge, size - start) if size else edge)
        return (*corner, *lengths)

    def png(self, tile):
        """A tile as a PNG's bytes: of level 0 those of `outputs.write`'s, of the same window."""
        top, left, height, width = self.window(tile)
        plan = Seeded(tile.seed)
        view = dataclasses.replace(
            self._view,
            corner=(top, left),
            size=(height, width),
            latents=Latents(plan, plan, **self._engine.description.channels),
        )
        picture = Picture(self._engine, view, "", EDGE, {"seed": tile.seed}, iter, None)
        pixels = picture.whole()
        for _ in range(tile.z):
            pixels = halved(pixels)
        facts = picture.metadata(**({"out": tile.z} if tile.z else {}))
        file = io.BytesIO()
        with open_picture(file, pixels.shape[:2], picture.channels, facts) as write_rows:
            write_rows(pixels)
        return file.getvalue()

    def _digest(self, *address):
        text = " ".join(map(str, (*self._facts, *address)))
        return hashlib.sha256(text.encode()).hexdigest()
