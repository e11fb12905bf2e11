"""How pictures repeat: exactly, without a seam, and only where the model can."""

from fractions import Fraction

import numpy as np
import pytest
from conftest import lively_generator, same_levels

from locogan_keras.canvas.latents import latent_field
from locogan_keras.canvas.positions import position_map
from locogan_keras.canvas.views import make_view
from locogan_keras.engines.keras_engine import KerasEngine
from locogan_keras.rendering.files.levels import to_levels
from locogan_keras.rendering.render import render

FRAME = (96, 112)


@pytest.fixture(scope="module")
def torus():
    return KerasEngine(lively_generator("torus", frame=FRAME, width=2))


def picture_of(engine, tile=48, **request):
    return render(engine, make_view(engine.description, **request), tile)


@pytest.mark.parametrize(("periodic", "repeats"), [("x", (0, 1)), ("y", (1, 0)), ("xy", (1, 1))])
def test_repeats_are_exact_to_the_bit(torus, periodic, repeats):
    period = tuple(2 * length * flag for length, flag in zip(FRAME, repeats, strict=True))
    picture = picture_of(
        torus,
        height=500,
        width=550,
        top=-77,
        left=1001,
        periodic=periodic,
        period=period,
        tile=64,
    )
    for axis in range(2):
        moved = np.moveaxis(picture, axis, 0)
        if repeats[axis]:
            np.testing.assert_array_equal(moved[period[axis] :], moved[: -period[axis]])
        shorter = FRAME[axis]
        assert np.abs(moved[shorter:].astype(int) - moved[:-shorter]).max() > 5


@pytest.mark.parametrize("corner", [(5, -2), (-3, 9), (8, 11)])
def test_repeats_have_no_seam(torus, corner):
    """The network run once over a seam makes the pixels that the renderer joins there."""
    period = (12, 14)
    top, left = corner
    latent = latent_field(0, top, left, 9, 10, period=period)
    positions = position_map(top, left, 9, 10, FRAME, (True, True))
    seamless = to_levels(torus(latent[None], positions[None])[0])
    pixels = tuple(16 * length for length in period)
    picture = picture_of(
        torus, top=16 * top, left=16 * left, height=144, width=160, period=pixels, tile=64
    )
    assert same_levels(picture, seamless)


@pytest.mark.parametrize(
    ("periodic", "period", "vectors"),
    [
        ("half-drop", (192, 112), [(192, 0), (96, 112), (-96, 112), (0, 224)]),
        ("half-drop", (384, 224), [(384, 0), (192, 224)]),
        ("brick", (96, 224), [(0, 224), (96, 112), (96, -112), (192, 0)]),
    ],
)
@pytest.mark.parametrize("tile", [48, 256])
def test_shifted_repeats_are_exact_to_the_bit(torus, periodic, period, vectors, tile):
    whole = picture_of(
        torus, tile, height=790, width=470, top=-77, left=1001, periodic=periodic, period=period
    )
    for vector in vectors:
        np.testing.assert_array_equal(*overlap(whole, *vector))
    # Half a vector is none.
    down, right = vectors[1]
    here, there = overlap(whole, *((0, right) if periodic == "half-drop" else (down, 0)))
    assert np.abs(here.astype(int) - there).max() > 5


def overlap(picture, down, right):
    """What is still on the picture after it is moved, and what it then covers."""
    height, width = picture.shape[:2]
    here = picture[max(0, -down) : height - max(0, down), max(0, -right) : width - max(0, right)]
    return here, picture[
        max(0, down) : height + min(0, down), max(0, right) : width + min(0, right)
    ]


@pytest.mark.parametrize(("periodic", "period"), [("half-drop", (12, 7)), ("brick", (6, 14))])
@pytest.mark.parametrize("corner", [(-4, -5), (3, 4), (8, -9)])
def test_shifted_repeats_have_no_seam(torus, periodic, period, corner):
    """One run of the network over joints, on latents that are laid out repeat by repeat here."""
    (height, width), (top, left) = period, corner
    latent = np.empty((16, 16, 18), np.float32)
    for row, column in np.ndindex(16, 16):
        y, x = top - 3 + row, left - 3 + column
        if periodic == "half-drop":
            y += height // 2 * (x // width % 2)
        else:
            x += width // 2 * (y // height % 2)
        latent[row, column] = latent_field(0, y % height + 3, x % width + 3, 1, 1)[0, 0]
    positions = position_map(top, left, 10, 10, FRAME, (True, True))
    seamless = torus(latent[None], positions[None])[0]
    picture = picture_of(
        torus,
        top=16 * top,
        left=16 * left,
        height=160,
        width=160,
        periodic=periodic,
        period=tuple(16 * length for length in period),
        tile=64,
    )
    assert same_levels(picture, to_levels(seamless))
    # The network's own output repeats a lattice vector on, to float rounding.
    np.testing.assert_allclose(*overlap(seamless, 96, 112), atol=2e-6)


