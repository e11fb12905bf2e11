"""The command line: what it imports, what it prints and what it refuses."""

import json
import os
import signal
import subprocess
import sys
import time
import types
from pathlib import Path

import keras
import numpy as np
import pytest
from conftest import PATIENCE, TINY
from PIL import Image
from support.commands import python, refusal

import locogan_keras
from locogan_keras.cli import main
from locogan_keras.training import train as training

GOLDEN = Path(__file__).parent.parent / "golden"


def test_importing_the_library_imports_neither_tensorflow_nor_keras():
    code = "import sys, locogan_keras; print({'tensorflow', 'keras'} & set(sys.modules))"
    assert python(code).stdout.strip() == "set()"


def test_the_version_is_said(capsys):
    with pytest.raises(SystemExit) as left:
        main(["--version"])
    assert left.value.code == 0
    assert capsys.readouterr().out == f"locogan {locogan_keras.__version__}\n"


def test_the_package_is_the_command():
    result = subprocess.run(
        [sys.executable, "-m", "locogan_keras", "--version"], capture_output=True, text=True
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == f"locogan {locogan_keras.__version__}\n"


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["train"],
        ["render"],
        ["edit"],
        ["gallery"],
        ["evaluate"],
        ["export"],
        ["info"],
        ["presets"],
        ["serve"],
    ],
)
def test_help_answers_at_once(command):
    code = "import sys; from locogan_keras.cli import main; main(sys.argv[1:])"
    times, least = [], []
    for _ in range(5):
        begun = time.perf_counter()
        python("import argparse")
        least.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        result = python(code, *command, "--help")
        times.append(time.perf_counter() - begun)
        assert result.returncode == 0
        assert "usage: locogan" in result.stdout
    # 0.3 s, where the machine has time for it.
    assert min(times) < max(0.3, 6 * min(least))


def test_rendering_writes_the_picture_and_its_origin(trained_run, tmp_path):
    out = tmp_path / "new" / "picture.png"
    request = ["--height", "100", "--width", "131", "--seed", "3", "--top", "-9", "--left", "20"]
    assert main(["render", str(trained_run), "--out", str(out), *request, "--tile", "64"]) == 0
    with Image.open(out) as picture:
        assert picture.size == (131, 100)
        assert picture.mode == "RGB"
        origin = json.loads(picture.text["locogan"])
    assert origin.pop("version") == "0.1.0"
    assert len(origin.pop("model")) == 16
    assert origin == {
        "seed": 3,
        "window": [-9, 20, 100, 131],
        "frame": [64, 64],
        "period": [64, 64],
        "tile": 64,
        "latents": "threefry2x32-20/box-muller/1",
    }


def test_a_run_and_its_generator_are_one_model(trained_run, tmp_path):
    pictures = []
    for model in (trained_run, trained_run / "generator.keras"):
        assert main(["render", str(model), "--out", str(tmp_path / "a.png"), "--width", "70"]) == 0
        pictures.append((tmp_path / "a.png").read_bytes())
    assert pictures[0] == pictures[1]


def test_info_says_what_a_model_is(trained_run, capsys):
    assert main(["info", str(trained_run)]) == 0
    lines = dict(line.split(":", 1) for line in capsys.readouterr().out.strip().splitlines())
    lines = {name: value.strip() for name, value in lines.items()}
    assert lines["recipe"] == "pattern-torus"
    assert lines["steps"] == "4"
    assert lines["frame"] == "64 x 64 pixels"
    assert lines["encoding"] == "torus"
    assert lines["period"] == "64 x 64"
    generator = keras.saving.load_model(trained_run / "generator.keras")
    assert lines["parameters"] == f"{generator.count_params():,}"
    assert main(["info", str(trained_run / "generator.keras")]) == 0


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--height", "0"], "--height: must be positive: 0"),
        (["--width", "-5"], "--width: must be positive: -5"),
        (["--width=--"], "--width: expected one argument"),
        (["--width", "wide"], "--width: invalid int value: 'wide'"),
        (["--seed", "-1"], "seed=-1"),
        (["--seed", "4294967296"], "seed=4294967296"),
        (["--frame", "64"], "--frame: must be HEIGHTxWIDTH in pixels: 64"),
        (["--frame", "100x64"], "frame=100x64"),
        (["--period", "100x64"], "nearest is 128. Received: period=100x64"),
        (["--periodic", "z"], "--periodic: invalid choice: 'z'"),
        (["--tile", "50"], "tile=50"),
        (["--period", "1" + 21 * "0" + "x64"], "--period: must be HEIGHTxWIDTH in pixels: 1000"),
        (["--period", "99999999999x64"], "period reaches beyond the canvas"),
        (["--top", "1" + 21 * "0"], "top reaches beyond the canvas"),
        (["--frame", "a\n\x1b[31mb"], r"--frame: must be HEIGHTxWIDTH in pixels: a \x1b[31mb"),
        (["a\x1b[31m"], r"unrecognized arguments: a\x1b[31m"),
    ],
)
def test_bad_requests_get_one_line_and_leave_nothing(
    trained_run, tmp_path, capfd, arguments, reason
):
    out = tmp_path / "new" / "picture.png"
    assert reason in refusal(capfd, "render", trained_run, "--out", out, *arguments)
    assert list(tmp_path.iterdir()) == []


