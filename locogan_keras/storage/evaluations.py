"""The evaluations of a run, one at each of its saves: `evaluations.csv`."""

import csv
import dataclasses

# The distance that decides, and the same of other crops of the photo: what can be reached.
DISTANCE, REACHABLE = "patch_distance", "photo_patch_distance"
# A distance has to fall by this share to have fallen: it is measured on few crops.
_FALL = 0.02


@dataclasses.dataclass(frozen=True)
class Evaluations:
    """The evaluations of a run, by step.

    Args:
        rows: `{step: {name: value}}`, the oldest first.
    """

    rows: dict[int, dict[str, float]]

    @classmethod
    def read(cls, path):
        """The evaluations in a file; none where there is no file. A row cut short is left out."""
        if not path.exists():
            return cls({})
        with open(path, newline="", encoding="utf-8") as file:
            names, *rows = list(csv.reader(file)) or [[]]
        whole = (row for row in rows if len(row) == len(names) and all(row[:2]))
        return cls({int(row[0]): _numbers(names[1:], row[1:]) for row in whole})

    @property
    def best(self):
        """The step of the least distance."""
        return min(self.rows, key=lambda step: self.rows[step][DISTANCE])

    @property
    def times(self):
        """The newest distance over what can be reached; None where that is not known or 0."""
        newest = self.rows[max(self.rows)] if self.rows else {}
        return newest[DISTANCE] / newest[REACHABLE] if newest.get(REACHABLE) else None

    def are_settled(self, patience, every, step):
        """Whether the distance has stopped falling.

        A run that was stopped or killed on the way answers as one that was not.

        Args:
            patience: How many of the last evaluations have to be no better than what was before; 0
                for never.
            every: Steps between saves; evaluations of other steps, where a run was stopped, do not
                count.
            step: Steps done; a killed run may have an evaluation past them.
        """
        counted = sorted(each for each in self.rows if each % every == 0 and each <= step)
        distances = [self.rows[each][DISTANCE] for each in counted]
        if not patience or len(distances) <= patience:
            return False
        return min(distances[-patience:]) > (1 - _FALL) * min(distances[:-patience])


def _numbers(names, texts):
    """Values by name, but those that a file of an older version does not have."""
    return {name: float(text) for name, text in zip(names, texts, strict=True) if text}
