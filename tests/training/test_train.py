"""Runs: what they leave behind, and how they go on."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest
from conftest import PATIENCE, TINY
from PIL import Image
from support.training_runs import files, newest, rows, train

from locogan_keras.engines.keras_engine import fingerprint
from locogan_keras.networks.generator import Generator, build_generator
from locogan_keras.storage.config import settings_from
from locogan_keras.storage.run import Run
from locogan_keras.training.locogan import LocoGAN
from locogan_keras.training.prepare import build, pictures_of


def weights(run):
    return keras.saving.load_model(newest(run)).get_weights()


def test_a_run_leaves_what_it_promises(trained_run):
    assert files(trained_run) == [
        "best.keras",
        "checkpoints",
        *(
            f"checkpoints/{checkpoint.path.name}"
            for checkpoint in Run(trained_run).checkpoints.all()
        ),
        "config.toml",
        "evaluations.csv",
        "generator.keras",
        "metrics.csv",
        "samples",
        "samples/step-000002.png",
        "samples/step-000004.png",
    ]
    assert [int(row["step"]) for row in rows(trained_run)] == [1, 2, 3, 4]
    for name in ("generator_loss", "discriminator_loss", "real_accuracy", "fake_accuracy"):
        assert all(np.isfinite(float(row[name])) for row in rows(trained_run))


def test_the_generator_is_the_averaged_one(trained_run):
    model = keras.saving.load_model(newest(trained_run))
    generator = keras.saving.load_model(trained_run / "generator.keras")
    assert isinstance(model, LocoGAN)
    assert isinstance(generator, Generator)
    assert generator.frame == (64, 64)
    pairs = zip(generator.get_weights(), model.ema_generator.get_weights(), strict=True)
    assert all(np.array_equal(ours, theirs) for ours, theirs in pairs)


def test_the_best_generator_is_kept(trained_run):
    run = Run(trained_run)
    (found,) = (each for each in run.checkpoints.all() if each.step == run.evaluations.best)
    averaged = keras.saving.load_model(found.path).ema_generator.get_weights()
    kept = keras.saving.load_model(trained_run / "best.keras").get_weights()
    assert all(np.array_equal(*pair) for pair in zip(kept, averaged, strict=True))


def test_a_better_generator_is_not_lost(photo, tmp_path, monkeypatch, capsys):
    """Saves that are worse and worse: what is said and kept is the first."""
    scores = iter(range(1, 9))

    def worse(fakes, reals):
        value = next(scores)
        return {"patch_distance": value, "spectrum_distance": value, "grid": 1.0}

    monkeypatch.setattr("locogan_keras.training.saving.quick_scores", worse)
    run = tmp_path / "run"
    each = ("model.frame=[64, 64]", "training.save_every=1")
    assert train(photo, run, "--steps", "2", settings=each) == 0
    said = f"It was better at step 1: render {run / 'best.keras'} instead."
    assert said in capsys.readouterr().out
    first = keras.saving.load_model(Run(run).checkpoints.all()[0].path).ema_generator.get_weights()
    kept = keras.saving.load_model(run / "best.keras").get_weights()
    assert all(np.array_equal(*pair) for pair in zip(kept, first, strict=True))


def test_a_best_generator_of_an_abandoned_save_goes(photo, tmp_path):
    run = tmp_path / "run"
    each = ("model.frame=[64, 64]", "training.save_every=1")
    assert train(photo, run, "--steps", "2", settings=each) == 0
    lines = (run / "evaluations.csv").read_text().splitlines()
    # As if it had been killed between the evaluation of step 3 and its checkpoint.
    (run / "evaluations.csv").write_text("\n".join([*lines, "3,0,0,0,0", ""]))
    (run / "best.keras").write_bytes(b"of step 3")
    assert train(photo, run, "--steps", "3", settings=each) == 0
    best = run / "best.keras"
    assert not best.exists() or best.read_bytes() != b"of step 3"


def test_the_sheet_shows_real_crops(trained_run, photo):
    with Image.open(trained_run / "samples" / "step-000004.png") as sheet:
        first = np.asarray(sheet)[24 : 24 + 64, 8 : 8 + 64]
    with Image.open(photo) as picture:
        pixels = np.asarray(picture)
    places = [
        (top, left)
        for top in range(96 - 64 + 1)
        for left in range(80 - 64 + 1)
        if np.array_equal(pixels[top : top + 64, left : left + 64], first)
    ]
    assert len(places) == 1


def test_the_sheet_shows_fakes_sizes_and_repeats(trained_run):
    with Image.open(trained_run / "samples" / "step-000004.png") as picture:
        sheet = np.asarray(picture)
    # Captions, crops twice, pictures of up to 64, 2 x 2 repeats of 64 x 64.
    assert sheet.shape[0] == 4 * (16 + 8) + 8 + 64 + 64 + 64 + 128
    top = sheet.shape[0] - 8 - 128
    tiling = sheet[top : top + 128, 8 : 8 + 128]
    np.testing.assert_array_equal(tiling[:64], tiling[64:])
    np.testing.assert_array_equal(tiling[:, :64], tiling[:, 64:])
    fake = sheet[24 + 64 + 24 :][:64, 8 : 8 + 64]
    assert len(np.unique(fake.reshape(-1, 3), axis=0)) > 10


@pytest.mark.slow
def test_progress_goes_from_where_the_run_stands_to_its_end(photo, tmp_path, capsys):
    train(photo, tmp_path / "run", "--steps", "2")
    capsys.readouterr()
    train(photo, tmp_path / "run", "--steps", "3")
    shown = capsys.readouterr().err
    assert "| 2/3 [" in shown
    assert "| 3/3 [" in shown
    assert "step 3, loss G D " in shown


@pytest.mark.slow
def test_a_run_goes_on_to_the_bit(photo, trained_run, tmp_path):
    assert train(photo, tmp_path / "run", "--steps", "3") == 0
    assert train(photo, tmp_path / "run", "--steps", "4") == 0
    assert [int(row["step"]) for row in rows(tmp_path / "run")] == [1, 2, 3, 4]
    for name in ("recipe", "steps", "pictures"):
        (line,) = re.findall(rf"^{name} = .*$", (trained_run / "config.toml").read_text(), re.M)
        assert line in (tmp_path / "run" / "config.toml").read_text()
    for ours, whole in zip(weights(tmp_path / "run"), weights(trained_run), strict=True):
        if ours.dtype != np.float64:  # the time it took
            np.testing.assert_array_equal(ours, whole)
    seconds = [float(row["seconds"]) for row in rows(tmp_path / "run")]
    assert seconds == sorted(seconds)


@pytest.mark.slow
def test_a_run_goes_on_with_other_learning_rates(photo, trained_run, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(trained_run, run)
    rates = ("training.generator_learning_rate=3e-3", "training.discriminator_learning_rate=5e-6")
    assert train(photo, run, "--steps", "5", settings=("model.frame=[64, 64]", *rates)) == 0
    model = keras.saving.load_model(newest(run))
    assert int(model.step) == 5
    assert float(model.generator_optimizer.learning_rate) == pytest.approx(3e-3)
    assert float(model.discriminator_optimizer.learning_rate) == pytest.approx(5e-6)
    before = keras.saving.load_model(newest(trained_run))
    moved = [
        max(
            np.abs(ours - theirs).max()
            for ours, theirs in zip(
                after.trainable_variables, network.trainable_variables, strict=True
            )
        )
        for after, network in (
            (model.generator, before.generator),
            (model.discriminator, before.discriminator),
        )
    ]
    # Adam moves a weight by about its rate.
    assert 1e-3 < moved[0] < 1e-2
    assert 1e-6 < moved[1] < 5e-5


@pytest.mark.slow
def test_rows_after_the_checkpoint_are_cut(photo, tmp_path):
    run = tmp_path / "run"
    train(photo, run, "--steps", "2")
    with open(run / "metrics.csv", "a") as file:
        file.write("3,9,9,9,9,9\n4,9")
    train(photo, run, "--steps", "3")
    assert [int(row["step"]) for row in rows(run)] == [1, 2, 3]
    assert rows(run)[2]["seconds"] != "9"


def test_a_finished_run_is_left_as_it_is(photo, trained_run, capsys):
    before = newest(trained_run).read_bytes()
    assert train(photo, trained_run, "--steps", "4") == 0
    assert "has 4 steps" in capsys.readouterr().out
    assert newest(trained_run).read_bytes() == before


@pytest.mark.slow
def test_minutes_bound_a_run(photo, tmp_path):
    assert train(photo, tmp_path / "run", "--minutes", "0.02") == 0
    seconds = [float(row["seconds"]) for row in rows(tmp_path / "run")]
    assert seconds[-1] >= 1.2
    assert all(each <= 1.2 for each in seconds[:-1])
    assert (tmp_path / "run" / "generator.keras").exists()


@pytest.mark.slow
def test_fresh_starts_over(photo, tmp_path):
    run = tmp_path / "run"
    train(photo, run, "--steps", "2")
    kept = run / "notes.txt"
    kept.write_text("mine")
    assert train(photo, run, "--steps", "1", "--fresh", settings=("model.width=3",)) == 0
    assert [int(row["step"]) for row in rows(run)] == [1]
    assert files(run / "samples") == ["step-000001.png"]
    assert kept.read_text() == "mine"


@pytest.mark.slow
def test_a_folder_of_pictures_trains_with_its_own_frame(tmp_path, rng):
    for index in range(3):
        pixels = rng.integers(0, 256, size=(70, 100, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{index}.png")
    run = tmp_path / "run"
    settings = ("data.image_size=66", "training.standardize=true")
    assert train(tmp_path, run, "--steps", "1", settings=settings) == 0
    model = keras.saving.load_model(newest(run))
    assert model.generator.frame == (66, 94)
    # The discriminator is told the pictures' statistics: of these, about those of all levels,
    # which scaling down makes less noisy.
    mean, deviation = model.discriminator.statistics
    np.testing.assert_allclose(mean, 0, atol=0.1)
    assert 0.3 < deviation < 0.58


def test_a_model_is_what_its_settings_say():
    settings = settings_from(
        {
            "model": {"width": 3, "encoding": "torus", "inject": "input", "local_channels": 5},
            "training": {
                "generator_learning_rate": 1e-3,
                "discriminator_learning_rate": 5e-4,
                "beta_1": 0.25,
                "loss": "hinge",
                "discriminator_steps": 2,
                "ema_decay": 0.75,
                "seed": 9,
            },
        }
    )
    model = build(settings, (64, 96))
    compiled = model.get_compile_config()
    for name, rate in (("generator", 1e-3), ("discriminator", 5e-4)):
        adam = compiled[f"{name}_optimizer"]["config"]
        assert adam["learning_rate"] == pytest.approx(rate)
        assert (adam["beta_1"], adam["beta_2"], adam["epsilon"]) == (0.25, 0.999, 1e-8)
    assert (compiled["loss"], compiled["discriminator_steps"]) == ("hinge", 2)
    assert compiled["ema_decay"] == 0.75
    assert model.seed == 9
    generator, discriminator = model.generator, model.discriminator
    assert (generator.width, generator.inject, generator.local_channels) == (3, "input", 5)
    assert (generator.frame, generator.encoding) == ((64, 96), "torus")
    assert (discriminator.width, discriminator.inject) == (3, "input")


def test_fingerprints_tell_weights_apart():
    first, second = build_generator(2), build_generator(2)
    assert fingerprint(first) != fingerprint(second)
    second.set_weights(first.get_weights())
    assert fingerprint(first) == fingerprint(second)
    other_frame = build_generator(2, frame=(64, 64))
    other_frame.set_weights(first.get_weights())
    assert fingerprint(first) != fingerprint(other_frame)


@pytest.mark.slow
def test_ctrl_c_saves_and_says_how_to_go_on(photo, tmp_path):
    run = tmp_path / "run"
    arguments = ["train", str(photo), "--out", str(run), "--steps", "100000"]
    arguments += ["--recipe", "pattern-torus"]
    settings = ["--set", *TINY, "model.frame=[64, 64]", "training.save_every=100000"]
    code = "import sys; from locogan_keras.cli import main; sys.exit(main(sys.argv[1:]))"
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments, *settings],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        deadline = time.monotonic() + PATIENCE
        while not (run / "metrics.csv").exists() or len(rows(run)) < 3:
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    assert process.returncode == 130
    step = int(rows(run)[-1]["step"])
    assert f"saved at step {step}. The same command goes on" in output
    assert int(keras.saving.load_model(newest(run)).step) == step
    assert (run / "generator.keras").exists()
    assert train(photo, run, "--steps", str(step + 1)) == 0


def test_the_feature_discriminator_looks_at_all_maps_in_threes():
    maps = (("color", 8), ("normal", 8), ("height", 16), ("roughness", 8), ("metalness", 8))
    assert pictures_of(()) == pictures_of(maps[:1]) == ((0, 1, 2),)
    assert pictures_of(maps[:3]) == ((0, 1, 2), (3, 4, 5), (6, 6, 6))
    assert pictures_of(maps[:4]) == ((0, 1, 2), (3, 4, 5), (6, 7, 6))
    assert pictures_of(maps) == ((0, 1, 2), (3, 4, 5), (6, 7, 8))
    assert pictures_of((("cutout", 8),)) == ((0, 1, 2),)