def test_bad_models_are_named(tmp_path, trained_run, capfd):
    text = tmp_path / "text.txt"
    text.write_text("no model")
    cut = tmp_path / "cut.keras"
    cut.write_bytes((trained_run / "generator.keras").read_bytes()[:1000])
    flipped = tmp_path / "flipped.keras"
    data = bytearray((trained_run / "generator.keras").read_bytes())
    data[len(data) // 2] ^= 0xFF
    flipped.write_bytes(data)
    dense = tmp_path / "dense.keras"
    keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)]).save(dense)
    empty = tmp_path / "empty"
    empty.mkdir()
    for model in (text, cut, flipped, dense, empty, tmp_path / "missing"):
        assert str(model) in refusal(capfd, "render", model, "--out", tmp_path / "a.png")
        assert str(model) in refusal(capfd, "info", model)
    assert not (tmp_path / "a.png").exists()


def test_what_cannot_be_written_is_named_and_what_was_there_stays(trained_run, tmp_path, capfd):
    file = tmp_path / "file"
    file.write_text("mine")
    folder = tmp_path / "folder.png"
    folder.mkdir()
    for out, reason in [
        (file / "a.png", "file/a.png"),
        (folder, "folder.png: cannot write: Is a directory"),
        (tmp_path / "a.bmp", "--out must end in .png"),
    ]:
        assert reason in refusal(capfd, "render", trained_run, "--out", out)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder.png"]


@pytest.mark.parametrize("suffix", ["png", "tif", "webp", "jpg", "exr"])
def test_a_full_disk_keeps_the_old_picture(tmp_path, suffix):
    out = tmp_path / f"picture.{suffix}"
    out.write_bytes(b"old")
    code = (
        "import resource, sys; from locogan_keras.cli import main;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)); sys.exit(main(sys.argv[1:]))"
    )
    size = ["--height", "300", "--width", "300", "--periodic", "none"]
    result = python(code, "render", str(GOLDEN / "torus.onnx"), "--out", str(out), *size)
    assert result.returncode == 2
    assert f"{out}: cannot write: " in result.stderr
    assert result.stderr.count("\n") == 1
    assert out.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [out]


def test_the_picture_of_one_pixel(trained_run, tmp_path):
    out = tmp_path / "pixel.png"
    assert (
        main(["render", str(trained_run), "--out", str(out), "--height", "1", "--width", "1"]) == 0
    )
    with Image.open(out) as picture:
        assert np.asarray(picture).shape == (1, 1, 3)


def test_unknown_recipes_keys_and_values_are_named(photo, tmp_path, capfd):
    for arguments, reason in [
        (["--recipe", "moon"], "--recipe moon"),
        (["--set", "model.wdth=3"], "unknown key model.wdth; did you mean model.width?"),
        (["--set", "model.width=three"], "model.width='three'"),
        (["--steps", "0"], "--steps: must be positive: 0"),
        (["--minutes", "nan"], "--minutes: must be positive: nan"),
        (["--minutes", "1e308"], "--minutes: must be positive: 1e308"),
        (["--steps", "5", "--minutes", "5"], "not allowed with"),
    ]:
        out = tmp_path / "run"
        assert reason in refusal(capfd, "train", photo, "--out", out, *arguments)
        assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("arguments", "again"), [([], "The same command goes"), (["--fresh"], "without --fresh goes")]
)
def test_an_interruption_says_how_to_go_on(photo, tmp_path, capsys, monkeypatch, arguments, again):
    model = types.SimpleNamespace(step=types.SimpleNamespace(numpy=lambda: 7))
    monkeypatch.setattr(training, "train", lambda *_, **__: (model, signal.SIGINT))
    assert main(["train", str(photo), "--out", str(tmp_path / "run"), *arguments]) == 130
    printed = capsys.readouterr().out
    assert "saved at step 7" in printed
    assert again in printed


def test_a_command_mutes_its_libraries():
    code = (
        "import logging, os; from locogan_keras.cli import main; main();"
        "print(os.environ['TF_CPP_MIN_LOG_LEVEL'], logging.getLogger('absl').isEnabledFor(50))"
    )
    model = Path(__file__).parent.parent / "golden" / "torus.onnx"
    assert python(code, "info", str(model)).stdout.splitlines()[-1] == "3 False"


@pytest.mark.slow
def test_logs_are_quiet_unless_asked(trained_run, photo, tmp_path):
    def shown(*arguments):
        # Set by a user for other work.
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "0"}
        code = "import sys; from locogan_keras.cli import main; sys.exit(main())"
        command = [sys.executable, "-c", code, *map(str, arguments)]
        result = subprocess.run(
            command, capture_output=True, text=True, env=environment, timeout=PATIENCE
        )
        assert result.returncode == 0
        lines = result.stderr.replace("\r", "\n").splitlines()
        return [line for line in lines if line.strip() and "%|" not in line]

    assert shown("render", trained_run, "--out", tmp_path / "picture.png") == []
    train = ["train", photo, "--steps", "1", "--set", *TINY, "model.frame=[64, 64]"]
    assert shown(*train, "--out", tmp_path / "quiet") == []
    talk = shown(*train, "--verbose", "--out", tmp_path / "talk")
    assert any("tensorflow" in line or "cuda" in line for line in talk)
