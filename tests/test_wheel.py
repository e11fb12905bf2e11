"""The built wheel in empty environments, where nothing of the checkout can help it."""

import functools
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import PATIENCE, TINY, lively_generator, same_levels
from PIL import Image

from locogan_keras import export
from locogan_keras.data.pictures import read_picture

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
# All that a wheel is built from.
PARTS = ("locogan_keras", "setup.cfg", "pyproject.toml", "README.md", "LICENSE")
PRESET_PARTS = ("locogan_presets", "setup.cfg", "pyproject.toml", "README.md")
# An installation unpacks 2.5 GB.
_PATIENCE = 5 * PATIENCE
# Enough to render an .onnx file.
LIGHT = ("numpy", "onnxruntime", "pillow", "psutil", "tqdm")


def command(*words, folder, cut_off=False):
    """Runs a program in a folder, without what this process can import; gives its output."""
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if cut_off:
        words = (*without_network(), *words)
        variables |= dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    result = subprocess.run(
        list(map(str, words)),
        cwd=folder,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_PATIENCE,
    )
    assert result.returncode == 0, result.stdout
    return result.stdout


@functools.cache
def without_network():
    """What to put before a command so that it has no network, where the system lets us."""
    words = ("unshare", "--map-root-user", "--net")
    tried = shutil.which(words[0]) and subprocess.run([*words, "true"], stderr=subprocess.DEVNULL)
    return words if tried and tried.returncode == 0 else ()


def built(folder, origin, parts, more=None):
    """The wheel of what lies in a folder of the checkout.

    Args:
        folder: Where to build.
        origin: The folder, and `parts` what of it a wheel is built from.
        more: Folders to add, by where they go.
    """
    # In a copy, because building writes into the tree.
    source = folder / "source"
    source.mkdir()
    for part in parts:
        if (origin / part).is_dir():
            shutil.copytree(
                origin / part, source / part, ignore=shutil.ignore_patterns("__pycache__")
            )
        else:
            shutil.copy(origin / part, source)
    for place, each in (more or {}).items():
        shutil.copytree(each, source / place)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"]
    command(*pip, "--wheel-dir", folder / "built", source, folder=folder)
    (path,) = (folder / "built").glob("*.whl")
    return path


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return built(tmp_path_factory.mktemp("wheel"), ROOT, PARTS)


@pytest.fixture(scope="module")
def full(environment, wheel):
    return environment("full", wheel)


@pytest.fixture(scope="module")
def preset(tmp_path_factory):
    """A preset as it is published: with a card and a picture."""
    folder = tmp_path_factory.mktemp("preset")
    lively_generator("torus", frame=(64, 64), width=1).save(folder / "model.keras")
    made = folder / "pebbles"
    export(folder / "model.keras", "preset", made, report=lambda line: None)
    (made / "samples").mkdir()
    Image.new("RGB", (8, 8)).save(made / "samples" / "photo.jpg")
    (made / "README.md").write_text("# Pebbles")
    return made


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """Makes a virtual environment with some packages; gives the folder of its programs."""
    made, folder = [], tmp_path_factory.mktemp("environments")

    def make(name, *requirements):
        made.append(folder / name)
        command(sys.executable, "-m", "venv", made[-1], folder=folder)
        programs = made[-1] / "bin"
        command(programs / "pip", "install", "--quiet", *requirements, folder=folder)
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
        "hosting/page.html",
    )
    for name in files:
        assert f"locogan_keras/{name}" in held


def test_the_wheel_trains_exports_and_renders_without_tensorflow(
    wheel, full, environment, photo, tmp_path
):
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


def test_both_wheels_alone_make_pictures_at_once(preset, full, photo, tmp_path, tmp_path_factory):
    """One preset in each. Only `pip` has a network."""
    builtin, further = "locogan_keras/presets/pebbles-of-ours", "locogan_presets/pebbles"
    ours = built(tmp_path_factory.mktemp("ours"), ROOT, PARTS, {builtin: preset})
    theirs = built(
        tmp_path_factory.mktemp("theirs"), ROOT / "presets", PRESET_PARTS, {further: preset}
    )
    for path, place in ((ours, builtin), (theirs, further)):
        with zipfile.ZipFile(path) as archive:
            held = {name for name in archive.namelist() if name.startswith(f"{place}/")}
        files = (path for path in preset.rglob("*") if path.is_file())
        assert held == {f"{place}/{path.relative_to(preset)}" for path in files}
    # The first is what the second requires, and in no registry.
    install = ("install", "--quiet", "--no-deps", "--force-reinstall")
    command(full / "pip", *install, ours, theirs, folder=tmp_path)

    def locogan(*words):
        return command(full / "locogan", *words, folder=tmp_path, cut_off=True)

    facts = {each["name"]: each for each in json.loads(locogan("presets", "--json"))}
    assert facts["pebbles-of-ours"]["package"] == "locogan-keras"
    assert facts["pebbles"]["package"] == "locogan-presets"
    locogan("presets", "--out", "sheet.png")
    for model, out in (("preset:pebbles-of-ours", "a"), ("preset:pebbles", "b"), (preset, "c")):
        locogan("render", model, "--out", f"{out}.png", "--height", "96", "--width", "130")
    first, *others = ((tmp_path / f"{out}.png").read_bytes() for out in "abc")
    assert others == [first, first]
    locogan("edit", "stretch", "preset:pebbles", "--to", "64x96", "--out", "edit.png")
    locogan("export", "preset:pebbles", "--to", "onnx", "--out", "model.onnx")
    assert (tmp_path / "model.onnx").read_bytes() == (preset / "model.onnx").read_bytes()
    settings = ["--steps", "2", "--set", *TINY[1:], "packed=1"]
    said = locogan("train", photo, "--from", "preset:pebbles", "--out", "run", *settings)
    assert "From preset:pebbles, recipe regular" in said
    assert "begun from:         preset:pebbles" in locogan("info", "run")
