"""One process at a time for a folder."""

import os
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None


class FolderLock:
    """Keeps other processes from a folder until it is closed, or its process ends however it does.

    It leaves no file. Where the system has no such locks, it keeps nobody away.

    Args:
        folder: The folder; it need not exist yet.
    """

    def __init__(self, folder):
        self._folder = Path(folder)
        self._descriptor = None

    def take(self):
        """Takes the lock, if the folder exists and it is not taken by this already.

        Raises:
            ValueError: If another process has it.
        """
        if fcntl is None or self._descriptor is not None or not self._folder.is_dir():
            return
        self._descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ValueError(f"--out {self._folder}: another process is training it") from None
        except OSError:
            # Some network file systems have no locks.
            pass

    def close(self):
        """Gives the folder back."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
