"""The clients that are copied out: one file each, without locogan_keras."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import PATIENCE, lively_generator, same_levels
from PIL import Image
from support.clients import client_onnx, client_serving
from support.vectors import answered, check, description_of, options_of, refused

from locogan_keras.canvas.views import make_view
from locogan_keras.data.pictures import read_picture
from locogan_keras.engines.keras_engine import KerasEngine
from locogan_keras.exporting.deployable import deployable
from locogan_keras.exporting.onnx_export import onnx_model, save_onnx
from locogan_keras.rendering.render import render

CLIENTS = ("onnx", "rest", "grpc")


@pytest.mark.parametrize("client", [client_onnx, client_serving], ids=["onnx", "serving"])
@pytest.mark.parametrize("vector", answered("clients"))
def test_inputs_are_those_of_the_vectors(client, vector):
    model = dataclasses.asdict(description_of(vector))
    model["period"] = description_of(vector).period
    options = client.parser().parse_args(["MODEL", "--out=picture.png", *options_of(vector)])
    _, frame, period = client.window(model, options)
    corner, size = vector["cells"][:2], vector["cells"][2:]
    check(
        vector,
        client.latent_field(model, options.seed, corner, size, period),
        client.position_map(corner, size, frame, period),
    )


@pytest.mark.parametrize("client", [client_onnx, client_serving], ids=["onnx", "serving"])
@pytest.mark.parametrize("vector", refused("clients"))
def test_requests_are_refused_that_the_vectors_refuse(client, vector, capsys):
    model = dataclasses.asdict(description_of(vector))
    model["period"] = description_of(vector).period
    # The parser ends the process.
    with pytest.raises((ValueError, SystemExit)) as caught:
        client.window(
            model, client.parser().parse_args(["MODEL", "--out=picture.png", *options_of(vector)])
        )
    said = capsys.readouterr().err if caught.type is SystemExit else str(caught.value)
    assert said.count("\n") <= 1
    assert said


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(
    "view",
    [
        {},
        {"height": 53, "width": 131, "seed": 4294967295},
        {"height": 200, "width": 150, "top": -70, "left": 10**9, "period": (192, 112)},
    ],
)
def test_the_picture_is_that_of_locogan_render(client, view, run, kit):
    options = [
        f"--{name}={'x'.join(map(str, value)) if name == 'period' else value}"
        for name, value in view.items()
    ]
    status, picture = run(client, "--tile", 64, *options)
    assert status == 0
    expected = render(kit.engine, make_view(kit.engine.description, **view), tile=64)
    assert same_levels(picture, expected)


@pytest.mark.slow
@pytest.mark.parametrize("client", ["rest", "grpc"])
def test_a_large_message_passes(client, run, kit):
    """608 pixels squared are more than gRPC's 4 MiB."""
    status, picture = run(client, "--tile", 608, "--height", 608, "--width", 608)
    assert status == 0
    expected = render(kit.engine, make_view(kit.engine.description, height=608, width=608))
    assert same_levels(picture, expected)


@pytest.mark.parametrize("client", CLIENTS)
def test_the_usual_tile(client, run, kit):
    status, picture = run(client, "--height", 40, "--width", 300, "--seed", 3)
    assert status == 0
    expected = render(kit.engine, make_view(kit.engine.description, height=40, width=300, seed=3))
    assert same_levels(picture, expected)


def test_an_axis_that_does_not_repeat(tmp_path):
    generator = lively_generator("cylinder", frame=(80, 64))
    engine = KerasEngine(generator)
    model, out = tmp_path / "strip.onnx", tmp_path / "strip.png"
    save_onnx(onnx_model(deployable(generator), engine.description, 18), model)
    for view in ({"height": 100, "width": 70}, {"height": 60, "frame": (80, 0), "top": 50}):
        frame = "x".join(map(str, view.get("frame", (0, 0))))
        options = [f"--{name}={value}" for name, value in (view | {"frame": frame}).items()]
        assert client_onnx.main([str(model), "--out", str(out), "--tile=64", *options]) == 0
        expected = render(engine, make_view(engine.description, **view), tile=64)
        assert same_levels(read_picture(out), expected)


@pytest.mark.parametrize("client", ["rest", "grpc"])
def test_the_server_renders_if_asked(client, run, kit, served):
    view = {"height": 75, "width": 90, "top": -5, "left": 12345, "seed": 8}
    options = [f"--{name}={value}" for name, value in view.items()]
    status, picture = run(client, "--server-render", *options)
    assert status == 0
    assert same_levels(picture, render(kit.engine, make_view(kit.engine.description, **view)))
    assert [signature for signature, _ in served.model.requests] == ["describe", "render"]


@pytest.mark.parametrize(("client", "number_bytes"), [("rest", 14), ("grpc", 4)])
def test_tiles_share_requests_up_to_the_limit(client, number_bytes, run, served):
    """A period of 192 x 224 pixels is 3 x 4 tiles of 64; a request may hold five of them."""
    megabytes = 5.5 * number_bytes * 64 * 64 * 3 / 1e6
    options = ("--tile", 64, "--height", 500, "--width", 500, "--period", "192x224")
    status, picture = run(client, *options, "--megabytes", megabytes)
    assert status == 0
    assert picture.shape == (500, 500, 3)
    shapes = [shape for signature, shape in served.model.requests if signature != "describe"]
    assert [shape[0] for shape in shapes] == [5, 5, 2]
    assert {shape[1:] for shape in shapes} == {(10, 10, 18)}


@pytest.mark.parametrize(
    ("client", "absent"),
    [
        ("onnx", {"locogan_keras", "tensorflow", "keras", "onnx"}),
        ("rest", {"locogan_keras", "tensorflow", "keras", "numpy", "PIL", "grpc"}),
        # TensorFlow itself may import whatever is there.
        ("grpc", {"locogan_keras"}),
    ],
)
def test_alone_in_a_process(client, absent, served, onnx_file, tmp_path):
    """The file is copied out, and imports only what it says."""
    model = {"onnx": onnx_file, "rest": served.rest, "grpc": served.grpc}[client]
    source = Path((client_onnx if client == "onnx" else client_serving).__file__)
    copy, out = tmp_path / source.name, tmp_path / "picture.png"
    copy.write_text(source.read_text())
    program = (
        "import json, runpy, sys\n"
        "try:\n"
        f"    runpy.run_path({str(copy)!r}, run_name='__main__')\n"
        "except SystemExit as end:\n"
        "    print(json.dumps([end.code, sorted(sys.modules)]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(model), "--out", str(out), "--tile", "64"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={key: value for key, value in os.environ.items() if key != "TF_CPP_MIN_LOG_LEVEL"},
        timeout=PATIENCE,
        check=False,
    )
    status, modules = json.loads(done.stdout)
    assert (status, done.stderr) == (0, "")
    assert not absent & set(modules)
    assert read_picture(out).shape == (96, 112, 3)
    with Image.open(out) as picture:
        assert picture.info["srgb"] == 0
