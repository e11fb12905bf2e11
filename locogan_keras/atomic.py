"""Files that are written whole or not at all."""

import contextlib
import os
from pathlib import Path


@contextlib.contextmanager
def replacing(path):
    """Gives a temporary path beside `path` to write to, and renames it when the block succeeds.

    If the block fails, the temporary file is removed and whatever was at `path` stays.

    Args:
        path: The file to make or replace. Its folder is made if it does not exist.

    Yields:
        A `Path` with the same suffix.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.partial{path.suffix}")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
