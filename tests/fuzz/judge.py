"""A case run in a forked process, and what is wrong with how it ended.

The process that forks has imported all that commands need, and has started nothing of TensorFlow:
so a case takes tenths of a second, and none sees what another has left.
"""

import contextlib
import dataclasses
import os
import re
import resource
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

from files import contents, is_partial, is_whole, lay_out

from locogan_keras.cli import main

README = Path(__file__).parent.parent.parent / "README.md"
# Of a case; more of either is a fault, and not the end of this machine.
SECONDS = 60
_MEMORY = 8 * 2**30
# What README lists, but for that of a fault of the program; those of signals come of signals only.
_TABLE = README.read_text("utf-8").partition("| exit status |")[2].partition("\n\n")[0]
DOCUMENTED = {
    int(number)
    for row in re.findall(r"^\| ([\d, ]+) \|", _TABLE, flags=re.MULTILINE)
    for number in row.split(",")
} - {1, 129, 130, 143}


@dataclasses.dataclass(frozen=True)
class Verdict:
    """How a case ended.

    Args:
        status: The exit status; negative for a signal's number.
        faults: Kinds of faults, each with what shows it.
        said: Standard error.
    """

    status: int
    faults: dict[str, str]
    said: str


def judged(case, run=main):
    """The case's `Verdict`. If it is killed on the way, the same command has to work afterwards.

    Args:
        case: A `Case`.
        run: Called without arguments in its process, gives the exit status.
    """
    with tempfile.TemporaryDirectory(prefix="fuzz") as name:
        folder = Path(name, "case")
        lay_out(folder, case.changes)
        verdict = _judged(case, run, folder, case.killed_after)
        if verdict.status != -signal.SIGKILL or verdict.faults:
            return verdict
        following = _judged(case, run, folder)
        faults = dict(following.faults)
        # What had its name before the kill is whole, and is not made again.
        if following.status and "exists already" not in following.said:
            faults["other statuses"] = f"{following.status} after a kill"
        if left := [str(path) for path in contents(folder) if is_partial(path)]:
            faults["partial files"] = ", ".join(left)
        return Verdict(verdict.status, faults, following.said)


def _judged(case, run, folder, killed_after=None):
    with tempfile.TemporaryDirectory(prefix="fuzz") as name:
        errors, temporary = Path(name, "errors"), Path(name, "temporary")
        temporary.mkdir()
        # A process may be killed before it has said anything.
        errors.touch()
        before = contents(folder)
        status = _status(case, run, folder, temporary, errors, killed_after)
        after = contents(folder)
        said = errors.read_text(encoding="utf-8", errors="replace")
        left = [] if status < 0 else [path.name for path in temporary.iterdir()]
    faults = _faults(case, status, said)
    # Python's own, which TensorFlow makes of code and removes at a proper end.
    left = [name for name in left if not name.startswith("__autograph_generated_file")]
    changed = [path for path in after if path not in before or after[path] != before[path]]
    left += [str(path) for path in changed if not _may_be(case, folder, path, status)]
    # A run that goes on tidies up.
    if status and case.arguments[0] != "train":
        left += [f"{path} is gone" for path in before.keys() - after.keys()]
    if left:
        faults["partial files"] = ", ".join(left)
    return Verdict(status, faults, said)


def _may_be(case, folder, path, status):
    """Whether a file may be new or another after a command has ended with this status."""
    if status < 0 and is_partial(path):
        # The next command sweeps it.
        return True
    # A folder is what is in it, and a run is a folder that fills.
    may = status <= 0 or (case.arguments[0] == "train" and path.parts[0] == "run")
    return may and not is_partial(path) and is_whole(folder / path)


def _status(case, run, folder, temporary, errors, killed_after):
    """The exit status of a case that is run in a forked process."""
    sys.stdout.flush()
    sys.stderr.flush()
    process = os.fork()
    if process:
        if killed_after is not None:
            time.sleep(killed_after)
            os.kill(process, signal.SIGKILL)
        return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    status = 1
    try:
        # It ends the process wherever that is, in C++ too.
        signal.setitimer(signal.ITIMER_REAL, SECONDS)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))
        for number, name in ((0, os.devnull), (1, os.devnull), (2, errors)):
            os.dup2(os.open(name, os.O_RDWR | os.O_CREAT), number)
        os.environ["TMPDIR"], tempfile.tempdir = str(temporary), None
        os.chdir(folder)
        sys.argv = ["locogan", *case.arguments]
        status = run()
    except SystemExit as end:
        status = end.code or 0
    except BaseException:  # noqa: BLE001 - as Python itself ends
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError):
            sys.stderr.flush()
        os._exit(status)


def _faults(case, status, said):
    """What is wrong with a status, and with what was said."""
    faults = {}
    if "Traceback (most recent call last)" in said or status == 1:
        faults["tracebacks"] = said.strip().splitlines()[-1] if said.strip() else "nothing said"
    elif status == -signal.SIGALRM:
        faults["hangs"] = f"over {SECONDS} s"
    elif status not in DOCUMENTED and (case.killed_after is None or status != -signal.SIGKILL):
        faults["other statuses"] = str(status)
    # A bar is drawn over itself, and a training says what it does.
    lines = [line for line in said.split("\n") if line.strip() and "\r" not in line]
    if case.arguments[:1] == ["train"]:
        lines = [line for line in lines if "error:" in line]
    if status > 1 and not 1 <= len(lines) <= 2:
        faults["not one or two lines"] = f"{len(lines)} lines"
    if not all(each.isprintable() for line in lines for each in line):
        faults["unprintable"] = ascii(lines[-1])
    return faults
