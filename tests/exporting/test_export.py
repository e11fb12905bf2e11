"""Exports: equal to the Keras generator, the same every time, and kept only then."""

import contextlib
import os
import subprocess
import sys
from collections import Counter

import numpy as np
import onnx
import pytest
import tensorflow as tf
from conftest import lively_generator

from locogan_keras.canvas.description import Description
from locogan_keras.canvas.positions import INJECTIONS, PERIODIC_AXES
from locogan_keras.cli import main
from locogan_keras.engines.keras_engine import KerasEngine
from locogan_keras.engines.onnx_engine import OnnxEngine
from locogan_keras.engines.onnx_files import DIGEST, METADATA
from locogan_keras.exporting import comparison
from locogan_keras.exporting.comparison import TOLERANCE, samples, verify
from locogan_keras.exporting.deployable import deployable
from locogan_keras.exporting.export import export
from locogan_keras.exporting.onnx_export import OPSETS
from locogan_keras.exporting.onnx_precision import latent_nodes

# Every architecture variant and every form of it; fast are narrow ones at the default opset, with a
# position in every layer.
CONFORMANCE = [
    pytest.param(
        kind,
        encoding,
        inject,
        width,
        opset,
        marks=() if width == 8 and opset == 18 and inject == "every_layer" else pytest.mark.slow,
        id=f"{kind}{opset}-{encoding}-{inject}-{width}",
    )
    for width in (8, 32)
    for encoding in PERIODIC_AXES
    for inject in INJECTIONS
    for kind, opset in (("savedmodel", 18), *(("onnx", opset) for opset in OPSETS))
]


@pytest.mark.parametrize(("kind", "encoding", "inject", "width", "opset"), CONFORMANCE)
def test_every_form_is_the_same_function(kind, encoding, inject, width, opset, make_engine, rng):
    frame = (64, 96)
    keras_engine = make_engine("keras", encoding, inject, frame, width)
    engine = make_engine(kind, encoding, inject, frame, width, opset)
    assert engine.description == keras_engine.description
    for batch, height, width_ in [(1, 1, 1), (2, 3, 5), (1, 7, 2), (3, *rng.integers(1, 9, 2))]:
        latent = rng.normal(size=(batch, height + 6, width_ + 6, 18)).astype(np.float32)
        positions = rng.uniform(-1.5, 1.5, (batch, height + 6, width_ + 6, 2)).astype(np.float32)
        image = engine(latent, positions)
        assert image.shape == (batch, 16 * height, 16 * width_, 3)
        np.testing.assert_allclose(image, keras_engine(latent, positions), atol=1e-5)


@pytest.mark.parametrize("width", [8, pytest.param(32, marks=pytest.mark.slow)])
@pytest.mark.parametrize("inject", INJECTIONS)
@pytest.mark.parametrize("encoding", PERIODIC_AXES)
def test_the_deployable_form_is_the_generator(encoding, inject, width, make_engine):
    generator = lively_generator(encoding, inject, (64, 96), width)
    network = deployable(generator)
    assert not any("normalize" in layer.name for layer in network.layers)
    described = make_engine("keras", encoding, inject, (64, 96), width).description
    for latent, positions in samples(described):
        expected = generator([latent, positions], training=False)
        np.testing.assert_allclose(network([latent, positions]), expected, atol=2e-6)


@pytest.fixture(scope="module")
def generator_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("generator") / "generator.keras"
    lively_generator("torus", frame=(64, 96)).save(path)
    return path


