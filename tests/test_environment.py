"""Users' environments: what is not left in their homes, and what they have set for other work."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import same_levels
from PIL import Image
from support.commands import python

ROOT = Path(__file__).parent.parent
MODEL = ROOT / "tests" / "golden" / "torus.onnx"
LIBRARY = "import sys; from locogan_keras.cli import main; sys.exit(main(sys.argv[1:]))"
COMMANDS = {
    "info": ["-c", LIBRARY, "info", MODEL],
    "client": [ROOT / "export" / "client_onnx.py", MODEL, "--height", "16", "--width", "16"],
}


# In the place of ONNX Runtime: what it would see as it is imported, which is when it decides.
SPY = "import os; print(os.environ.get('ORT_DISABLE_TELEMETRY'))"


def run(command, home, out, **environment):
    # Nothing else is kept: where CI is set, ONNX Runtime is silent, which would hide a fault.
    kept = {
        name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TMPDIR") if name in os.environ
    }
    homes = {"HOME": str(home), "XDG_CACHE_HOME": "", "USERPROFILE": str(home)}
    arguments = [*map(str, command), *(["--out", str(out)] if "--height" in command else [])]
    return subprocess.run(
        [sys.executable, *arguments],
        env={**kept, **homes, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_is_left_in_the_home(command, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    assert run(COMMANDS[command], home, tmp_path / "picture.png").returncode == 0
    assert not list(home.iterdir())


@pytest.mark.parametrize(("wanted", "seen"), [({}, "1"), ({"ORT_DISABLE_TELEMETRY": "0"}, "0")])
@pytest.mark.parametrize("command", COMMANDS)
def test_telemetry_is_off_before_the_runtime_is_imported_but_for_a_user_who_wants_it(
    command, wanted, seen, tmp_path
):
    (tmp_path / "onnxruntime.py").write_text(SPY)
    result = run(
        COMMANDS[command], tmp_path, tmp_path / "picture.png", PYTHONPATH=str(tmp_path), **wanted
    )
    assert result.stdout.splitlines()[0] == seen


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_another_backend_of_keras_does_not_matter(backend, tmp_path, monkeypatch):
    settings = {"backend": backend, "image_data_format": "channels_first"}
    (tmp_path / "keras.json").write_text(json.dumps({"floatx": "float32", **settings}))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("KERAS_BACKEND", backend)
    golden = MODEL.parent
    window = json.loads((golden / "expected.json").read_text())["windows"]["linear"]
    frame = "x".join(map(str, window.pop("frame")))
    options = [f"--{name}={value}" for name, value in window.items()]
    out = tmp_path / "picture.png"
    command = ["render", str(golden / "linear.keras"), "--out", str(out), "--tile", "64"]
    result = python(LIBRARY, *command, f"--frame={frame}", *options)
    assert (result.returncode, result.stderr) == (0, "")
    with Image.open(out) as ours, Image.open(golden / "linear.png") as expected:
        assert same_levels(np.asarray(ours), np.asarray(expected).astype(int))


def test_keras_with_another_backend_is_named():
    code = "import keras; keras.backend.backend = lambda: 'jax'; import locogan_keras; "
    error = python(f"{code} locogan_keras.build_generator").stderr
    assert "ImportError: locogan_keras needs the TensorFlow backend" in error
    assert "another: jax" in error


def test_importing_the_library_leaves_the_backend_to_others(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert python("import os, locogan_keras; print(os.environ['KERAS_BACKEND'])").stdout == "jax\n"
