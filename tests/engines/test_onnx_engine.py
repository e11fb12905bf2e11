"""ONNX files that somebody else made: what could do more than an export is not run.

The engine and the client that is copied out look at them by themselves, so each case is for both.
"""

import functools
import importlib.util
import json
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper
from support.clients import client_onnx
from support.tiled import MODEL

from locogan_keras.cli import main
from locogan_keras.engines import onnx_files
from locogan_keras.engines.loading import load_engine
from locogan_keras.engines.onnx_engine import OnnxEngine

openvino_engine = functools.partial(load_engine, engine="openvino")
HAS_OPENVINO = importlib.util.find_spec("openvino") is not None
# How each loads a file, and the command that does.
COMMANDS = {
    load_engine: (main, ["render"], []),
    openvino_engine: (main, ["render"], ["--engine", "openvino"]),
    client_onnx.load: (client_onnx.main, [], []),
}
LOADERS = pytest.mark.parametrize(
    "load",
    [
        pytest.param(load_engine, id="engine"),
        pytest.param(
            openvino_engine,
            id="openvino",
            marks=pytest.mark.skipif(not HAS_OPENVINO, reason="it comes with the extra dev"),
        ),
        pytest.param(client_onnx.load, id="client"),
    ],
)


@pytest.fixture
def no_session(monkeypatch):
    """A file that was refused was not run: no session was made of it."""

    class Session:
        def __init__(self, *arguments, **options):
            raise RuntimeError("it was run")

    monkeypatch.setattr(onnxruntime, "InferenceSession", Session)
    if HAS_OPENVINO:
        monkeypatch.setattr("openvino.Core", Session)


def tensor(name="far", **options):
    return helper.make_tensor(name, TensorProto.FLOAT, [1], [1.0], **options)


def far_tensor():
    """Weights in another file."""
    far = TensorProto(name="far", data_type=TensorProto.FLOAT, dims=[1])
    far.data_location = TensorProto.EXTERNAL
    far.external_data.add(key="location", value="/etc/hostname")
    return far


def subgraph(initializer=()):
    output = helper.make_tensor_value_info("far", TensorProto.FLOAT, [1])
    return helper.make_graph([], "inside", [], [output], list(initializer))


def add_node(model, operator, domain="", **attributes):
    node = helper.make_node(operator, ["positions"], ["unused"], domain=domain, **attributes)
    model.graph.node.append(node)


def conditional(model):
    add_node(model, "If", then_branch=subgraph([tensor()]), else_branch=subgraph([tensor()]))


def conditional_with_far_weights(model):
    conditional(model)
    model.graph.node[-1].attribute[0].g.initializer.append(far_tensor())


def relu_with_a_graph(model):
    add_node(model, "Relu", body=subgraph([far_tensor()]))


def function(model):
    opset = helper.make_opsetid("", 18)
    node = helper.make_node("Identity", ["a"], ["b"])
    model.functions.append(helper.make_function("", "Conv", ["a"], ["b"], [node], [opset]))


def second_operator(model):
    """The last of two is what a reader takes."""
    extra = onnx.NodeProto(op_type="Relu").SerializeToString()
    extra += onnx.NodeProto(op_type="Loop").SerializeToString()
    model.graph.node.add().MergeFromString(extra)


CHANGES = {
    "If": (conditional, "operators that no export has: If"),
    "If, far weights": (conditional_with_far_weights, "operators that no export has: If"),
    "Loop": (
        lambda model: add_node(model, "Loop", body=subgraph()),
        "operators that no export has: Loop",
    ),
    "Scan": (
        lambda model: add_node(model, "Scan", body=subgraph()),
        "operators that no export has: Scan",
    ),
    "two names": (second_operator, "no export has: Loop"),
    "a graph within": (relu_with_a_graph, "no export has: Relu"),
    "weights within": (lambda model: add_node(model, "Relu", value=far_tensor()), "has: Relu"),
    "a foreign domain": (
        lambda model: add_node(model, "Gelu", "com.microsoft"),
        r"no export has: com\.microsoft\.Gelu",
    ),
    "a foreign Relu": (lambda model: add_node(model, "Relu", "evil"), r"no export has: evil\.Relu"),
    "a function": (function, "no export has: Conv"),
    "a nameless function": (lambda model: model.functions.add(), r"no export has: \?"),
    "what terminals obey": (lambda model: add_node(model, "\x1b[2J"), r"has: \\x1b\[2J"),
    "far weights": (
        lambda model: model.graph.initializer.append(far_tensor()),
        "weights in other files",
    ),
    "sparse weights": (
        lambda model: model.graph.sparse_initializer.add(),
        "weights in other files, or sparse",
    ),
    "training": (lambda model: model.training_info.add(), "1 graphs and 1 trainings"),
}


@LOADERS
@pytest.mark.parametrize("name", CHANGES)
def test_what_no_export_has_is_not_run(load, name, onnx_file, tmp_path, no_session, capsys):
    change, message = CHANGES[name]
    model = onnx.load(onnx_file)
    change(model)
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ValueError, match=r"model\.onnx .*"):
        load(path)
    program, command, chosen = COMMANDS[load]
    assert program([*command, str(path), "--out", str(tmp_path / "picture.png"), *chosen]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert error[:-1].isprintable()
    assert re.search(message, error)
    assert [each.name for each in tmp_path.iterdir()] == ["model.onnx"]


@LOADERS
def test_a_second_graph_is_seen(load, onnx_file, tmp_path, no_session):
    """Readers merge two graphs of one file into one."""
    model = onnx.ModelProto()
    conditional(model)
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString() + onnx_file.read_bytes())
    with pytest.raises(ValueError, match="it has 2 graphs"):
        load(path)