def test_the_onnx_graph_can_be_read(generator_file, tmp_path, capsys):
    path = tmp_path / "generator.onnx"
    assert main(["export", str(generator_file), "--to", "onnx", "--out", str(path)]) == 0
    assert "equal to the Keras generator" in capsys.readouterr().out
    model = onnx.load(path, load_external_data=False)
    onnx.checker.check_model(model, full_check=True)
    axes = {
        tensor.name: [
            axis.dim_param or axis.dim_value for axis in tensor.type.tensor_type.shape.dim
        ]
        for tensor in (*model.graph.input, *model.graph.output)
    }
    assert axes == {
        "latent": ["batch", "cell_height", "cell_width", 18],
        "positions": ["batch", "cell_height", "cell_width", 2],
        "image": ["batch", "height", "width", 3],
    }
    (opset,) = model.opset_import
    assert (opset.domain, opset.version) == ("", 18)
    # Four blocks of crop, convolution, ReLU and depth-to-space; crop, convolution and tanh; the
    # rest is positions and layout.
    kinds = [node.op_type for node in model.graph.node]
    assert len(kinds) <= 51
    blocks = {"Slice": 5, "Conv": 5, "Relu": 4, "DepthToSpace": 4, "Tanh": 1}
    joins = {"Concat": 5, "Transpose": 2}
    assert Counter(node.op_type for node in latent_nodes(model)) == blocks | joins
    assert not {"Shape", "Resize", "Reshape", "Gather", "BatchNormalization"} & set(kinds)
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    assert metadata.keys() == {METADATA, DIGEST}
    described = Description.from_json(metadata[METADATA])
    assert (described.frame, described.encoding, described.period) == ((64, 96), "torus", (64, 96))


