"""Edits of edits, of stretched pictures too: each does there what it does to a plain picture."""

import dataclasses
import itertools

import numpy as np
import pytest
from conftest import lively_generator, same_levels

from locogan_keras.canvas.views import make_view
from locogan_keras.engines.keras_engine import KerasEngine
from locogan_keras.rendering import edits
from locogan_keras.rendering.render import render
from locogan_keras.rendering.stretching import stretch

FRAME = (96, 112)
TILE = 64
# Parts of both axes become longer and shorter: 8 x 6 cells.
SIZE, PARTS = (128, 96), ((32, 64), (48, 96))
HARD = {
    "vary-local": lambda view: edits.vary_local(view, 7),
    "mix-y": lambda view: edits.mix(view, 8, axis=0),
    "mix-x": lambda view: edits.mix(view, 9, axis=1, local=10),
    "transplant": lambda view: edits.transplant(view, 11, (32, 16, 64, 48)),
}
SOFT = {
    "ramp-y": lambda view: edits.mix(view, 8, axis=0, hard=False),
    "ramp-x": lambda view: edits.mix(view, 9, axis=1, hard=False, local=10),
    "soft": lambda view: edits.transplant(view, 11, (20, 10, 70, 60), soft=16),
}
EDITS = HARD | SOFT
TRIPLES = list(itertools.product(HARD, repeat=3))


@pytest.fixture(scope="module", params=["linear", "cylinder", "torus"])
def engine(request):
    return KerasEngine(lively_generator(request.param, frame=FRAME, width=2))


@pytest.fixture(scope="module")
def torus():
    return KerasEngine(lively_generator("torus", frame=FRAME, width=2))


@pytest.fixture(scope="module")
def linear():
    return KerasEngine(lively_generator("linear", frame=FRAME, width=2))


def stretched(engine, seed=1):
    return stretch(engine.description, SIZE, seed=seed, parts=PARTS)


def cells_of(view):
    """The latents of a view's own cells, without the border."""
    height, width = (length // 16 for length in view.size)
    return view.inputs(0, 0, height, width)[0][3:-3, 3:-3]


def edited_cells(engine, names):
    """What hard edits make of a stretched picture, cell by cell and without plans."""

    def of(seed):
        return cells_of(stretched(engine, seed))

    cells = of(1)
    for name in names:
        if name == "vary-local":
            cells[..., 16:] = of(7)[..., 16:]
        elif name == "mix-y":
            cells[4:] = of(8)[4:]
        elif name == "mix-x":
            cells[:, 3:] = of(9)[:, 3:]
            cells[..., 16:] = of(10)[..., 16:]
        else:
            cells[2:6, 1:4] = of(11)[2:6, 1:4]
    return cells


@pytest.mark.parametrize("names", TRIPLES, ids="+".join)
def test_edits_of_a_stretched_picture_are_done_one_after_the_other(torus, names):
    view = stretched(torus)
    for name in names:
        view = HARD[name](view)
    np.testing.assert_array_equal(cells_of(view), edited_cells(torus, names))
    _, positions = stretched(torus).inputs(0, 0, 8, 6)
    np.testing.assert_array_equal(view.inputs(0, 0, 8, 6)[1], positions)


@pytest.mark.parametrize("name", HARD)
def test_an_edit_of_a_stretched_picture_is_that_on_every_encoding(engine, name):
    view = HARD[name](stretched(engine))
    np.testing.assert_array_equal(cells_of(view), edited_cells(engine, [name]))


def test_a_soft_edit_of_a_stretched_picture_keeps_the_variance(engine):
    first, second = (cells_of(stretched(engine, seed)) for seed in (1, 8))
    way = (np.arange(8) + 0.5) / 8
    if engine.description.periodic[0]:
        way = 1 - np.abs(2 * way - 1)
    way = way[:, None, None]
    expected = ((1 - way) * first + way * second) / np.hypot(1 - way, way)
    np.testing.assert_allclose(
        cells_of(SOFT["ramp-y"](stretched(engine))), expected, rtol=1e-5, atol=1e-6
    )


def test_a_transplant_into_a_stretched_picture_stays_in_its_radius(engine):
    before, donor = (
        render(engine, stretch(engine.description, (256, 192), seed=seed), TILE) for seed in (1, 2)
    )
    view = stretch(engine.description, (256, 192), seed=1)
    after = render(engine, edits.transplant(view, 2, (64, 48, 96, 80)), TILE)
    outside = np.ones(view.size, bool)
    outside[48:177, 32:145] = False
    np.testing.assert_array_equal(after[outside], before[outside])
    np.testing.assert_array_equal(after[81:144, 65:112], donor[81:144, 65:112])
    assert np.any(after != before)


def assert_same_inputs(first, second):
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("first", EDITS)
def test_edits_of_a_picture_stretched_as_a_whole_are_those_of_its_size(linear, first):
    """On a linear axis that is the same picture."""
    for second in EDITS.values():
        one, other = (
            second(EDITS[first](view)).inputs(-2, 1, 9, 8)
            for view in (
                stretch(linear.description, (100, 130), seed=1),
                make_view(linear.description, height=100, width=130, seed=1),
            )
        )
        assert_same_inputs(one, other)


@pytest.mark.parametrize("first", EDITS)
def test_edits_of_edits_repeat_as_the_stretched_picture_does(torus, first):
    for second in EDITS.values():
        latent, _ = second(EDITS[first](stretched(torus))).inputs(-5, 7, 20, 20)
        np.testing.assert_array_equal(latent[8:], latent[:-8])
        np.testing.assert_array_equal(latent[:, 6:], latent[:, :-6])


@pytest.mark.parametrize("first", EDITS)
@pytest.mark.parametrize("periodic", ["half-drop", "brick"])
def test_edits_of_edits_repeat_where_repeats_are_shifted(torus, periodic, first):
    view = make_view(torus.description, height=300, width=340, periodic=periodic)
    for second in EDITS.values():
        latent, _ = second(EDITS[first](view)).inputs(-5, 7, 20, 20)
        np.testing.assert_array_equal(latent[6:, 7:], latent[:-6, :-7])


@pytest.mark.parametrize("first", EDITS)
def test_a_window_of_the_inputs_of_edits_of_edits_is_a_slice(engine, first, rng):
    for second in EDITS.values():
        for view in (
            stretched(engine),
            edits.interpolate(engine.description, (1, (96, 112)), (2, (112, 112)), 0.4),
        ):
            edited = second(EDITS[first](view))
            whole = edited.inputs(0, 0, 8, 6)
            top, left = rng.integers(0, 4, 2).tolist()
            window = edited.inputs(top, left, 3, 2)
            assert_same_inputs(window, [each[top : top + 9, left : left + 8] for each in whole])


def test_a_window_of_edits_of_edits_is_a_crop(engine):
    edited = EDITS["soft"](EDITS["ramp-x"](EDITS["mix-y"](stretched(engine))))
    whole = render(engine, edited, TILE)
    window = dataclasses.replace(edited, corner=(37, 51), size=(70, 41))
    np.testing.assert_array_equal(render(engine, window, TILE), whole[37:107, 51:92])
    assert same_levels(render(engine, edited, 16), whole)
