"""Arguments of views, edits and pictures as Python may give them: refusals name them."""

import pytest
from conftest import lively_generator

from locogan_keras.canvas.views import make_view
from locogan_keras.engines.keras_engine import describe
from locogan_keras.rendering.edits import interpolate, mix, transplant, vary_local
from locogan_keras.rendering.stretching import stretch


@pytest.fixture(scope="module")
def linear():
    return describe(lively_generator("linear", frame=(96, 112), width=2))


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda view, made: made(seed="a"), "`seed` must be 0 to 4294967295. Received: seed='a'"),
        (lambda view, made: made(seed=1.5), "seed=1.5"),
        (lambda view, made: made(height="a"), "height must be a whole number.*height='a'"),
        (lambda view, made: made(width=2.5), "width=2.5"),
        (lambda view, made: made(left=10**21), f"left.*beyond.*left={10**21}"),
        (lambda view, made: made(frame=(64,)), "frame must be 2 whole numbers.*frame=\\(64,\\)"),
        (lambda view, made: made(frame=(1, 10**21)), "frame reaches beyond.*frame=1x1000"),
        (lambda view, made: made(period=(10**21, 64)), "period reaches beyond"),
        (lambda view, made: made(period=None), "period must be.*period=None"),
        (lambda view, made: mix(view, seed=1, axis=5), r"axis must be 0 \(y\) or 1.*axis=5"),
        (lambda view, made: mix(view, seed=1, axis="x"), "axis='x'"),
        (lambda view, made: mix(view, seed="x", axis=1), "seed='x'"),
        (lambda view, made: vary_local(view, None), "seed=None"),
        (lambda view, made: transplant(view, 1, (0, 0, 8)), r"region must be 4.*\(0, 0, 8\)"),
        (lambda view, made: transplant(view, 1, (0, 0, 8, 8), "a"), "soft='a'"),
    ],
)
def test_what_is_no_such_number_is_named(linear, call, reason):
    def made(**arguments):
        return make_view(linear, **arguments)

    with pytest.raises(ValueError, match=reason):
        call(made(), made)


def test_other_ends_and_sizes_are_named(linear):
    for amount in ("a", None, float("nan")):
        with pytest.raises(ValueError, match="amount must be 0 to 1"):
            interpolate(linear, (1, (64, 64)), (2, (64, 64)), amount)
    with pytest.raises(ValueError, match="size must be 2 whole numbers"):
        interpolate(linear, (1, (64, 64)), (2, (64, "a")), 0.5)
    with pytest.raises(ValueError, match="size reaches beyond"):
        stretch(linear, (10**21, 64))
