"""The evaluations of a run, one at each of its saves: `evaluations.csv`."""

import csv
import dataclasses
import math

# A distance, and the same of other crops of the photo: what can be reached.
DISTANCE, REACHABLE = "patch_distance", "photo_patch_distance"
# What decides is its geometric mean with this one. Patches alone have preferred the mush of a first
# thousand steps to gravel; the mean fell as pictures got better (docs/quality.md).
SPECTRUM = "spectrum_distance"
# A distance has to fall by this share to have fallen: it is measured on few crops.
_FALL = 0.02
# A save whose distance is so many times the best one's is no longer a matter of which crops.
_WORSE = 1.25


@dataclasses.dataclass(frozen=True)
class Evaluations:
    """The evaluations of a run, by step.

    Args:
        rows: `{step: {name: value}}`, the oldest first.
    """

    rows: dict[int, dict[str, float]]

    @classmethod
    def read(cls, path):
        """The evaluations in a file; none where there is no file. A row cut short is left out.

        Raises:
            ValueError: If the file is damaged; it names the file.
        """
        if not path.is_file():
            return cls({})
        try:
            with open(path, newline="", encoding="utf-8") as file:
                names, *rows = list(csv.reader(file)) or [[]]
            whole = (row for row in rows if len(row) == len(names) and all(row[:2]))
            rows = {int(row[0]): _numbers(names[1:], row[1:]) for row in whole}
            if any(row.get(DISTANCE, -1) < 0 or row.get(SPECTRUM, 0) < 0 for row in rows.values()):
                raise ValueError("a distance is negative or missing")
        except (ValueError, csv.Error) as error:
            raise ValueError(
                f"{path} is damaged: {error}; remove it, and the run goes on without"
            ) from None
        return cls(rows)

    @property
    def decisive(self):
        """The number to compare saves by, `{step: value}`; lower is better.

        It is the patch distance alone in a run that an older version has begun.
        """
        if all(SPECTRUM in row for row in self.rows.values()):
            return {
                step: math.sqrt(row[DISTANCE] * row[SPECTRUM]) for step, row in self.rows.items()
            }
        return {step: row[DISTANCE] for step, row in self.rows.items()}

    @property
    def best(self):
        """The step of the best save."""
        decisive = self.decisive
        return min(decisive, key=decisive.get)

    @property
    def has_fallen_apart(self):
        """Whether the newest save is much worse than the best."""
        decisive = self.decisive
        return bool(decisive) and decisive[max(decisive)] > _WORSE * min(decisive.values())

    @property
    def times(self):
        """The newest patch distance over what can be reached; None if that is not known or 0."""
        newest = self.rows[max(self.rows)] if self.rows else {}
        return newest[DISTANCE] / newest[REACHABLE] if newest.get(REACHABLE) else None

    def are_settled(self, patience, every, step):
        """Whether what decides has stopped falling.

        A run that was stopped or killed on the way answers as one that was not.

        Args:
            patience: How many of the last evaluations have to be no better than what was before; 0
                for never.
            every: Steps between saves; evaluations of other steps, where a run was stopped, do not
                count.
            step: Steps done; a killed run may have an evaluation past them.
        """
        counted = sorted(each for each in self.rows if each % every == 0 and each <= step)
        distances = [self.decisive[each] for each in counted]
        if not patience or len(distances) <= patience:
            return False
        return min(distances[-patience:]) > (1 - _FALL) * min(distances[:-patience])


def _numbers(names, texts):
    """Values by name, but those that a file of an older version does not have."""
    return {name: float(text) for name, text in zip(names, texts, strict=True) if text}
