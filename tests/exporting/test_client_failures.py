"""What the clients that are copied out say when they cannot, and what they leave: nothing."""

import json

import grpc
import numpy as np
import onnx
import pytest
from support.clients import client_onnx, client_serving
from support.model_server import Failure

from locogan_keras.cli import main

BUSY = Failure(grpc.StatusCode.UNAVAILABLE, "busy")
CLIENTS = ("onnx", "rest", "grpc")


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr(client_serving, "PAUSES", (0, 0, 0))


@pytest.mark.parametrize("client", ["rest", "grpc"])
def test_a_busy_server_is_asked_again(client, run, served):
    served.model.failures += [BUSY, BUSY, BUSY]
    assert run(client, "--tile", 64)[0] == 0
    assert not served.model.failures


@pytest.mark.parametrize("client", ["rest", "grpc"])
@pytest.mark.parametrize(
    ("failures", "options", "message"),
    [
        ([BUSY] * 4, (), "busy"),
        ([Failure(grpc.StatusCode.INVALID_ARGUMENT, "no\nsuch thing")], (), "no such thing"),
    ],
)
def test_a_failing_server(client, failures, options, message, run, served, tmp_path, capsys):
    served.model.failures += failures
    status, picture = run(client, *options)
    error = capsys.readouterr().err
    assert (status, picture) == (3, None)
    assert error.count("\n") == 1
    assert any(part in error for part in message.split("|"))
    assert served.model.failures == []
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("client", ["rest", "grpc"])
def test_a_server_that_keeps_silent(client, run, served, silence, tmp_path, capsys):
    served.model.failures += [silence, silence]
    status, picture = run(client, "--timeout", "1")
    error = capsys.readouterr().err
    assert (status, picture) == (3, None)
    assert error.count("\n") == 1
    assert "1 second" in error or "DEADLINE_EXCEEDED" in error
    assert served.model.failures == [silence]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("client", ["rest", "grpc"])
def test_a_server_that_fails_in_the_middle_leaves_nothing(client, run, served, tmp_path, capsys):
    served.model.failures += [None, None, Failure(grpc.StatusCode.INVALID_ARGUMENT, "out of order")]
    status, picture = run(client, "--tile", 64, "--period=192x224", "--megabytes=0.1")
    assert (status, picture) == (3, None)
    assert "out of order" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("client", ["rest", "grpc"])
@pytest.mark.parametrize(
    "answer",
    [
        {"model_json": np.array([b"hello"], object)},
        {"model_json": np.array([b"{}"], object)},
        {"model_json": np.array([b"[]"], object)},
        {"y": np.zeros(1, np.float32)},
    ],
)
def test_another_model(client, answer, run, served, monkeypatch, capsys):
    monkeypatch.setattr(served.model, "predict", lambda signature, inputs: answer)
    assert run(client)[0] == 3
    assert "description" in capsys.readouterr().err


@pytest.mark.parametrize("client", ["rest", "grpc"])
@pytest.mark.parametrize("field", ["format", "latents", "cell", "border", "image_channels"])
def test_a_model_of_another_kind(client, field, kit, run, served, monkeypatch, capsys):
    text = json.dumps({**json.loads(kit.engine.description.to_json()), field: 32})
    answer = {"model_json": np.array([text.encode()], object)}
    monkeypatch.setattr(served.model, "predict", lambda signature, inputs: answer)
    assert run(client)[0] == 3
    assert f"of {field} 32; this client knows" in capsys.readouterr().err


@pytest.mark.parametrize("client", ["rest", "grpc"])
@pytest.mark.parametrize("value", [np.float32("nan"), np.zeros(7, np.float32)])
def test_an_image_that_is_none(client, value, run, served, monkeypatch, capsys):
    predict = served.model.predict
    image = {"image": np.broadcast_to(value, (1, 64, 64, 3)) if value.ndim == 0 else value[None]}
    monkeypatch.setattr(
        served.model,
        "predict",
        lambda signature, inputs: (
            image if signature == "serving_default" else predict(signature, inputs)
        ),
    )
    assert run(client, "--tile", 64, "--height", 64, "--width", 64)[0] == 3
    assert "images" in capsys.readouterr().err


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(
    "options",
    [
        ("--period", "100x112"),
        ("--frame", "50x112"),
        ("--top", str(2**36)),
    ],
)
def test_what_the_model_cannot_do(client, options, run, tmp_path, capsys):
    status, picture = run(client, *options)
    error = capsys.readouterr().err
    assert (status, picture) == (2, None)
    assert error.count("\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(
    "option", ["--height=0", "--width=x", "--seed=-1", "--seed=4294967296", "--tile=100"]
)
def test_an_option_out_of_range(client, option, run, capsys):
    with pytest.raises(SystemExit) as caught:
        run(client, option)
    assert caught.value.code == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert option.partition("=")[0] in error


def test_the_server_renders_no_more_than_it_can(run, capsys):
    assert run("rest", "--server-render", "--height", 2000, "--width", 2000)[0] == 2
    assert "1048576 pixels at most" in capsys.readouterr().err


@pytest.mark.parametrize(
    "url",
    ["http://localhost", "grpc://localhost/a", "http://localhost:99999/v1/models/a", "a.onnx"],
)
def test_an_address_of_another_form(url, tmp_path, capsys):
    assert client_serving.main([url, "--out", str(tmp_path / "picture.png")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("content", [None, b"", b"no model"])
def test_a_file_that_is_no_model(content, tmp_path, capsys):
    model, out = tmp_path / "model.onnx", tmp_path / "picture.png"
    if content is not None:
        model.write_bytes(content)
    assert client_onnx.main([str(model), "--out", str(out)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert str(model) in error
    assert not out.exists()


@pytest.mark.parametrize("client", ["onnx", "rest"])
def test_a_folder_that_cannot_be_written(client, served, onnx_file, tmp_path, capsys):
    module, model = {
        "onnx": (client_onnx, onnx_file),
        "rest": (client_serving, served.rest),
    }[client]
    assert module.main([str(model), "--out", str(tmp_path / "none" / "picture.png")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_damaged_weight_makes_no_picture(onnx_file, tmp_path, capsys):
    model = onnx.load(onnx_file)
    kernel = max(model.graph.initializer, key=lambda each: len(each.raw_data))
    damaged = np.frombuffer(kernel.raw_data, np.float32).copy()
    damaged[0] = np.nan
    kernel.raw_data = damaged.tobytes()
    # As a file of an earlier version, which has no digest to tell.
    del model.metadata_props[1:]
    path, out = tmp_path / "damaged.onnx", tmp_path / "picture.png"
    onnx.save(model, path)
    for program in (main, client_onnx.main):
        arguments = ["--out", str(out), "--height", "64", "--width", "64"]
        command = ["render", str(path)] if program is main else [str(path)]
        assert program([*command, *arguments]) == 2
        error = capsys.readouterr().err
        assert "no finite numbers" in error
        assert error.count("\n") == 1
        assert [each.name for each in tmp_path.iterdir()] == ["damaged.onnx"]
