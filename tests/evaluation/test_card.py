"""A card: what it says of its metadata, and its pictures."""

import numpy as np
import pytest
from conftest import lively_generator

from locogan_keras import load_engine
from locogan_keras.canvas.description import Description
from locogan_keras.canvas.periods import square_period
from locogan_keras.canvas.views import make_view
from locogan_keras.evaluation.cards.card import card, size_arguments
from locogan_keras.evaluation.cards.samples import card_samples, large_size
from locogan_keras.rendering.render import render

FINGERPRINT = "0123456789abcdef"
TORUS = Description((96, 112), "torus", 0, 2, FINGERPRINT, 1234, recipe="regular", steps=500)
METADATA = {
    "title": "Red | *bricks*",
    "licence": "CC0",
    "source": "a museum",
    "author": "somebody",
    "locogan_keras_version": "0.1.0",
    "training": {"command": "locogan train a.png", "minutes": 9.5, "machine": "2 cores of a CPU"},
    "scores": {
        "copying": {"value": 0.5, "halves": 0.25, "useless": 0.0},
        "patch_distance": {"value": 3.0, "halves": 2.0, "useless": 8.0},
    },
    "flaws": ["joints are\nsoft"],
}


def rows(text):
    """The cells of a table's lines."""
    lines = (line for line in text.splitlines() if line.startswith("| "))
    return [[cell.strip() for cell in line[1:-1].split(" | ")] for line in lines]


def test_a_card_says_all_that_is_known():
    text = card("bricks", METADATA, TORUS, [("samples/photo.jpg", "A photo.")], (1024, 1024))
    assert text.startswith("# Red | \\*bricks\\*\n")
    assert "![A photo.](samples/photo.jpg)" in text
    facts = {row[0]: row[1] for row in rows(text)}
    names = ("learned from", "by", "its licence", "steps", "minutes of steps", "machine")
    said = ["a museum", "somebody", "CC0", "500", "9.5", "2 cores of a CPU"]
    assert [facts[name] for name in names] == said
    assert "```sh\nlocogan train a.png\n```" in text
    measured = [row for row in rows(text) if row[0] in ("patch distance", "copying")]
    # In the order of `locogan evaluate`.
    assert [row[:5] for row in measured] == [
        ["patch distance", "3", "2", "8", "1.5"],
        ["copying", "0.5", "0.25", "0", "2"],
    ]
    assert "\n- joints are soft\n" in text
    assert "locogan render preset:bricks --out picture.png --size 1k\n" in text


def test_a_card_says_what_is_not_known():
    text = card("bricks", {}, TORUS, [], (1024, 1024))
    facts = {row[0]: row[1] for row in rows(text)}
    for name in ("learned from", "by", "its licence", "machine", "minutes of steps"):
        assert facts[name] == "not said"
    for said in ("ask before you give it", "was not measured", "Nobody has looked at it yet."):
        assert said in text
    assert "train it again" not in text


@pytest.mark.parametrize(
    ("frame", "encoding", "size", "arguments"),
    [
        ((16, 16), "none", (1024, 1024), " --size 1k"),
        ((96, 48), "torus", (1024, 1024), " --size 1k"),
        # No 1024 is near whole frames.
        ((400, 300), "torus", (1200, 900), " --height 1200 --width 900 --period 1200x900"),
        ((128, 256), "cylinder", (128, 256), ""),
        ((128, 96), "linear", (128, 96), ""),
    ],
)
def test_the_large_picture_is_what_the_first_command_makes(frame, encoding, size, arguments):
    description = Description(frame, encoding, 0, 2, FINGERPRINT, 1)
    assert large_size(description) == size
    assert size_arguments(description, size) == arguments


@pytest.mark.parametrize(
    ("encoding", "names", "size", "period"),
    [
        ("linear", ["photo", "seeds"], (64, 96), (0, 0)),
        ("cylinder", ["photo", "repeats", "seeds"], (64, 288), (0, 288)),
        ("torus", ["photo", "repeats", "seeds"], (256, 288), (256, 288)),
    ],
)
def test_samples_are_of_fixed_seeds(make_engine, rng, encoding, names, size, period):
    engine = make_engine("keras", encoding, frame=(64, 96), width=2)
    photo = rng.integers(0, 256, (130, 140, 3), dtype=np.uint8)
    samples = {sample.name: sample.picture for sample in card_samples(engine, [photo])}
    assert list(samples) == names
    for name, picture in samples.items():
        assert holds(picture, photo) == (name == "photo")
    for seed in (0, 3):
        view = make_view(
            engine.description, height=size[0], width=size[1], seed=seed, period=period
        )
        assert holds(samples["seeds"], render(engine, view))


def holds(sheet, picture):
    """Whether a picture is somewhere on a sheet, to the level."""
    height, width = picture.shape[:2]
    first = np.argwhere((sheet == picture[0, 0]).all(axis=-1))
    return any(
        np.array_equal(sheet[top : top + height, left : left + width], picture)
        for top, left in first
    )


def test_of_a_texture_the_large_picture_is_that_of_size_1k(make_engine, rng):
    engine = make_engine("keras", "none", frame=(16, 16), width=2)
    photo = rng.integers(0, 256, (128, 128, 3), dtype=np.uint8)
    (sample, *_) = card_samples(engine, [photo])
    period = square_period(engine.description, 1024)
    view = make_view(engine.description, height=1024, width=1024, period=period)
    assert holds(sample.picture, render(engine, view))


def test_a_material_shows_each_map(rng):

    maps = (("color", 8), ("height", 16))
    generator = lively_generator("torus", frame=(64, 64), width=2, image_channels=4, maps=maps)
    photo = rng.integers(0, 2**16, (128, 128, 4), dtype=np.uint16)
    samples = {sample.name: sample for sample in card_samples(load_engine(generator), [photo])}
    grey = np.rint(photo[..., 3:] / 257).astype(np.uint8)
    assert holds(samples["maps"].picture, np.repeat(grey, 3, axis=2))
    assert "color, height" in samples["maps"].caption
