"""`locogan card`: a preset's whole folder."""

import dataclasses
import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from conftest import lively_generator
from PIL import Image
from support.commands import refusal
from support.patterns import bricks

from locogan_keras import evaluate, load_engine
from locogan_keras.cli import main
from locogan_keras.data.crops import load_pictures
from locogan_keras.data.pictures import read_picture
from locogan_keras.evaluation import patch_distance, scores
from locogan_keras.storage.config import load_config
from locogan_keras.storage.run import Origin, Run, version

CHANGES = ["model.width=2", "model.frame=[64, 64]", "data.image_size=160", "training.seed=5"]
SAID = ["--title", "A wall", "--licence", "CC0", "--source", "a test", "--author", "nobody"]
SAID += ["--flaw", "it is noise", "and grey"]


SCORES = {"seam": scores.Score(0.75, 0.5, 1.0), "copying": scores.Score(2.0, 4.0, 0.0)}


@pytest.fixture(scope="module")
def wall(tmp_path_factory):
    path = tmp_path_factory.mktemp("wall") / "wall.png"
    picture = bricks(np.random.default_rng(0), 160, 160, (64, 64))
    Image.fromarray(np.clip(picture * 100 + 128, 0, 255).astype(np.uint8)).save(path)
    return path


@pytest.fixture(scope="module")
def run(wall, tmp_path_factory):
    """What a training of 300 steps would leave, with random weights."""
    run = Run(tmp_path_factory.mktemp("runs") / "wall")
    settings = load_config("pattern-torus", CHANGES)
    pictures = load_pictures(wall, image_size=160, encoding="torus", frame=(64, 64))
    origin = Origin(str(wall), pictures.fingerprint, "pattern-torus", version())
    origin = dataclasses.replace(origin, preset="preset:other", machine="a kind of GPU")
    run.write(settings, origin)
    lively_generator("torus", frame=(64, 64), width=2).save(run.path("generator.keras"))
    run.path("metrics.csv").write_text("step,seconds\n299,89.7\n300,90.00\n301,90.30\n")
    run.checkpoints.save(300, lambda path: path.write_bytes(b"weights"))
    return run.folder


@pytest.fixture(scope="module")
def preset(run, wall, tmp_path_factory):
    """Without the metrics, which take a while."""
    out = tmp_path_factory.mktemp("presets") / "wall"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("locogan_keras.evaluation.evaluate.evaluate", lambda *_: SCORES)
        assert main(["card", str(run), str(wall), "--out", str(out), *SAID]) == 0
    return out


def test_a_card_is_a_preset_with_pictures(preset):
    assert {path.name for path in preset.iterdir()} == {
        *("config.json", "metadata.json", "model.weights.h5", "model.onnx", "samples", "README.md")
    }
    text = (preset / "README.md").read_text(encoding="utf-8")
    linked = re.findall(r"!\[.*?\]\((.*?)\)", text)
    assert sorted(linked) == sorted(f"samples/{path.name}" for path in preset.glob("samples/*"))
    for name in linked:
        with Image.open(preset / name) as picture:
            assert picture.format == "JPEG"
    description = load_engine(preset).description
    assert (description.recipe, description.steps) == ("pattern-torus", 300)
    assert description.fingerprint in text


def test_metadata_is_what_the_card_says(preset, wall):
    metadata = json.loads((preset / "metadata.json").read_text(encoding="utf-8"))
    said = [metadata[name] for name in ("title", "licence", "source", "author", "flaws")]
    assert said == ["A wall", "CC0", "a test", "nobody", ["it is noise", "and grey"]]
    assert metadata["training"]["minutes"] == 1.5
    assert metadata["training"]["machine"] == "a kind of GPU"

    found = {name: scores.Score(**values) for name, values in metadata["scores"].items()}
    assert found == SCORES
    text = (preset / "README.md").read_text(encoding="utf-8")
    assert "| seam | 0.75 | 0.5 | 1 | 1.5 | " in text


def test_its_command_has_the_run_s_settings(preset, run, wall):
    metadata = json.loads((preset / "metadata.json").read_text(encoding="utf-8"))
    words = shlex.split(metadata["training"]["command"])
    assert words[:5] == ["locogan", "train", wall.name, "--out", "runs/wall"]
    assert words[words.index("--from") + 1] == "preset:other"
    recipe = words[words.index("--recipe") + 1]
    steps = words[words.index("--steps") + 1]
    changes = words[words.index("--set") + 1 :]
    settings, _ = Run(run).read()
    assert load_config(recipe, [*changes, f"training.steps={steps}"]) == load_config(
        "pattern-torus", [*CHANGES, "training.steps=300"]
    )
    assert settings.training.seed == 5


def test_nothing_of_this_machine_is_said(preset, wall):
    for name in ("README.md", "metadata.json", "config.json"):
        assert str(wall.parent) not in (preset / name).read_text(encoding="utf-8")
    assert str(wall.parent).encode() not in (preset / "model.onnx").read_bytes()


def test_its_commands_run(preset, wall, tmp_path, monkeypatch):
    """But the training, which has tests of its own; by the folder, as where it is not installed."""
    text = (preset / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```(\w+)\n(.*?)```", text, flags=re.DOTALL)
    uses = next(block for language, block in blocks if language == "sh")
    monkeypatch.chdir(tmp_path)
    for line in uses.replace("preset:wall", str(preset)).splitlines():
        if " train " not in line:
            assert main(shlex.split(line)[1:]) == 0, line
    assert read_picture("picture.png").shape == (1024, 1024, 3)
    (python,) = [block for language, block in blocks if language == "python"]
    names = {}
    for name in ("wall", "preset:wall"):
        python = python.replace(f'"{name}"', repr(str(preset)))
    exec(compile(python, "README.md", "exec"), names)
    assert names["picture"].shape == (64, 64, 3)


@pytest.mark.slow
def test_the_same_run_has_the_same_card(run, wall, tmp_path, monkeypatch):
    monkeypatch.setattr(scores, "_CROPS", 20)
    monkeypatch.setattr(patch_distance, "_PATCHES", 256)
    folders = [tmp_path / name / "wall" for name in "ab"]
    for folder in folders:
        assert main(["card", str(run), str(wall), "--out", str(folder), *SAID]) == 0
    first, second = (json.loads((each / "metadata.json").read_bytes()) for each in folders)
    assert {**first, "date_saved": ""} == {**second, "date_saved": ""}
    names = {path.relative_to(folders[0]) for path in folders[0].rglob("*") if path.is_file()}
    for name in names - {Path("metadata.json")}:
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes(), name

    # What it measures is the preset's own model, as `locogan evaluate` does.
    found = evaluate(load_engine(folders[0]), [read_picture(wall)])
    assert {name: scores.Score(**values) for name, values in first["scores"].items()} == found


def test_refusals_leave_nothing(run, wall, photo, tmp_path, capfd):
    out = tmp_path / "out"
    for arguments, said in (
        ((run, photo, "--out", out), "is not what RUN"),
        ((tmp_path, wall, "--out", out), "is not a run"),
        ((run, tmp_path / "nothing.png", "--out", out), "nothing.png"),
        ((run, wall, "--out", tmp_path / "two words"), "two words"),
        ((run, wall, "--out", run), "exists already"),
    ):
        assert said in refusal(capfd, "card", *arguments)
    assert list(tmp_path.iterdir()) == []
