"""What is run from a checkout: `train/` and `export/`, which are no packages."""

import ast
import csv
import importlib
import importlib.util
from pathlib import Path

import pytest

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


def test_the_readme_shows_the_script():
    script = (ROOT / "train" / "one_photo.py").read_text(encoding="utf-8")
    function = script[script.index("def train(") : script.index("def main(")].strip()
    assert f"{function}\n" in (ROOT / "README.md").read_text(encoding="utf-8")
