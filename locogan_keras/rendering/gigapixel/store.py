"""What a tiled format is asked for, and what those have in common that are folders of files."""

import contextlib
import json
import os
import re
from pathlib import Path
from typing import Protocol

from locogan_keras.storage.files.unfinished import descriptor, partial

_PLAN = re.compile(rb'"plan": "([0-9a-f]{64})"')


class Store(Protocol):
    """The files of a picture, in pieces: each is of one unit, and is always the same bytes.

    Call arguments:
        out: The path that the user named.
        plan: The `Plan`.
        pixels: The `Pixels`.
        facts: A dict that it keeps.
        aside: A folder on the same disk, for what is not finished.
    """

    def paths(self):
        """The paths that it is at when it is finished, the one that readers open first."""

    def begin(self):
        """What there must be before the first piece, made; what is there already stays."""

    def keys(self, unit):
        """The names of a unit's pieces, in their order."""

    def encoded(self, unit, levels):
        """The pieces of a unit's levels, as bytes, in the order of `keys`."""

    def write(self, key, data):
        """A piece put into its place."""

    def sync(self):
        """All pieces that were written brought to the disk."""

    def size(self, key):
        """The bytes that there are of a piece; 0 if it is missing."""

    def read(self, key):
        """A piece's bytes."""

    def headers(self):
        """What readers look at first: `{key: bytes}`, written by `finish`."""

    def finish(self):
        """The store as its readers want it; nothing is lost if it was finished before."""


class FolderStore:
    """A store whose pieces are files, named by their keys, which are paths.

    Args:
        out, plan, pixels, facts, aside: As of `Store`.
    """

    def __init__(self, out, plan, pixels, facts, aside):
        self.out, self.plan, self.pixels, self.aside = Path(out), plan, pixels, aside
        self.facts = {**facts, "plan": plan.digest}
        self._folders = set()

    def begin(self):
        """Nothing: folders are made for their files."""

    def write(self, key, data):
        """A file written aside, brought to the disk and put into its place."""
        _make(key.parent, self._folders)
        temporary = self.aside / partial(key.name)
        try:
            with open(temporary, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, key)
        finally:
            temporary.unlink(missing_ok=True)
        self._folders.add(key.parent)

    def sync(self):
        """The folders' lists of files brought to the disk."""
        while self._folders:
            sync_folder(self._folders.pop())

    def size(self, key):
        """As of `Store`."""
        try:
            return key.stat().st_size
        except (FileNotFoundError, NotADirectoryError):
            return 0

    def read(self, key):
        """As of `Store`."""
        return key.read_bytes()

    def finish(self):
        """The files written that make readers find the others, if they are not there."""
        for key, data in self.headers().items():
            if self.size(key) != len(data) or self.read(key) != data:
                self.write(key, data)
        self.sync()


def sync_folder(folder):
    """The names in a folder brought to the disk, where the system can do that."""
    with contextlib.suppress(OSError), descriptor(folder) as number:
        os.fsync(number)


def plan_in(data):
    """The digest of the plan that a header's bytes name, or None."""
    found = _PLAN.search(data)
    return found and found[1].decode()


def as_text(facts):
    """Facts as one line of ASCII, in which `plan_in` finds the plan."""
    return json.dumps(facts)


def _make(folder, made):
    """A folder made, with the parents that it lacks, which are to be brought to the disk, too."""
    if not folder.is_dir():
        _make(folder.parent, made)
        folder.mkdir(exist_ok=True)
        made.add(folder.parent)
