"""Runs that begin from a preset: with its weights and its model's settings, and no others."""

import json
import shutil
import types

import numpy as np
import pytest
import tensorflow as tf
from conftest import TINY, lively_generator
from PIL import Image
from support.commands import refusal
from support.materials import BRICKS
from support.textures import bricks, levels

from locogan_keras import Generator
from locogan_keras.cli import main
from locogan_keras.networks.generator import build_generator
from locogan_keras.storage.fine_tuning import (
    load_fine_tuning,
    preset_to_begin_from,
    recipe_of,
)
from locogan_keras.storage.preset_files import CONFIG, WEIGHTS, Preset, write_metadata
from locogan_keras.storage.presets import open_preset
from locogan_keras.storage.run import Run
from locogan_keras.training import train as training
from locogan_keras.training.prepare import prepare

# But for the width, which is the preset's.
QUICK = TINY[1:]


def equal(network, other):
    pairs = zip(network.get_weights(), other.get_weights(), strict=True)
    return all(np.array_equal(mine, theirs) for mine, theirs in pairs)


def test_a_new_run_has_the_presets_generator_and_its_own_discriminator(
    preset_folder, photo, tmp_path
):
    preset = open_preset(preset_folder)
    settings = load_fine_tuning(preset, QUICK)
    models = [
        prepare(photo, tmp_path / "run", settings, preset=each).new_model()
        for each in (preset, None)
    ]
    theirs = Generator.from_preset(preset_folder)
    assert equal(models[0].generator, theirs)
    assert equal(models[0].ema_generator, theirs)
    assert not equal(models[1].generator, theirs)
    assert equal(models[0].discriminator, models[1].discriminator)


@pytest.mark.slow
def test_a_run_says_what_it_began_from_and_goes_on_without_it(
    installed, preset_folder, photo, tmp_path, capfd
):
    out, site = tmp_path / "run", tmp_path / "site"
    command = ["train", str(photo), "--out", str(out), "--set", *QUICK]
    begins = [*command, "--from", "checkered", "--steps"]
    assert main([*begins, "2"]) == 0
    said = f"{photo}. From preset:checkered, recipe pattern-torus data.image_size=256\n"
    assert capfd.readouterr().out.startswith(said)
    settings, origin = Run(out).read()
    weights = Preset(preset_folder, "").metadata["files"][WEIGHTS]
    assert (origin.preset, origin.preset_weights) == ("preset:checkered", weights[:16])
    assert (origin.recipe, settings.model.width) == ("pattern-torus", 2)

    # The same command goes on.
    assert main([*begins, "2"]) == 0
    assert main(["info", str(out)]) == 0
    assert "begun from:         preset:checkered" in capfd.readouterr().out
    # So does one with the same weights, wherever they lie; others do not.
    assert main([*command, "--from", str(preset_folder), "--steps", "3"]) == 0
    other = shutil.copytree(preset_folder, tmp_path / "other")
    Generator.from_preset(other, load_weights=False).save_weights(other / WEIGHTS)
    write_metadata(other)
    capfd.readouterr()
    line = refusal(capfd, *command, "--from", other, "--steps", 6)
    assert "another run: it began from preset:checkered, not from " in line

    shutil.rmtree(site)
    assert main([*command, "--steps", "4"]) == 0
    assert Run(out).saved_step() == 4
    assert Run(out).read()[1].preset == "preset:checkered"


def test_a_run_that_began_from_nothing_does_not_go_on_from_a_preset(
    installed, trained_run, photo, capfd
):
    line = refusal(capfd, "train", photo, "--out", trained_run, "--from", installed, "--steps", 6)
    assert "it began from random weights, not from preset:checkered; leave out --from" in line


def test_a_run_that_has_saved_nothing_begins_again_from_its_preset(
    installed, photo, tmp_path, trained_run
):
    preset = open_preset(installed)
    prepared = prepare(photo, tmp_path / "run", load_fine_tuning(preset), preset=preset)
    assert preset_to_begin_from(prepared.run.folder) is None
    prepared.run.write(prepared.settings, prepared.origin)
    assert preset_to_begin_from(prepared.run.folder) == preset
    assert preset_to_begin_from(prepared.run.folder, fresh=True) is None
    assert preset_to_begin_from(trained_run) is None
    assert preset_to_begin_from(trained_run, "checkered") == preset


def test_a_dry_run_says_it_and_writes_nothing(installed, photo, tmp_path, capfd):
    command = ["train", str(photo), "--out", str(tmp_path / "run"), "--from", installed]
    assert main([*command, "--dry-run", "--set", *QUICK]) == 0
    assert "begins from:      preset:checkered" in capfd.readouterr().out
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--set", "width=3"), "model.width is 2 there, 3 here; leave out --recipe or --set model"),
        (("--set", "upsampling=box"), "model.upsampling is 'free' there, 'box' here"),
        (("--recipe", "irregular"), "model.width is 2 there, 16 here"),
    ],
)
def test_settings_of_another_model_are_refused(installed, photo, tmp_path, capfd, arguments, said):
    command = ("train", photo, "--out", tmp_path / "run", "--from", installed, *arguments)
    line = refusal(capfd, *command)
    assert f"--from preset:checkered is another model: {said}" in line
    assert not (tmp_path / "run").exists()


