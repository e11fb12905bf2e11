"""Training that cannot get better ends, and keeps what was good."""

import re
import types

import keras
import numpy as np
import pytest
import tensorflow as tf
from support.training_runs import complaint, files, newest, train

from locogan_keras.networks import losses
from locogan_keras.training import callbacks
from locogan_keras.training.callbacks import Diverged, RefuseDivergence


@pytest.mark.parametrize("accuracies", [(1, 0), (0, 1), (0, 0)])
def test_a_discriminator_that_says_one_thing_only_ends_training(accuracies):
    guard = RefuseDivergence(patience=30)
    guard.set_model(types.SimpleNamespace(step=tf.Variable(17)))
    names = ("real_accuracy", "fake_accuracy")
    alike = {"loss": 1.0, **dict(zip(names, accuracies, strict=True))}
    for logs in [*[alike] * 29, {**alike, "real_accuracy": 0.5, "fake_accuracy": 0.5}]:
        guard.on_train_batch_end(0, logs)
    for step in range(29):
        assert guard.suspects == (step > 3)
        guard.on_train_batch_end(0, alike)
    with pytest.raises(Diverged, match=r"collapsed at step 17: .* in the last 30 steps"):
        guard.on_train_batch_end(0, alike)


def test_weights_that_are_not_finite_are_not_saved():
    """The loss of a step is that of the weights before it."""
    guard = RefuseDivergence(every=5)
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


@pytest.mark.slow
def test_a_collapse_is_not_saved(photo, tmp_path, capsys, monkeypatch):
    run = tmp_path / "run"
    train(photo, run, "--steps", "2")
    capsys.readouterr()

    class BlindAlways:
        def __contains__(self, accuracies):
            return True

    monkeypatch.setattr(callbacks, "_BLIND", BlindAlways())
    monkeypatch.setattr(callbacks, "RefuseDivergence", lambda every: RefuseDivergence(every, 20))
    assert train(photo, run, "--steps", "100") == 2
    # The third step without an answer is the first one that is suspected.
    assert re.search(r"collapsed at step 22: .* keeps step 4$", complaint(capsys))
    assert files(run / "samples") == ["step-000002.png", "step-000004.png"]
    average = keras.saving.load_model(newest(run)).ema_generator.get_weights()
    saved = keras.saving.load_model(run / "generator.keras").get_weights()
    assert all(np.array_equal(*pair) for pair in zip(saved, average, strict=True))
