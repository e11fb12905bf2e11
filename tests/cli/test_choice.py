"""What a bare `locogan train` chooses, says and goes on with."""

import numpy as np
import pytest
from conftest import TINY
from PIL import Image
from support.textures import bricks

from locogan_keras.cli import main
from locogan_keras.storage.run import Run

SMALL = ("--set", *TINY, "model.local_channels=86", "model.fine_channels=[1, 1, 1]")


@pytest.fixture
def wall(tmp_path):
    path = tmp_path / "wall.png"
    Image.fromarray(bricks((17.3, 41.3), 0.5)).save(path)
    return path


def test_a_photo_with_a_lattice_is_trained_on_it_and_shown(wall, tmp_path, capsys):
    out = tmp_path / "run"
    assert main(["train", str(wall), "--out", str(out), "--steps", "2", *SMALL]) == 0
    said = capsys.readouterr()
    assert "every 34.62 pixels in y and every 41." in said.out
    assert "Recipe regular model.frame=[" in said.out
    assert "times as far from the photo's as other crops of the photo" in said.out
    settings, origin = Run(out).read()
    assert origin.recipe == "regular"
    assert settings.data.true_phase
    with Image.open(out / "lattice.png") as shown:
        assert shown.size == settings.data.image_size[::-1]
        assert (np.asarray(shown) == (0, 255, 255)).all(axis=-1).any()
    # It goes on with what it was begun with, and asks nobody.
    assert main(["train", str(wall), "--out", str(out), "--steps", "3"]) == 0
    assert "Recipe" not in capsys.readouterr().out
    assert Run(out).read()[0].model == settings.model
    assert Run(out).saved_step() == 3


def test_settings_and_recipes_of_the_command_come_first(wall, photo, tmp_path):
    out = tmp_path / "run"
    command = ["train", str(wall), "--out", str(out), "--steps", "2", *SMALL]
    assert main([*command, "model.frame=[64, 64]"]) == 0
    assert Run(out).read()[0].model.frame == (64, 64)
    assert main([*command, "--fresh", "--recipe", "irregular"]) == 0
    settings, origin = Run(out).read()
    assert (origin.recipe, settings.model.encoding) == ("irregular", "none")
    assert not (out / "lattice.png").exists()


def test_a_run_ends_when_its_distance_no_longer_falls(photo, tmp_path, capsys, monkeypatch):
    from locogan_keras.training import saving

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
