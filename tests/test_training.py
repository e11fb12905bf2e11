"""Runs: what they leave behind, and how they go on."""

import contextlib
import csv
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import types
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import TINY
from PIL import Image

from locogan_keras import losses
from locogan_keras.callbacks import RefuseDivergence
from locogan_keras.cli import main
from locogan_keras.config import config_from
from locogan_keras.keras_engine import fingerprint
from locogan_keras.locks import FolderLock
from locogan_keras.model import LocoGAN
from locogan_keras.networks import Generator, build_generator
from locogan_keras.runs import Run
from locogan_keras.training import build


def train(source, run, *arguments, settings=("model.frame=[64, 64]",)):
    return main(["train", str(source), "--out", str(run), *arguments, "--set", *TINY, *settings])


def rows(run):
    with open(run / "metrics.csv", newline="") as file:
        return list(csv.DictReader(file))


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def newest(run):
    return Run(run).checkpoints.all()[-1].path


def weights(run):
    return keras.saving.load_model(newest(run)).get_weights()


def test_a_run_leaves_what_it_promises(trained_run):
    assert files(trained_run) == [
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


def test_minutes_bound_a_run(photo, tmp_path):
    assert train(photo, tmp_path / "run", "--minutes", "0.02") == 0
    seconds = [float(row["seconds"]) for row in rows(tmp_path / "run")]
    assert seconds[-1] >= 1.2
    assert all(each < 1.2 for each in seconds[:-1])
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


def test_a_model_is_what_its_config_says():
    config = config_from(
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
    model = build(config, (64, 96))
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


def complaint(capsys):
    """The one line that was printed."""
    lines = [line for line in capsys.readouterr().err.splitlines() if line and "%|" not in line]
    assert len(lines) == 1, lines
    return lines[0]


def test_the_folder_of_another_run_is_refused(photo, trained_run, tmp_path, capsys):
    before = {name: (trained_run / name).read_bytes() for name in ("config.toml", "metrics.csv")}
    assert train(photo, trained_run, settings=("model.frame=[128, 64]",)) == 2
    assert "model.frame is (64, 64) there, (128, 64) here" in complaint(capsys)
    other = tmp_path / "other.png"
    Image.new("RGB", (96, 80)).save(other)
    assert train(other, trained_run) == 2
    assert "other pictures" in complaint(capsys)
    assert before == {name: (trained_run / name).read_bytes() for name in before}


def test_a_run_that_another_process_trains_is_refused(photo, trained_run, capsys):
    with contextlib.closing(FolderLock(trained_run)) as lock:
        lock.take()
        lock.take()
        assert train(photo, trained_run, "--steps", "5") == 2
    assert "another process is training it" in complaint(capsys)
    assert train(photo, trained_run, "--steps", "4") == 0


def test_a_folder_of_other_things_is_refused(photo, tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("mine")
    for fresh in ([], ["--fresh"]):
        assert train(photo, tmp_path, *fresh) == 2
        assert "not empty and holds no run" in complaint(capsys)
    assert files(tmp_path) == ["thesis.txt"]


@pytest.mark.slow
def test_what_a_kill_leaves_of_a_new_run_is_no_obstacle(photo, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    (run / ".config.4711.partial.toml").write_text("[model]")
    assert train(photo, run, "--steps", "1") == 0
    assert not list(run.glob(".*"))


def test_clearing_keeps_a_run_a_run_to_the_end(trained_run, tmp_path, monkeypatch):
    run = Run(tmp_path / "run")
    shutil.copytree(trained_run, run.folder)
    unlink, removed = Path.unlink, []

    def recorded(path, missing_ok=False):
        removed.append(path.name)
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", recorded)
    run.clear()
    assert removed[-1] == "config.toml"
    assert not list(run.folder.iterdir())


def test_a_folder_that_only_looks_like_a_run_is_left_alone(photo, tmp_path, capsys):
    (tmp_path / "config.toml").write_text("title = 'my site'\n")
    (tmp_path / "samples").mkdir()
    (tmp_path / "samples" / "photo.raw").write_text("mine")
    before = files(tmp_path)
    for fresh in ([], ["--fresh"]):
        assert train(photo, tmp_path, *fresh) == 2
        assert "config.toml" in complaint(capsys)
    assert files(tmp_path) == before


def test_a_bad_source_leaves_nothing(tmp_path, capsys):
    Image.new("RGB", (40, 90)).save(tmp_path / "small.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "small.png").read_bytes()[:60])
    (tmp_path / "empty").mkdir()
    for name in ("small.png", "cut.png", "empty", "missing.png"):
        assert train(tmp_path / name, tmp_path / "run", settings=()) == 2
        assert name in complaint(capsys)
        assert not (tmp_path / "run").exists()


def test_a_run_of_a_newer_version_is_refused(trained_run, photo, tmp_path, capsys):
    run = tmp_path / "run"
    shutil.copytree(trained_run, run)
    text = (run / "config.toml").read_text()
    assert 'version = "0.1.0"' in text
    (run / "config.toml").write_text(text.replace('version = "0.1.0"', 'version = "0.10.0"'))
    # It may have settings that this version does not know.
    with open(run / "config.toml", "a") as file:
        file.write("\n[future]\nsetting = 1\n")
    before = files(run)
    assert train(photo, run, "--steps", "5") == 2
    assert "is from a newer version: 0.10.0, this one is 0.1.0" in complaint(capsys)
    assert files(run) == before


def test_a_run_that_cannot_be_written_is_refused(photo, tmp_path, capsys):
    (tmp_path / "file").write_text("mine")
    assert train(photo, tmp_path / "file" / "run", "--steps", "1") == 2
    assert "file/run" in complaint(capsys)
    assert train(photo, tmp_path / "file", "--steps", "1") == 2
    assert "--out" in complaint(capsys)
    assert (tmp_path / "file").read_text() == "mine"


def test_a_full_disk_keeps_the_last_checkpoint(photo, trained_run, tmp_path, capsys, monkeypatch):
    run = tmp_path / "run"
    shutil.copytree(trained_run, run)
    before = newest(run).read_bytes()

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(LocoGAN, "save", full)
    assert train(photo, run, "--steps", "5") == 2
    reason = f"step-000005.keras: cannot write: No space left on device; {run} keeps step 4"
    assert reason in complaint(capsys)
    assert newest(run).read_bytes() == before
    assert not [name for name in files(run) if "partial" in name]


@pytest.mark.parametrize("accuracies", [(1, 0), (0, 1), (0, 0)])
def test_a_discriminator_that_says_one_thing_only_ends_training(accuracies, tmp_path):
    guard = RefuseDivergence(Run(tmp_path), every=100, patience=3)
    guard.set_model(types.SimpleNamespace(step=tf.Variable(17)))
    names = ("real_accuracy", "fake_accuracy")
    alike = {"loss": 1.0, **dict(zip(names, accuracies, strict=True))}
    for logs in (alike, alike, {**alike, "real_accuracy": 0.5, "fake_accuracy": 0.5}, alike, alike):
        guard.on_train_batch_end(0, logs)
    with pytest.raises(ValueError, match=r"collapsed at step 17: .* in the last 3 steps"):
        guard.on_train_batch_end(0, alike)


def test_weights_that_are_not_finite_are_not_saved(tmp_path):
    """The loss of a step is that of the weights before it."""
    guard = RefuseDivergence(Run(tmp_path), every=5)
    weight = types.SimpleNamespace(path="image/kernel", numpy=lambda: np.float32([1, np.nan]))
    logs = {"loss": 1.0, "real_accuracy": 0.5, "fake_accuracy": 0.5}
    guard.set_model(types.SimpleNamespace(step=tf.Variable(4), variables=[weight]))
    guard.on_train_batch_end(0, logs)
    guard.model.step.assign(5)
    with pytest.raises(ValueError, match="diverged at step 5: image/kernel is not finite"):
        guard.on_train_batch_end(0, logs)
    with pytest.raises(ValueError, match="image/kernel"):
        guard.on_train_end()


@pytest.mark.slow
def test_a_divergence_keeps_the_last_good_state(photo, tmp_path, capsys, monkeypatch):
    run = tmp_path / "run"
    train(photo, run, "--steps", "2")
    before = [path.read_bytes() for path in (newest(run), run / "generator.keras")]
    capsys.readouterr()
    hopeless = (lambda logits: logits[0, 0] * float("nan"), losses.LOSSES["bce"][1])
    monkeypatch.setitem(losses.LOSSES, "bce", hopeless)
    assert train(photo, run, "--steps", "4") == 2
    assert f"diverged at step 3: loss=nan; {run} keeps step 2" in complaint(capsys)
    assert before == [path.read_bytes() for path in (newest(run), run / "generator.keras")]


def damage(checkpoint):
    data = bytearray(checkpoint.path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    checkpoint.path.write_bytes(data)


def test_a_run_whose_checkpoints_are_all_damaged_is_refused(photo, trained_run, tmp_path, capsys):
    run = tmp_path / "run"
    shutil.copytree(trained_run, run)
    for checkpoint in Run(run).checkpoints.all():
        damage(checkpoint)
    before = files(run)
    assert train(photo, run, "--steps", "5") == 2
    assert f"every checkpoint of {run} is damaged, the last one is of step 4" in complaint(capsys)
    assert files(run) == before


@pytest.mark.slow
def test_a_run_goes_on_from_the_checkpoint_before_a_damaged_one(
    photo, trained_run, tmp_path, capsys
):
    run = tmp_path / "run"
    shutil.copytree(trained_run, run)
    damage(Run(run).checkpoints.all()[-1])
    assert train(photo, run, "--steps", "5") == 0
    assert "is damaged: going on from step 2" in capsys.readouterr().err
    assert [int(row["step"]) for row in rows(run)] == [1, 2, 3, 4, 5]


@pytest.mark.slow
def test_ctrl_c_saves_and_says_how_to_go_on(photo, tmp_path):
    run = tmp_path / "run"
    arguments = ["train", str(photo), "--out", str(run), "--steps", "100000"]
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
        deadline = time.monotonic() + 300
        while not (run / "metrics.csv").exists() or len(rows(run)) < 3:
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=180)
    finally:
        process.kill()
    assert process.returncode == 130
    step = int(rows(run)[-1]["step"])
    assert f"saved at step {step}. The same command goes on" in output
    assert int(keras.saving.load_model(newest(run)).step) == step
    assert (run / "generator.keras").exists()
    assert train(photo, run, "--steps", str(step + 1)) == 0
