"""`make demo`: its commands."""

import shlex
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from test_readme import shortened

from locogan_keras.cli import main
from locogan_keras.data.pictures import read_picture

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="there is no make")
# A `locogan` that keeps its arguments.
STUB = """#!/bin/sh
echo "$@" >> {said}
"""


@pytest.fixture
def commands(tmp_path):
    """What `make demo` runs."""
    stub, said = tmp_path / "bin" / "locogan", tmp_path / "said.txt"
    stub.parent.mkdir()
    stub.write_text(STUB.format(said=shlex.quote(str(said))), encoding="utf-8")
    stub.chmod(0o755)
    # As if the environment were made.
    words = ["make", "--silent", "--old-file=.venv/installed", "demo", f"BIN={stub.parent}"]
    result = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return [shlex.split(line) for line in said.read_text(encoding="utf-8").splitlines()]


def test_the_demo_renders_a_preset_before_it_trains(commands):
    assert [command[:2] for command in commands] == [
        ["render", "preset:gravel"],
        ["train", "examples/sand.png"],
        ["render", "runs/demo-sand"],
        ["render", "runs/demo-sand"],
    ]
    # With a minute to install, and what starts and saves around it, five in all.
    assert float(commands[1][commands[1].index("--minutes") + 1]) <= 3


@pytest.mark.slow
def test_the_demo_s_commands_run(commands, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "examples", "examples")
    for command in commands:
        assert main(shortened(command)) == 0, command
    tile, tiled = read_picture("wallpaper.png"), read_picture("wallpaper-2x2.png")
    np.testing.assert_array_equal(tiled, np.tile(tile, (2, 2, 1)))
