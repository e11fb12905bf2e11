"""One process at a time for a folder."""

import contextlib
import os
from pathlib import Path

from locogan_keras.storage.files.atomic import make_folder, removed_if_empty

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None


class FolderLock:
    """A lock that keeps other processes from a folder until it is closed or its process ends.

    However the process ends, the lock goes and leaves no file. Where the system has no such locks,
    it keeps nobody away.

    Args:
        folder: The folder; it need not exist yet.
        work: What is done in it, as said to who comes later.
    """

    def __init__(self, folder, work="training it"):
        self._folder, self._work = Path(folder), work
        self._held = None

    def take(self):
        """The lock taken, if this does not hold it already. The folder is made for it.

        Raises:
            ValueError: If another process has it, or there is something that is no folder.
            OSError: If the folder cannot be made or opened.
        """
        while self._held is None:
            if self._folder.exists() and not self._folder.is_dir():
                raise ValueError(f"--out {self._folder} is not a folder")
            made = make_folder(self._folder)
            with contextlib.ExitStack() as stack:
                if fcntl is None or self._lock(stack):
                    # Only who has the lock may remove the folder, and while it has it.
                    stack.enter_context(removed_if_empty(made))
                    self._held = stack.pop_all()

    def close(self):
        """The folder given back; if it was made for the lock and is empty, it goes."""
        if self._held is not None:
            self._held.close()
            self._held = None

    def _lock(self, stack):
        """Whether the lock taken is the folder's: its last holder may have removed the folder."""
        try:
            descriptor = os.open(self._folder, os.O_RDONLY)
        except FileNotFoundError:
            return False
        stack.callback(os.close, descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ValueError(f"--out {self._folder}: another process is {self._work}") from None
        except OSError:
            # Some network file systems have no locks.
            return True
        try:
            return os.path.samestat(os.fstat(descriptor), os.stat(self._folder))
        except FileNotFoundError:
            return False
