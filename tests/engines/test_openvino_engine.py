"""OpenVINO, the engine that is chosen by name: the same pictures, and what it refuses."""

import concurrent.futures
import json
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from conftest import lively_generator, same_levels
from PIL import Image
from support.commands import python, refusal

from locogan_keras import load_engine, make_view, render
from locogan_keras.canvas.latents import latent_field
from locogan_keras.canvas.positions import position_map
from locogan_keras.cli import main
from locogan_keras.exporting.onnx_precision import to_float16

MODEL = Path(__file__).parents[1] / "golden" / "torus.onnx"
CHOSEN = ("--engine", "openvino")
LOWER = (*CHOSEN, "--precision", "bfloat16")
# `locogan`, which ends with the names of what it should not have needed.
COMMAND = """
import sys
from locogan_keras.cli import main
status = main(sys.argv[1:])
unwanted = ("tensorflow", "keras", "onnxruntime", "openvino_telemetry")
print([name for name in sys.modules if name.startswith(unwanted)])
sys.exit(status)
"""


@pytest.fixture
def openvino():
    return pytest.importorskip("openvino", reason="it comes with the extra dev")


@pytest.fixture
def bfloat16(openvino):
    if "BF16" not in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        pytest.skip("this processor does not compute in bfloat16")


def inputs(engine, top, left, height, width):
    description = engine.description
    latent = latent_field(9, top, left, height, width, **description.channels)
    positions = position_map(top, left, height, width, description.frame, description.periodic)
    return latent[None], positions[None]


def test_a_picture_is_that_of_onnx_runtime(openvino):
    ours, theirs = load_engine(MODEL), load_engine(MODEL, engine="openvino")
    assert theirs.description == ours.description
    assert theirs.precision == "float32"
    view = make_view(ours.description, height=200, width=330, top=-70, seed=3, periodic="none")
    expected = render(ours, view, tile=64).astype(int)
    assert same_levels(render(theirs, view, tile=64), expected)
    window = inputs(ours, 0, 0, 9, 5)
    np.testing.assert_allclose(theirs(*window), ours(*window), atol=1e-5)


def test_what_was_checked_is_what_runs(openvino, tmp_path):
    """Of bytes that are an export to ONNX, and to OpenVINO by itself a graph of its own format."""
    latent = openvino.op.Parameter(openvino.Type.f32, openvino.PartialShape([-1] * 4))
    positions = openvino.op.Parameter(openvino.Type.f32, openvino.PartialShape([-1] * 4))
    image = openvino.opset13.tanh(latent)
    names = {"latent": latent, "positions": positions, "image": image}
    for name, node in names.items():
        node.output(0).set_names({name})
    openvino.save_model(openvino.Model([image], [latent, positions], "other"), tmp_path / "a.xml")
    other = (tmp_path / "a.xml").read_bytes()
    # A field 1 of bytes, which no export has, of a length in two digits of seven bits.
    length = bytes([len(other) & 127 | 128, len(other) >> 7])
    assert len(other) < 2**14
    both = tmp_path / "both.onnx"
    both.write_bytes(b"\n" + length + other + MODEL.read_bytes())
    read = openvino.Core().read_model(both.read_bytes(), b"")
    assert len(read.get_ordered_ops()) < 9, "OpenVINO has another mind: this test shows nothing"
    engines = [load_engine(path, engine="openvino") for path in (MODEL, both)]
    pictures = [engine(*inputs(engine, 0, 0, 6, 6)) for engine in engines]
    np.testing.assert_array_equal(*pictures)


def test_a_preset_and_an_export_of_lower_precision_run(openvino, preset_folder, tmp_path):
    view = make_view(load_engine(preset_folder).description, height=70, width=90)
    expected = render(load_engine(preset_folder), view, tile=64).astype(int)
    assert same_levels(render(load_engine(preset_folder, "openvino"), view, tile=64), expected)
    onnx.save(to_float16(onnx.load(MODEL)), tmp_path / "half.onnx")
    engines = [load_engine(path, "openvino") for path in (MODEL, tmp_path / "half.onnx")]
    whole, half = (engine(*inputs(engine, 0, 0, 3, 4)) for engine in engines)
    assert 0 < np.abs(whole - half).max() < 2e-3


def test_bfloat16_is_near_and_tiles_fit_in_every_repeat(bfloat16):
    """Of positions in bfloat16, those of the next repeat would differ, and tiles with them."""
    exact, engine = load_engine(MODEL), load_engine(MODEL, "openvino", "bfloat16")
    assert engine.precision == "bfloat16"
    whole = engine(*inputs(engine, -20, -20, 40, 40))[0]
    difference = np.abs(whole - exact(*inputs(exact, -20, -20, 40, 40))[0])
    assert 0 < difference.max() < 0.02
    assert 10 * np.log10(4 / np.mean(np.square(difference))) > 60
    for top, left, height, width in [(-20, 3, 5, 7), (13, -11, 1, 2), (0, 0, 16, 16)]:
        tile = engine(*inputs(engine, top, left, height, width))[0]
        rows = slice(16 * (top + 20), 16 * (top + 20 + height))
        columns = slice(16 * (left + 20), 16 * (left + 20 + width))
        # A cosine that differs in float32's last bit is seldom another one in bfloat16.
        np.testing.assert_allclose(tile, whole[rows, columns], atol=1e-3)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_bits_of_a_pixel_do_not_depend_on_the_window(precision, bfloat16):
    engine = load_engine(MODEL, "openvino", precision)
    size = {"height": 150, "width": 230}
    whole, part = (
        render(engine, make_view(engine.description, seed=3, periodic="none", **window), tile=64)
        for window in (size, {"top": 41, "left": 77, "height": 90, "width": 100})
    )
    np.testing.assert_array_equal(whole[41:131, 77:177], part)


