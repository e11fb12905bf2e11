"""The page's canvas, in JavaScript, against the vectors and NumPy: the same bits."""

import base64
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from conftest import PATIENCE
from support.vectors import VECTORS, answered, check, description_of, refused

from locogan_keras.canvas.latents import normals
from locogan_keras.canvas.plans import blended
from locogan_keras.canvas.views import make_view

pytestmark = pytest.mark.skipif(not shutil.which("node"), reason="Node.js is not installed")

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "locogan_keras" / "exporting" / "web" / "page"


def ask(questions):
    """The answers of `support/page_canvas.mjs`, with its arrays as NumPy's."""
    result = subprocess.run(
        ["node", TESTS / "support" / "page_canvas.mjs", PAGE],
        input=json.dumps(questions),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert result.returncode == 0, result.stderr
    return [
        {
            name: value
            if name == "refused"
            else np.frombuffer(base64.b64decode(value), np.dtype("<f4"))
            for name, value in json.loads(line).items()
        }
        for line in result.stdout.splitlines()
    ]


def question(vector, **further):
    return {"model": VECTORS["models"][vector["model"]], "request": vector["request"], **further}


@pytest.fixture(scope="module")
def answers():
    """What the page says to all vectors, by name."""
    every = [*VECTORS["answered"], *VECTORS["refused"]]
    questions = [question(vector, cells=vector.get("cells")) for vector in every]
    return dict(zip([vector["name"] for vector in every], ask(questions), strict=True))


@pytest.mark.parametrize("vector", answered("javascript"))
def test_inputs_are_those_of_the_vectors(vector, answers):
    answer = answers[vector["name"]]
    check(vector, answer["latent"], answer["positions"])


@pytest.mark.parametrize("vector", refused("javascript"))
def test_requests_are_refused_that_the_vectors_refuse(vector, answers):
    said = answers[vector["name"]]["refused"]
    assert said.startswith(vector["names"])
    assert "Received: " in said


def test_values_are_equal_to_the_bit_at_addresses_drawn_anywhere(rng):
    """Seeds and cells of all of their ranges, and cells next to the ends of theirs."""
    count = 100_000
    seeds, channels = rng.integers(0, 2**32, count), rng.integers(-16, 128, count)
    cells = rng.integers(-(2**31), 2**31, (2, count))
    near = rng.integers(0, 1000, (2, 20_000))
    cells[:, :20_000] = np.where(near % 2, -(2**31) + near, 2**31 - 1 - near)
    (answer,) = ask([{"normals": np.stack([seeds, channels, *cells], axis=-1).tolist()}])
    words = [each.astype(np.uint32) for each in (seeds, channels, *cells)]
    expected = normals(words[:2], words[2:])
    assert np.array_equal(answer["normals"].view(np.uint32), expected.view(np.uint32))


@pytest.mark.parametrize("name", ["over the origin", "half-drop", "lines in brick"])
def test_blends_are_those_of_edits(name, rng):
    (vector,) = (vector for vector in VECTORS["answered"] if vector["name"] == name)
    top, left, height, width = vector["cells"]
    weights = rng.integers(0, 256, (height + 6, width + 6))
    weights[:2], weights[2:4] = 0, 255
    blend = {"seed": 4_000_000_000, "weights": weights.ravel().tolist()}
    (answer,) = ask([question(vector, cells=vector["cells"], blend=blend)])

    view = make_view(description_of(vector), **vector["request"])
    other = make_view(description_of(vector), **{**vector["request"], "seed": blend["seed"]})
    cells = view.wrapped(
        np.arange(top - 3, top + height + 3)[:, None],
        np.arange(left - 3, left + width + 3)[None, :],
    )
    lines = [
        each % (shift // 16) if shift else each
        for each, shift in zip(cells, view.shift, strict=True)
    ]
    # As a mask of that grey has them.
    levels = (weights.astype(np.float32) / np.float32(255)).astype(np.float64)
    mixed = blended(view.latents, other.latents, lambda rows, columns: levels)
    expected = mixed(*cells, cells, lines)
    assert np.array_equal(answer["latent"], expected.ravel())
