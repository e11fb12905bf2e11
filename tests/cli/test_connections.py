"""No command opens a connection that the user did not ask for.

`strace` sees what the kernel is asked for, by whatever code and thread: ONNX Runtime's telemetry is
native code, which no patch of Python's `socket` would see. Names are looked up by connections, too.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import PATIENCE, TINY

GOLDEN = Path(__file__).parent.parent / "golden"
ONNX, KERAS, PHOTO = GOLDEN / "torus.onnx", GOLDEN / "linear.keras", GOLDEN / "source.png"
COMMANDS = [
    ["info", ONNX],
    ["render", ONNX, "--out", "a.png"],
    ["presets"],
    ["render", GOLDEN / "preset", "--out", "a.png"],
    ["gallery", ONNX, "--out", "gallery"],
    ["export", KERAS, "--to", "onnx", "--out", "a.onnx"],
    ["train", PHOTO, "--out", "run", "--steps", "1", "--recipe", "irregular", "--set", *TINY],
]


def _is_traceable():
    return (
        shutil.which("strace")
        and not subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"]).returncode
    )


pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not _is_traceable(), reason="strace is not installed, or not allowed"),
]


def connections(folder, command):
    """The addresses that a command and all that it starts connect or send to, and its status."""
    log, home = folder / "log", folder / "home"
    home.mkdir()
    strace = ["strace", "--follow-forks", "--seccomp-bpf", "-qq", "-e", "trace=%network"]
    program = [sys.executable, "-m", "locogan_keras", *map(str, command)]
    environment = {name: value for name, value in os.environ.items() if "TELEMETRY" not in name}
    result = subprocess.run(
        [*strace, "-o", str(log), *program],
        cwd=folder,
        capture_output=True,
        env={**environment, "HOME": str(home)},
        timeout=PATIENCE,
    )
    # A socket that is only made, as to ask whether there is IPv6, connects to nothing.
    lines = re.findall(r".*sa_family=AF_INET.*", log.read_text(errors="replace"))
    return [line for line in lines if not re.search(r" (bind|getsockname)\(", line)], result


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_nothing_is_sent_anywhere(command, tmp_path):
    found, result = connections(tmp_path, command)
    assert (result.returncode, found) == (0, []), result.stderr.decode()
    # What ONNX Runtime's telemetry leaves at once, and would send when there is time.
    assert not list((tmp_path / "home").rglob("*onnxruntime*"))


def test_what_is_asked_for_is_seen(tmp_path):
    model = "http://127.0.0.1:1/v1/models/a"
    found, result = connections(tmp_path, ["render", model, "--out", "a.png"])
    assert result.returncode == 3
    assert any("htons(1)" in line for line in found)
