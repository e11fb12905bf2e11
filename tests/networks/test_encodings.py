"""Encodings: what they make of positions, and that a further one is a row and an object."""

import numpy as np
import pytest
from conftest import lively_generator

from locogan_keras.canvas.positions import PERIODIC_AXES, position_map
from locogan_keras.exporting.deployable import deployable
from locogan_keras.networks.encodings import ENCODINGS, Encoding


@pytest.mark.parametrize("name", ENCODINGS)
def test_both_forms_have_the_same_channels(name, rng):
    encoding, positions = ENCODINGS[name], rng.uniform(-2, 2, (5, 6, 2)).astype(np.float32)
    trained = np.asarray(encoding.encode(positions))
    scaled = [np.asarray(each) for each in encoding.encode_scaled(positions * encoding.scales)]
    assert trained.shape == (5, 6, encoding.channels)
    deployed = np.concatenate(scaled, axis=-1)
    np.testing.assert_allclose(deployed, trained[..., encoding.order], atol=1e-6)


def test_every_encoding_of_the_canvas_is_one_of_the_networks():
    assert ENCODINGS.keys() == PERIODIC_AXES.keys()


def test_a_further_encoding_is_a_row_and_an_object(monkeypatch, rng):
    """A pillar: it repeats in y alone."""
    monkeypatch.setitem(PERIODIC_AXES, "pillar", (True, False))
    monkeypatch.setitem(ENCODINGS, "pillar", Encoding((True, False)))
    generator = lively_generator("pillar", frame=(96, 100), width=2)
    assert ENCODINGS["pillar"].channels == 3
    latent = rng.normal(size=(1, 8, 9, 18)).astype(np.float32)
    positions = position_map(2, -1, 2, 3, (96, 100), (True, False))[None]
    expected = np.asarray(generator([latent, positions], training=False))
    image = np.asarray(deployable(generator)([latent, positions], training=False))
    np.testing.assert_allclose(image, expected, atol=2e-6)
    # Six cells later the frame begins again in y, and only there.
    for axis, repeats in ((0, True), (1, False)):
        moved = positions.copy()
        moved[..., axis] += 2.0
        image = np.asarray(generator([latent, moved], training=False))
        assert np.allclose(image, expected, atol=1e-4) == repeats
