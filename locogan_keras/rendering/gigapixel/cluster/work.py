"""What travels to each worker, once, and what a worker does with it: a unit, made and encoded.

A worker sees no disk. It gives back the pieces as they are to be stored, and the process that has
asked writes all of them: so each piece has one writer, wherever workers are and however often Dask
has a unit made.
"""

import dataclasses
import hashlib
import platform
import re
import threading
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from distributed import WorkerPlugin, get_worker

from locogan_keras.rendering.gigapixel.units import finest, pyramid
from locogan_keras.rendering.render import render

# Sets of instructions that libraries choose their sums by.
_SETS = re.compile(r"\b(?:avx|amx|fma|f16c|asimd|sve|bf16|i8mm)\w*")


@dataclasses.dataclass(frozen=True)
class Encoded:
    """A unit that a worker has made.

    Args:
        pixels: The digest of its levels' raw pixels.
        pieces: Bytes each, in the order of `Store.keys`.
        top: As of `units.Made`.
        worker: The address of who made it.
        maker: Its facts, as of `Work.facts`.
    """

    pixels: str
    pieces: list
    top: np.ndarray | None
    worker: str
    maker: dict


class Work(WorkerPlugin):
    """All that a worker needs to make units of a picture, as a plugin of Dask's.

    Args:
        job: The `Job`, whose engine can be made elsewhere.
    """

    def __init__(self, job):
        picture, engine = job.picture, job.picture.engine
        self.packages = ("locogan-keras", "distributed", "numpy", *engine.packages)
        self._make_engine = engine.elsewhere()
        self._view, self._tile = picture.view, picture.tile
        self._plan, self._store = job.plan, job.store

    def setup(self, worker):
        """Ready to be asked: of Dask, when it has come to a worker."""
        self._address, self._lock, self._made = worker.address, threading.Lock(), None

    def make(self, unit):
        """A unit of height 0: its `Encoded`."""
        engine, maker = self._ready()
        pixels = finest(engine, self._view, self._tile, self._plan, unit)
        made = pyramid(self._plan, unit, pixels)
        pieces = list(self._store.encoded(unit, made.levels))
        return Encoded(made.digest, pieces, made.top, self._address, maker)

    def maker(self):
        """The facts of this worker's machine and model that decide the pixels' bits."""
        return self._ready()[1]

    def facts(self, engine):
        """Those of a machine that has an engine.

        Returns:
            A dict of texts: versions by package, the model's fingerprint, the sets of instructions,
            and the digest of the picture's first tile, for what none of these would tell.
        """
        size = tuple(min(length, self._tile) for length in self._view.size)
        first = render(engine, dataclasses.replace(self._view, size=size), self._tile)
        return {
            **{name: _version(name) for name in self.packages},
            "the model": engine.description.fingerprint,
            "the processor": _processor(),
            "the first tile": hashlib.sha256(first).hexdigest()[:16],
        }

    def _ready(self):
        """This process's engine and its facts; made when first asked for, once."""
        with self._lock:
            if self._made is None:
                engine = self._make_engine()
                self._made = engine, self.facts(engine)
            return self._made


def make(name, unit):
    """A unit made by the worker that this runs on.

    Args:
        name: Of the plugin.
        unit: As of `Work.make`.
    """
    return get_worker().plugins[name].make(unit)


def maker(name, dask_worker):
    """The facts of a worker; Dask gives the worker to a function that has an argument so named."""
    return dask_worker.plugins[name].maker()


def differences(found, here):
    """In what a worker's facts are others than this machine's, in words; none: an empty text."""
    words = []
    for name, value in here.items():
        if (other := found.get(name)) != value:
            words.append(f"{name} is {other or 'missing'} there and {value} here")
    return ", ".join(words)


def _version(package):
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _processor():
    """The kind of this machine's processor, as far as the system tells."""
    cpus = Path("/proc/cpuinfo")
    text = cpus.read_text(encoding="ascii", errors="replace") if cpus.exists() else ""
    line = re.search(r"^(?:flags|Features)\s*:(.*)$", text, re.MULTILINE)
    sets = sorted(set(_SETS.findall(line[1]))) if line else [platform.processor()]
    return " ".join([platform.machine(), *sets])
