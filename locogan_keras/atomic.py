"""Files that are written whole or not at all."""

import contextlib
import errno
import os
import shutil
from pathlib import Path


@contextlib.contextmanager
def replacing(path, final=None):
    """Gives a temporary file beside `path` to write to, and renames it when the block succeeds.

    If the block fails, the temporary file is removed and whatever was at `path` stays. A folder
    that cannot be written fails at once, before the block has worked for nothing.

    Args:
        path: The file to make or replace. Its folder is made if it does not exist.
        final: Called with the written temporary file, gives the path to rename it to instead.

    Yields:
        A `Path` with the same suffix, of an empty file.

    Raises:
        OSError: If the file cannot be written; it names `path`.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.partial{path.suffix}")
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.touch()
        yield temporary
        os.replace(temporary, final(temporary) if final else path)
    except OSError as error:
        raise OSError(error.errno, f"cannot write: {error.strerror or error}", str(path)) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def replacing_folder(path):
    """Gives a temporary folder beside `path` to fill, and renames it when the block succeeds.

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
    if path.exists() and not (path.is_dir() and not any(path.iterdir())):
        raise ValueError(f"--out {path} exists already; remove it or name another")
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        temporary.mkdir(parents=True)
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        raise OSError(error.errno, f"cannot write: {error.strerror or error}", str(path)) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
