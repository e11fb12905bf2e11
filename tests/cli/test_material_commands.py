"""A material from its folder to a model and to a folder again, by commands; and cut-outs."""

import keras
import numpy as np
import pytest
from conftest import TINY
from PIL import Image
from support.commands import refusal
from support.materials import BRICKS, MAPS, save, stored
from support.training_runs import files, newest, train

from locogan_keras import load_engine
from locogan_keras.cli import main
from locogan_keras.evaluation import patch_distance, scores
from locogan_keras.storage.run import Run

NAMES = ("Color", "NormalGL", "Displacement", "Roughness", "AmbientOcclusion")
SETTINGS = ("model.frame=[64, 64]", "data.image_size=128", "training.standardize=true")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of two steps on the committed material, not to be changed."""
    folder = tmp_path_factory.mktemp("materials") / "run"
    assert (
        train(BRICKS, folder, "--recipe", "pattern-torus", "--steps", "2", settings=SETTINGS) == 0
    )
    return folder


@pytest.fixture
def cutout(tmp_path):
    """A transparent picture, of a disc."""
    y, x = np.mgrid[-1:1:96j, -1:1:96j]
    levels = np.full((96, 96, 4), (200, 90, 40, 0), np.uint8)
    levels[..., 3] = np.clip(400 * (0.8 - np.hypot(x, y)), 0, 255)
    save(tmp_path / "disc.png", levels)
    return tmp_path / "disc.png"


def test_a_run_learns_all_maps_and_says_so(run, capsys):
    description = load_engine(run).description
    assert (description.maps, description.image_channels) == (MAPS, 9)
    mean, deviations = keras.saving.load_model(newest(run)).discriminator.statistics
    assert len(mean) == len(deviations) == 9
    # Each map has its own, that is one for all channels of it.
    assert deviations[3] == deviations[4] == deviations[5] != deviations[6]
    assert main(["info", str(run)]) == 0
    said = capsys.readouterr().out
    assert "9 channels: color (of 8 bits), normal (of 8 bits), height (of 16 bits)" in said
    with Image.open(run / "samples/step-000002.png") as sheet:
        # Real and generated crops of each map, 64 pixels high.
        assert sheet.height > 10 * 64


def test_a_run_is_rendered_as_a_folder_and_edited(run, tmp_path, capsys):
    bricks, mixed = tmp_path / "bricks", tmp_path / "mixed"
    size = ("--height", "64", "--width", "128", "--tile", "64", "--bits", "16")
    command = ["render", str(run), "--out", str(bricks), *size, "--pack", "orm", "--normals", "dx"]
    assert main(command) == 0
    said = capsys.readouterr().out
    learned = "color, normal, roughness, ambient_occlusion"
    assert f"Its 16 bits of {learned} are the model's, which was trained on levels of 8." in said
    pictures = [f"bricks_{name}.png" for name in (*NAMES, "NormalDX", "ORM")]
    assert files(bricks) == sorted([*pictures, "bricks.gltf", "bricks.mtlx"])
    assert stored(bricks / "bricks_Displacement.png").dtype == np.uint16
    assert main(["edit", "mix", str(run), "--from", "1", "--to", "2", "--out", str(mixed)]) == 0
    assert len(files(mixed)) == 7
    several = tmp_path / "several"
    assert main(["render", str(run), "--seeds", "3,4", "--out", str(several), "--tile", "64"]) == 0
    assert {"seed-3", "seed-4/seed-4.gltf", "seed-4/seed-4_Color.png"} <= set(files(several))
    # What was learned at 16 bits only is of 16 bits.
    assert main(["render", str(run), "--out", str(tmp_path / "a.png"), "--tile", "64"]) == 0
    said = capsys.readouterr().out
    assert "bits" not in said
    assert "It shows the color of 5 maps" in said


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--pack", "unreal"), "--pack unreal is not a .toml file or one of orm, unity, rgba"),
        (("--bits", "32"), "bits of a folder must be 8 or 16"),
        (("--quality", "90"), "quality"),
    ],
)
def test_what_a_folder_cannot_have_is_refused_in_a_line(arguments, reason, run, tmp_path, capsys):
    command = ["render", str(run), "--out", str(tmp_path / "out"), "--tile", "64", *arguments]
    assert reason in refusal(capsys, *command)
    assert list(tmp_path.iterdir()) == []


def test_packs_are_of_materials(trained_run, run, tmp_path, capsys):
    for model, out in ((trained_run, "out.png"), (run, "out.png"), (trained_run, "out")):
        command = ["render", str(model), "--out", str(tmp_path / out), "--pack", "orm"]
        assert "packs and normals are of a material's folder" in refusal(capsys, *command)
    assert list(tmp_path.iterdir()) == []


def test_a_run_goes_on_to_the_bit(tmp_path):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    settings = (*SETTINGS, "training.deterministic=true")
    for out, steps in ((whole, "4"), (parts, "2"), (parts, "4")):
        command = ("--recipe", "pattern-torus", "--steps", steps)
        assert train(BRICKS, out, *command, settings=settings) == 0
    one, other = (keras.saving.load_model(newest(run)) for run in (whole, parts))
    for name in ("generator", "discriminator", "ema_generator"):
        weights = (getattr(each, name).get_weights() for each in (one, other))
        for first, second in zip(*weights, strict=True):
            np.testing.assert_array_equal(first, second)


def test_the_next_command_is_of_all_maps(tmp_path, capsys):
    run = tmp_path / "run"
    assert train(BRICKS, run, "--recipe", "pattern-torus", "--steps", "1", settings=SETTINGS) == 0
    assert f"Next: locogan render {run} --out material\n" in capsys.readouterr().out


def test_another_set_is_another_run(run, tmp_path, capsys):
    for name in NAMES[:-1]:
        path = BRICKS / f"bricks_{name}.png"
        (tmp_path / path.name).write_bytes(path.read_bytes())
    assert train(tmp_path, run, "--recipe", "pattern-torus", settings=SETTINGS) == 2
    assert "with other pictures than" in capsys.readouterr().err


def test_a_bad_set_ends_before_anything_is_written(tmp_path, capsys):
    source, out = tmp_path / "set", tmp_path / "run"
    source.mkdir()
    for name, size in (("Color", 96), ("Roughness", 80)):
        save(source / f"a_{name}.png", np.zeros((size, size), np.uint8))
    command = ["train", str(source), "--out", str(out)]
    said = "maps must have one size. Received: a_Color.png 96 x 96, a_Roughness.png 80 x 80"
    assert said in refusal(capsys, *command)
    assert said in refusal(capsys, *command, "--dry-run")
    assert not out.exists()


def test_evaluate_says_whether_maps_are_registered(run, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(scores, "_CROPS", 20)
    monkeypatch.setattr(patch_distance, "_PATCHES", 256)
    assert main(["evaluate", str(run), str(BRICKS)]) == 0
    lines = {line[:18].strip(): line[18:].split() for line in capsys.readouterr().out.splitlines()}
    assert {"patch distance", "seam", "registration"} <= lines.keys()
    value, halves, useless = map(float, lines["registration"][:3])
    # Of the photo's own maps, edges agree; after two steps those of the model do not.
    assert 0 <= halves < 0.2 < useless < 1
    assert value > 2 * halves
    # Its maps are counted: 4 bytes of each of 9 channels of eight pictures, 8 of the photo's.
    monkeypatch.setattr("locogan_keras.storage.files.room.free_memory", lambda: 5e6)
    said = refusal(capsys, "evaluate", run, BRICKS)
    assert f"would need about {128 * 128 * (64 + 8 * 6 + 8 * 9 * 4) / 1e6:.1f} MB" in said
    monkeypatch.undo()
    color = str(BRICKS / "bricks_Color.png")
    said = refusal(capsys, "evaluate", run, color)
    assert "is of a picture, the model of color, normal, height" in said


def test_a_cutout_is_trained_and_rendered(cutout, tmp_path, capsys):
    run, out = tmp_path / "run", tmp_path / "out.png"
    settings = ("model.frame=[64, 64]", "data.alpha=keep")
    assert train(cutout, run, "--steps", "2", settings=settings) == 0
    assert Run(run).read()[0].data.alpha == "keep"
    assert load_engine(run).description.maps == (("cutout", 8),)
    assert main(["render", str(run), "--out", str(out), "--tile", "64"]) == 0
    with Image.open(out) as picture:
        assert picture.mode == "RGBA"
    assert train(cutout, run, "--steps", "3", settings=settings[:1]) == 2
    assert "data.alpha is 'keep' there, 'drop' here" in capsys.readouterr().err


@pytest.mark.slow
def test_a_bare_command_takes_the_kind_of_the_colour(tmp_path, capsys):
    """With both discriminators, as the recipes have them."""
    command = ["train", str(BRICKS), "--out", str(tmp_path / "run"), "--steps", "2", "--set", *TINY]
    assert main(command) == 0
    said = capsys.readouterr().out
    names = "color, normal, height, roughness, ambient_occlusion"
    assert f"{BRICKS}: a material of {names}; " in said
    assert "Recipe irregular" in said or "Recipe regular" in said
    assert main(["gallery", str(tmp_path / "run"), "--out", str(tmp_path / "gallery")]) == 0
