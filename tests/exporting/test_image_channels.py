"""Images of other channels than three: in every engine, every export and both clients."""

import inspect
import io
import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import lively_generator, same_levels
from PIL import Image
from support.clients import client_onnx, client_serving
from support.model_server import ServedModel, serving
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

from locogan_keras.canvas.description import Description
from locogan_keras.canvas.views import make_view
from locogan_keras.cli import main
from locogan_keras.engines.keras_engine import KerasEngine, describe, fingerprint
from locogan_keras.engines.loading import load_engine
from locogan_keras.evaluation.patch_distance import patch_distance
from locogan_keras.evaluation.sample_sheet import fake_crops, sample_sheet
from locogan_keras.exporting.export import export
from locogan_keras.exporting.graph_rendering import REQUEST
from locogan_keras.exporting.serving_export import WARMUP
from locogan_keras.networks.discriminator import Discriminator, build_discriminator
from locogan_keras.networks.generator import Generator, build_generator
from locogan_keras.rendering.outputs import write
from locogan_keras.rendering.render import render
from locogan_keras.training.locogan import LocoGAN

FRAME = (64, 80)
MODES = {1: "L", 4: "RGBA"}
SIZE = ("--height", "70", "--width", "131", "--seed", "3", "--tile", "64")


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """`models(channels)`: a folder with a generator in every form."""
    made = {}

    def make(channels):
        if channels not in made:
            folder = made[channels] = tmp_path_factory.mktemp("models")
            generator = lively_generator("torus", frame=FRAME, width=2, image_channels=channels)
            generator.save(folder / "model.keras")
            export(folder / "model.keras", "onnx", folder / "model.onnx", report=len)
            export(folder / "model.keras", "serving", folder / "kit", report=len)
        return made[channels]

    return make


@pytest.fixture(params=[pytest.param(1, marks=pytest.mark.slow), 4])
def channels(request):
    return request.param


@pytest.fixture
def expected(models, channels):
    engine = load_engine(models(channels) / "model.keras")
    return render(engine, make_view(engine.description, height=70, width=131, seed=3), tile=64)


def read(file):
    """A picture's mode and its pixels, `(height, width, channels)`."""
    with Image.open(file) as picture:
        pixels = np.asarray(picture)
        return picture.mode, pixels.reshape(*pixels.shape[:2], -1)


@pytest.mark.parametrize("name", ["model.keras", "model.onnx", "kit/kit/1"])
def test_every_engine_writes_the_same_picture(name, models, channels, expected, tmp_path):
    assert expected.shape == (70, 131, channels)
    assert expected.std() > 10
    out = tmp_path / "picture.png"
    assert main(["render", str(models(channels) / name), "--out", str(out), *SIZE]) == 0
    mode, picture = read(out)
    assert mode == MODES[channels]
    assert same_levels(picture, expected)


def test_clients_and_servers_write_it_too(models, channels, expected, tmp_path):
    folder = models(channels)
    out = str(tmp_path / "picture.png")
    with serving(ServedModel("kit", folder / "kit/kit/1")) as (rest_port, grpc_port):
        rest = f"http://127.0.0.1:{rest_port}/v1/models/kit"
        grpc = f"grpc://127.0.0.1:{grpc_port}/kit"
        runs = [
            (client_onnx.main, [str(folder / "model.onnx")]),
            (client_serving.main, [rest]),
            (client_serving.main, [grpc]),
            (main, ["render", rest]),
            (main, ["render", grpc]),
        ]
        for program, arguments in runs:
            assert program([*arguments, "--out", out, *SIZE]) == 0
            mode, picture = read(out)
            assert mode == MODES[channels]
            assert same_levels(picture, expected)
        assert client_serving.main([rest, "--out", out, "--server-render", *SIZE]) == 0
        mode, picture = read(out)
        assert mode == MODES[channels]
        assert same_levels(picture, expected)


@pytest.mark.parametrize("suffix", ["png", "gif"])
def test_several_pictures_in_one_file(suffix, models, channels, tmp_path):
    path = tmp_path / f"sheet.{suffix}"
    engine = load_engine(models(channels) / "model.keras")
    view = make_view(engine.description, height=70, width=131, seed=3)
    write(path, engine, [view, view], tile=64)
    with Image.open(path) as picture:
        assert picture.size == ((266, 70) if suffix == "png" else (131, 70))


