"""What a path that a user wrote is called."""

import os
from pathlib import Path


def own_name(path):
    """The name of what a path leads to, where it is `.` or a link, too.

    Of links that lead to one another it is the path's last word, where `Path.resolve` raises.
    """
    return Path(os.path.realpath(path)).name
