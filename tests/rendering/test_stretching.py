"""Stretching and extending: positions, and what stays."""

import numpy as np
import pytest
from conftest import lively_generator, same_levels

from locogan_keras.canvas.views import make_view
from locogan_keras.engines.keras_engine import KerasEngine
from locogan_keras.rendering.render import render
from locogan_keras.rendering.stretching import stretch

FRAME = (96, 112)
TILE = 64


@pytest.fixture(scope="module", params=["linear", "cylinder", "torus"])
def engine(request):
    return KerasEngine(lively_generator(request.param, frame=FRAME, width=2))


@pytest.fixture(scope="module")
def linear():
    return KerasEngine(lively_generator("linear", frame=FRAME, width=2))


def picture_of(engine, **request):
    return render(engine, make_view(engine.description, **request), TILE)


def stretched(engine, *arguments, **request):
    return render(engine, stretch(engine.description, *arguments, **request), TILE)


def test_a_stretched_linear_picture_is_that_of_its_size(linear):
    np.testing.assert_array_equal(
        stretched(linear, (150, 99), seed=3), picture_of(linear, height=150, width=99, seed=3)
    )


def test_an_extended_linear_picture_is_that_of_its_frame(linear):
    np.testing.assert_array_equal(
        stretched(linear, (150, 180), seed=3, extend="x"),
        picture_of(linear, height=150, width=180, frame=(150, 112), seed=3),
    )


def test_nothing_stretched_is_the_picture(engine):
    for parts in [(None, None), ((16, 48), (32, 64))]:
        np.testing.assert_array_equal(stretched(engine, FRAME, parts=parts), picture_of(engine))


@pytest.mark.parametrize("extra", [64, 16, -16])
@pytest.mark.parametrize("axis", [0, 1])
def test_a_stretched_part_leaves_the_rest_as_it_was(engine, axis, extra):
    size = [192, 224]
    # Linear axes have a frame of two trained ones, periodic ones the trained.
    repeats = engine.description.periodic
    frame = tuple(FRAME[i] if repeats[i] else size[i] for i in range(2))
    after = list(frame)
    after[axis] += extra
    part = (32, 64)
    parts = [None, None]
    parts[axis] = part
    before = np.moveaxis(picture_of(engine, height=frame[0], width=frame[1]), axis, 0)
    picture = np.moveaxis(stretched(engine, after, frame=frame, parts=parts), axis, 0)
    assert same_levels(picture[:16], before[:16])
    assert same_levels(picture[part[1] + extra + 17 :], before[part[1] + 17 :])
    assert not same_levels(picture[32:48], before[32:48])


def test_positions_run_on_without_a_jump(linear):
    view = stretch(linear.description, (160, 176), parts=((32, 64), None), frame=FRAME)
    y = view.positions(0, 0, 10, 11)[:, 0, 0]
    steps = np.diff(y) * 96 / 2 / 16
    # Three cells of border, then two before the part, six of a third of a cell's height each, two.
    np.testing.assert_allclose(steps[[0, 1, 2, 3]], 1, atol=1e-5)
    np.testing.assert_allclose(steps[5:10], 1 / 3, atol=1e-5)
    np.testing.assert_allclose(steps[11:], 1, atol=1e-5)
    assert np.all(steps > 0)


def test_new_cells_have_a_local_plan_of_their_own(linear):
    view = stretch(linear.description, (160, 112), parts=((32, 64), None))
    local = view.inputs(0, 0, 10, 7)[0][..., 16:].reshape(16, -1)
    assert len(np.unique(local, axis=0)) == 16


def test_what_repeats_repeats_after_the_stretched_frame(engine):
    repeats = engine.description.periodic
    view = stretch(engine.description, (144, 176))
    assert view.period == tuple(
        length if flag else 0 for length, flag in zip((144, 176), repeats, strict=True)
    )
    if not any(repeats):
        return
    latent, positions = view.inputs(0, 0, 18, 22)
    image = engine(latent[None], positions[None])[0]
    np.testing.assert_allclose(image[:, :176], image[:, 176:], atol=2e-6)


@pytest.mark.parametrize(
    ("encoding", "size", "request_", "reason"),
    [
        ("linear", (0, 50), {}, "size=0x50"),
        ("linear", (50, 50), {"frame": (0, 50)}, "frame=0x50"),
        ("torus", (96, 150), {}, "multiple of 16 in x.*nearest is 144.*96x150"),
        ("torus", (96, 112), {"frame": (96, 128)}, "frame must be 112 in x.*96x128"),
        ("linear", (96, 144), {"parts": (None, (30, 64))}, "nearest is 32:64.*part-x=30:64"),
        ("linear", (96, 144), {"parts": (None, (32, 128))}, "lie in 0:112.*part-x=32:128"),
        ("linear", (96, 144), {"parts": (None, (64, 32))}, "lie in 0:112.*part-x=64:32"),
        ("linear", (96, 150), {"parts": (None, (32, 64))}, "nearest size in x is 144"),
        ("linear", (96, 80), {"parts": (None, (32, 64))}, "keep 16 pixels.*loses 32"),
        ("linear", (96, 144), {"parts": (None, (32, 64)), "extend": "x"}, "exclude each other"),
    ],
)
def test_what_cannot_be_stretched_is_named(encoding, size, request_, reason):
    description = KerasEngine(lively_generator(encoding, frame=FRAME, width=2)).description
    with pytest.raises(ValueError, match=reason):
        stretch(description, size, **request_)
