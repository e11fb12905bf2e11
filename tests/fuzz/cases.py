"""Cases: a command, and the files that it meets; a function of a seed and the case's number."""

import dataclasses
import random

from command_lines import command_line
from damage import damaged_model, damaged_settings, hostile_description
from kills import killed

# How often each kind comes. A kill takes as long as ten others, for the command is run again.
KINDS = {
    command_line: 40,
    damaged_model: 25,
    damaged_settings: 4,
    hostile_description: 20,
    killed: 1,
}


@dataclasses.dataclass(frozen=True)
class Case:
    """One case.

    Args:
        kind: What is wrong with it, in words.
        arguments: Of `locogan`.
        changes: Files of the folder that are others: contents by path, or None for one that is not
            there.
        killed_after: Seconds after which it is killed, or None.
    """

    kind: str
    arguments: list[str]
    changes: dict[str, bytes | None]
    killed_after: float | None = None


def make_case(seed, number):
    """The case of this number."""
    rng = random.Random(f"{seed}/{number}")
    make = rng.choices(list(KINDS), list(KINDS.values()))[0]
    return Case(*make(rng))
