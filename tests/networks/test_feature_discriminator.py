"""The discriminator of what a trained network sees: its eyes, its judgement, its files."""

import math

import keras
import numpy as np
import pytest

from locogan_keras import LocoGAN, build_discriminator, build_feature_discriminator, build_generator
from locogan_keras.evaluation.metrics.features import features
from locogan_keras.networks.pretrained import efficientnet
from locogan_keras.networks.pretrained.feature_discriminator import FeatureDiscriminator

WINDOWS = np.tile([0, 0, 0.5, 0.5], (4, 1)).astype("float32")


@pytest.fixture(scope="module")
def published():
    return build_feature_discriminator(packed=2)


@pytest.fixture
def crops(rng):
    return rng.uniform(-1, 1, (4, 64, 64, 3)).astype("float32")


def model_of(discriminator, loss="hinge"):
    networks = build_generator(width=2), build_discriminator(width=2, packed=2)
    model = LocoGAN(*networks, feature_discriminator=discriminator)
    model.compile(loss=loss)
    return model


def values(network):
    return [variable.numpy() for variable in network.variables]


def changed(network, before):
    return [not np.array_equal(*pair) for pair in zip(values(network), before, strict=True)]


def test_it_sees_the_published_features(published, crops):
    """As `locogan evaluate` sees them, which a test compares with Keras's own layers."""
    maps = published.features(crops, training=False)
    moments = [moment(each, axis=(1, 2)) for each in maps for moment in (np.mean, np.std)]
    texture, _ = features(crops)
    np.testing.assert_allclose(np.concatenate(moments, axis=1), texture, atol=1e-3)


def test_neighbours_in_the_batch_are_judged_together(published, crops):
    maps = published.maps(crops)
    assert [tuple(each.shape) for each in maps] == [(2, 16, 16, 48), (2, 8, 8, 80), (2, 4, 4, 224)]
    alone = published.features(crops, training=False)[0]
    np.testing.assert_allclose(maps[0][1], np.concatenate([alone[2], alone[3]], -1), atol=1e-5)
    logits = published(maps, training=False)
    assert [tuple(each.shape) for each in logits] == [(2, 14, 14, 1), (2, 6, 6, 1), (2, 2, 2, 1)]


def test_maps_are_pictures_that_are_judged_together(published, rng):
    images = rng.uniform(-1, 1, (4, 64, 64, 7)).astype("float32")
    pictures = ((0, 1, 2), (3, 4, 5), (6, 6, 6))
    several = FeatureDiscriminator(packed=2, pictures=pictures)
    several.features.set_weights(published.features.get_weights())
    maps = several.maps(images)
    assert [tuple(each.shape) for each in maps] == [
        (2, 16, 16, 144),
        (2, 8, 8, 240),
        (2, 4, 4, 672),
    ]
    for number, channels in enumerate(pictures):
        alone = published.maps(images[..., channels])[0]
        part = maps[0][..., 48 * number : 48 * (number + 1)]
        np.testing.assert_allclose(part, alone, atol=1e-5)
    assert several(maps, training=False)[0].shape == (2, 14, 14, 1)
    assert FeatureDiscriminator.from_config(several.get_config()).pictures == pictures
    assert "pictures" not in published.architecture()
    with pytest.raises(ValueError, match=r"pictures of 7 channels\. Received: image_channels=3"):
        model_of(several)


def test_its_eyes_are_not_trained_and_its_judgement_is(published, crops):
    model, before = model_of(FeatureDiscriminator(packed=2)), values(published)
    model.feature_discriminator.set_weights(before)
    model.feature_discriminator.trainable = True
    eyes = values(model.feature_discriminator.features)
    variables = model.feature_discriminator.judging_variables
    kernels = [variable for variable in variables if variable.path.endswith("kernel")]
    judging = [kernel.numpy() for kernel in kernels]
    model.fit(crops, WINDOWS, batch_size=4, verbose=0)
    assert not any(changed(model.feature_discriminator.features, eyes))
    assert [np.array_equal(*pair) for pair in zip(judging, kernels, strict=True)] == 9 * [False]


@pytest.mark.slow
def test_its_opinion_reaches_the_generator(published, crops):
    generators = []
    for weight in (0.0, 1.0):
        keras.utils.set_random_seed(3)
        model = model_of(published)
        model.feature_weight = weight
        model.fit(crops, WINDOWS, batch_size=4, verbose=0, shuffle=False)
        generators.append(model.generator)
    assert any(changed(generators[0], values(generators[1])))


@pytest.mark.slow
def test_a_checkpoint_goes_on_to_the_bit_and_needs_no_package(
    published, crops, tmp_path, monkeypatch
):
    model = model_of(published, "relativistic")
    model.fit(crops, WINDOWS, batch_size=4, verbose=0, shuffle=False)
    model.save(tmp_path / "checkpoint.keras")
    monkeypatch.setattr(efficientnet, "_PACKAGE", "no_such_package")
    copy = keras.saving.load_model(tmp_path / "checkpoint.keras")
    for each in (model, copy):
        each.fit(crops, WINDOWS, batch_size=4, verbose=0, shuffle=False)
    assert not any(changed(copy.feature_discriminator, values(model.feature_discriminator)))
    assert not any(changed(copy.generator, values(model.generator)))


def test_what_it_cannot_judge_is_refused(published):
    with pytest.raises(ValueError, match=r"`packed` alike.*packed=1 and 2"):
        LocoGAN(build_generator(width=2), build_discriminator(), feature_discriminator=published)
    with pytest.raises(ValueError, match="packed=0"):
        FeatureDiscriminator(packed=0)
    networks = (
        build_generator(width=2, image_channels=1),
        build_discriminator(image_channels=1, packed=2),
    )
    with pytest.raises(ValueError, match="image_channels=1"):
        LocoGAN(*networks, feature_discriminator=published)
    model = LocoGAN(build_generator(width=2), build_discriminator(width=2))
    for name in ("feature_weight", "gradient_penalty"):
        for weight in (-1, math.nan, math.inf):
            with pytest.raises(ValueError, match=f"{name}={weight}"):
                model.compile(**{name: weight})
