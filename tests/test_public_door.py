"""The public names: what the package offers, and that it is as its documentation shows."""

import ast
import importlib.metadata
import inspect
import re
import textwrap
from pathlib import Path

import pytest

import locogan_keras

NAMES = [name for name in locogan_keras.__all__ if name != "__version__"]
CLASSES = [name for name in NAMES if name[0].isupper()]


def test_the_library_offers_what_it_lists():
    for name in NAMES:
        assert callable(getattr(locogan_keras, name))
    assert set(locogan_keras.__all__) <= set(dir(locogan_keras))
    assert locogan_keras.__version__ == importlib.metadata.version("locogan-keras")
    with pytest.raises(AttributeError, match="nothing"):
        _ = locogan_keras.nothing


def test_editors_are_told_the_same_names_and_homes():
    tree = ast.parse(Path(locogan_keras.__file__).read_text(encoding="utf-8"))
    conditions = {ast.unparse(node.test): node for node in tree.body if isinstance(node, ast.If)}
    told = conditions["TYPE_CHECKING"]
    homes = {
        alias.asname or alias.name: node.module.removeprefix("locogan_keras.")
        for node in told.body
        for alias in node.names
    }
    assert homes.pop("__version__") == "storage.run"
    assert homes == locogan_keras._HOMES


@pytest.mark.parametrize("name", NAMES)
def test_what_is_public_is_documented(name):
    documentation = inspect.getdoc(getattr(locogan_keras, name))
    assert documentation.partition("\n")[0].endswith(".")


@pytest.mark.parametrize("name", CLASSES)
def test_the_example_of_a_class_prints_what_it_says(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    documentation = inspect.getdoc(getattr(locogan_keras, name))
    examples = re.findall(r"Example:\n\n((?:    .*\n|\n)+)", f"{documentation}\n")
    assert len(examples) == 1, f"{name} has no example"
    said = re.findall(r"^ *print\(.*\)  # (.*)$", examples[0], flags=re.MULTILINE)
    assert said, f"{name} prints nothing"
    exec(compile(textwrap.dedent(examples[0]), name, "exec"), {})
    assert capsys.readouterr().out.splitlines() == said
