"""Files that are written whole or not at all."""

import contextlib
import errno
import os
import signal
import tempfile
from pathlib import Path

from locogan_keras.storage.files.unfinished import (
    descriptor,
    held,
    is_partial,
    partial,
    remove,
    sweep,
)

# Signals that end a command; a terminal that is closed sends the last, where there is one.
ENDING = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


def heard(numbers):
    """Those signals that are not ignored; what is, as under `nohup`, stays so."""
    return [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]


# What blocks at hand have made, and how each is removed if it does not stay.
_unfinished = {}
# What the process says when a signal ends it within such blocks.
_last_words = []
_CANNOT = "cannot write: "


@contextlib.contextmanager
def replacing(path, final=None):
    """A temporary file beside `path` to write to, which is renamed when the block succeeds.

    If the block fails, the temporary file is removed and whatever was at `path` stays. A folder
    that cannot be written fails at once, before the block has worked for nothing. What killed
    processes have left beside `path` is removed.

    Args:
        path: The file to make or replace. Its folder is made if it does not exist. A symbolic link
            stays, and the file that it leads to is replaced.
        final: Called with the written temporary file, gives the path to rename it to instead.

    Yields:
        A `Path` with the same suffix, of an empty file.

    Raises:
        OSError: If the file cannot be written; it names `path`.
    """
    path = _followed(path)
    with _naming(path), removed_if_empty(make_folder(path.parent)):
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if path.exists() and not path.is_file():
            raise OSError(errno.EINVAL, "it is a pipe or a device")
        sweep(path.parent)
        temporary = path.with_name(partial(path.stem) + path.suffix)
        with _unfinished_at(temporary), held(temporary, Path.touch):
            yield temporary
            _rename(temporary, Path(final(temporary)) if final else path)


@contextlib.contextmanager
def replacing_folder(path):
    """A temporary folder beside `path` to fill, which is renamed when the block succeeds.

    If the block fails, the temporary folder is removed.

    Args:
        path: The folder to make. It may exist if it is empty.

    Yields:
        A `Path` of an empty folder.

    Raises:
        ValueError: If there is anything at `path`, or it has no name to rename a folder to.
        OSError: If the folder cannot be written; it names `path`.
    """
    path = Path(path)
    if not path.name.strip("."):
        raise ValueError(f"--out must name a new folder. Received: --out {path}")
    # A folder cannot be renamed over a link.
    if path.is_symlink() or (path.exists() and not (path.is_dir() and not any(path.iterdir()))):
        raise ValueError(f"--out {path} exists already; remove it or name another")
    with _naming(path), removed_if_empty(make_folder(path.parent)):
        sweep(path.parent)
        temporary = path.with_name(partial(path.name))
        with _unfinished_at(temporary), held(temporary, Path.mkdir):
            yield temporary
            _rename(temporary, path)


def check_writable(path):
    """A check, before any work, that a file or folder can be made; nothing is left of it.

    Raises:
        OSError: If the nearest folder that exists cannot be written; it names `path`.
    """
    path = _followed(path)
    with _naming(path):
        nearest = next(each for each in path.absolute().parents if each.exists())
        try:
            tempfile.TemporaryFile(dir=nearest).close()
        except OSError as error:
            # The file that was tried is nobody's.
            raise OSError(error.errno, error.strerror) from error


def make_folder(path):
    """A folder made, with the parents that it lacks.

    Args:
        path: The folder. It may exist.

    Returns:
        The paths that were made, outermost first.

    Raises:
        OSError: If it cannot be made; it names `path`.
    """
    path = Path(path)
    with _naming(path):
        missing = [each for each in (path, *path.parents) if not each.exists()]
        path.mkdir(parents=True, exist_ok=True)
    return missing[::-1]


@contextlib.contextmanager
def removed_if_empty(folders):
    """A block at whose end folders go again that nothing was written to.

    Args:
        folders: Paths, outermost first.
    """
    with contextlib.ExitStack() as stack:
        for folder in folders:
            stack.enter_context(_unfinished_at(folder, _remove_if_empty))
        yield


@contextlib.contextmanager
def scratch_folder():
    """The `Path` of a new folder that is removed at the end of the block."""
    with tempfile.TemporaryDirectory() as folder, _unfinished_at(Path(folder)):
        yield Path(folder)


def remove_unfinished():
    """The unfinished work of the blocks at hand removed, for a process that ends within them."""
    # A folder comes before what lies in it.
    for path, removal in reversed(tuple(_unfinished.items())):
        removal(path)


@contextlib.contextmanager
def resumable(words):
    """A block whose work is kept as far as it was done: what a signal that ends it then says.

    Args:
        words: Gives a line, when it is asked for.
    """
    _last_words.append(words)
    try:
        yield
    finally:
        _last_words.remove(words)


def last_words():
    """The line of the `resumable` block at hand, or None."""
    return _last_words[-1]() if _last_words else None


def _followed(path):
    """The file that a path leads to: a link is followed, as by `cp`, and not where to nothing."""
    path = Path(path)
    if not path.is_symlink():
        return path
    with _naming(path):
        if not path.exists():
            reason = f"it is a link to {os.readlink(path)}, which is not there"
            raise OSError(errno.ENOENT, reason)
        return Path(os.path.realpath(path))


def _rename(temporary, path):
    """A rename after which a loss of power leaves the whole of it, and before which nothing."""
    for each in (temporary, *temporary.rglob("*")):
        _sync(each)
    os.replace(temporary, path)
    _sync(path.parent)


def _sync(path):
    """What was written to a file, or the names in a folder, brought to the disk."""
    # Not every file system, nor Windows, can do it with a folder.
    excused = contextlib.suppress(OSError) if path.is_dir() else contextlib.nullcontext()
    with excused, descriptor(path) as number:
        os.fsync(number)


@contextlib.contextmanager
def _unfinished_at(path, removal=remove):
    _unfinished[path] = removal
    try:
        yield
    finally:
        removal(path)
        _unfinished.pop(path, None)


def _remove_if_empty(folder):
    with contextlib.suppress(OSError):
        folder.rmdir()


@contextlib.contextmanager
def _naming(path):
    """A block in which errors of the operating system name the path that the user gave.

    Those of other files, which the block reads, name those.
    """
    try:
        yield
    except OSError as error:
        if error.filename is not None and not _is_of(path, Path(os.fsdecode(error.filename))):
            raise
        reason = (error.strerror or str(error)).removeprefix(_CANNOT)
        raise OSError(error.errno, _CANNOT + reason, str(path)) from error


def _is_of(path, name):
    """Whether a file is met on the way to `path`: a folder of it, or unfinished work."""
    return name in (path, *path.absolute().parents, *path.parents) or any(
        is_partial(part) for part in name.parts
    )
