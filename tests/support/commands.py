"""Commands run in a process of their own, or in this one."""

import os
import shlex
import subprocess
import sys

from conftest import PATIENCE

from locogan_keras.cli import main


def python(code, *arguments):
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=PATIENCE
    )


def shell(redirection, *arguments, **environment):
    """A command as a shell starts it; gives its status and what it said."""
    words = [sys.executable, "-m", "locogan_keras", *map(str, arguments)]
    result = subprocess.run(
        f"{shlex.join(words)} {redirection}",
        shell=True,
        capture_output=True,
        env={**os.environ, **environment},
        timeout=PATIENCE,
    )
    return result.returncode, result.stdout.decode(), result.stderr.decode()


def refusal(capfd, *arguments):
    """The one line that a command prints when it exits with status 2."""
    try:
        status = main([str(argument) for argument in arguments])
    except SystemExit as exit_:
        status = exit_.code
    assert status == 2
    (line,) = capfd.readouterr().err.splitlines()
    return line


def gone():
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid
