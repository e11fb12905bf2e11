"""What is saved on the way is measured and shown at the size that is trained."""

import contextlib
import types

import numpy as np
import tensorflow as tf
from test_locogan import batches, tiny_model

from locogan_keras.data.pictures import read_picture
from locogan_keras.evaluation import sample_sheet
from locogan_keras.storage.evaluations import Evaluations
from locogan_keras.storage.run import Run
from locogan_keras.training import saving
from locogan_keras.training.callbacks import RefuseDivergence
from locogan_keras.training.locogan import LocoGAN


def test_everything_is_of_the_crops_that_are_trained_on(tmp_path, monkeypatch):
    shapes, refresh = {}, LocoGAN.refresh_average_statistics

    def quick_scores(fakes, reals):
        shapes["fakes"], shapes["reals"] = fakes.shape, reals.shape
        return {"patch_distance": 0.5, "spectrum_distance": 1.0, "grid": 1.0}

    def refreshed(model, windows, size):
        shapes["statistics"] = size
        refresh(model, windows[:2], size)

    monkeypatch.setattr(saving, "quick_scores", quick_scores)
    monkeypatch.setattr(LocoGAN, "refresh_average_statistics", refreshed)
    endless = batches(1, size=96).unbatch().repeat()
    pictures = types.SimpleNamespace(crops=endless.batch)
    run, guard = Run(tmp_path), RefuseDivergence()
    saver = saving.SaveRun(run, pictures, every=500, keep=1, step=0, guard=guard)
    with contextlib.closing(saver):
        model = tiny_model(run_eagerly=True)
        model.fit(batches(1, size=96), shuffle=False, verbose=0, callbacks=[guard, saver])
    assert shapes == {"fakes": (64, 96, 96, 3), "reals": (64, 96, 96, 3), "statistics": 96}
    sheet = read_picture(tmp_path / "samples" / "step-000001.png")
    # Real crops under a caption, and generated ones under theirs.
    rows = [sheet[24:][:96, 8:-8], sheet[24 + 96 + 24 :][:96, 8:-8]]
    assert sheet.shape[1] == 8 + sample_sheet.CROPS * (96 + 8)
    for row in rows:
        assert not np.all(row[:, :96] == 255, axis=-1).any()


def test_training_ends_after_a_save_that_shows_it_has_settled():
    run = types.SimpleNamespace(evaluations=Evaluations({}))
    stop = saving.StopWhenSettled(run, every=2, patience=1)
    model = types.SimpleNamespace(step=tf.Variable(0), stop_training=False)
    stop.set_model(model)
    ended = []
    for step, distance in ((2, 5.0), (3, 9.0), (4, 4.0), (5, 4.0), (6, 4.0)):
        run.evaluations.rows[step] = {"patch_distance": distance}
        model.step.assign(step)
        stop.on_train_batch_end(0)
        ended.append(model.stop_training)
    assert ended == [False, False, False, False, True]
