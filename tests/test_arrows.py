"""Who imports whom: the table of CONTRIBUTING, and what must not be imported on the way."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LIBRARY = ROOT / "locogan_keras"
# Each package, and the packages that it may import.
ARROWS = {
    "canvas": "",
    "storage": "canvas",
    "data": "canvas",
    "networks": "canvas storage",
    "engines": "canvas storage networks",
    "rendering": "canvas storage",
    "evaluation": "canvas networks rendering",
    "exporting": "canvas storage networks engines",
    "hosting": "canvas storage engines rendering",
    "training": "canvas storage data networks engines rendering evaluation",
    "cli": "canvas storage data networks engines rendering evaluation exporting hosting training",
}
HEAVY = {"tensorflow", "keras", "tf2onnx", "tensorflow_datasets", "onnx"}
# Where these may not be imported until they are needed.
LIGHT = ("canvas/[!g]*.py", "storage/*.py", "rendering/*.py", "cli/*.py", "__init__.py")
FILES = sorted(LIBRARY.rglob("*.py"))


def imports(path, nodes=ast.walk):
    """The modules that a file imports."""
    for node in nodes(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(LIBRARY)))
def test_arrows_point_one_way(path):
    package = path.relative_to(LIBRARY).parts[0]
    if package in ("__init__.py", "__main__.py"):
        return
    used = {name.split(".")[1] for name in imports(path) if name.startswith("locogan_keras.")}
    assert used <= {package, *ARROWS[package].split()}


def test_networks_know_of_the_disk_no_more_than_presets():
    found = {name for path in (LIBRARY / "networks").rglob("*.py") for name in imports(path)}
    of_storage = {name for name in found if name.startswith("locogan_keras.storage")}
    assert of_storage
    assert all(name.startswith("locogan_keras.storage.preset") for name in of_storage)


@pytest.mark.parametrize("pattern", LIGHT)
def test_what_is_light_stays_so(pattern):
    found = sorted(LIBRARY.glob(pattern))
    assert found
    for path in found:
        names = {name.partition(".")[0] for name in imports(path, ast.iter_child_nodes)}
        assert not names & HEAVY, path


def test_contributing_shows_this_table():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    # What a package is for stands behind some spaces more.
    rows = re.findall(r"^    (\w+) +<-((?: \w+)*)(?:  .*)?$", text, flags=re.MULTILINE)
    assert {package: used.strip() for package, used in rows} == ARROWS


def test_the_house_has_rooms_of_a_size():
    lengths = [len(path.read_text(encoding="utf-8").splitlines()) for path in FILES]
    assert max(lengths) <= 250
    rooms = [path for path in FILES if path.name != "__init__.py"]
    assert sorted(lengths)[len(lengths) // 2] <= 120
    for package in ARROWS:
        count = sum(path.parent == LIBRARY / package for path in rooms)
        assert 4 <= count <= 9, package


def test_packages_are_named_and_no_more():
    for package in ARROWS:
        tree = ast.parse((LIBRARY / package / "__init__.py").read_text(encoding="utf-8"))
        assert ast.get_docstring(tree)
        assert len(tree.body) == (2 if package == "cli" else 1)


@pytest.mark.parametrize("folder", ["train", "export"])
def test_what_is_run_from_a_checkout_knocks_at_the_public_door(folder):
    for path in sorted((ROOT / folder).glob("*.py")):
        if "benchmark" in path.name:
            continue
        used = {name for name in imports(path) if name.startswith("locogan_keras.")}
        assert all(re.fullmatch(r"locogan_keras\.(\w+|cli\.main)", name) for name in used), path
