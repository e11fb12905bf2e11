"""Shared fixtures: tiny networks with lively random weights, a picture and a trained run."""

import functools
import os
import threading
import types

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
# Tests share the cores as processes; networks this small have no work for several threads each.
os.environ["TF_NUM_INTRAOP_THREADS"] = os.environ["TF_NUM_INTEROP_THREADS"] = "1"

import keras
import numpy as np
import pytest
from PIL import Image
from support.clients import client_onnx, client_serving
from support.model_server import ServedModel, serving
from support.presets import package
from tqdm import tqdm

from locogan_keras.cli import main
from locogan_keras.data.pictures import read_picture
from locogan_keras.engines.keras_engine import KerasEngine
from locogan_keras.engines.loading import load_engine
from locogan_keras.engines.savedmodel_engine import SavedModelEngine
from locogan_keras.exporting.deployable import deployable
from locogan_keras.exporting.export import export
from locogan_keras.exporting.onnx_export import onnx_model, save_onnx
from locogan_keras.exporting.savedmodel_export import save_savedmodel
from locogan_keras.exporting.serving_export import save_serving
from locogan_keras.networks.generator import build_generator

# Seconds for what ends by itself: a busy machine may be ten times slower than a quiet one.
PATIENCE = 120
TINY = ("model.width=2", "training.batch_size=2", "training.save_every=2")


# No thread that looks after bars, and may warn, behind a test's back.
tqdm.monitor_interval = 0


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup():
    """Networks begin at the same weights in every run, whatever was tested before."""
    keras.utils.set_random_seed(0)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


# Noise of every level and of lines, an up-sampling that cannot print its lattice, and wide levels.
GRAINY = {
    "upsampling": "box",
    "fine_channels": (1, 1, 1),
    "local_channels": 87,
    "line_channels": (1, 1),
    "wide_levels": 2,
}


def lively_generator(
    encoding="linear", inject="every_layer", frame=(128, 128), width=4, **settings
):
    """A generator whose random weights give images that use the whole range."""
    generator = build_generator(width, encoding, inject, frame=frame, **settings)
    rng = np.random.default_rng(1)
    for variable in generator.variables:
        value = rng.normal(size=variable.shape)
        if "kernel" in variable.name:
            value *= 0.7 / np.sqrt(np.prod(variable.shape[:-1]))
        elif "variance" in variable.name or "gamma" in variable.name:
            value = 1 + 0.5 * np.tanh(value)
        variable.assign(value)
    return generator


def same_levels(picture, expected):
    """Whether two pictures are equal as engines are: 1 level, in 3 of 10,000 values."""
    difference = np.abs(picture.astype(int) - expected)
    return difference.max() <= 1 and np.count_nonzero(difference) <= max(1, 3e-4 * expected.size)


@pytest.fixture(scope="session")
def make_engine(tmp_path_factory):
    """Makes each engine once; see `make`'s arguments."""
    folder = tmp_path_factory.mktemp("exports")

    @functools.cache
    def make(
        kind,
        encoding="torus",
        inject="every_layer",
        frame=(96, 112),
        width=4,
        opset=18,
        grainy=False,
    ):
        settings = GRAINY if grainy else {}
        if kind == "keras":
            return KerasEngine(lively_generator(encoding, inject, frame, width, **settings))
        described = make("keras", encoding, inject, frame, width, grainy=grainy).description
        network = deployable(lively_generator(encoding, inject, frame, width, **settings))
        path = folder / f"{encoding}-{inject}-{frame}-{width}-{opset}-{grainy}"
        if kind in ("onnx", "openvino"):
            path = path.with_name(f"{path.name}.onnx")
            save_onnx(onnx_model(network, described, opset), path)
            return load_engine(path, "openvino" if kind == "openvino" else None)
        save_savedmodel(network, described, str(path))
        return SavedModelEngine(path)

    return make


@pytest.fixture(scope="session")
def photo(tmp_path_factory):
    """A 96 x 80 picture with structure in both directions."""
    y, x = np.mgrid[0:96, 0:80]
    levels = np.stack([y * 2, x * 3, 128 + 100 * np.sin(x / 5) * np.cos(y / 7)], axis=-1)
    path = tmp_path_factory.mktemp("photo") / "photo.png"
    Image.fromarray(levels.astype(np.uint8)).save(path)
    return path


@pytest.fixture(scope="session")
def trained_run(tmp_path_factory, photo):
    """A run of four steps with a torus of 64 x 64, not to be changed."""
    run = tmp_path_factory.mktemp("trained") / "run"
    arguments = ["train", str(photo), "--out", str(run), "--steps", "4"]
    arguments += ["--recipe", "pattern-torus"]
    assert main([*arguments, "--set", *TINY, "model.frame=[64, 64]"]) == 0
    return run


@pytest.fixture(scope="session")
def preset_folder(trained_run, tmp_path_factory):
    """The run's generator as a preset, not to be changed."""
    folder = tmp_path_factory.mktemp("presets") / "checkered"
    export(trained_run, "preset", folder, report=lambda line: None)
    return folder


@pytest.fixture
def installed(preset_folder, tmp_path, monkeypatch):
    """That preset in a package of its own: `preset:checkered`."""
    package(tmp_path / "site", "checkered_presets", {"checkered": preset_folder})
    monkeypatch.syspath_prepend(tmp_path / "site")
    return "preset:checkered"


@pytest.fixture(scope="session")
def kit(tmp_path_factory):
    """A folder exported for a server: `folder`, `savedmodel`, and the Keras `engine` of it."""
    folder = tmp_path_factory.mktemp("kit")
    generator = lively_generator("torus", frame=(96, 112))
    engine = KerasEngine(generator)
    savedmodel = save_serving(deployable(generator), engine.description, folder, "gravel")
    return types.SimpleNamespace(folder=folder, savedmodel=savedmodel, engine=engine)


@pytest.fixture(scope="session")
def server(kit):
    model = ServedModel("gravel", kit.savedmodel)
    with serving(model) as (rest_port, grpc_port):
        yield types.SimpleNamespace(
            model=model,
            rest_port=rest_port,
            rest=f"http://127.0.0.1:{rest_port}/v1/models/gravel",
            grpc=f"grpc://127.0.0.1:{grpc_port}/gravel",
        )


@pytest.fixture
def silence(served):
    """Something for `served.model.failures`: no answer to a request, until the test has ended."""
    until = threading.Event()
    yield until
    until.set()


@pytest.fixture
def served(server):
    """A server of the kit, in good health: its `rest` and `grpc` URLs, and its `model`."""
    server.model.failures.clear()
    server.model.requests.clear()
    yield server
    server.model.failures.clear()


@pytest.fixture(scope="session")
def onnx_file(kit, tmp_path_factory):
    """The kit's generator as an ONNX file."""
    path = tmp_path_factory.mktemp("client") / "gravel.onnx"
    network = deployable(lively_generator("torus", frame=(96, 112)))
    save_onnx(onnx_model(network, kit.engine.description, 18), path)
    return path


@pytest.fixture
def run(served, onnx_file, tmp_path):
    """`run(client, *options)` runs a client: gives (exit status, picture or None)."""
    models = {"onnx": onnx_file, "rest": served.rest, "grpc": served.grpc}

    def run(client, *options):
        out = tmp_path / "picture.png"
        module = client_onnx if client == "onnx" else client_serving
        status = module.main([str(models[client]), "--out", str(out), *map(str, options)])
        return status, read_picture(out) if out.exists() else None

    return run
