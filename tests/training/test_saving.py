"""What is saved on the way is measured and shown at the size that is trained."""

import contextlib
import types

import numpy as np
from test_locogan import batches, tiny_model

from locogan_keras.data.pictures import read_picture
from locogan_keras.evaluation import sample_sheet
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