def test_settings_that_say_the_same_and_a_frame_of_its_own_are_not(installed):
    settings = load_fine_tuning(open_preset(installed), ["width=2", "model.frame=[32, 96]"])
    assert settings.model.frame == (32, 96)


def test_pictures_of_other_channels_are_refused(installed, tmp_path, capfd):
    line = refusal(capfd, "train", BRICKS, "--out", tmp_path / "run", "--from", installed)
    assert f"SOURCE {BRICKS} is of color, normal, height, roughness, ambient_occlusion" in line
    assert "--from preset:checkered of pictures of 3 channels" in line


def test_a_grey_preset_is_not_for_colour(photo, tmp_path, capfd):
    build_generator(1, "torus", frame=(64, 64), image_channels=1).save_to_preset(tmp_path / "grey")
    line = refusal(capfd, "train", photo, "--out", tmp_path / "run", "--from", tmp_path / "grey")
    assert f"is of pictures of 3 channels, --from {tmp_path / 'grey'} of pictures of 1 chan" in line


@pytest.mark.parametrize("asked", ["preset:checked", "./checkered", "hf://me"])
def test_what_is_no_preset_is_refused(installed, photo, tmp_path, capfd, asked):
    line = refusal(capfd, "train", photo, "--out", tmp_path / "run", "--from", asked)
    assert "error: MODEL" in line
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("encoding", "recipe", "frame"),
    [
        ("none", "irregular", (64, 64)),
        ("rows", "regular", (64, 64)),
        ("columns", "regular", (64, 64)),
        ("torus", "regular", (64, 64)),
        ("cylinder", "pattern-cylinder", "picture"),
        ("linear", "aligned", "picture"),
    ],
)
def test_the_recipe_is_the_one_for_what_the_preset_is(encoding, recipe, frame, tmp_path):
    lively_generator(encoding, frame=(64, 64), width=1).save_to_preset(tmp_path / "preset")
    preset = open_preset(tmp_path / "preset")
    assert recipe_of(preset) == recipe
    settings = load_fine_tuning(preset)
    assert (settings.model.encoding, settings.model.frame) == (encoding, frame)
    assert settings.model.width == 1


@pytest.mark.parametrize(
    "changes", [{"width": "wide"}, {"encoding": []}, {"maps": 3}, {"frame": "none"}]
)
def test_settings_that_are_none_are_refused_in_a_line(photo, tmp_path, capfd, changes):
    """Of a preset whose digests are right."""
    build_generator(1, "torus", frame=(64, 64)).save_to_preset(tmp_path / "preset")
    path = tmp_path / "preset" / CONFIG
    held = json.loads(path.read_text())
    path.write_text(json.dumps({**held, "config": {**held["config"], **changes}}))
    write_metadata(tmp_path / "preset")
    command = ["--out", tmp_path / "run", "--from", tmp_path / "preset"]
    line = refusal(capfd, "train", photo, *command)
    assert f"MODEL {tmp_path / 'preset'} cannot be loaded: " in line


@pytest.fixture
def asked(monkeypatch):
    """The settings and presets that training was asked for, which is not done."""
    asked = []

    def train(source, out, settings, **rest):
        asked.append((settings, rest["preset"]))
        generator = types.SimpleNamespace(maps=())
        return types.SimpleNamespace(step=tf.Variable(0), generator=generator), None

    monkeypatch.setattr(training, "train", train)
    return asked


@pytest.mark.parametrize("encoding", ["columns", "rows", "torus"])
def test_a_lattice_of_one_axis_is_for_presets_that_are_told_of_it(encoding, asked, tmp_path, rng):
    build_generator(1, encoding, frame=(64, 64)).save_to_preset(tmp_path / "preset")
    boards = 128 + 60 * np.sign(np.sin(2 * np.pi * np.arange(220) / 20))
    picture = np.tile(boards, (200, 1)) + rng.normal(0, 5, size=(200, 220))
    Image.fromarray(levels(picture)).save(tmp_path / "boards.png")
    command = ["train", tmp_path / "boards.png", "--out", tmp_path / "run"]
    assert main([*map(str, command), "--from", str(tmp_path / "preset")]) == 0
    ((settings, _),) = asked
    is_told = encoding == "columns"
    assert settings.model.encoding == encoding
    assert settings.data.true_phase == is_told
    assert (settings.model.frame[0] == 16) == is_told


@pytest.mark.parametrize("has_lattice", [True, False])
def test_a_lattice_is_the_photos_own(has_lattice, photo, asked, tmp_path, capfd):
    """Of a preset with a frame of 64 x 64, and a wall whose period is 17.3 x 2 by 41.3 pixels."""
    build_generator(1, "torus", frame=(64, 64)).save_to_preset(tmp_path / "preset")
    wall = tmp_path / "wall.png"
    Image.fromarray(bricks((17.3, 41.3), 0.5)).save(wall)
    source, preset = wall if has_lattice else photo, str(tmp_path / "preset")
    command = ["train", str(source), "--out", str(tmp_path / "run"), "--from", preset]
    assert main([*command, "--set", "batch_size=2"]) == 0
    ((settings, begun),) = asked
    assert begun == preset
    assert (settings.model.frame != (64, 64)) == settings.data.true_phase == has_lattice
    assert settings.training.batch_size == 2
    said = capfd.readouterr().out
    assert f". From {preset}, recipe regular" in said
    assert ("every 34.6" in said) == has_lattice
    assert ("data.true_phase=false" in said) != has_lattice
