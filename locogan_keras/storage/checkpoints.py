"""A run's checkpoints: written whole, named with a digest, the last few and the best kept."""

import dataclasses
import hashlib
import re
from pathlib import Path

from locogan_keras.storage.files.atomic import replacing

_NAME = re.compile(r"step-(\d{6,})-([0-9a-f]{16})\.keras")


@dataclasses.dataclass(frozen=True, order=True)
class Checkpoint:
    """One file, whose name holds a digest of its contents.

    Args:
        step: Training steps done.
        path: The file, `step-STEP-DIGEST.keras`.
    """

    step: int
    path: Path

    @property
    def is_whole(self):
        """Whether the contents are those that were written."""
        return _NAME.fullmatch(self.path.name)[2] == _digest(self.path)


@dataclasses.dataclass(frozen=True)
class Checkpoints:
    """The checkpoints of one run.

    Args:
        folder: Where they lie.
    """

    folder: Path

    def all(self):
        """Every checkpoint, the oldest first."""
        matches = ((_NAME.fullmatch(path.name), path) for path in Path(self.folder).glob("step-*"))
        return sorted(Checkpoint(int(match[1]), path) for match, path in matches if match)

    def save(self, step, write):
        """A new checkpoint; those of the same step or later ones, of an abandoned past, go.

        Args:
            step: Training steps done.
            write: Called with a path to write to.

        Raises:
            OSError: If it cannot be written. Then the others are as they were.
        """
        before, folder = self.all(), Path(self.folder)
        made = []

        def final(temporary):
            made.append(folder / f"step-{step:06d}-{_digest(temporary)}.keras")
            return made[0]

        with replacing(folder / f"step-{step:06d}.keras", final) as temporary:
            write(temporary)
        for old in before:
            if old.step >= step and old.path != made[0]:
                old.path.unlink()

    def prune(self, keep, best=None):
        """All checkpoints removed, but the last ones and the best.

        Args:
            keep: How many of the last ones stay.
            best: The step that stays, too.
        """
        for old in self.all()[:-keep]:
            if old.step != best:
                old.path.unlink()

    def newest_whole(self, report):
        """The newest checkpoint that is not damaged, or None.

        Args:
            report: Called with a line about each one that is, if there is a whole one before it.
        """
        damaged = []
        for checkpoint in reversed(self.all()):
            if checkpoint.is_whole:
                for path in damaged:
                    report(f"{path} is damaged: going on from step {checkpoint.step}")
                return checkpoint
            damaged.append(checkpoint.path)
        return None


def _digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]
