"""The stand-in server against the cases of TensorFlow Serving's `api_rest.md`."""

import base64
import io
import json
import urllib.error
import urllib.request

import numpy as np
import pytest
from PIL import Image
from support.model_server import json_text

from locogan_keras.canvas.description import Description
from locogan_keras.exporting.graph_rendering import REQUEST

FIELDS = {**dict.fromkeys(REQUEST, 0), "height": 32, "width": 48}


def ask(url, body=None):
    """(status, answer) of a request."""
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(url, data, timeout=20) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_status(served):
    expected = {
        "version": "1",
        "state": "AVAILABLE",
        "status": {"error_code": "OK", "error_message": ""},
    }
    for url in (served.rest, f"{served.rest}/versions/1"):
        assert ask(url) == (200, {"model_version_status": [expected]})


def test_metadata(served):
    status, answer = ask(f"{served.rest}/metadata")
    assert status == 200
    assert answer["model_spec"]["name"] == "gravel"
    signatures = answer["metadata"]["signature_def"]["signature_def"]
    assert set(signatures) == {"serving_default", "render", "describe"}
    latent = signatures["serving_default"]["inputs"]["latent"]
    assert [side["size"] for side in latent["tensor_shape"]["dim"]] == ["-1", "-1", "-1", "18"]


def test_rows_and_columns_say_the_same(served, rng):
    latent = rng.normal(size=(2, 7, 8, 18)).astype(np.float32).tolist()
    positions = rng.uniform(-1, 1, size=(2, 7, 8, 2)).astype(np.float32).tolist()
    rows = [{"latent": a, "positions": b} for a, b in zip(latent, positions, strict=True)]
    columns = {"latent": latent, "positions": positions}
    status, by_rows = ask(f"{served.rest}:predict", {"instances": rows})
    assert (status, list(by_rows)) == (200, ["predictions"])
    status, by_columns = ask(f"{served.rest}/versions/1:predict", {"inputs": columns})
    assert (status, list(by_columns)) == (200, ["outputs"])
    assert np.shape(by_rows["predictions"]) == (2, 16, 32, 3)
    assert by_rows["predictions"] == by_columns["outputs"]


def test_the_only_input_needs_no_name(served):
    for key, output in (("instances", "predictions"), ("inputs", "outputs")):
        status, answer = ask(f"{served.rest}:predict", {"signature_name": "describe", key: [0, 0]})
        assert status == 200
        first, second = answer[output]
        assert Description.from_json(first) == Description.from_json(second)


def test_bytes_come_in_base64(served):
    body = {"signature_name": "render", "instances": [FIELDS, {**FIELDS, "seed": 1}]}
    status, answer = ask(f"{served.rest}:predict", body)
    assert status == 200
    for picture in answer["predictions"]:
        content = io.BytesIO(base64.b64decode(picture["b64"]))
        assert Image.open(content).size == (48, 32)


@pytest.mark.parametrize(
    ("path", "body", "status", "message"),
    [
        ("gravel:predict", {"inputs": {}, "instances": []}, 400, "inputs"),
        ("gravel:predict", {}, 400, "Missing 'inputs' or 'instances' key"),
        ("gravel:predict", {"signature_name": "paint", "inputs": {}}, 400, "paint"),
        ("gravel:predict", {"inputs": {"latent": [[[[0.5]]]]}}, 400, "positions"),
        ("gravel:predict", {"inputs": {"latent": [], "positions": "x"}}, 400, "string"),
        ("sand:predict", {"instances": [0]}, 404, "Servable not found for request: Latest(sand)"),
        ("gravel/versions/2:predict", {"instances": [0]}, 404, "Specific(gravel, 2)"),
        ("gravel:paint", {"instances": [0]}, 400, "Malformed request: POST"),
        ("sand", None, 404, "sand"),
    ],
)
def test_errors_have_a_body(served, path, body, status, message):
    code, answer = ask(served.rest.removesuffix("gravel") + path, body)
    assert (code, list(answer)) == (status, ["error"])
    assert message in answer["error"]


def test_what_the_graph_refuses_is_said(served):
    body = {"signature_name": "render", "instances": [{**FIELDS, "height": 4000, "width": 4000}]}
    code, answer = ask(f"{served.rest}:predict", body)
    assert code == 400
    assert "height x width must be at most 1048576 pixels" in answer["error"]


def test_numbers_survive_as_text(rng):
    values = (10.0 ** rng.uniform(-30, 30, size=(50, 4))).astype(np.float32)
    for by_rows in (True, False):
        read = np.array(json.loads(json_text(values, False, by_rows)), np.float32)
        np.testing.assert_array_equal(read, values)
