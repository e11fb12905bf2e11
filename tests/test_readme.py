"""Every command of the README runs as it is written, on a model that is small enough."""

import re
import shlex
import shutil
from pathlib import Path

import lmdb
import pytest
from conftest import TINY
from PIL import Image
from support.browser import RUNTIME
from support.materials import BRICKS
from support.presets import package

from locogan_keras.cli import main
from locogan_keras.storage.presets import installed_presets

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, flags=re.DOTALL)
COMMANDS = [
    line.partition("  #")[0].strip()
    for language, block in BLOCKS
    if language == "sh"
    for line in block.replace("\\\n", " ").splitlines()
    if line.startswith("locogan ")
]


def shortened(arguments):
    """The same command, with two steps of a tiny model for a training, and nothing fetched."""
    if "web" in arguments:
        return [*arguments, "--runtime", str(RUNTIME)]
    if "--scheduler" in arguments:
        # There is no cluster: by this machine.
        place = arguments.index("--scheduler")
        return [*arguments[:place], "--workers", "1", *arguments[place + 2 :]]
    if arguments[0] != "train":
        return arguments
    for bound in ("--steps", "--minutes"):
        if bound in arguments:
            place = arguments.index(bound)
            arguments = arguments[:place] + arguments[place + 2 :]
    # Of a preset the width is its own.
    settings = TINY[1:] if "--from" in arguments else TINY
    return [*arguments, "--steps", "2", "--set", *settings]


def computes_in_bfloat16():
    """Whether this processor does."""
    openvino = pytest.importorskip("openvino", reason="it comes with the extra dev")
    return "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


@pytest.mark.slow
def test_every_command_runs(tmp_path, monkeypatch, photo, preset_folder):
    assert COMMANDS
    monkeypatch.chdir(tmp_path)
    there = {preset.name for preset in installed_presets()}
    named = set(re.findall(r"preset:([a-z]+)", README)) - there
    package(tmp_path / "packages", "readme_presets", dict.fromkeys(named, preset_folder))
    monkeypatch.syspath_prepend(tmp_path / "packages")
    shutil.copytree(ROOT / "examples", "examples")
    # Twice as large, so that its halves hold crops.
    with Image.open(photo) as picture:
        picture.resize((160, 192)).save("photo.png")
    shutil.copytree(BRICKS, "rock")
    with Image.open("photo.png") as picture:
        picture.putalpha(200)
        picture.save("leaf.png")
    Path("faces").mkdir()
    for index in range(2):
        shutil.copy(photo, f"faces/{index}.png")
    shutil.copytree("faces", "pictures/of/faces")
    shutil.copytree("faces", "thumbnails128x128/00000")
    churches = lmdb.open("church_outdoor_train_lmdb")
    with churches, churches.begin(write=True) as transaction:
        transaction.put(b"0", Path("photo.png").read_bytes())
    for command in COMMANDS:
        if "--to web" in command and not RUNTIME.exists():
            continue
        if "bfloat16" in command and not computes_in_bfloat16():
            continue
        assert main(shortened(shlex.split(command)[1:])) == 0, command


def test_the_examples_run_one_after_the_other(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "examples", "examples")
    names = {}
    for language, block in BLOCKS:
        if language == "python":
            block = block.replace("width=32", "width=2")
            block = block.replace("steps=1000", "steps=1")
            exec(compile(block, "README.md", "exec"), names)
    assert names["picture"].shape == names["halves"].shape == (200, 500, 3)
