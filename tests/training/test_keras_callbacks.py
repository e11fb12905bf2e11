"""The callbacks that Keras users bring along, with `LocoGAN.fit`; and a run's own TensorBoard."""

import csv
import importlib.util
import shutil
import types

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import TINY
from test_locogan import assert_same_weights, batches, tiny_model

from locogan_keras.cli import main
from locogan_keras.data.pictures import read_picture
from locogan_keras.networks import losses
from locogan_keras.storage.run import Run
from locogan_keras.training import callbacks

LOGS = {"loss", "generator_loss", "discriminator_loss", "real_accuracy", "fake_accuracy"}


def fit(model, *used, epochs=1, count=2):
    return model.fit(
        batches(count), epochs=epochs, shuffle=False, verbose=0, callbacks=list(used)
    ).history


def events(folder):
    """{tag: {step: value}} of the event files in a folder."""
    values = {}
    for path in sorted(folder.rglob("events.out.tfevents.*")):
        for record in tf.data.TFRecordDataset(str(path)):
            event = tf.compat.v1.Event.FromString(record.numpy())
            for value in event.summary.value:
                values.setdefault(value.tag, {})[event.step] = tf.make_ndarray(value.tensor)
    return values


@pytest.mark.filterwarnings("ignore:unclosed file")
@pytest.mark.slow
def test_stock_callbacks_see_every_epoch(tmp_path):
    model = tiny_model()
    history = fit(
        model,
        keras.callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras", monitor="loss"),
        keras.callbacks.CSVLogger(tmp_path / "log.csv"),
        keras.callbacks.TensorBoard(tmp_path / "board", write_graph=False),
        keras.callbacks.TerminateOnNaN(),
        keras.callbacks.LearningRateScheduler(lambda epoch: 1e-4 / (1 + epoch)),
        epochs=2,
    )
    with open(tmp_path / "log.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    board = events(tmp_path / "board")
    for name in LOGS:
        assert [float(row[name]) for row in rows] == pytest.approx(history[name])
        shown = board[f"epoch_{name}"]
        assert [float(shown[epoch]) for epoch in range(2)] == pytest.approx(history[name])
    assert history["learning_rate"] == pytest.approx([1e-4, 5e-5])
    assert_same_weights(keras.saving.load_model(tmp_path / "2.keras"), model)
    assert int(keras.saving.load_model(tmp_path / "1.keras").step) == 2


@pytest.mark.slow
def test_the_best_model_is_the_one_with_the_lowest_loss(tmp_path):
    path = tmp_path / "best.keras"
    best = keras.callbacks.ModelCheckpoint(path, monitor="loss", mode="min", save_best_only=True)
    history = fit(tiny_model(run_eagerly=True), best, epochs=3, count=1)
    assert int(keras.saving.load_model(path).step) == 1 + int(np.argmin(history["loss"]))


def test_nan_terminates_training(monkeypatch):
    hopeless = (lambda logits: logits[0, 0] * float("nan"), losses.LOSSES["bce"][1])
    monkeypatch.setitem(losses.LOSSES, "bce", hopeless)
    model = tiny_model(run_eagerly=True)
    fit(model, keras.callbacks.TerminateOnNaN(), epochs=3)
    assert int(model.step) == 1


class Crash(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            raise KeyboardInterrupt


@pytest.mark.slow
def test_a_backup_goes_on_to_the_bit(tmp_path):
    def model():
        return tiny_model(run_eagerly=True)

    whole, restored = model(), model()
    fit(whole, epochs=3, count=1)
    with pytest.raises(KeyboardInterrupt):
        fit(model(), keras.callbacks.BackupAndRestore(tmp_path), Crash(), epochs=3, count=1)
    fit(restored, keras.callbacks.BackupAndRestore(tmp_path), epochs=3, count=1)
    assert_same_weights(restored, whole)
    for name in ("generator_optimizer", "discriminator_optimizer"):
        assert_same_weights(getattr(restored, name), getattr(whole, name))


@pytest.mark.slow
def test_steps_in_one_execution_are_the_same_steps(tmp_path):
    single, double = tiny_model(), tiny_model(steps_per_execution=2)
    fit(single, count=4)
    fit(double, count=4)
    assert_same_weights(double, single)
    double.save(tmp_path / "model.keras")
    assert keras.saving.load_model(tmp_path / "model.keras").steps_per_execution == 2


@pytest.mark.slow
def test_a_run_shows_losses_and_sheets_in_tensorboard(photo, tmp_path):
    run = tmp_path / "run"
    settings = [*TINY, "model.frame=[64, 64]", "save_every=10", "tensorboard=true"]
    arguments = ["train", str(photo), "--out", str(run), "--set", *settings, "--steps"]
    assert main([*arguments, "11"]) == 0
    shown = events(run / "tensorboard")
    with open(run / "metrics.csv", newline="") as file:
        rows = {int(row["step"]): row for row in csv.DictReader(file)}
    logged = {name: values for name, values in shown.items() if name in LOGS}
    assert set(logged) == LOGS
    for name in LOGS - {"loss"}:
        assert set(logged[name]) == {10}
        assert float(logged[name][10]) == pytest.approx(float(rows[10][name]), rel=1e-5)
    assert set(shown["samples"]) == {10, 11}
    width, height, png = shown["samples"][11][:3]
    sheet = read_picture(run / "samples" / "step-000011.png")
    assert sheet.shape[:2] == (int(height), int(width))
    np.testing.assert_array_equal(tf.io.decode_png(png), sheet)
    Run(run).clear()
    assert not run.joinpath("tensorboard").exists()


def test_a_missing_tensorboard_is_named_before_anything_is_lost(
    photo, trained_run, tmp_path, monkeypatch, capsys
):
    def find_spec(name, found=importlib.util.find_spec):
        return None if name == "tensorboard" else found(name)

    monkeypatch.setattr(importlib.util, "find_spec", find_spec)
    settings = [*TINY, "model.frame=[64, 64]", "tensorboard=true"]
    run = tmp_path / "run"
    shutil.copytree(trained_run, run)
    before = sorted(run.rglob("*"))
    arguments = ["train", str(photo), "--out", str(run), "--steps", "1", "--fresh"]
    assert main([*arguments, "--set", *settings]) == 2
    assert "needs the package tensorboard" in capsys.readouterr().err
    assert sorted(run.rglob("*")) == before


@pytest.mark.parametrize("bound", [{"steps": 8}, {"seconds": 2.0}])
def test_rates_fall_to_zero_over_the_last_part_wherever_a_run_goes_on(bound):
    optimizer = types.SimpleNamespace(learning_rate=np.float32(0.5))
    model = types.SimpleNamespace(generator_optimizer=optimizer)
    decay = callbacks.DecayRates(0.5, callbacks.StopAt(**bound))
    decay.set_model(model)
    decay.on_train_begin()
    rates = {}
    for step in (6, 0, 4, 7, 8, 9):
        model.step, model.seconds = tf.constant(step), tf.constant(step / 4)
        decay.on_train_batch_begin(0)
        rates[step] = optimizer.learning_rate
    assert rates == {6: 0.25, 0: 0.5, 4: 0.5, 7: 0.125, 8: 0.0, 9: 0.0}
