"""What a bare `locogan train` chooses, says and goes on with."""

import types

import numpy as np
import pytest
import tensorflow as tf
from conftest import TINY
from PIL import Image
from support.textures import bricks

from locogan_keras.cli import main
from locogan_keras.storage.run import Run
from locogan_keras.training import saving
from locogan_keras.training import train as training

SMALL = ("--set", *TINY, "model.local_channels=102", "model.fine_channels=[1, 1, 1]")


@pytest.fixture
def wall(tmp_path):
    path = tmp_path / "wall.png"
    Image.fromarray(bricks((17.3, 41.3), 0.5)).save(path)
    return path


@pytest.fixture
def asked(monkeypatch):
    """What a training is asked for, instead of one: a list of (settings, recipe)."""
    calls = []

    def train(source, out, settings, *, recipe, minutes, fresh, preset):
        calls.append((settings, recipe))
        generator = types.SimpleNamespace(maps=())
        return types.SimpleNamespace(step=tf.Variable(0), generator=generator), None

    monkeypatch.setattr(training, "train", train)
    return calls


@pytest.mark.slow
def test_a_photo_with_a_lattice_is_trained_on_it_and_shown(wall, tmp_path, capsys):
    out = tmp_path / "run"
    # As little to trace as there can be.
    cheap = [*SMALL, "loss=bce", "gradient_penalty=0", "packed=1"]
    assert main(["train", str(wall), "--out", str(out), "--steps", "1", *cheap]) == 0
    said = capsys.readouterr().out
    assert "every 34.62 pixels in y and every 41." in said
    assert "Recipe regular model.frame=[" in said
    assert "times as far from the photo's as other crops of the photo" in said
    settings, origin = Run(out).read()
    assert origin.recipe == "regular"
    assert settings.data.true_phase
    assert settings.training.feature_weight == 3
    with Image.open(out / "lattice.png") as shown:
        assert shown.size == settings.data.image_size[::-1]
        assert (np.asarray(shown) == (0, 255, 255)).all(axis=-1).any()
    Run(out).clear()
    assert not list(out.iterdir())


def test_a_run_goes_on_with_its_own_settings_and_asks_nobody(trained_run, photo, asked, capsys):
    command = ["train", str(photo), "--out", str(trained_run)]
    assert main([*command, "--steps", "9"]) == 0
    settings, recipe = asked.pop()
    before = Run(trained_run).read()[0]
    assert recipe == "pattern-torus"
    assert settings.model == before.model
    assert (before.training.steps, settings.training.steps) == (4, 9)
    # Unless it is to start over: then the photo is looked at.
    assert "Recipe" not in capsys.readouterr().out
    assert main([*command, "--fresh"]) == 0
    assert asked.pop()[1] == "irregular"
    assert "Recipe irregular data.image_size=256" in capsys.readouterr().out


def test_settings_and_recipes_of_the_command_come_first(wall, tmp_path, asked):
    command = ["train", str(wall), "--out", str(tmp_path / "run")]
    assert main([*command, "--set", "model.frame=[64, 64]"]) == 0
    settings, recipe = asked.pop()
    assert (recipe, settings.model.frame) == ("regular", (64, 64))
    assert main([*command, "--recipe", "irregular"]) == 0
    settings, recipe = asked.pop()
    assert (recipe, settings.model.encoding) == ("irregular", "none")


@pytest.mark.slow
def test_a_run_ends_when_its_distance_no_longer_falls(photo, tmp_path, capsys, monkeypatch):
    scores = {"patch_distance": 0.5, "spectrum_distance": 1.0, "grid": 1.0}
    monkeypatch.setattr(saving, "quick_scores", lambda fakes, reals: scores)
    out = tmp_path / "run"
    command = ["train", str(photo), "--out", str(out), "--steps", "20"]
    command += ["--set", *TINY, "model.frame=[64, 64]", "training.patience=2"]
    assert main([*command, "--recipe", "pattern-torus"]) == 0
    assert "stopped falling" in capsys.readouterr().out
    assert Run(out).saved_step() == 6
    # The same command has nothing left to do; with more patience it goes on.
    assert main([*command, "--recipe", "pattern-torus"]) == 0
    assert Run(out).saved_step() == 6
    assert main([*command, "training.patience=3", "--recipe", "pattern-torus"]) == 0
    assert Run(out).saved_step() == 8
