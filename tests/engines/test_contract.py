"""The promises of the one contract, for the function `generator([latent, positions])`."""

import numpy as np
import pytest

from locogan_keras.canvas.latents import latent_field
from locogan_keras.canvas.positions import INJECTIONS, PERIODIC_AXES, position_map
from locogan_keras.engines.loading import Engine

FRAME = (96, 112)
KINDS = ("keras", "onnx", "openvino", "savedmodel")
VARIANTS = [
    *(("keras", encoding, inject) for encoding in PERIODIC_AXES for inject in INJECTIONS),
    *(("onnx", encoding, "every_layer") for encoding in PERIODIC_AXES),
    *(("openvino", encoding, "every_layer") for encoding in PERIODIC_AXES),
    *(("savedmodel", encoding, "every_layer") for encoding in PERIODIC_AXES),
    *((kind, "torus", "every_layer", "grainy") for kind in KINDS),
]


@pytest.fixture(
    params=[
        pytest.param(variant, marks=pytest.mark.slow if variant[0] == "savedmodel" else ())
        for variant in VARIANTS
    ],
    ids="-".join,
)
def engine(request, make_engine):
    kind, encoding, inject, *grainy = request.param
    if kind == "openvino":
        pytest.importorskip("openvino", reason="it comes with the extra dev")
    return make_engine(kind, encoding, inject, frame=FRAME, grainy=bool(grainy))


def field_of(engine, seed, *window, period=(0, 0)):
    return latent_field(seed, *window, **engine.description.channels, period=period)


def image_of(engine, top, left, height, width, period=(0, 0)):
    latent = field_of(engine, 9, top, left, height, width, period=period)
    model = engine.description
    positions = position_map(top, left, height, width, model.frame, model.periodic)
    return engine(latent[None], positions[None])[0]


def test_images_use_the_range(engine):
    assert isinstance(engine, Engine)
    image = image_of(engine, 0, 0, 6, 7)
    assert image.shape == (96, 112, 3)
    assert image.std() > 0.1
    assert np.abs(image).max() <= 1


def test_a_tile_is_a_crop_of_the_whole(engine, rng):
    whole = image_of(engine, -8, -9, 19, 23)
    for height, width in [(1, 1), (2, 3), (5, 7), (13, 11)]:
        top, left = int(rng.integers(-8, 11 - height)), int(rng.integers(-9, 14 - width))
        tile = image_of(engine, top, left, height, width)
        rows = slice(16 * (top + 8), 16 * (top + 8 + height))
        columns = slice(16 * (left + 9), 16 * (left + 9 + width))
        np.testing.assert_allclose(tile, whole[rows, columns], atol=2e-6)


def test_periodic_in_periodic_out(engine):
    periods = [
        length // 16 if repeats else 0
        for length, repeats in zip(FRAME, engine.description.periodic, strict=True)
    ]
    image = image_of(engine, 0, 0, 12, 14, period=tuple(periods))
    if periods[0]:
        np.testing.assert_allclose(image[:96], image[96:], atol=2e-6)
    if periods[1]:
        np.testing.assert_allclose(image[:, :112], image[:, 112:], atol=2e-6)
    if not any(periods):
        assert np.abs(image[:96] - image[96:]).max() > 0.1


@pytest.fixture
def further(request):
    """How many pixels further a cell reaches: two wide levels see a cell and a half cell more."""
    return 24 if "grainy" in request.node.callspec.params["engine"] else 0


def test_edits_have_a_radius(engine, further):
    latent = field_of(engine, 9, 0, 0, 9, 11)
    positions = position_map(0, 0, 9, 11, FRAME, engine.description.periodic)
    before = engine(latent[None], positions[None])[0]
    row, column = 4, 6
    latent[row + 3, column + 3] += 1
    after = engine(latent[None], positions[None])[0]
    changed = np.argwhere(np.any(before != after, axis=-1))
    (top, left), (bottom, right) = changed.min(axis=0), changed.max(axis=0)
    assert 16 * row - 16 - further <= top
    assert bottom <= 16 * row + 32 + further
    assert 16 * column - 16 - further <= left
    assert right <= 16 * column + 32 + further
    # The radius is used, not merely kept.
    assert bottom - top > 32 + 2 * further


def test_samples_of_a_batch_do_not_mix(engine):
    latents = np.stack([field_of(engine, seed, 0, 0, 2, 3) for seed in range(3)])
    positions = np.stack([position_map(0, 0, 2, 3, FRAME)] * 3)
    together = engine(latents, positions)
    alone = engine(latents[1:2], positions[1:2])
    np.testing.assert_allclose(together[1:2], alone, atol=2e-6)
