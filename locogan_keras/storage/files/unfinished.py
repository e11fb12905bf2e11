"""Unfinished files and folders: their names, whose they are, and what killed processes leave."""

import contextlib
import os
import re
import secrets
import shutil
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

_PARTIAL = re.compile(r"\..+\.(\d{1,9})\.partial(\..+)?")
# Characters of a name that its partial file keeps: with what is added, it has room for 255 bytes.
_KEPT = 40


def partial(name):
    """A name that no other work has, not even that of an equal process of another container."""
    return f".{name[:_KEPT]}.{secrets.token_hex(4)}.{os.getpid()}.partial"


@contextlib.contextmanager
def held(path, make):
    """A new file or folder, locked for as long as this process works on it."""
    make(path, exist_ok=False)
    if fcntl is None:  # Where an open file cannot be renamed.
        yield
        return
    with descriptor(path) as number:
        # Some network file systems have no locks.
        with contextlib.suppress(OSError):
            fcntl.flock(number, fcntl.LOCK_SH)
        yield


def is_partial(path):
    """Whether a path is named like what `partial` gives."""
    return _PARTIAL.fullmatch(Path(path).name) is not None


def sweep(folder):
    """The unfinished work in a folder removed that killed processes have left there.

    Args:
        folder: A path; it need not exist.
    """
    for path in Path(folder).glob(".*.partial*"):
        if fcntl and is_partial(path) and _is_abandoned(path):
            remove(path)


def remove(path):
    """A file or a folder with all that is in it, removed as far as it can be."""
    with contextlib.suppress(OSError):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def descriptor(path):
    """A number for an open file or folder, to be locked or brought to the disk."""
    number = os.open(path, os.O_RDONLY)
    try:
        yield number
    finally:
        os.close(number)


def _is_abandoned(path):
    """Whether nobody works on a partial file: its process is gone, and so is its lock.

    The lock tells of processes that cannot be seen from here, of other machines or containers.
    """
    # Seldom needed, and not imported in no time.
    import psutil

    if psutil.pid_exists(int(_PARTIAL.fullmatch(path.name)[1])):
        return False
    try:
        with descriptor(path) as number:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
