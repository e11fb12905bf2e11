"""The built wheel in empty environments, where nothing of the checkout can help it."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import PATIENCE, TINY, same_levels

from locogan_keras.data.pictures import read_picture

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
# All that a wheel is built from.
PARTS = ("locogan_keras", "setup.cfg", "pyproject.toml", "README.md", "LICENSE")
# Enough to render an .onnx file.
LIGHT = ("numpy", "onnxruntime", "pillow", "psutil", "tqdm")


def command(*words, folder):
    """Runs a program in a folder, without what this process can import; gives its output."""
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    result = subprocess.run(
        list(map(str, words)),
        cwd=folder,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
    )
    assert result.returncode == 0, result.stdout
    return result.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    # In a copy, because building writes into the tree.
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(
                ROOT / part, source / part, ignore=shutil.ignore_patterns("__pycache__")
            )
        else:
            shutil.copy(ROOT / part, source)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    command(*pip, "--wheel-dir", folder / "built", source, folder=folder)
    (path,) = (folder / "built").glob("locogan_keras-*.whl")
    return path


@pytest.fixture
def environment(tmp_path):
    """Makes a virtual environment with some packages; gives the folder of its programs."""
    made = []

    def make(name, *requirements):
        made.append(tmp_path / name)
        command(sys.executable, "-m", "venv", made[-1], folder=tmp_path)
        programs = made[-1] / "bin"
        command(programs / "pip", "install", "--quiet", *requirements, folder=tmp_path)
        return programs

    yield make
    # With TensorFlow it has 2.5 GB, and pytest keeps folders.
    for folder in made:
        shutil.rmtree(folder)


def test_the_wheel_holds_every_file_of_the_package(wheel):
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if name.startswith("locogan_keras/")}
    library = ROOT / "locogan_keras"
    paths = (path for path in library.rglob("*") if path.is_file() and path.suffix != ".pyc")
    assert held == {str(path.relative_to(ROOT)) for path in paths}
    files = (
        "recipes/regular.toml",
        "exporting/serving/compose.yaml",
        "exporting/web/page/page.mjs",
    )
    for name in files:
        assert f"locogan_keras/{name}" in held


def test_the_wheel_trains_exports_and_renders_without_tensorflow(
    wheel, environment, photo, tmp_path
):
    full = environment("full", wheel)
    assert "usage: locogan" in command(full / "locogan", "--help", folder=tmp_path)
    settings = ["--steps", "2", "--set", *TINY, "model.frame=[64, 64]"]
    command(full / "locogan", "train", photo, "--out", "run", *settings, folder=tmp_path)
    export = ["export", "run", "--to", "onnx", "--out", "model.onnx"]
    command(full / "locogan", *export, folder=tmp_path)

    light = environment("light", *LIGHT)
    command(light / "pip", "install", "--quiet", "--no-deps", wheel, folder=tmp_path)
    packages = command(light / "pip", "list", folder=tmp_path).lower().split()
    assert "locogan-keras" in packages
    assert not {"tensorflow", "keras", "onnx"} & set(packages)
    for programs, model, out in (
        (full, "run", "keras.png"),
        (full, "model.onnx", "full.png"),
        (light, "model.onnx", "light.png"),
    ):
        size = ["--height", "96", "--width", "130", "--seed", "3", "--periodic", "none"]
        command(programs / "locogan", "render", model, "--out", out, *size, folder=tmp_path)
    pictures = [read_picture(tmp_path / f"{name}.png") for name in ("keras", "full", "light")]
    assert pictures[0].shape == (96, 130, 3)
    assert same_levels(pictures[1], pictures[0])
    assert same_levels(pictures[2], pictures[0])
