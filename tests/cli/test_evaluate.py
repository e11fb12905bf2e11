"""`locogan evaluate`: what it prints and what it refuses."""

import json

import numpy as np
import pytest
from conftest import lively_generator
from PIL import Image
from support.commands import refusal
from support.patterns import bricks

from locogan_keras.cli import main
from locogan_keras.evaluation import patch_distance, scores


@pytest.fixture(autouse=True)
def fewer_crops(monkeypatch):
    monkeypatch.setattr(scores, "_CROPS", 20)
    monkeypatch.setattr(patch_distance, "_PATCHES", 256)


@pytest.fixture(scope="module")
def wall(tmp_path_factory):
    path = tmp_path_factory.mktemp("wall") / "wall.png"
    picture = bricks(np.random.default_rng(0), 192, 192, (64, 64))
    Image.fromarray(np.clip(picture * 100 + 128, 0, 255).astype(np.uint8)).save(path)
    return path


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.keras"
    lively_generator("torus", frame=(64, 64), width=2).save(path)
    return path


def test_each_metric_has_a_line(model, wall, capsys):
    assert main(["evaluate", str(model), str(wall), "--image-size", "192"]) == 0
    lines = capsys.readouterr().out.splitlines()
    others = ("fid", "frame_lock", "registration")
    names = [name.replace("_", " ") for name in scores.METRICS if name not in others]
    assert [line[:18].strip() for line in lines[1:]] == names


@pytest.mark.slow
def test_json_has_the_anchors_and_is_the_same_again(model, wall, capsys):
    command = ["evaluate", str(model), str(wall), "--image-size=192", "--period=0x64", "--json"]
    texts = []
    for _ in range(2):
        assert main(command) == 0
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1]
    found = json.loads(texts[0])
    assert set(found) == set(scores.METRICS) - {"fid", "registration"}
    for each in found.values():
        assert set(each) == {"value", "halves", "useless", "times"}
    assert found["seam"]["halves"] == 0.5
    assert found["frame_lock"]["useless"] > found["frame_lock"]["halves"] == 1


def test_a_run_knows_the_scale(trained_run, wall, capsys):
    assert main(["evaluate", str(trained_run), str(wall)]) == 0
    assert "patch distance" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ([], "--image-size"),
        (["--image-size", "0"], "--image-size"),
        (["--image-size", "100"], "Received: 100 x 100"),
        (["--image-size", "192", "--period", "64"], "--period"),
        (["--image-size", "192", "--period", "100x100"], "period=100x100"),
        (["--image-size", "192", "--period", "1x64"], "more than 2 pixels each: 1x64"),
    ],
)
def test_refusals_name_the_argument(model, wall, capfd, arguments, named):
    assert named in refusal(capfd, "evaluate", model, wall, *arguments)


def test_a_lattice_that_does_not_fit_into_memory_is_refused(model, wall, capfd, monkeypatch):
    monkeypatch.setattr("locogan_keras.storage.files.room.free_memory", lambda: 5e8)
    command = ["evaluate", model, wall, "--image-size", "192", "--period", "2.5x3"]
    assert "--period 2.5x3 would need about 1.3 GB" in refusal(capfd, *command)


def test_pictures_that_do_not_fit_into_memory_are_refused(model, wall, capfd, monkeypatch):
    monkeypatch.setattr("locogan_keras.storage.files.room.free_memory", lambda: 5e6)
    command = ["evaluate", model, wall, "--image-size", "192"]
    # 64 bytes of each pixel, and eight pictures of the model's.
    assert "1 pictures of SOURCE" in (said := refusal(capfd, *command))
    assert f"would need about {192 * 192 * (64 + 8 * 3 * 4) / 1e6:.1f} MB" in said


def test_a_missing_source_is_named(model, capfd):
    assert "nowhere" in refusal(capfd, "evaluate", model, "nowhere", "--image-size", "192")
