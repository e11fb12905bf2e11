"""The plan of a picture in tiles: what is asked for, and the units that it is made of.

Level 0 of the pyramid is the picture; of each later one the edges are half as long, rounded up, and
the last is 1 x 1. A level is tiles of `chunk` pixels. The work is cut into units: a unit of height
0 is `unit` pixels square of level 0 and what they become on the levels above, until that would be
one tile. That tile, its top, is a `unit // chunk`-th of an edge of a unit of height 1, which goes
on from there; a picture of 65,536 pixels is 256 units of 4096 and one above them. The last unit
has all levels that are left. So all that is written belongs to one unit.
"""

import dataclasses
import functools
import hashlib
import json
from typing import NamedTuple

import numpy as np

from locogan_keras.canvas.latents import SCHEME
from locogan_keras.canvas.plans import Seeded
from locogan_keras.storage.run import version

# Of a plan's own text, and of the layout of units.
FORMAT = 1
UNIT, CHUNK = 4096, 256


class Unit(NamedTuple):
    """A unit: its height in the tree, and its row and column among those of that height."""

    height: int
    row: int
    column: int


class Window(NamedTuple):
    """What a unit has of a level, in that level's pixels."""

    level: int
    top: int
    left: int
    height: int
    width: int


@dataclasses.dataclass(frozen=True)
class Plan:
    """What is asked for, and the geometry of its units.

    Args:
        size: (height, width) of the picture in pixels.
        channels: Of the picture.
        dtype: Of its raw pixels: uint8, uint16, or float32 in [0, 1].
        unit, chunk: Edges in pixels, powers of 2, a unit's at least twice a tile's.
        facts: A dict, as of JSON, of all else that decides the pixels or the files.
    """

    size: tuple[int, int]
    channels: int
    dtype: np.dtype
    unit: int
    chunk: int
    facts: dict

    @property
    def text(self):
        """The plan in JSON, which says all of it."""
        own = {name: getattr(self, name) for name in ("size", "channels", "unit", "chunk")}
        return json.dumps({**self.facts, **own, "type": self.dtype.name}, sort_keys=True)

    @functools.cached_property
    def digest(self):
        """The SHA-256 of the text, in hexadecimal."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def step(self):
        """The levels from a unit's first one to its top."""
        return (self.unit // self.chunk).bit_length() - 1

    @property
    def levels(self):
        """How many levels there are."""
        return (max(self.size) - 1).bit_length() + 1

    @property
    def shown(self):
        """How many levels there are until one is a single tile."""
        return next(
            level + 1 for level in range(self.levels) if max(self.level_size(level)) <= self.chunk
        )

    def level_size(self, level):
        """(height, width) of a level in pixels."""
        return tuple(-(-length >> level) for length in self.size)

    @functools.cached_property
    def grids(self):
        """(rows, columns) of the units of each height."""
        grids = []
        while not grids or grids[-1] != (1, 1):
            size = self.level_size(len(grids) * self.step)
            grids.append(tuple(-(-length // self.unit) for length in size))
        return grids

    def units(self):
        """All units, each after those below it."""
        for height, (rows, columns) in enumerate(self.grids):
            for row in range(rows):
                for column in range(columns):
                    yield Unit(height, row, column)

    @property
    def count(self):
        """How many units there are."""
        return sum(rows * columns for rows, columns in self.grids)

    def above(self, unit):
        """The unit that a unit's top is a part of; None of the last one."""
        if unit.height + 1 == len(self.grids):
            return None
        return Unit(unit.height + 1, unit.row >> self.step, unit.column >> self.step)

    def below(self, unit):
        """The units whose tops a unit of height 1 or more is made of."""
        (rows, columns), count = self.grids[unit.height - 1], 2**self.step
        for row in range(unit.row * count, min((unit.row + 1) * count, rows)):
            for column in range(unit.column * count, min((unit.column + 1) * count, columns)):
                yield Unit(unit.height - 1, row, column)

    def edge(self, level):
        """The edge of what a unit has of a level, in its pixels."""
        height = min(level // self.step, len(self.grids) - 1)
        return self.unit >> (level - height * self.step)

    def windows(self, unit):
        """What a unit has of each of its levels, the finest first."""
        first, is_last = unit.height * self.step, unit.height + 1 == len(self.grids)
        for level in range(first, self.levels if is_last else first + self.step):
            yield self.window(unit, level)

    def window(self, unit, level):
        """What a unit covers of a level, which need not be its own."""
        edge = self.unit >> (level - unit.height * self.step)
        top, left = unit.row * edge, unit.column * edge
        height, width = self.level_size(level)
        return Window(level, top, left, min(edge, height - top), min(edge, width - left))

    def tiles(self, window):
        """The tiles of a window: `(row, column)` each on its level, and where in the window."""
        for top in range(0, window.height, self.chunk):
            for left in range(0, window.width, self.chunk):
                place = (window.top + top) // self.chunk, (window.left + left) // self.chunk
                inside = (slice(top, top + self.chunk), slice(left, left + self.chunk))
                yield place, inside

    def said(self, unit):
        """A unit in words: the pixels of the picture that it covers."""
        rows, columns = (
            f"{place << shift} to {min((place + 1) << shift, length) - 1}"
            for place, length, shift in zip(
                unit[1:],
                self.size,
                [self.unit.bit_length() - 1 + unit.height * self.step] * 2,
                strict=True,
            )
        )
        return f"the unit {'-'.join(map(str, unit))} (rows {rows}, columns {columns})"


def plan_of(picture, pixels, suffix, unit=UNIT, chunk=CHUNK):
    """The `Plan` of a picture.

    Args:
        picture: An `outputs.Picture`, whose plans are those of seeds.
        pixels: The `Pixels` of its files.
        suffix: That of the format.
        unit, chunk: As of `Plan`.

    Raises:
        ValueError: If it is blended by an edit: a mask is not told from another one.
    """
    view, engine = picture.view, picture.engine
    seeds = (view.latents.master, view.latents.local)
    if not all(isinstance(each, Seeded) for each in seeds):
        raise ValueError(
            f"{suffix} is of pictures of one seed, and not of those that an edit has blended"
        )
    facts = {
        "plan": FORMAT,
        "version": version(),
        "format": suffix,
        "model": engine.description.fingerprint,
        # Engines of one model differ by a level here and there.
        "engine": type(engine).__name__,
        "precision": getattr(engine, "precision", "float32"),
        "seeds": [each.seed for each in seeds],
        "window": [*view.corner, *view.size],
        "frame": [str(frame) for frame in view.frame],
        "period": view.period,
        "shift": view.shift,
        "parts": [[*axis.part, axis.extra] for axis in view.axes],
        "tile": picture.tile,
        "latents": SCHEME,
        "bits": pixels.bits,
        "quality": pixels.quality,
        "origin": picture.origin,
    }
    return Plan(view.size, picture.channels, pixels.dtype, unit, chunk, facts)


def differences(text, other):
    """In what a plan's text is another one than the plan of the same place, in words."""
    asked, found = json.loads(text), json.loads(other)
    return ", ".join(
        f"{name} is {found.get(name)} there and {asked.get(name)} here"
        for name in sorted(asked | found)
        if asked.get(name) != found.get(name)
    )
