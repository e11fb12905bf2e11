"""How an engine's threads are divided among the images that it makes at once."""

import os

# Images, each of which takes memory.
_AT_ONCE = 8


def divided(threads=None):
    """Images at once, and the threads of each.

    Several images on a thread each take less time than one by one on all threads: at width 16 on
    two cores two thirds of it.

    Args:
        threads: As many as this process may use unless given.
    """
    threads = threads or _usable_cores()
    images = min(threads, _AT_ONCE)
    return images, threads // images


def _usable_cores():
    """The number of cores this process may use; a container's share where the system tells."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
