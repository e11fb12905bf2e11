"""The one judge of what makes a generator's inputs; `tests/canvas/README.md` says what it holds."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from locogan_keras.canvas.description import Description

PATH = Path(__file__).parents[1] / "canvas" / "vectors.json"
VECTORS = json.loads(PATH.read_text("utf-8"))


def answered(runtime):
    """Parameters of a test: the requests that a runtime answers."""
    return _those_of("answered", runtime)


def refused(runtime):
    """Parameters of a test: the requests that a runtime refuses."""
    return _those_of("refused", runtime)


def _those_of(kind, runtime):
    return [
        pytest.param(vector, id=vector["name"].replace(" ", "-"))
        for vector in VECTORS[kind]
        if runtime not in vector.get("not_in", ())
    ]


def description_of(vector):
    """The `Description` of the model that is asked."""
    model = VECTORS["models"][vector["model"]]
    values = {
        name: tuple(value) if isinstance(value, list) else value for name, value in model.items()
    }
    return Description(**values, fingerprint="", parameters=0)


def options_of(vector):
    """The request as a command's options."""
    return [
        f"--{name}={'x'.join(map(str, value)) if isinstance(value, list) else value}"
        for name, value in vector["request"].items()
    ]


def told(array):
    """What the file says of an input: the first cell's values, the last one's, and all of them."""
    array = np.ascontiguousarray(array, np.dtype("<f4"))
    return {
        "first": array[0, 0].astype(float).tolist(),
        "last": array[-1, -1].astype(float).tolist(),
        "sha256": hashlib.sha256(array.tobytes()).hexdigest(),
    }


def check(vector, latent, positions):
    """Compares inputs with a vector, to the bit.

    Args:
        vector: Of `answered`.
        latent, positions: `(height + 6, width + 6, channels)`, or flat.
    """
    rows, columns = (count + 6 for count in vector["cells"][2:])
    for name, field in (("latent", latent), ("positions", positions)):
        field = np.asarray(field)
        assert field.dtype == np.float32
        field = field.reshape(rows, columns, field.size // (rows * columns))
        # The values first, because they say more than a digest.
        assert told(field) == vector[name], name
