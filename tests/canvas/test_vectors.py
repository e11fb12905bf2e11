"""The canvas in NumPy against the vectors, and the vectors against numbers that are not its own."""

import re

import numpy as np
import pytest
from support.scalar_canvas import covering_cells, scalar_latent, scalar_positions
from support.vectors import VECTORS, answered, check, description_of, refused

from locogan_keras.canvas.views import make_view


@pytest.mark.parametrize("vector", answered("numpy"))
def test_inputs_are_those_of_the_vectors(vector):
    view = make_view(description_of(vector), **vector["request"])
    check(vector, *view.inputs(*vector["cells"]))


@pytest.mark.parametrize("vector", refused("numpy"))
def test_requests_are_refused_that_the_vectors_refuse(vector):
    with pytest.raises(ValueError, match=f"{vector['names']}.*Received: ") as caught:
        make_view(description_of(vector), **vector["request"])
    # One line, which gives a value that was received.
    assert "\n" not in str(caught.value)
    values = re.findall(r"-?\w+", str(vector["request"][vector["names"]]))
    assert any(value in str(caught.value).partition("Received")[2] for value in values)


@pytest.mark.parametrize("vector", answered("oracle"))
def test_the_vectors_are_right(vector):
    """One value at a time in Python's own integers, whose words are Random123's, and fractions."""
    model, request = VECTORS["models"][vector["model"]], vector["request"]
    axes = [
        covering_cells(request.get(corner, 0), request.get(side, model["frame"][axis]))
        for axis, (corner, side) in enumerate([("top", "height"), ("left", "width")])
    ]
    assert vector["cells"] == [first for first, _ in axes] + [count for _, count in axes]
    cells = vector["cells"]
    check(vector, scalar_latent(model, request, cells), scalar_positions(model, request, cells))


def test_positions_worked_out_by_hand():
    by_name = {vector["name"]: vector for vector in VECTORS["answered"]}
    # Cell -3 is centred at pixel -40, and 2 * -40 / 80 - 1 = -2; in x the frame has 64 pixels.
    assert by_name["a strip"]["positions"]["first"] == [-2.0, -2.25]
    assert by_name["a strip"]["positions"]["last"] == [2.0, 2.25]
    # The window begins in cells 0 and -1, so its border in -3 and -4, centred at -40 and -56.
    pixel = by_name["a frame of one pixel"]
    assert pixel["cells"] == [0, -1, 1, 2]
    assert pixel["positions"]["first"] == [2 * -40 - 1, 2 * -56 - 1]
    # A frame has 4 cells, so cell -2^26 - 1 is at the place of cell 3, and the border begins in 0.
    away = by_name["sixteen and two channels far away"]
    assert away["cells"][0] == -(2**26) - 1
    assert away["positions"]["first"][0] == 2 * 8 / 64 - 1


def test_no_two_vectors_ask_the_same():
    every = [*VECTORS["answered"], *VECTORS["refused"]]
    asked = [(vector["model"], str(sorted(vector["request"].items()))) for vector in every]
    assert len(set(asked)) == len(asked)
    assert len({vector["name"] for vector in every}) == len(every)
    assert {name for vector in every for name in vector.get("not_in", ())} == {"clients", "graph"}
    values = np.array([len(vector["latent"]["first"]) for vector in VECTORS["answered"]])
    assert set(values) == {
        model["global_channels"] + model["local_channels"] for model in VECTORS["models"].values()
    }
