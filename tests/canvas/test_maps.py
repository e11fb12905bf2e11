"""Which channels of an image are which map, and what becomes of their values."""

import json

import numpy as np
import pytest
from support.materials import MAPS

from locogan_keras.canvas import description as module
from locogan_keras.canvas.description import Description
from locogan_keras.canvas.maps.names import MAPS as KNOWN
from locogan_keras.canvas.maps.names import channel_count, checked_maps, places
from locogan_keras.canvas.maps.values import finished, unfinished

CUTOUT = (("cutout", 8),)


def described(maps, **fields):
    channels = channel_count(maps) if maps else 3
    return Description(
        (64, 96), "torus", 2, 1, "0" * 16, 7, image_channels=channels, maps=maps, **fields
    )


def test_maps_lie_one_after_another():
    found = places(MAPS)
    assert found["color"] == slice(0, 3)
    assert found["height"] == slice(6, 7)
    assert channel_count(MAPS) == 9
    assert channel_count([(name, 8) for name in KNOWN]) == 11


@pytest.mark.parametrize("maps", [MAPS, CUTOUT, (("color", 8), ("opacity", 16))])
def test_a_description_names_them_in_order(maps):
    told = described(maps).to_json()
    assert json.loads(told)["format"] == 4
    assert json.loads(told)["maps"] == [list(pair) for pair in maps]
    assert Description.from_json(told) == described(maps)


def test_older_readers_refuse_them_and_older_texts_have_none(monkeypatch):
    told = json.loads(described(()).to_json())
    assert told["format"] == 1
    del told["maps"]
    assert Description.from_json(json.dumps(told)).maps == ()
    text = described(MAPS).to_json()
    monkeypatch.setattr(module, "FORMAT", 3)
    with pytest.raises(ValueError, match="from a newer version: format 4, this version reads 3"):
        Description.from_json(text)


@pytest.mark.parametrize(
    "maps",
    [
        *(None, 5, "color", {}, ["color"], [["color"]], [["color", 8, 8]], [["color", "8"]]),
        *([["color", 12]], [["colour", 8]], [["color", True]], [[["color"], 8]]),
        # No colour first, twice, out of order, not so many channels.
        *([["normal", 8]], [["color", 8], ["color", 8]], [["color", 8], ["height", 8]]),
        [["color", 8], ["height", 8], ["normal", 8], ["roughness", 8]],
        [["cutout", 8], ["color", 8]],
    ],
)
def test_maps_that_cannot_be_are_refused(maps):
    with pytest.raises(ValueError, match=r"`maps` must .*Received: maps="):
        checked_maps(maps, 8)
    text = json.dumps({**json.loads(described(MAPS).to_json()), "maps": maps})
    with pytest.raises(ValueError, match=r"no description of a LocoGAN generator .*maps"):
        Description.from_json(text)


def test_normals_have_length_1_and_point_out(rng):
    image = rng.uniform(-1, 1, (20, 30, 9)).astype(np.float32)
    image[0, 0, 3:6] = 0
    before = image.copy()
    made = finished(image, MAPS)
    np.testing.assert_array_equal(image, before)
    np.testing.assert_allclose(np.linalg.norm(made[..., 3:6], axis=-1), 1, atol=1e-6)
    assert (made[..., 5] > 0).all()
    # Where z was out of the surface already, the direction is the same.
    out = image[..., 5] > 0.01
    before, after = image[out, 3:6], made[out, 3:6]
    cosines = (before * after).sum(-1) / np.linalg.norm(before, axis=-1)
    np.testing.assert_allclose(cosines, 1, atol=1e-5)
    others = [*range(3), *range(6, 9)]
    np.testing.assert_array_equal(made[..., others], image[..., others])


def test_a_cutout_has_its_colour_back(rng):
    colour, opacity = rng.uniform(0, 1, (20, 30, 3)), rng.uniform(0.01, 1, (20, 30, 1))
    learned = 2 * np.concatenate([colour * opacity, opacity], axis=-1) - 1
    made = finished(learned.astype(np.float32), CUTOUT)
    np.testing.assert_allclose((made[..., :3] + 1) / 2, colour, atol=1e-4)
    np.testing.assert_allclose(unfinished(made, CUTOUT), learned, atol=1e-6)
    # More colour than opacity, which a generator may make, is white.
    assert finished(np.float32([0.5, 0.5, 0.5, -0.5]), CUTOUT)[0] == 1
    assert np.isfinite(finished(np.float32([0, 0, 0, -1]), CUTOUT)).all()


def test_other_images_stay_as_they_are(rng):
    image = rng.uniform(-1, 1, (4, 4, 3)).astype(np.float32)
    assert finished(image, ()) is image
    assert unfinished(image, ()) is image
