"""Models of a material and of cut-outs: in every engine, every export, both clients, a server."""

import io
import json

import numpy as np
import pytest
import tensorflow as tf
from conftest import lively_generator, same_levels
from PIL import Image
from support.clients import client_onnx, client_serving
from support.model_server import ServedModel, serving

from locogan_keras import load_engine, make_view, render
from locogan_keras.cli import main
from locogan_keras.exporting.export import export
from locogan_keras.exporting.graph_rendering import REQUEST

SIZE = ("--height", "70", "--width", "131", "--seed", "3", "--tile", "64")
KINDS = {
    "material": (("color", 8), ("normal", 8), ("height", 16), ("roughness", 8)),
    "cutout": (("cutout", 8),),
}


@pytest.fixture(scope="module", params=["material", pytest.param("cutout", marks=pytest.mark.slow)])
def model(request, tmp_path_factory):
    """A folder with a generator in every form."""
    folder, maps = tmp_path_factory.mktemp("models"), KINDS[request.param]
    generator = lively_generator(
        "torus", frame=(64, 80), width=2, image_channels=8 if len(maps) > 1 else 4, maps=maps
    )
    generator.save(folder / "model.keras")
    export(folder / "model.keras", "onnx", folder / "model.onnx", report=len)
    export(folder / "model.keras", "serving", folder / "kit", report=len)
    return folder


@pytest.fixture
def expected(model):
    """What a picture shows: a material's colour, or a cut-out."""
    engine = load_engine(model / "model.keras")
    whole = render(engine, make_view(engine.description, height=70, width=131, seed=3), tile=64)
    return whole[..., : engine.description.picture_channels]


def read(file):
    with Image.open(file) as picture:
        return np.asarray(picture)


@pytest.mark.parametrize("name", ["model.onnx", "kit/kit/1"])
def test_an_export_has_all_channels_and_their_names(name, model):
    engine, exported = load_engine(model / "model.keras"), load_engine(model / name)
    assert exported.description == engine.description
    assert exported.description.maps in KINDS.values()
    view = make_view(engine.description, seed=3)
    inputs = [each[None] for each in view.inputs(-1, 2, 5, 4)]
    image = engine(*inputs)
    assert image.shape == (1, 80, 64, engine.description.image_channels)
    np.testing.assert_allclose(exported(*inputs), image, atol=1e-5)


@pytest.mark.parametrize("name", ["model.keras", "model.onnx", "kit/kit/1"])
def test_every_engine_writes_the_same_picture(name, model, expected, tmp_path, capsys):
    out = tmp_path / "picture.png"
    assert main(["render", str(model / name), "--out", str(out), *SIZE]) == 0
    assert same_levels(read(out), expected)
    said = "It shows the color of 4 maps; a folder, without suffix, has all."
    assert (said in capsys.readouterr().out) == (expected.shape[2] == 3)


@pytest.mark.parametrize("name", ["model.onnx", "kit/kit/1"])
def test_every_engine_writes_the_same_folder(name, model, tmp_path):
    if load_engine(model / "model.keras").description.picture_channels == 4:
        # A cut-out is one picture.
        assert main(["render", str(model / name), "--out", str(tmp_path / "out"), *SIZE]) == 2
        return
    for path, out in (("model.keras", "own"), (name, "theirs")):
        assert main(["render", str(model / path), "--out", str(tmp_path / out), *SIZE]) == 0
    for suffix in ("Color", "NormalGL", "Displacement", "Roughness"):
        found = read(tmp_path / f"theirs/theirs_{suffix}.png")
        assert same_levels(found, read(tmp_path / f"own/own_{suffix}.png"))


def test_clients_and_servers_write_it_too(model, expected, tmp_path):
    out = str(tmp_path / "picture.png")
    with serving(ServedModel("kit", model / "kit/kit/1")) as (rest_port, grpc_port):
        rest = f"http://127.0.0.1:{rest_port}/v1/models/kit"
        for client, url in (
            (client_onnx, str(model / "model.onnx")),
            (client_serving, rest),
            (client_serving, f"grpc://127.0.0.1:{grpc_port}/kit"),
        ):
            assert client.main([url, "--out", out, *SIZE]) == 0
            assert same_levels(read(out), expected)
        assert client_serving.main([rest, "--out", out, "--server-render", *SIZE]) == 0
        assert same_levels(read(out), expected)
        assert main(["render", rest, "--out", out, *SIZE]) == 0
        assert same_levels(read(out), expected)


def test_the_render_signature_is_a_png_of_it(model):
    engine = load_engine(model / "model.keras")
    view = make_view(engine.description, height=33, width=17)
    whole = render(engine, view)[..., : engine.description.picture_channels]
    signature = load_engine(model / "kit/kit/1").signatures["render"]
    values = {**dict.fromkeys(REQUEST, 0), "height": 33, "width": 17}
    request = {name: tf.constant([value], tf.int64) for name, value in values.items()}
    picture = read(io.BytesIO(signature(**request)["image_bytes"].numpy()[0]))
    assert same_levels(picture, whole)


@pytest.mark.parametrize(
    "maps",
    [
        *(5, "color", [["colour", 8]], [["color", 8]], [["normal", 8], ["color", 8]]),
        [["color", 8], ["cutout", 8]],
    ],
)
def test_clients_refuse_maps_that_they_do_not_know(maps, model, tmp_path, capsys):
    text = json.loads(load_engine(model / "model.keras").description.to_json())
    told = json.dumps({**text, "maps": maps})
    for client in (client_onnx, client_serving):
        with pytest.raises(Exception, match=r"maps|iterable|unpack"):
            client.check_numbers(json.loads(told))
