"""Descriptions that somebody else wrote: whatever they say, it is checked in one place."""

import json

import pytest

from locogan_keras.canvas.description import Description
from locogan_keras.canvas.views import make_view

DESCRIBED = Description((64, 96), "cylinder", 2, 16, "0123456789abcdef", 77, "mine", 500)
HUGE = 2**80


def changed(**fields):
    return json.dumps({**json.loads(DESCRIBED.to_json()), **fields})


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("format", [None, 0, -1, 1.0, "1", [], HUGE]),
        (
            "frame",
            [
                *([-192, -192], [float("inf"), 192], [64, float("nan")], [0, 0], [HUGE, 96]),
                *([64, 96, 1], [64], [], [64, 95], [64, 96.0], [64, None], ["64", "96"], 64, None),
                {"0": 64, "1": 96},
            ],
        ),
        ("encoding", [None, [], ["torus"], {}, 1, "sphere", "x" * 10_000]),
        ("global_channels", [None, -1, 1.5, "16", HUGE, 2**17, []]),
        ("local_channels", [None, 0, float("nan"), HUGE, 99_999_999_999]),
        ("image_channels", [None, 0, 1.5, "3", HUGE]),
        (
            "line_channels",
            [None, 1, [], [1], [1, 1, 1], [1, -1], [1.0, 1], [8, 8], [HUGE, 0], ["1", 1]],
        ),
        ("maps", [None, 5, "color", {}, [[]], [["cutout", 8]], [["color", 9]], 2 * [["color", 8]]]),
        ("fingerprint", [None, "", "0" * 17, "0" * 15 + "g", "\u0660" * 16, 16 * [0], "0" * 10**4]),
        ("parameters", [None, -1, "many", HUGE]),
        ("recipe", [1, [], "x" * 10_000]),
        ("steps", [-1, 1.5, "many", HUGE]),
        ("latents", [None, [], "philox"]),
        ("cell", [None, 16.0, 32, HUGE, [16]]),
        ("border", [None, 3.0, "3", True]),
    ],
)
def test_a_field_that_cannot_be_is_named(field, values):
    for value in values:
        with pytest.raises(ValueError, match=rf"\b{field}\b") as caught:
            Description.from_json(changed(**{field: value}))
        assert len(str(caught.value)) < 300
        assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "text",
    [
        *("", "null", "[]", "{}", "5", '"text"', "{", b"\xff", None, 7, HUGE),
        *("[" * 100_000, "[" * 50_000, '{"a":' * 10_000, " " * 10**6, "9" * 10_000),
    ],
)
def test_text_that_describes_nothing(text):
    with pytest.raises(ValueError, match="no description of a LocoGAN generator") as caught:
        Description.from_json(text)
    assert len(str(caught.value)) < 300


def test_what_is_read_can_be_viewed():
    for fields in ({"recipe": None, "steps": None}, {"frame": [2**31 - 1, 16]}, {"parameters": 0}):
        described = Description.from_json(changed(**fields))
        assert make_view(described, height=1, width=1).size == (1, 1)