@pytest.mark.parametrize("corner", [(0, 0), (-3, 61), (62, -2), (10**6, -(10**6))])
def test_a_period_of_nearly_whole_frames_has_no_seam(torus, corner):
    """1024 pixels: 11 frames of 96 in y, 9 of 112 in x, each stretched by 3 % or less.

    The oracle lays positions by a ramp in float64 from the window's own corner.
    """
    top, left = corner
    view = make_view(torus.description, period=(1024, 1024))
    assert view.frame == (Fraction(1024, 11), Fraction(1024, 9))
    latent, positions = view.inputs(top, left, 9, 10)
    np.testing.assert_array_equal(latent, latent_field(0, top, left, 9, 10, period=(64, 64)))
    cells = [first % 64 - 3 + np.arange(count + 6) for first, count in ((top, 9), (left, 10))]
    ramps = [
        2 * (each + 0.5) / 64 * frames - 1 for each, frames in zip(cells, (11, 9), strict=True)
    ]
    for axis, ramp in enumerate(ramps):
        ours = np.moveaxis(positions[..., axis], axis, 0)[:, 0]
        # Of a torus, whole turns are nothing.
        turns = np.rint((ours - ramp) / 2)
        assert np.ptp(turns) == 0
        np.testing.assert_allclose(ours, ramp + 2 * turns, atol=1e-5)
        assert np.abs(ours).max() < 6
    seamless = to_levels(torus(latent[None], positions[None])[0])
    picture = picture_of(
        torus,
        top=16 * top,
        left=16 * left,
        height=144,
        width=160,
        period=(1024, 1024),
        tile=64,
    )
    assert same_levels(picture, seamless)


def test_repeats_of_a_fitted_period_are_exact_to_the_bit(torus):
    # Half of what is shifted is whole cells.
    cases = {
        "xy": ((400, 432), (0, 432)),
        "half-drop": ((416, 432), (208, 432)),
        "brick": ((400, 416), (400, 208)),
    }
    for periodic, (period, (down, right)) in cases.items():
        picture = picture_of(
            torus,
            64,
            height=600,
            width=700,
            top=-77,
            left=1001,
            periodic=periodic,
            period=period,
        )
        here, there = overlap(picture, down, right)
        np.testing.assert_array_equal(here, there)
        assert np.abs(here.astype(int)).std() > 5


def test_of_a_lattice_many_are_shown_before_they_repeat():
    description = KerasEngine(lively_generator("torus", frame=(32, 48), width=2)).description
    view = make_view(description)
    assert (view.size, view.period, view.frame) == ((256, 288), (256, 288), (32, 48))
    assert make_view(description, periodic="brick").period == (256, 288)
    assert make_view(description, period=(64, 48)).period == (64, 48)
    whole = KerasEngine(lively_generator("torus", frame=(80, 64), width=2)).description
    assert make_view(whole).period == whole.frame
    assert make_view(whole, periodic="half-drop").period == (160, 64)


@pytest.mark.parametrize(
    ("encoding", "request_", "reason"),
    [
        ("linear", {"periodic": "x"}, "refused in x.*linear"),
        ("cylinder", {"periodic": "xy"}, "refused in y.*cylinder"),
        ("torus", {"periodic": "both"}, "both"),
        ("linear", {"periodic": "x"}, "recipe pattern-strip .* pattern-cylinder .* pattern-torus"),
        ("cylinder", {"periodic": "half-drop"}, "refused in y.*recipe pattern-torus.*half-drop"),
        ("torus", {"periodic": "half-drop", "period": (96, 112)}, "192 in y.*nearest is 192"),
        ("torus", {"periodic": "half-drop", "period": (480, 112)}, "nearest is 384.*480x112"),
        ("torus", {"periodic": "brick", "period": (96, 112)}, "224 in x.*nearest is 224"),
        ("torus", {"periodic": "brick", "period": (50, 224)}, "the trained frame, 96 in y"),
        # Nearly two frames, and whole cells, but half of it is not.
        ("torus", {"periodic": "brick", "period": (96, 208)}, "224 in x.*nearest is 224"),
        ("torus", {"period": (190, 224)}, "the nearest is 192.*190x224"),
        ("torus", {"period": (1, 224)}, "the nearest is 96.*1x224"),
        ("cylinder", {"period": (96, 112)}, "period must be 0 in y.*96x112"),
        ("torus", {"period": (96, 112), "periodic": "x"}, "period must be 0 in y"),
    ],
)
def test_what_a_model_cannot_repeat_is_named(encoding, request_, reason):
    description = KerasEngine(lively_generator(encoding, frame=FRAME, width=2)).description
    with pytest.raises(ValueError, match=reason):
        make_view(description, **request_)
