"""Room in memory and on the disk, asked for before there is any work."""

import contextlib
import os
import shutil
from pathlib import Path

import psutil

# Of control groups, version 2: what a container may use, and what it uses.
_LIMIT, _USED = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")


def check_memory(needed, what):
    """A refusal, with `ValueError`, of what does not fit into memory.

    Args:
        needed: Bytes, about.
        what: The arguments that ask for them, with their values.
    """
    _check(needed, free_memory(), "of memory", what)


def check_disk(path, needed, what):
    """A refusal, with `ValueError`, of files that do not fit on the disk.

    Args:
        path: Where they are to be; it need not exist.
        needed, what: As of `check_memory`.
    """
    path = Path(os.path.realpath(path))
    nearest = next(each for each in (path, *path.parents) if each.is_dir())
    _check(needed, shutil.disk_usage(nearest).free, f"on the disk of {nearest}", what)


def free_memory():
    """The bytes of memory that this process may still take."""
    free = psutil.virtual_memory().available
    # A container without a limit says "max", another system nothing.
    with contextlib.suppress(OSError, ValueError):
        free = min(free, int(_LIMIT.read_text()) - int(_USED.read_text()))
    return free


def _check(needed, free, where, what):
    if needed > free:
        raise ValueError(
            f"{what} would need about {_said(needed)} {where}, and {_said(free)} are free: ask for "
            "less"
        )


def _said(amount):
    return f"{amount / 1e9:,.1f} GB" if amount >= 1e9 else f"{amount / 1e6:.1f} MB"
