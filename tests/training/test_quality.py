"""`train/quality.py`: candidates at equal CPU time, and a table that goes on."""

import csv
import importlib.util
from pathlib import Path

import pytest
from conftest import TINY
from PIL import Image
from support.textures import levels

ROOT = Path(__file__).parents[2]


@pytest.fixture
def quality():
    spec = importlib.util.spec_from_file_location("quality", ROOT / "train" / "quality.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_candidates_are_tried_once_and_the_table_goes_on(quality, tmp_path, rng, capsys):
    photo, folder = tmp_path / "noise.png", tmp_path / "quality"
    Image.fromarray(levels(rng.normal(128, 40, size=(160, 160)))).save(photo)
    small = [*TINY, "model.local_channels=86", "data.image_size=160"]
    candidates = tmp_path / "candidates.toml"
    candidates.write_text(f"[one]\nset = {small}\n".replace("'", '"'))
    command = [str(folder), str(candidates), str(photo), "--minutes", "0.4"]
    assert quality.main(command) == 0
    (row,) = quality._rows(folder)
    assert row[:4] == ["one", "noise", "0", "0.4"]
    assert int(row[4]) >= 2
    assert float(row[5]) > 1
    assert (folder / "table.md").read_text().count("\n") == 3
    with Image.open(folder / "sheet.png") as sheet:
        assert sheet.size == (quality.SHOWN, 2 * quality.SHOWN)
        # The photo, at the scale that was trained on.
        with Image.open(photo) as expected:
            assert sheet.crop((0, 0, 160, 160)).tobytes() == expected.convert("RGB").tobytes()
    # What is in the table is not tried again.
    candidates.write_text(candidates.read_text() + f"\n[two]\nset = {small}\n".replace("'", '"'))
    before = (folder / "table.csv").read_text()
    assert quality.main(command) == 0
    assert (folder / "table.csv").read_text().startswith(before)
    assert [row[0] for row in quality._rows(folder)] == ["one", "two"]


def test_the_candidates_of_the_repository_are_settings(quality):
    import tomllib

    from locogan_keras import load_config

    for candidate in tomllib.loads((ROOT / "train" / "candidates.toml").read_text()).values():
        for recipe in ("regular", "irregular"):
            load_config(candidate.get("recipe", recipe), candidate.get("set", ()))


def test_rows_that_are_cut_short_are_left_out(quality, tmp_path):
    whole = ["a", "photo", "0", "4", "100", *["1"] * len(quality.METRICS)]
    with open(tmp_path / "table.csv", "w", newline="") as file:
        csv.writer(file).writerows([whole, whole[:7]])
    assert quality._rows(tmp_path) == [whole]
