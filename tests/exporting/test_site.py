"""A page's files: what is in them, and what is refused."""

import base64
import gzip
import json
import re
import shutil
import subprocess
import tarfile
import urllib.error
import zlib
from pathlib import Path

import numpy as np
import onnx
import pytest
from support.browser import RUNTIME, needs_runtime

from locogan_keras.canvas.positions import PERIODIC_AXES
from locogan_keras.canvas.views import make_view
from locogan_keras.cli import main
from locogan_keras.engines.onnx_engine import OnnxEngine
from locogan_keras.engines.onnx_files import METADATA
from locogan_keras.exporting.export import export
from locogan_keras.exporting.onnx_export import save_onnx
from locogan_keras.exporting.web import export as web_export
from locogan_keras.exporting.web import runtime
from locogan_keras.exporting.web.runtime import ENGINES, OPERATORS, check_operators
from locogan_keras.rendering.render import render

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"
MODEL = GOLDEN / "torus.onnx"
FILES = {name: f"// {name}".encode() for names in ENGINES.values() for name in names}


@pytest.fixture
def without_runtime(monkeypatch):
    """In the place of the runtime, a few bytes."""
    monkeypatch.setattr(runtime, "runtime_files", lambda path, report: FILES)


@pytest.fixture
def site(tmp_path, without_runtime):
    export(MODEL, "web", tmp_path / "gravel", report=list)
    return tmp_path / "gravel"


def test_the_folder_is_complete_and_says_what_is_in_it(site):
    names = {path.name for path in site.iterdir()}
    settings = json.loads((site / "settings.json").read_text())
    scripts = {"index.html", "page.js", "worker.js", "style.css", "settings.json", "licenses.txt"}
    assert names == scripts | {each["file"] for each in settings["files"].values()}
    for name, told in settings["files"].items():
        content = (site / told["file"]).read_bytes()
        content = gzip.decompress(content) if told["file"].endswith(".gz") else content
        assert (len(content), zlib.crc32(content)) == (told["bytes"], told["crc32"])
        assert name == "model.onnx" or content == FILES[name]
    assert settings["title"] == "gravel"
    assert settings["weights"] == "float16"
    assert "<title>gravel</title>" in (site / "index.html").read_text()


def test_the_model_has_half_the_bytes_and_its_picture(site):
    half = OnnxEngine(site / "model.onnx")
    exact = OnnxEngine(MODEL)
    assert half.description == exact.description
    view = make_view(exact.description, height=300, width=500, seed=5, periodic="none")
    assert np.abs(render(half, view).astype(int) - render(exact, view)).max() <= 1
    tensors = onnx.load(site / "model.onnx").graph.initializer
    halves = [tensor for tensor in tensors if tensor.data_type == onnx.TensorProto.FLOAT16]
    assert sum(np.prod(tensor.dims) for tensor in halves) > 0.8 * exact.description.parameters


def test_weights_stay_float32_where_float16_would_be_seen(tmp_path, without_runtime, monkeypatch):
    monkeypatch.setattr(web_export, "_LEVEL", 1e-9)
    export(MODEL, "web", tmp_path / "exact", report=list)
    assert json.loads((tmp_path / "exact" / "settings.json").read_text())["weights"] == "float32"
    types = {
        each.data_type for each in onnx.load(tmp_path / "exact" / "model.onnx").graph.initializer
    }
    assert onnx.TensorProto.FLOAT16 not in types


def test_the_probe_is_a_tile_of_the_canvas(site):
    probe = json.loads((site / "settings.json").read_text())["probe"]
    engine = OnnxEngine(MODEL)
    view = make_view(
        engine.description,
        height=256,
        width=256,
        seed=probe["seed"],
        top=256 * probe["row"],
        left=256 * probe["column"],
        periodic="none",
    )
    levels = np.frombuffer(base64.b64decode(probe["levels"]), np.uint8).reshape(64, 64, 3)
    assert np.array_equal(levels, render(engine, view)[:: probe["step"], :: probe["step"]])


def test_a_single_file_holds_all_of_it(tmp_path, without_runtime):
    path = tmp_path / "gravel.html"
    export(MODEL, "web", path, single_file=True, report=list)
    text = path.read_text()
    held = dict(re.findall(r'<script type="text/plain" id="([^"]+)">([^<]*)</script>', text))
    settings = json.loads(base64.b64decode(held["settings.json"]))
    files = {each["file"] for each in settings["files"].values()}
    assert held.keys() == files | {"settings.json", "worker.js", "licenses.txt"}
    assert settings["engines"].keys() == {"wasm"}
    # It loads nothing: the only addresses are the links of a page's own.
    assert not re.search(r'(src|href)="(?!data:|licenses.txt|model.onnx)', text)


def test_the_same_model_makes_the_same_bytes(site, tmp_path):
    export(MODEL, "web", tmp_path / "again" / "gravel", report=list)
    for path in site.iterdir():
        assert path.read_bytes() == (tmp_path / "again" / "gravel" / path.name).read_bytes()


def test_the_page_in_docs_is_of_these_sources(site):
    """`make docs/gravel.html` makes it again."""
    text = (ROOT / "docs" / "gravel.html").read_text()
    held = dict(re.findall(r'<script type="text/plain" id="([^"]+)">([^<]*)</script>', text))
    assert base64.b64decode(held["worker.js"]) == (site / "worker.js").read_bytes()
    assert base64.b64decode(held["model.onnx"]) == (ROOT / "docs" / "gravel.onnx").read_bytes()
    for name in ("page.js", "style.css"):
        assert (site / name).read_text() in text
    body = (site / "index.html").read_text().partition("<canvas")[2].partition("</aside>")[0]
    assert body in text


