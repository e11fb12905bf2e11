"""Files that an older version made are read, rendered and trained on as they were then.

The oracle is in `golden/`: what that version gave. See the README there before changing anything.
"""

import csv
import dataclasses
import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from conftest import same_levels
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

from locogan_keras import Generator, load_config, load_engine, make_view, render
from locogan_keras.cli import main

GOLDEN = Path(__file__).parent / "golden"
EXPECTED = json.loads((GOLDEN / "expected.json").read_text("utf-8"))
DIGESTS = json.loads((GOLDEN / "digests.json").read_text("utf-8"))
MODELS = ("run", "run/generator.keras", "torus.onnx", "kit/kit/1", "linear.keras")


def digest(array):
    return hashlib.sha256(array.astype(array.dtype.newbyteorder("<")).tobytes()).hexdigest()


def view_of(description, world):
    return make_view(description, **EXPECTED["windows"][world])


def picture_of(world):
    return tf.io.decode_png((GOLDEN / f"{world}.png").read_bytes()).numpy()


def rows(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module", params=MODELS)
def model(request):
    """A model's name."""
    return request.param


@pytest.fixture(scope="module")
def engine(model):
    """The model as it is loaded today."""
    return load_engine(GOLDEN / model)


def test_no_file_is_missing_or_changed():
    found = {
        name: hashlib.sha256((GOLDEN / name).read_bytes()).hexdigest() for name in DIGESTS["files"]
    }
    assert found == DIGESTS["files"]
    assert set(EXPECTED["models"]) == set(MODELS)


@pytest.mark.parametrize("world", ["torus", "linear"])
def test_the_pictures_are_those_that_were_given(world):
    assert digest(picture_of(world)) == DIGESTS["pictures"][world]


def test_a_model_draws_the_same_picture(model, engine):
    world = EXPECTED["models"][model]["world"]
    picture = render(engine, view_of(engine.description, world), EXPECTED["tile"])
    # Processors differ in the last bits of a convolution.
    assert same_levels(picture, picture_of(world))


def test_a_model_gets_the_same_inputs(model, engine):
    """To the bit: they are NumPy's alone."""
    world = EXPECTED["models"][model]["world"]
    latent, positions = view_of(engine.description, world).inputs(-3, 62, 6, 10)
    found = {"latent": digest(latent), "positions": digest(positions)}
    assert found == DIGESTS["inputs"][world]


def test_a_model_describes_itself_as_before(model, engine, monkeypatch, capsys):
    expected = EXPECTED["models"][model]
    found = json.loads(json.dumps(dataclasses.asdict(engine.description)))
    # Newer versions may say more.
    assert expected["description"].items() <= found.items()
    monkeypatch.chdir(GOLDEN)
    assert main(["info", model]) == 0
    assert set(expected["info"]) <= set(capsys.readouterr().out.splitlines())


def test_a_run_has_the_same_settings():
    found = json.loads(json.dumps(dataclasses.asdict(load_config(str(GOLDEN / "run/config.toml")))))
    for section, settings in EXPECTED["config"].items():
        assert settings.items() <= found[section].items()


def test_a_run_goes_on_as_if_nothing_had_happened(tmp_path, monkeypatch):
    shutil.copytree(GOLDEN / "run", tmp_path / "run")
    shutil.copy(GOLDEN / "source.png", tmp_path)
    monkeypatch.chdir(tmp_path)
    begun, expected = rows(GOLDEN / "run/metrics.csv"), rows(GOLDEN / "continued.csv")
    steps = expected[-1]["step"]
    command = ["train", "source.png", "--out", "run", "--recipe", "run/config.toml"]
    assert main([*command, "--steps", steps]) == 0

    found = rows("run/metrics.csv")
    assert found[: len(begun)] == begun
    continued = found[len(begun) :]
    assert [row["step"] for row in continued] == [row["step"] for row in expected]
    # From the second step on they tell whether the optimizers went on, too.
    for name in ("generator_loss", "discriminator_loss"):
        ours, theirs = ([float(row[name]) for row in table] for table in (continued, expected))
        np.testing.assert_allclose(ours, theirs, rtol=1e-3)
    assert load_engine("run").description.steps == int(steps)


def test_a_kit_for_a_server_runs_its_warmup():
    engine = load_engine(GOLDEN / "kit/kit/1")
    records = tf.data.TFRecordDataset(
        str(GOLDEN / "kit/kit/1/assets.extra/tf_serving_warmup_requests")
    )
    images = {}
    for record in records:
        request = PredictionLog.FromString(record.numpy()).predict_log.request
        name = request.model_spec.signature_name
        assert request.model_spec.name == "kit"
        inputs = {key: tf.make_ndarray(tensor) for key, tensor in request.inputs.items()}
        assert {key: digest(each) for key, each in inputs.items()} == DIGESTS["warmup"][name]
        (images[name],) = engine.signatures[name](**inputs).values()
    assert images["serving_default"].shape == (1, 256, 256, 3)
    # This one makes its inputs itself.
    picture = tf.io.decode_png(images["render"][0]).numpy()
    assert same_levels(picture, render(engine, make_view(engine.description)))


def test_a_material_draws_the_same_maps():
    """Format 4: a description with maps."""
    engine = load_engine(GOLDEN / "material.keras")
    assert engine.description.maps == (("color", 8), ("normal", 8), ("height", 16))
    assert engine.description.fingerprint == "67ad036a124d6639"
    view = make_view(engine.description, height=96, width=160, seed=5, top=-40, left=1001)
    whole = render(engine, view, EXPECTED["tile"])
    shown = np.concatenate([whole[..., :3], whole[..., 3:6], whole[..., [6, 6, 6]]], axis=1)
    assert same_levels(shown, picture_of("material"))


def test_a_preset_draws_the_same_picture_in_both_engines():
    """Format 1 of presets, and the digests in it."""
    folder = GOLDEN / "preset"
    metadata = json.loads((folder / "metadata.json").read_text("utf-8"))
    found = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in metadata["files"]
    }
    assert found == metadata["files"]
    assert set(found) == {"config.json", "model.weights.h5", "model.onnx"}
    for engine in (load_engine(folder), load_engine(Generator.from_preset(folder))):
        fingerprint = EXPECTED["models"]["run"]["description"]["fingerprint"]
        assert engine.description.fingerprint == fingerprint
        picture = render(engine, view_of(engine.description, "torus"), EXPECTED["tile"])
        assert same_levels(picture, picture_of("torus"))