def test_threads_may_share_an_engine(openvino):
    engine = load_engine(MODEL, "openvino")
    windows = [inputs(engine, 3 * number, 0, 4, 5) for number in range(12)]
    expected = [engine(*window) for window in windows]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda window: engine(*window), windows))
    np.testing.assert_array_equal(made, expected)


def test_a_command_has_the_same_bits_in_each_process_and_leaves_and_tells_nothing(
    openvino, tmp_path, monkeypatch
):
    home = tmp_path / "home"
    home.mkdir()
    for name in ("HOME", "USERPROFILE", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(home))
    monkeypatch.delenv("CI", raising=False)
    for name in ("a.png", "b.png"):
        out = str(tmp_path / name)
        result = python(COMMAND, "render", str(MODEL), *CHOSEN, "--out", out)
        assert (result.returncode, result.stderr) == (0, "")
        assert result.stdout.splitlines()[-1] == "[]"
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert not list(home.iterdir())


def test_a_user_s_own_telemetry_is_not_taken_away(openvino):
    code = "import sys, locogan_keras.engines.openvino_engine; import openvino_telemetry as it; "
    assert python(f"{code} print(it.Telemetry.__name__)").stdout == "Telemetry\n"


def test_edits_run_and_what_is_less_exact_says_so(bfloat16, tmp_path):
    out = str(tmp_path / "a.png")
    said = {}
    for name, chosen in (("float32", CHOSEN), ("bfloat16", LOWER), ("default", ())):
        command = ["edit", "vary-local", str(MODEL), "--local", "1", "--tile", "64", *chosen]
        assert main([*command, "--out", out]) == 0
        with Image.open(out) as picture:
            said[name] = json.loads(picture.text["locogan"])
    assert said["bfloat16"].pop("precision") == "bfloat16"
    assert said["bfloat16"] == said["float32"] == said["default"]
    assert not {"engine", "precision"} & set(said["default"])


def test_a_picture_in_tiles_does_not_go_on_with_another_engine(bfloat16, tmp_path, capfd):
    command = ["render", MODEL, "--out", tmp_path / "a.dzi", "--height", "64", "--width", "64"]
    assert main([*map(str, command), *CHOSEN]) == 0
    capfd.readouterr()
    said = refusal(capfd, *command)
    assert "has another plan" in said
    assert "engine is OpenVinoEngine there and OnnxEngine here" in said
    said = refusal(capfd, *command, *LOWER)
    assert "precision is float32 there and bfloat16 here" in said
    assert main([*map(str, command), *CHOSEN]) == 0


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["run", *CHOSEN], "engine openvino runs .onnx files, and presets that have one; locogan"),
        (["grpc://127.0.0.1:1/model", *CHOSEN], "MODEL grpc://127.0.0.1:1/model"),
        (["preset", *CHOSEN], "locogan export --to onnx makes one. Received: MODEL preset"),
        (["none.onnx", *CHOSEN], "MODEL none.onnx does not exist"),
        ([MODEL, "--precision", "bfloat16"], "precision bfloat16 is of engine openvino. Received:"),
        ([MODEL, "--engine", "tpu"], "argument --engine: invalid choice: 'tpu'"),
        ([MODEL, *CHOSEN, "--precision", "int8"], "argument --precision: invalid choice: 'int8'"),
    ],
)
def test_what_it_does_not_run_is_refused(
    arguments, reason, preset_folder, trained_run, tmp_path, monkeypatch, capfd
):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(preset_folder, "preset")
    Path("preset/model.onnx").unlink()
    shutil.copytree(trained_run, "run")
    assert reason in refusal(capfd, "render", *arguments, "--out", "a.png")
    assert sorted(os.listdir()) == ["preset", "run"]


def test_in_python_the_same_is_refused():
    for arguments, reason in (
        (("openvin",), "engine must be None or openvino. Received: engine=openvin"),
        (("openvino", "bf16"), "precision must be float32 or bfloat16. Received: precision=bf16"),
        ((None, "bfloat16"), "precision bfloat16 is of engine openvino. Received: engine=None"),
    ):
        with pytest.raises(ValueError, match=reason):
            load_engine(MODEL, *arguments)
    with pytest.raises(ValueError, match="engine openvino runs"):
        load_engine(lively_generator(width=1), "openvino")


def test_where_it_is_not_installed_a_line_says_what_to_do(tmp_path, monkeypatch, capfd):
    monkeypatch.delitem(sys.modules, "locogan_keras.engines.openvino_engine", raising=False)
    monkeypatch.setitem(sys.modules, "openvino", None)
    said = refusal(capfd, "render", MODEL, *CHOSEN, "--out", tmp_path / "a.png")
    assert said.endswith("needs openvino, which is not installed: pip install openvino")


def test_a_processor_without_bfloat16_is_given_no_other_precision(openvino, monkeypatch):
    """Where the processor has none, OpenVINO compiles in float32 and says so when asked."""
    lower = openvino.Type.f32
    monkeypatch.setattr(openvino.CompiledModel, "get_property", lambda *_: lower)
    with pytest.raises(ValueError, match=r"must be float32 on this processor\. Received: p"):
        load_engine(MODEL, "openvino", "bfloat16")