def test_what_no_file_holds_is_refused_where_one_is_written(models, tmp_path, capsys):
    """Five channels are rendered, exported and served as any others; only a PNG cannot be made."""
    folder, out = models(5), tmp_path / "picture.png"
    engine = load_engine(folder / "kit/kit/1")
    view = make_view(engine.description, height=20, width=30)
    assert render(engine, view, tile=64).shape == (20, 30, 5)
    reason = "1 (grey), 3 (RGB) or 4 (RGBA) channels"
    for suffix in ("png", "gif"):
        with pytest.raises(ValueError, match="Received: a picture of 5 channels"):
            write(out.with_suffix(f".{suffix}"), engine, [view, view], tile=64)
    assert main(["render", str(folder / "model.onnx"), "--out", str(out)]) == 2
    assert reason in capsys.readouterr().err
    assert client_onnx.main([str(folder / "model.onnx"), "--out", str(out)]) == 2
    assert "image_channels 5" in capsys.readouterr().err
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"1 \(grey\), 3 \(RGB\) or 4"):
        engine.signatures["render"](**dict.fromkeys(REQUEST, tf.zeros(1, tf.int64)))
    with serving(ServedModel("kit", folder / "kit/kit/1")) as (rest_port, _):
        rest = f"http://127.0.0.1:{rest_port}/v1/models/kit"
        assert client_serving.main([rest, "--out", str(out)]) == 3
        assert "image_channels 5" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_server_can_play_the_warmup(models):
    """It would not load a model of which one request fails."""
    records = tf.data.TFRecordDataset(str(models(5) / "kit/kit/1" / WARMUP))
    requests = [PredictionLog.FromString(each.numpy()).predict_log.request for each in records]
    assert [each.model_spec.signature_name for each in requests] == ["serving_default"]


def test_the_render_signature_is_a_png(models, channels):
    signature = load_engine(models(channels) / "kit/kit/1").signatures["render"]
    values = {**dict.fromkeys(REQUEST, 0), "height": 33, "width": 17}
    request = {name: tf.constant([value], tf.int64) for name, value in values.items()}
    mode, picture = read(io.BytesIO(signature(**request)["image_bytes"].numpy()[0]))
    assert (mode, picture.shape) == (MODES[channels], (33, 17, channels))


def test_training_takes_what_the_networks_take(channels, rng):
    generator = build_generator(2, image_channels=channels)
    statistics = [channels * [0.1], 0.3]
    model = LocoGAN(
        generator, build_discriminator(2, statistics=statistics, image_channels=channels)
    )
    model.compile()
    crops = rng.uniform(-1, 1, size=(4, 64, 64, channels)).astype(np.float32)
    windows = np.tile(np.float32([0, 0, 0.5, 0.5]), (4, 1))
    history = model.fit(crops, windows, batch_size=2, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    engine = KerasEngine(generator)
    fakes = fake_crops(engine, windows, 64)
    assert fakes.shape == crops.shape
    assert patch_distance(fakes, crops) > 0
    assert sample_sheet(engine, crops, fakes).shape[2] == 3


def test_a_description_is_written_in_the_first_format_that_can_say_it():
    described = Description((64, 96), "torus", 2, 1, "0" * 16, 7)
    text = json.loads(described.to_json())
    assert (text["format"], text.pop("image_channels"), text.pop("line_channels")) == (1, 3, [0, 0])
    assert Description.from_json(json.dumps(text)) == described
    grey = Description((64, 96), "torus", 2, 1, "0" * 16, 7, image_channels=1)
    assert json.loads(grey.to_json())["format"] == 2
    assert Description.from_json(grey.to_json()) == grey
    # A reader that knows no lines would give another picture.
    lined = Description((64, 96), "torus", 2, 4, "0" * 16, 7, line_channels=(2, 1))
    assert json.loads(lined.to_json())["format"] == 3
    assert Description.from_json(lined.to_json()) == lined
    for wrong in (0, 1.5, "3", None):
        with pytest.raises(ValueError, match="image_channels"):
            Description.from_json(json.dumps({**text, "image_channels": wrong}))


@pytest.mark.parametrize("kind", [Generator, Discriminator])
def test_a_setting_that_a_file_lacks_has_the_value_that_its_absence_means(kind):
    """And leaves no trace in what is made of the settings, so that fingerprints stay."""
    parameters = inspect.signature(kind).parameters
    network = kind(width=2)
    for setting, absent in kind.absent.items():
        assert setting in kind.settings
        assert parameters[setting].default == absent
        assert setting not in network.architecture()
    config = network.get_config()
    old = {setting: value for setting, value in config.items() if setting not in kind.absent}
    assert kind.from_config(old).get_config() == config
    grey = kind(width=2, image_channels=1)
    assert grey.architecture()["image_channels"] == 1
    assert kind.from_config(grey.get_config()).get_config() == grey.get_config()


def test_a_fingerprint_is_that_of_before_there_were_image_channels():
    generator = build_generator(2, frame=(64, 96))
    for variable in generator.variables:
        variable.assign(keras.ops.ones_like(variable))
    assert fingerprint(generator) == "5e5874b6a657ae41"
    assert describe(generator).image_channels == 3


@pytest.mark.parametrize("build", [build_generator, build_discriminator])
def test_no_channels_are_refused(build):
    with pytest.raises(ValueError, match="image_channels=0"):
        build(2, image_channels=0)
