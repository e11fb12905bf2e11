"""The engine that asks a server, over REST and over gRPC."""

import http.server
import socket
import subprocess
import sys
import threading

import grpc
import numpy as np
import pytest
import tensorflow as tf
from conftest import PATIENCE, same_levels
from support.model_server import Failure, ServedModel, serving

from locogan_keras.canvas.views import make_view
from locogan_keras.cli import main
from locogan_keras.data.pictures import read_picture
from locogan_keras.engines.servers import server_requests
from locogan_keras.engines.servers.server_requests import ServerError
from locogan_keras.engines.servers.serving_engine import connect
from locogan_keras.rendering.render import render

KINDS = ("rest", "grpc")
BUSY = Failure(grpc.StatusCode.UNAVAILABLE, "busy")


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr(server_requests, "PAUSES", (0, 0, 0))


@pytest.fixture
def closed_port():
    """A port on which nobody listens, held so that nobody will."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def url(served, kind):
    return getattr(served, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_the_keras_engine_far_away(kind, served, kit, rng):
    engine = connect(url(served, kind))
    assert engine.description == kit.engine.description
    for batch, rows, columns in ((1, 7, 7), (3, 8, 11)):
        latent = rng.normal(size=(batch, rows, columns, 18)).astype(np.float32)
        positions = rng.uniform(-1, 1, size=(batch, rows, columns, 2)).astype(np.float32)
        image = engine(latent, positions)
        assert image.dtype == np.float32
        np.testing.assert_allclose(image, kit.engine(latent, positions), atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_a_large_message_passes(kind, served, kit):
    """592 pixels squared are more than gRPC's 4 MiB."""
    latent, positions = np.zeros((1, 43, 43, 18), np.float32), np.zeros((1, 43, 43, 2), np.float32)
    assert connect(url(served, kind))(latent, positions).nbytes > 4 * 2**20


@pytest.mark.parametrize("kind", KINDS)
def test_the_command_renders(kind, served, kit, tmp_path):
    out = tmp_path / "picture.png"
    window = {"height": 100, "width": 130, "top": -20, "left": 70, "seed": 9}
    options = [f"--{name}={value}" for name, value in window.items()]
    assert main(["render", url(served, kind), "--out", str(out), "--tile", "64", *options]) == 0
    expected = render(kit.engine, make_view(kit.engine.description, **window), tile=64)
    assert same_levels(read_picture(out), expected)


@pytest.mark.parametrize("kind", KINDS)
def test_a_busy_server_is_asked_again(kind, served):
    served.model.failures += [BUSY, BUSY, BUSY]
    assert connect(url(served, kind)).description.encoding == "torus"
    served.model.failures += [BUSY] * 4
    with pytest.raises(ServerError, match="busy"):
        connect(url(served, kind))


@pytest.mark.parametrize("kind", KINDS)
def test_a_refusal_is_not_asked_again(kind, served):
    refusal = Failure(grpc.StatusCode.INVALID_ARGUMENT, "no\nsuch thing " + 1000 * "x")
    served.model.failures += [refusal]
    with pytest.raises(ServerError, match="no such thing") as caught:
        connect(url(served, kind))
    assert len(str(caught.value)) < 500
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
def test_a_slow_server_is_given_up_at_once(kind, served, silence):
    served.model.failures += [silence, silence]
    with pytest.raises(ServerError, match=r"does not answer within 1 second"):
        connect(url(served, kind), timeout=1)
    assert served.model.failures == [silence]


@pytest.mark.parametrize("kind", KINDS)
def test_a_server_that_is_not_there(kind, closed_port, capsys, tmp_path):
    address = {
        "rest": f"http://127.0.0.1:{closed_port}/v1/models/gravel",
        "grpc": f"grpc://127.0.0.1:{closed_port}/gravel",
    }[kind]
    out = tmp_path / "picture.png"
    assert main(["render", address, "--out", str(out)]) == 3
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert address in error
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", KINDS)
def test_another_name(kind, served):
    address = url(served, kind).replace("gravel", "sand")
    with pytest.raises(
        ServerError, match="does not describe itself as a LocoGAN generator"
    ) as caught:
        connect(address)
    assert address in str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
