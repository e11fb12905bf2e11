"""Presets as MODEL: which engine runs them, and how soon."""

import json
import os
import shutil
import sys

import numpy as np
import pytest
from conftest import GRAINY, lively_generator, same_levels
from support.commands import python

from locogan_keras import export, load_engine, make_view, render
from locogan_keras.engines.keras_engine import KerasEngine
from locogan_keras.engines.loading import load_trained
from locogan_keras.engines.onnx_engine import OnnxEngine
from locogan_keras.storage.preset_files import METADATA, ONNX, write_metadata
from locogan_keras.storage.run import CONFIG

# `locogan`, which ends with the names of what it should not have needed.
COMMAND = """
import sys
from locogan_keras.cli import main
status = main(sys.argv[1:])
print(sorted({"tensorflow", "keras"} & set(sys.modules)))
sys.exit(status)
"""


def picture(engine):
    return render(engine, make_view(engine.description, height=70, width=90, seed=3), tile=64)


@pytest.fixture
def keras_only(preset_folder, tmp_path):
    shutil.copytree(preset_folder, tmp_path / "preset")
    (tmp_path / "preset" / ONNX).unlink()
    return tmp_path / "preset"


def test_a_preset_runs_in_onnx_runtime_or_else_in_keras(installed, preset_folder, keras_only):
    engines = [load_engine(each) for each in (installed, preset_folder, keras_only)]
    assert [type(engine) for engine in engines] == [OnnxEngine, OnnxEngine, KerasEngine]
    assert engines[0].description == engines[1].description == engines[2].description
    pictures = [picture(engine) for engine in engines]
    np.testing.assert_array_equal(pictures[0], pictures[1])
    assert same_levels(pictures[2], pictures[0])


def test_it_is_the_generator_of_the_run_that_it_was_made_from(installed, trained_run):
    (generator, origin), (theirs, _) = load_trained(installed), load_trained(trained_run)
    assert origin == {"recipe": "pattern-torus", "steps": 4}
    for mine, other in zip(generator.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, other)


def test_a_preset_of_a_preset_is_the_same_and_keeps_its_licence(preset_folder, tmp_path):
    shutil.copytree(preset_folder, tmp_path / "first")
    write_metadata(tmp_path / "first", licence="CC0", of_others=1)
    export(tmp_path / "first", "preset", tmp_path / "again", report=lambda line: None)
    first, again = (
        json.loads((tmp_path / name / METADATA).read_text()) for name in ("first", "again")
    )
    assert first["description"] == again["description"]
    assert first["files"][ONNX] == again["files"][ONNX]
    assert again["licence"] == "CC0"
    assert "of_others" not in again


def test_where_a_recipe_lay_is_not_told(trained_run, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(trained_run, run)
    text = (run / CONFIG).read_text()
    (run / CONFIG).write_text(text.replace('"pattern-torus"', '"/home/me/mine.toml"'))
    export(run, "preset", tmp_path / "preset", report=lambda line: None)
    assert load_engine(tmp_path / "preset").description.recipe == "mine.toml"
    assert "/home/me" not in (tmp_path / "preset" / METADATA).read_text()


def test_a_preset_renders_without_tensorflow_and_the_same_bits_in_each_process(
    installed, tmp_path, monkeypatch
):
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"), prepend=os.pathsep)
    for name in ("first.png", "second.png"):
        result = python(COMMAND, "render", installed, "--out", str(tmp_path / name))
        assert (result.returncode, result.stderr) == (0, "")
        assert result.stdout.splitlines()[-1] == "[]"
    assert (tmp_path / "first.png").read_bytes() == (tmp_path / "second.png").read_bytes()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="processes are not measured there")
def test_a_picture_of_a_preset_takes_a_second(tmp_path):
    """In seconds of processors, which other processes do not lengthen as they do the clock's."""
    import resource

    lively_generator("none", frame=(16, 16), width=16, **GRAINY).save(tmp_path / "model.keras")
    folder = tmp_path / "preset"
    export(tmp_path / "model.keras", "preset", folder, report=lambda line: None)
    taken = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        size = ("--height", "512", "--width", "512")
        result = python(COMMAND, "render", str(folder), "--out", str(tmp_path / "x.png"), *size)
        assert result.returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(taken) < 1.2
