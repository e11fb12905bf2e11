"""What is run from a checkout: `train/` and `export/`, which are no packages."""

import ast
import csv
import importlib
import importlib.util
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from locogan_keras import load_engine, make_view, render

ROOT = Path(__file__).parent.parent
SCRIPTS = sorted(
    path
    for folder in ("train", "export")
    for path in (ROOT / folder).glob("*.py")
    if path.name != "__main__.py"
)


def loaded(path):
    """A script as a module."""
    spec = importlib.util.spec_from_file_location(f"{path.parent.name}_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def imports(code):
    """(module, name) of all that is imported of the library, in programs that are strings too."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and node.module.startswith("locogan_keras"):
            yield from ((node.module, alias.name) for alias in node.names)
        elif isinstance(node, ast.Constant) and "\nfrom locogan_keras" in str(node.value):
            yield from imports(node.value)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_a_script_imports_is_there(path):
    """Benchmarks look behind the public door, and take too long to run here."""
    assert callable(loaded(path).main)
    for module, name in imports(path.read_text(encoding="utf-8")):
        found = importlib.import_module(module)
        if not hasattr(found, name):
            importlib.import_module(f"{module}.{name}")


@pytest.mark.slow
def test_one_photo_makes_a_generator(photo, tmp_path):
    out = tmp_path / "generator.keras"
    script = loaded(ROOT / "train" / "one_photo.py")
    assert script.main([str(photo), str(out), "--steps", "2", "--width", "2"]) == 0
    engine = load_engine(out)
    assert (engine.description.frame, engine.description.encoding) == ((192, 192), "torus")
    assert render(engine, make_view(engine.description)).shape == (192, 192, 3)
    with open(f"{out}.csv", newline="") as file:
        assert "generator_loss" in next(csv.DictReader(file))


def test_a_material_is_lit_from_the_left(tmp_path):
    """What faces the lamp is brighter than what lies flat, and that than what looks away."""
    for word, levels in (("Color", (128, 128, 128)), ("NormalGL", (128, 128, 255))):
        picture = np.full((8, 24, 3), levels, np.uint8)
        if word == "NormalGL":
            # To the left, up, and to the right, each 45 degrees off but the middle one.
            picture[:, :8], picture[:, 16:] = (37, 128, 218), (218, 128, 218)
        Image.fromarray(picture).save(tmp_path / f"a_{word}.png")
    script = loaded(ROOT / "train" / "lit.py")
    left, flat, right = script.lit(tmp_path)[4, [4, 12, 20], 0].astype(int)
    assert left > flat + 20 > right + 40
    out = tmp_path / "sheet.png"
    assert script.main([*2 * [str(tmp_path)], "--out", str(out), "--size", "32"]) == 0
    with Image.open(out) as sheet:
        assert sheet.size == (96 + script.GAP + 96, 32)


def test_the_readme_shows_the_script():
    script = (ROOT / "train" / "one_photo.py").read_text(encoding="utf-8")
    function = script[script.index("def train(") : script.index("def main(")].strip()
    assert f"{function}\n" in (ROOT / "README.md").read_text(encoding="utf-8")
