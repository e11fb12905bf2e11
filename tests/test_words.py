"""One word for one thing: what CONTRIBUTING says of model, settings, description and config."""

import ast
from pathlib import Path

import pytest

LIBRARY = Path(__file__).parent.parent / "locogan_keras"
FILES = sorted(LIBRARY.rglob("*.py"))


def names(node, function=""):
    """(name, value or None, function) of all that a file gives a name to."""
    if isinstance(node, ast.FunctionDef):
        function = node.name
    if isinstance(node, ast.arg):
        yield node.arg, None, function
    elif isinstance(node, ast.Assign):
        for target in node.targets:
            several = isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple)
            targets = target.elts if several else [target]
            values = node.value.elts if several else [node.value]
            for each, value in zip(targets, values, strict=True):
                for name in ast.walk(each):
                    if isinstance(name, ast.Name):
                        yield name.id, value, function
    for child in ast.iter_child_nodes(node):
        yield from names(child, function)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(LIBRARY)))
def test_a_name_says_what_it_holds(path):
    for name, value, function in names(ast.parse(path.read_text(encoding="utf-8"))):
        if name == "model":
            assert not (isinstance(value, ast.Attribute) and value.attr == "description"), function
        # Keras's own, where networks are saved, loaded and told apart.
        if name == "config" and path.name != "keras_engine.py":
            assert "config" in function, function