@LOADERS
def test_another_format_that_onnxruntime_reads_is_none(load, onnx_file, tmp_path):
    """Bytes that begin as ONNX Runtime's own format would be run as that."""
    path = tmp_path / "model.onnx"
    # An unknown field of four bytes, which no reader of ONNX minds.
    path.write_bytes(b"\xfa\x3f\x05\x00ORTM" + onnx_file.read_bytes())
    load(path)


@LOADERS
def test_one_flipped_bit_in_the_weights_is_refused(load, onnx_file, tmp_path, rng, no_session):
    content = onnx_file.read_bytes()
    weights = [each.raw_data for each in onnx.load(onnx_file).graph.initializer]
    path = tmp_path / "model.onnx"
    for data in sorted(weights, key=len)[-5:]:
        for _ in range(4):
            bit = int(rng.integers(8 * len(data)))
            place = content.index(data) + bit // 8
            flipped = bytes([content[place] ^ 1 << bit % 8])
            path.write_bytes(content[:place] + flipped + content[place + 1 :])
            with pytest.raises(ValueError, match="it is damaged: its graph is not the one"):
                load(path)


@LOADERS
def test_a_file_of_an_earlier_version_has_no_digest(load, onnx_file, tmp_path):
    model = onnx.load(onnx_file)
    del model.metadata_props[1:]
    onnx.save(model, tmp_path / "model.onnx")
    load(tmp_path / "model.onnx")


@LOADERS
@pytest.mark.parametrize(
    "fields",
    [
        {"frame": [-192, -192]},
        {"frame": [float("inf"), 192]},
        {"frame": [0, 0], "period": [0, 0]},
        {"frame": [2**80, 112]},
        {"frame": [96, 112, 1], "period": [96, 112, 1]},
        {"frame": None},
        {"encoding": ["torus"], "format": [1]},
        {"global_channels": 2**80},
        {"local_channels": 2.0},
        {"image_channels": 3.0},
        {"maps": [["color", 8], ["height", 8]]},
        {"cell": True},
    ],
)
def test_a_description_that_cannot_be(load, fields, onnx_file, tmp_path):
    model = onnx.load(onnx_file)
    entry = model.metadata_props[0]
    entry.value = json.dumps({**json.loads(entry.value), **fields})
    onnx.save(model, tmp_path / "model.onnx")
    with pytest.raises(ValueError, match=r"model\.onnx is "):
        load(tmp_path / "model.onnx")


@LOADERS
@pytest.mark.parametrize("text", ["[" * 100_000, "null", "{", "7"])
def test_a_description_that_is_none(load, text, onnx_file, tmp_path):
    model = onnx.load(onnx_file)
    model.metadata_props[0].value = text
    onnx.save(model, tmp_path / "model.onnx")
    with pytest.raises(ValueError, match=r"model\.onnx is n"):
        load(tmp_path / "model.onnx")


@LOADERS
@pytest.mark.parametrize("name", [b"positions", b"\xa3\x8c"])
def test_what_a_session_raises_is_one_line(load, name, onnx_file, tmp_path, capfd):
    """A graph of known operators need not fit together, nor its names be text."""
    model = onnx.load(onnx_file)
    del model.metadata_props[1:]
    model.graph.node[0].input[0] = "x" * len(name)
    path, out = tmp_path / "model.onnx", str(tmp_path / "picture.png")
    path.write_bytes(model.SerializeToString().replace(b"x" * len(name), name))
    program, command, chosen = COMMANDS[load]
    assert program([*command, str(path), "--out", out, *chosen]) == 2
    captured = capfd.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert "src/" not in captured.err


def test_the_client_that_is_copied_out_knows_the_same_operators():
    assert client_onnx.COMPUTES.split() == onnx_files._COMPUTES.split()
    assert client_onnx.MESSAGES == onnx_files._MESSAGES


@pytest.mark.parametrize(("threads", "at_once"), [(1, 1), (3, 3), (20, 8)])
def test_images_are_made_at_once_and_are_the_same(threads, at_once, rng):
    engine, alone = OnnxEngine(MODEL, threads=threads), OnnxEngine(MODEL, threads=1)
    assert engine.at_once == at_once
    channels = engine.description.global_channels + engine.description.local_channels
    inputs = [
        [rng.normal(size=(1, 9, 10, depth)).astype(np.float32) for depth in (channels, 2)]
        for _ in range(12)
    ]
    with ThreadPoolExecutor(12) as pool:
        images = pool.map(lambda each: engine(*each), inputs)
    for image, each in zip(images, inputs, strict=True):
        np.testing.assert_array_equal(image, alone(*each))


def test_who_calls_from_more_threads_waits(monkeypatch):
    lock, running = threading.Lock(), [0, 0]

    class Session:
        def run(self, *_):
            with lock:
                running[0] += 1
                running[1] = max(running)
            time.sleep(0.05)
            with lock:
                running[0] -= 1
            return [None]

    engine = OnnxEngine(MODEL, threads=2)
    engine._session = Session()
    channels = engine.description.global_channels + engine.description.local_channels
    latent = np.zeros((1, 7, 7, channels), np.float32)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: engine(latent, latent[..., :2]), range(6)))
    assert running == [0, 2]