@pytest.mark.skipif(not shutil.which("node"), reason="Node.js is not installed")
@pytest.mark.parametrize("name", ["page.js", "worker.js"])
def test_scripts_are_whole_and_no_modules(name, site):
    assert not re.search(r"^(import|export) ", (site / name).read_text(), re.MULTILINE)
    assert not subprocess.run(["node", "--check", site / name]).returncode


def test_pages_ask_no_other_host(site):
    for name in ("index.html", "page.js", "worker.js", "style.css"):
        assert "//" not in re.sub(r"//[ #]|https?://localhost", "", (site / name).read_text())
    policy = re.search(r'Policy" content="([^"]*)"', (site / "index.html").read_text())[1]
    assert policy.startswith("default-src 'none'; ")
    assert "connect-src 'self' blob: data:" in policy


@pytest.mark.parametrize("operator", ["ConvTranspose", "Pad", "Shape", "Resize", "Loop"])
def test_an_operator_that_browsers_may_lack_is_refused_by_name(
    operator, tmp_path, without_runtime, monkeypatch, capfd
):
    graph = onnx.load(MODEL).graph
    graph.node.append(onnx.helper.make_node(operator, ["image"], ["other"]))
    with pytest.raises(ValueError, match=f"may lack the model's operators {operator}$"):
        check_operators(graph)
    monkeypatch.setattr(web_export, "check_operators", lambda _: check_operators(graph))
    out = tmp_path / "site"
    assert main(["export", str(MODEL), "--to", "web", "--out", str(out)]) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert f"--to web: a browser may lack the model's operators {operator}" in line
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("encoding", "grainy"),
    [*((encoding, False) for encoding in PERIODIC_AXES), ("torus", True), ("none", True)],
)
def test_every_export_has_operators_that_browsers_have(encoding, grainy, make_engine):
    engine = make_engine("onnx", encoding, grainy=grainy)
    check_operators(onnx.load(engine._path).graph)


@needs_runtime
def test_the_table_of_operators_is_in_the_runtimes_own():
    with tarfile.open(RUNTIME) as package:
        text = package.extractfile("package/docs/webgpu-operators.md").read().decode()
    assert {"Conv", "If"} < (
        theirs := set(re.findall(r"^\| (\w+) \| ai\.onnx", text, re.MULTILINE))
    )
    assert theirs >= OPERATORS
    assert not {"ConvTranspose", "Pad", "Shape"} & OPERATORS


@needs_runtime
def test_the_runtime_is_the_one_that_is_pinned():
    files = runtime.runtime_files(RUNTIME)
    assert files.keys() == FILES.keys()
    assert files["ort-wasm-simd-threaded.wasm"][:4] == b"\0asm"
    assert f"ONNX Runtime Web v{runtime.VERSION}".encode() in files["ort.wasm.bundle.min.mjs"]


def test_another_runtime_is_refused(tmp_path, capfd):
    wrong = tmp_path / "onnxruntime-web-1.30.0.tgz"
    wrong.write_bytes(b"another")
    arguments = ["export", MODEL, "--to", "web", "--out", tmp_path / "site", "--runtime", wrong]
    assert main(list(map(str, arguments))) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert f"--runtime {wrong} is not onnxruntime-web-1.30.0.tgz: its SHA-256 is" in line
    assert [path.name for path in tmp_path.iterdir()] == [wrong.name]


def test_a_registry_that_is_not_reached_is_said(tmp_path, monkeypatch, capfd):
    def fail(address, timeout):
        raise urllib.error.URLError("no way out")

    monkeypatch.setattr("urllib.request.urlopen", fail)
    assert main(["export", str(MODEL), "--to", "web", "--out", str(tmp_path / "site")]) == 2
    said = capfd.readouterr()
    assert "fetching https://registry.npmjs.org/onnxruntime-web/" in said.out
    (line,) = said.err.splitlines()
    assert "cannot be fetched (no way out)" in line
    assert "--runtime" in line
    assert not list(tmp_path.iterdir())


def test_a_format_that_the_page_does_not_read_is_refused(tmp_path, without_runtime, monkeypatch):
    monkeypatch.setattr(web_export, "_FORMATS", (7,))
    with pytest.raises(ValueError, match=r"formats \(7,\)\. Received: format 1"):
        export(MODEL, "web", tmp_path / "site", report=list)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--to", "onnx", "--single-file"], "--single-file is for --to web. Received: --single-"),
        (["--to", "onnx", "--runtime", "x"], "--runtime is for --to web. Received: --runtime x"),
        (["--to", "web", "--opset", "18"], "--opset is for --to onnx. Received: --opset 18 --to w"),
        (["--to", "web", "--single-file"], "--out must end in .html. Received: --out"),
    ],
)
def test_bad_requests_are_named(arguments, reason, tmp_path, capfd):
    assert main(["export", str(MODEL), "--out", str(tmp_path / "x"), *arguments]) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert reason in line
    assert not list(tmp_path.iterdir())


def test_a_model_is_checked_before_it_is_exported(tmp_path, without_runtime):
    model = onnx.load(MODEL)
    (entry,) = (each for each in model.metadata_props if each.key == METADATA)
    entry.value = entry.value.replace('"cell": 16', '"cell": 8')
    save_onnx(model, tmp_path / "other.onnx")
    with pytest.raises(ValueError, match="of cell 8, which this version cannot do"):
        export(tmp_path / "other.onnx", "web", tmp_path / "site", report=list)
