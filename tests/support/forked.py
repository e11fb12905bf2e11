"""What forked processes run. It imports nothing heavy: they have imported it before they fork."""

import contextlib
import os

from locogan_keras.cli import main


def quietly(command):
    """Runs a command in a forked process; its exit status is the process's."""
    with open(os.devnull, "w") as null, contextlib.redirect_stderr(null):
        os._exit(main(command))
