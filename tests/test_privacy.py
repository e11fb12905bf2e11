"""What ONNX Runtime's telemetry would leave in a user's home: nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODEL = ROOT / "tests" / "golden" / "torus.onnx"
LIBRARY = "import sys; from locogan_keras.cli import main; sys.exit(main(sys.argv[1:]))"
COMMANDS = {
    "info": ["-c", LIBRARY, "info", MODEL],
    "client": [ROOT / "export" / "client_onnx.py", MODEL, "--height", "16", "--width", "16"],
}


def run(command, home, out, **environment):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ORT_")}
    homes = {"HOME": str(home), "XDG_CACHE_HOME": "", "USERPROFILE": str(home)}
    arguments = [*map(str, command), *(["--out", str(out)] if "--height" in command else [])]
    return subprocess.run(
        [sys.executable, *arguments],
        env={**kept, **homes, **environment},
        capture_output=True,
        check=True,
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_is_left_in_the_home(command, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    run(COMMANDS[command], home, tmp_path / "picture.png")
    assert not list(home.iterdir())


def test_a_user_may_want_it(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    run(COMMANDS["info"], home, None, ORT_DISABLE_TELEMETRY="0")
    assert list(home.iterdir())
