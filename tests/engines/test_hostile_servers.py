"""Servers that mean harm: what they send is bounded, in bytes and time, and nobody else is asked.

The command and the client that is copied out are asked for a picture alike.
"""

import contextlib
import functools
import http.server
import json
import threading
import time

import numpy as np
import pytest
from support.clients import client_serving
from tensorflow.core.framework.tensor_pb2 import TensorProto
from tensorflow.core.framework.types_pb2 import DT_FLOAT
from tensorflow_serving.apis.predict_pb2 import PredictResponse

from locogan_keras.cli import main
from locogan_keras.engines.servers import server_requests, serving_engine
from locogan_keras.engines.servers.server_requests import ServerError
from locogan_keras.engines.servers.serving_grpc import GrpcServer

ASKED = pytest.mark.parametrize("client", ["engine", "client"])
IMAGE_BYTES = 2**20 + 32 * 64 * 64 * 3


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    for module in (server_requests, client_serving):
        monkeypatch.setattr(module, "PAUSES", (0, 0, 0))


@contextlib.contextmanager
def web(answer, host="127.0.0.1"):
    """A web server, `(port, paths asked for)`: POSTs are answered by `answer(handler, body)`."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked.append(self.path)
            with contextlib.suppress(ConnectionError):
                answer(self, body)

        def do_GET(self):
            asked.append(self.path)

        def log_message(self, *arguments):
            pass

    with http.server.ThreadingHTTPServer((host, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_port, asked
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def refusal(tmp_path, capsys, monkeypatch):
    """What is said, in one line with status 3, when a picture is asked of a URL."""

    def refusal(client, url, timeout=30.0):
        out = ["--out", str(tmp_path / "picture.png"), "--tile=64", "--height=64", "--width=64"]
        if client == "engine":
            connect = functools.partial(serving_engine.connect, timeout=timeout)
            monkeypatch.setattr(serving_engine, "connect", connect)
            status = main(["render", url, *out])
        else:
            status = client_serving.main([url, *out, f"--timeout={timeout}"])
        (line,) = capsys.readouterr().err.splitlines()
        assert status == 3
        assert line.isprintable()
        assert len(line) < 700
        assert not list(tmp_path.iterdir())
        return line

    return refusal


def url(port, host="127.0.0.1"):
    return f"http://{host}:{port}/v1/models/gravel"


def send(handler, content, status=200, **headers):
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(content)


def endless(handler, body, status=200):
    send(handler, b"", status)
    while True:
        handler.wfile.write(b" " * 2**16)


def endless_in_chunks(handler, body):
    handler.protocol_version = "HTTP/1.1"
    send(handler, b"", **{"Transfer-Encoding": "chunked"})
    while True:
        handler.wfile.write(b"10000\r\n" + b" " * 2**16 + b"\r\n")


def said_to_be_large(handler, body):
    send(handler, b" " * 2**22, **{"Content-Length": str(2**40)})


@ASKED
@pytest.mark.parametrize("answer", [endless, endless_in_chunks, said_to_be_large])
def test_an_answer_is_bounded_in_bytes(client, answer, refusal):
    with web(answer) as (port, _):
        assert f"more than {2**20} bytes" in refusal(client, url(port))


@ASKED
def test_an_error_is_bounded_in_bytes(client, refusal):
    with web(functools.partial(endless, status=400)) as (port, _):
        assert "answers 400: Bad Request" in refusal(client, url(port))


@ASKED
def test_an_image_is_bounded_in_bytes(client, kit, refusal):
    description = kit.engine.description.to_json()

    def answer(handler, body):
        if json.loads(body)["signature_name"] == "describe":
            return send(handler, json.dumps({"predictions": [description]}).encode())
        return endless(handler, body)

    with web(answer) as (port, _):
        assert f"more than {IMAGE_BYTES} bytes" in refusal(client, url(port))


def slow_head(handler, body):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nServer: ")
    slow_bytes(handler)


def slow_body(handler, body):
    send(handler, b"", **{"Content-Length": "100000"})
    slow_bytes(handler)


def slow_error(handler, body):
    send(handler, b"", 400)
    slow_bytes(handler)


def slow_bytes(handler):
    for _ in range(200):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.1)


@ASKED
@pytest.mark.parametrize("answer", [slow_head, slow_body, slow_error])
def test_an_answer_is_bounded_in_time(client, answer, refusal):
    begun = time.monotonic()
    with web(answer) as (port, _):
        assert "does not answer within 0.5 seconds" in refusal(client, url(port), timeout=0.5)
    assert time.monotonic() - begun < 10


@ASKED
@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_nobody_else_is_asked(client, code, refusal):
    with web(lambda handler, body: send(handler, b"{}")) as (other, asked_of_other):
        for target in (url(other, "localhost"), "file:///etc/hostname", "ftp://127.0.0.1/a", "//x"):
            with web(lambda handler, body, to=target: send(handler, b"", code, Location=to)) as (
                port,
                asked,
            ):
                line = refusal(client, url(port))
            assert f"{code}" in line
            assert len(asked) == 1
    assert not asked_of_other


@ASKED
def test_a_redirect_within_a_host_is_followed(client, refusal):
    def answer(handler, body):
        if handler.path == "/there":
            return send(handler, json.dumps({"predictions": [body.decode()]}).encode())
        return send(handler, b"", 307, Location="/there")

    with web(answer) as (port, asked):
        # It says again what it was asked, which describes nothing.
        assert "description" in refusal(client, url(port))
    assert asked == ["/v1/models/gravel:predict", "/there"]


@ASKED
def test_redirects_come_to_an_end(client, refusal):
    with web(lambda handler, body: send(handler, b"", 302, Location=handler.path)) as (port, asked):
        assert "302" in refusal(client, url(port))
    assert len(asked) < 20


@ASKED
@pytest.mark.parametrize(
    "content",
    [
        b"[" * 100_000,
        b'{"predictions": ' * 50_000,
        b'{"predictions": [' + b"9" * 10_000 + b"]}",
        json.dumps({"predictions": ["[" * 100_000]}).encode(),
        json.dumps({"predictions": ["\x1b[2J"]}).encode(),
        json.dumps({"predictions": [[[]]]}).encode(),
        b'{"predictions": null}',
        b"\xff\xfe",
        b"",
    ],
)
def test_an_answer_that_describes_nothing(client, content, refusal):
    with web(lambda handler, body: send(handler, content)) as (port, _):
        refusal(client, url(port))


@ASKED
@pytest.mark.parametrize(
    "fields",
    [
        {"frame": [-192, -192], "period": [-192, -192]},
        {"frame": [float("inf"), 112]},
        {"frame": [0, 0], "period": [0, 0]},
        {"frame": [2**80, 112], "period": [2**80, 112]},
        {"encoding": [], "global_channels": None},
        {"local_channels": 2**80},
        {"image_channels": True},
        {"cell": 16.0},
        {"latents": "\x1b[2J"},
    ],
)
def test_a_description_that_cannot_be(client, fields, kit, refusal):
    text = json.dumps({**json.loads(kit.engine.description.to_json()), **fields})
    with web(lambda handler, body: send(handler, json.dumps({"predictions": [text]}).encode())) as (
        port,
        asked,
    ):
        refusal(client, url(port))
    assert len(asked) == 1


@ASKED
@pytest.mark.parametrize("number", ["9" * 400, '"x"', "null", "[]", "{}", "[" * 500 + "]" * 500])
def test_an_image_of_other_things(client, number, kit, refusal):
    description = kit.engine.description.to_json()

    def answer(handler, body):
        if json.loads(body)["signature_name"] == "describe":
            return send(handler, json.dumps({"predictions": [description]}).encode())
        return send(handler, b'{"predictions": [[[[' + number.encode() + b"]]]]}")

    with web(answer) as (port, _):
        refusal(client, url(port))


def test_a_reason_is_shortened_and_printable(refusal):
    reason = json.dumps({"error": "\x1b]0;owned\x07" + 10_000 * "x"}).encode()
    for client in ("engine", "client"):
        with web(lambda handler, body: send(handler, reason, 400)) as (port, _):
            assert r"\x1b]0;owned\x07" in refusal(client, url(port))


@pytest.mark.parametrize("shape", [(1, 2**40, 64, 3), (1, 64, 64, 3, 2), (-1, 64, 64, 3)])
def test_one_value_does_not_stand_for_terabytes(shape, monkeypatch):
    """A message of a few bytes may say of any shape that all its values are one."""
    server = GrpcServer("grpc://host:1/gravel", "host:1", "gravel", 1.0)
    response = PredictResponse()
    tensor = response.outputs["image"]
    tensor.CopyFrom(TensorProto(dtype=DT_FLOAT, float_val=[1.0, 2.0]))
    for length in shape:
        tensor.tensor_shape.dim.add(size=length)
    monkeypatch.setattr(server, "_ask", lambda stub, request: response)
    with pytest.raises(ServerError, match=r"answers with (an output of shape|no array)"):
        server.predict("serving_default", {"latent": np.zeros((1, 10, 10, 18))}, 64 * 64 * 3)