def test_another_model(kind, tmp_path):
    module = tf.Module()
    half = tf.function(lambda x: {"y": x / 2}, input_signature=[tf.TensorSpec([None], tf.float32)])
    tf.saved_model.save(module, str(tmp_path), signatures=half)
    with serving(ServedModel("half", tmp_path)) as (rest_port, grpc_port):
        address = {
            "rest": f"http://127.0.0.1:{rest_port}/v1/models/half",
            "grpc": f"grpc://127.0.0.1:{grpc_port}/half",
        }[kind]
        with pytest.raises(ServerError, match="does not describe itself"):
            connect(address)


@pytest.mark.parametrize("kind", KINDS)
def test_a_description_of_something_else(kind, served, monkeypatch):
    def describe(signature, inputs):
        return {"model_json": np.array([b'{"frame": [64, 64]}'], object)}

    monkeypatch.setattr(served.model, "predict", describe)
    with pytest.raises(ServerError, match="no description of a LocoGAN generator"):
        connect(url(served, kind))


@pytest.mark.parametrize("kind", KINDS)
def test_an_image_of_another_shape(kind, served, monkeypatch):
    engine = connect(url(served, kind))
    small = {"image": np.zeros((1, 8, 8, 3), np.float32)}
    monkeypatch.setattr(served.model, "predict", lambda signature, inputs: small)
    with pytest.raises(ServerError, match=r"shape \(1, 8, 8, 3\)"):
        engine(np.zeros((1, 7, 7, 18), np.float32), np.zeros((1, 7, 7, 2), np.float32))


@pytest.mark.parametrize("kind", KINDS)
def test_a_request_of_another_shape(kind, served):
    engine = connect(url(served, kind))
    with pytest.raises(ServerError, match=f"MODEL {url(served, kind)} answers"):
        engine(np.zeros((1, 7, 7, 5), np.float32), np.zeros((1, 7, 7, 2), np.float32))


@pytest.mark.parametrize("answer", ["<html>", "[]", '{"predictions": 5}', '{"outputs": ["{}"]}'])
def test_a_web_server_of_another_kind(answer):
    """It may say no in HTML, or say yes to anything."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, *arguments):
            pass

    refusing = type("Refusing", (Handler,), {"do_POST": lambda self: self.send_error(405)})
    for handler, expected in ((Handler, "MODEL .* (answers|is no)"), (refusing, "405: Method Not")):
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as web:
            thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.05})
            thread.start()
            try:
                with pytest.raises(ServerError, match=expected):
                    connect(f"http://127.0.0.1:{web.server_port}/v1/models/gravel")
            finally:
                web.shutdown()
                thread.join()


@pytest.mark.parametrize(
    "address",
    [
        "http://",
        "http://localhost:8501",
        "http://localhost:8501/v1/models/",
        "http://localhost:8501/v1/models/a/versions",
        "http://localhost:8501/v1/models/a:predict",
        "http://localhost:99999/v1/models/a",
        "http://user:secret@localhost/v1/models/a",
        "http://local host/v1/models/a",
        "grpc://localhost/a",
        "grpc://localhost:8500",
        "grpc://localhost:0/a",
        "ftp://localhost:8501/v1/models/a",
        "file:///etc/passwd",
    ],
)
def test_an_address_of_another_form_is_a_usage_error(address, capsys, tmp_path):
    assert main(["render", address, "--out", str(tmp_path / "picture.png")]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert address in error


def test_a_package_that_is_missing_is_named(served, monkeypatch):
    monkeypatch.delitem(sys.modules, "locogan_keras.engines.servers.serving_grpc", raising=False)
    monkeypatch.setitem(sys.modules, "tensorflow_serving", None)
    monkeypatch.setitem(sys.modules, "tensorflow_serving.apis", None)
    monkeypatch.setitem(sys.modules, "tensorflow_serving.apis.predict_pb2", None)
    with pytest.raises(
        ValueError, match=r"tensorflow_serving.*: pip install tensorflow-serving-api"
    ):
        connect(served.grpc)


def test_rest_needs_no_tensorflow(served):
    program = (
        "import sys; from locogan_keras.engines.loading import load_engine; "
        f"engine = load_engine({served.rest!r}); "
        "assert not {'tensorflow', 'keras', 'grpc'} & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
