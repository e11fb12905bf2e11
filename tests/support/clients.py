"""The clients of `export/`, which is no package, as modules."""

import importlib.util
from pathlib import Path


def _load(name):
    path = Path(__file__).parents[2] / "export" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


client_onnx, client_serving = _load("client_onnx"), _load("client_serving")