def test_a_runs_recipe_and_steps_come_along(trained_run, tmp_path, capsys):
    path = tmp_path / "run.onnx"
    assert main(["export", str(trained_run), "--to", "onnx", "--out", str(path)]) == 0
    assert main(["info", str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "recipe:             pattern-torus" in lines
    assert "steps:              4" in lines


def assert_same_exports(folder):
    first, second = (folder / f"{name}.onnx" for name in ("first", "second"))
    assert first.read_bytes() == second.read_bytes()
    first, second = (
        tf.saved_model.experimental.read_fingerprint(str(folder / name))
        for name in ("first", "second")
    )
    for name in ("graph_def_program", "signature_def", "saved_object_graph", "checkpoint"):
        assert getattr(first, f"{name}_hash") == getattr(second, f"{name}_hash")


@pytest.mark.slow
def test_exports_are_the_same_every_time(generator_file, tmp_path, monkeypatch):
    for name in ("first", "second"):
        export(generator_file, "onnx", tmp_path / f"{name}.onnx")
        export(generator_file, "savedmodel", tmp_path / name)
        # What tf2onnx has counted to after some hundred exports.
        monkeypatch.setattr("tf2onnx.utils.INTERNAL_NAME", 985)
    assert_same_exports(tmp_path)


@pytest.mark.slow
def test_exports_are_the_same_in_every_process(generator_file, tmp_path):
    code = (
        "import sys; from locogan_keras.exporting.export import export;"
        "export(sys.argv[1], 'onnx', sys.argv[2] + '.onnx');"
        "export(sys.argv[1], 'savedmodel', sys.argv[2])"
    )
    command = [sys.executable, "-c", code, str(generator_file), str(tmp_path / "first")]
    # Its sets have another order.
    with subprocess.Popen(command, env={**os.environ, "PYTHONHASHSEED": "7"}) as process:
        export(generator_file, "onnx", tmp_path / "second.onnx")
        export(generator_file, "savedmodel", tmp_path / "second")
    assert process.returncode == 0
    assert_same_exports(tmp_path)


@pytest.mark.parametrize("precision", ["float16", "int8"])
def test_smaller_numbers_are_close_and_measured(precision, generator_file, tmp_path):
    lines = []
    path = tmp_path / "small.onnx"
    export(generator_file, "onnx", path, precision=precision, report=lines.append)
    export(generator_file, "onnx", tmp_path / "full.onnx", report=lines.append)
    assert f"{precision} against float32: PSNR" in lines[1]
    onnx.checker.check_model(onnx.load(path), full_check=True)
    small, full = OnnxEngine(path), OnnxEngine(tmp_path / "full.onnx")
    assert small.description == full.description
    differences = [small(*inputs) - full(*inputs) for inputs in samples(full.description)]
    power = np.mean([np.mean(np.square(difference)) for difference in differences])
    assert 0 < power < 4 / 10**3.5


@pytest.mark.parametrize("to", ["onnx", "savedmodel"])
def test_an_export_that_differs_is_not_kept(to, generator_file, tmp_path, monkeypatch, capfd):
    def spoiled(generator):
        network = deployable(generator)
        bias = network.get_layer("image").bias
        bias.assign(bias + 1e-3)
        return network

    monkeypatch.setattr("locogan_keras.exporting.deployable.deployable", spoiled)
    out = tmp_path / "folder" / ("model.onnx" if to == "onnx" else "model")
    out.parent.mkdir()
    assert main(["export", str(generator_file), "--to", to, "--out", str(out)]) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert "differs from the generator by" in line
    assert not list(out.parent.iterdir())


@pytest.mark.parametrize(
    ("gain", "off", "is_kept"),
    [(300, 0, True), (300, 0.01, False), (0.1, 0, True), (0.1, 2e-5, False), (1e6, 0, False)],
)
def test_a_generator_that_amplifies_rounding_is_told_from_a_wrong_export(gain, off, is_kept):
    """The export sums in float64: at a gain of 300 that alone differs by more than 1e-5."""
    description = KerasEngine(lively_generator("none", frame=(64, 64), width=1)).description

    def engine(dtype, off=0):
        def image(latent, positions):
            del positions
            return np.float32(np.sin(gain * latent.sum(axis=-1, dtype=dtype)) + off)

        image.description = description
        return image

    lines = []
    refused = contextlib.nullcontext() if is_kept else pytest.raises(ValueError, match="differs")
    with refused:
        verify(engine(np.float64, off), engine(np.float32), lines.append)
    assert len(lines) == is_kept
    if gain == 300 and is_kept:
        assert float(lines[0].split()[6]) > TOLERANCE, lines


def test_a_precision_that_can_be_seen_is_not_kept(generator_file, tmp_path, monkeypatch):
    monkeypatch.setattr(comparison, "LEAST_DECIBELS", 200.0)
    with pytest.raises(ValueError, match="PSNR"):
        export(generator_file, "onnx", tmp_path / "x.onnx", precision="float16", report=list)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--to", "onnx", "--opset", "14"], "opset must be 15 to 18. Received: opset=14"),
        (["--to", "onnx", "--opset", "19"], "opset must be 15 to 18. Received: opset=19"),
        (["--to", "savedmodel", "--opset", "18"], "--opset is for --to onnx"),
        (["--to", "savedmodel", "--precision", "int8"], "--precision is for --to onnx"),
        (["--to", "tflite"], "invalid choice: 'tflite'"),
        (["--to", "onnx", "--precision", "bf16"], "invalid choice: 'bf16'"),
    ],
)
def test_bad_requests_are_named(arguments, reason, generator_file, tmp_path, capfd):
    out = tmp_path / ("x.onnx" if "onnx" in arguments else "x")
    try:
        status = main(["export", str(generator_file), "--out", str(out), *arguments])
    except SystemExit as exit_:
        status = exit_.code
    assert status == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert reason in line
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("to", "options", "reason"),
    [
        (
            "tflite",
            {},
            "`to` must be one of savedmodel, onnx, serving, web, preset. Received: to='tflite'",
        ),
        ("onnx", {"precision": "bfloat16"}, "float32, float16, int8. Received: precision='bfloat1"),
        ("savedmodel", {"precision": "int8"}, "is for to='onnx'. Received: precision='int8', to="),
        ("serving", {"opset": 15}, "is for to='onnx'. Received: opset=15, to='serving'"),
    ],
)
def test_what_cannot_be_exported_is_refused(to, options, reason, generator_file, tmp_path):
    with pytest.raises(ValueError, match=reason):
        export(generator_file, to, tmp_path / "x.onnx", report=list, **options)
    assert not list(tmp_path.iterdir())


def test_a_folder_in_use_is_not_replaced(generator_file, tmp_path, capfd):
    (tmp_path / "kept").write_text("kept")
    assert main(["export", str(generator_file), "--to", "savedmodel", "--out", str(tmp_path)]) == 2
    assert "exists already" in capfd.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_models_are_not_exported_from_exports(generator_file, tmp_path, capfd):
    export(generator_file, "onnx", tmp_path / "a.onnx", report=list)
    out = tmp_path / "b.onnx"
    assert main(["export", str(tmp_path / "a.onnx"), "--to", "onnx", "--out", str(out)]) == 2
    assert "is exported already" in capfd.readouterr().err
    assert not out.exists()
