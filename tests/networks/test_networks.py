import hashlib
import itertools

import keras
import numpy as np
import pytest
from conftest import lively_generator

from locogan_keras.networks.discriminator import build_discriminator
from locogan_keras.networks.encodings import ENCODINGS
from locogan_keras.networks.generator import build_generator


@pytest.mark.parametrize("width", [2, 8])
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("inject", ["every_layer", "input"])
def test_parameters_are_those_of_the_papers_tables(width, encoding, inject):
    extra = ENCODINGS[encoding].channels
    later = extra if inject == "every_layer" else 0
    channels = [18, 8 * width, 4 * width, 2 * width, width]
    expected = 16 * (channels[0] + extra) * channels[1] + 4 * channels[1]
    for before, after in itertools.pairwise(channels[1:]):
        expected += 16 * (before + later) * after + 4 * after
    expected += 16 * (width + later) * 3 + 3
    assert build_generator(width, encoding, inject).count_params() == expected

    channels = [3, width, 2 * width, 4 * width, 8 * width]
    expected = 16 * (channels[-1] + later) + 1
    for level, (before, after) in enumerate(itertools.pairwise(channels)):
        inputs = 16 * (before + (extra if level == 0 else later))
        expected += inputs * after + after + (inputs + after)
    assert build_discriminator(width, encoding, inject).count_params() == expected


def test_inputs_and_last_layers_are_named():
    generator, discriminator = build_generator(2), build_discriminator(2)
    assert [tensor.name for tensor in generator.inputs] == ["latent", "positions"]
    assert generator.layers[-1].name == "image"
    assert [tensor.name for tensor in discriminator.inputs] == ["image", "positions"]
    assert discriminator.layers[-1].name == "logits"


def test_hidden_sizes_are_those_of_the_design():
    generator = build_generator(2)
    inputs = [np.zeros((1, 10, 10, channels), np.float32) for channels in (18, 2)]
    outputs = [generator.get_layer(f"relu_{level}").output for level in range(4)]
    sizes = [tensor.shape[1] for tensor in keras.Model(generator.inputs, outputs)(inputs)]
    assert sizes == [14, 22, 38, 70]
    assert generator(inputs, training=False).shape == (1, 64, 64, 3)


@pytest.mark.parametrize("size", [64, 65, 96])
def test_the_discriminator_gives_one_logit_for_any_crop(size):
    inputs = [np.zeros((3, size, size, channels), np.float32) for channels in (3, 2)]
    assert build_discriminator(2)(inputs, training=False).shape == (3, 1)


@pytest.mark.parametrize("kept", range(5))
def test_positions_matter_in_every_layer(kept):
    generator = lively_generator()
    layers = [generator.get_layer(f"upsample_{level}") for level in range(4)]
    for level, layer in enumerate([*layers, generator.get_layer("image")]):
        values = np.asarray(layer.kernel).copy()
        if level != kept:
            values[:, :, -2:] = 0
        layer.kernel.assign(values)
    latent = np.zeros((1, 8, 8, 18), np.float32)
    maps = [np.full((1, 8, 8, 2), value, np.float32) for value in (0.0, 0.5)]
    images = [np.asarray(generator([latent, each], training=False)) for each in maps]
    assert np.abs(images[0] - images[1]).max() > 1e-3


@pytest.mark.parametrize("deviation", [0.06, [0.06, 0.2, 0.01]])
def test_statistics_standardise_what_the_discriminator_sees(deviation, rng):
    mean = [0.3, 0.2, -0.1]
    plain, standard = (build_discriminator(2, statistics=s) for s in (None, [mean, deviation]))
    standard.set_weights(plain.get_weights())
    image = rng.normal(size=(2, 64, 64, 3)).astype(np.float32)
    positions = rng.uniform(-1, 1, (2, 64, 64, 2)).astype(np.float32)
    faint = (image * 2 * np.array(deviation) + mean).astype(np.float32)
    expected = plain([image, positions], training=False)
    np.testing.assert_allclose(standard([faint, positions], training=False), expected, atol=1e-5)
    again = type(standard).from_config(standard.get_config())
    again.set_weights(standard.get_weights())
    np.testing.assert_array_equal(
        again([faint, positions], training=False), standard([faint, positions], training=False)
    )


def test_as_many_are_packed_as_there_are():
    with pytest.raises(ValueError, match="packed=0"):
        build_discriminator(2, packed=0)


@pytest.mark.parametrize(
    "statistics",
    [[[0.0, 0.0], 1.0], [3 * [0.0], 0.0], [3 * [0.0], [1.0, 1.0]], [3 * [0.0], [1.0, 0.0, 1.0]]],
)
def test_bad_statistics_are_named(statistics):
    with pytest.raises(ValueError, match="statistics"):
        build_discriminator(2, statistics=statistics)


@pytest.mark.parametrize("build", [build_generator, build_discriminator])
def test_networks_survive_a_keras_file(build, tmp_path, rng):
    network = build(width=2, encoding="cylinder", inject="input")
    network.save(tmp_path / "network.keras")
    again = keras.saving.load_model(tmp_path / "network.keras")
    assert again.get_config() == network.get_config()
    inputs = [
        rng.normal(size=(1, 64, 64, tensor.shape[-1])).astype(np.float32)
        for tensor in network.inputs
    ]
    np.testing.assert_array_equal(again(inputs, training=False), network(inputs, training=False))


def test_a_generator_keeps_its_frame():
    generator = build_generator(2, "cylinder", frame=(100, 192))
    assert type(generator).from_config(generator.get_config()).frame == (100, 192)


@pytest.mark.parametrize(
    ("arguments", "value"),
    [
        ({"width": 0}, "width=0"),
        ({"inject": "never"}, "never"),
        ({"encoding": "sphere"}, "sphere"),
        ({"local_channels": 0}, "local_channels=0"),
        ({"local_channels": 84, "fine_channels": (1, 1, 1)}, "over 84.*local_channels=84"),
        ({"fine_channels": (1, 1)}, r"\(1, 1\)"),
        ({"line_channels": (1, 1)}, "over 2.*local_channels=2"),
        ({"line_channels": (1, -1)}, "line_channels=-1"),
        ({"wide_levels": 5}, "0 to 4.*wide_levels=5"),
        ({"wide_levels": -1}, "wide_levels=-1"),
        ({"encoding": "torus", "frame": (64, 100)}, r"\(64, 100\)"),
    ],
)
def test_bad_arguments_are_named(arguments, value):
    with pytest.raises(ValueError, match=value):
        build_generator(**arguments)


@pytest.mark.parametrize(
    ("encoding", "digest"), [("torus", "ff8d29b97b6948ea"), ("linear", "c0edee34a5c09453")]
)
def test_a_seed_gives_the_weights_that_it_always_gave(encoding, digest):
    # As commit 8d985b3 made them; training from a seed begins with them.
    keras.utils.set_random_seed(3)
    networks = build_discriminator(2, encoding), build_generator(2, encoding)
    weights = [weight for network in networks[::-1] for weight in network.get_weights()]
    found = hashlib.sha256(b"".join(each.tobytes() for each in weights)).hexdigest()[:16]
    assert found == digest


def test_wide_levels_see_further_within_the_same_border(rng):
    latent = rng.normal(size=(1, 13, 13, 18)).astype(np.float32)
    positions = np.zeros((1, 13, 13, 2), np.float32)
    changed = latent.copy()
    changed[0, 6, 6] += 1
    reach = []
    for levels in range(5):
        generator = lively_generator("torus", frame=(64, 80), wide_levels=levels)
        difference = generator([changed, positions]) - generator([latent, positions])
        rows = np.flatnonzero(np.asarray(difference).any(axis=(0, 2, 3)))
        reach.append(rows.max() - rows.min() + 1)
    # 16, 24, 28 and 30 pixels more on each side; the border is three cells of 16.
    assert reach == [49, 81, 97, 105, 109]


def test_every_level_has_noise_of_its_own(rng):
    generator = lively_generator("none", fine_channels=(1, 1, 1), local_channels=87)
    latent = rng.normal(size=(1, 10, 10, 103)).astype(np.float32)
    positions = np.zeros((1, 10, 10, 2), np.float32)
    image = np.asarray(generator([latent, positions], training=False))
    # 16 global channels and 3 of the cells come first; then 4, 16 and 64.
    reach = []
    for channel in (16, 19, 23, 39):
        changed = latent.copy()
        changed[0, 5, 5, channel] += 1
        difference = np.asarray(generator([changed, positions], training=False)) != image
        rows = np.flatnonzero(difference.any(axis=(0, 2, 3)))
        reach.append(rows.max() - rows.min() + 1)
    # The finer the noise, the smaller what one of its values draws.
    assert reach == sorted(reach, reverse=True)
    assert len(set(reach)) == 4


def test_without_an_encoding_positions_are_taken_and_ignored(rng):
    generator, discriminator = lively_generator("none"), build_discriminator(2, "none")
    for network, size in ((generator, 9), (discriminator, 64)):
        first = rng.normal(size=(1, size, size, network.inputs[0].shape[-1])).astype(np.float32)
        here, there = (rng.normal(size=(1, size, size, 2)).astype(np.float32) for _ in range(2))
        np.testing.assert_array_equal(
            network([first, here], training=False), network([first, there], training=False)
        )


def test_a_discriminator_may_go_without_spectral_normalization():
    plain, normal = (build_discriminator(2, spectral_normalization=each) for each in (False, True))
    assert len(plain.trainable_variables) == len(normal.trainable_variables)
    assert not plain.non_trainable_variables
    assert type(plain).from_config(plain.get_config()).spectral_normalization is False


def test_packed_crops_are_judged_as_one_image(rng):
    discriminator = build_discriminator(2, statistics=[[0.1, 0.2, 0.3], 0.4], packed=2)
    images = rng.normal(size=(6, 64, 64, 3)).astype(np.float32)
    positions = np.repeat(rng.uniform(-1, 1, (3, 64, 64, 2)), 2, axis=0).astype(np.float32)
    joined, shared = discriminator.together(images, positions)
    np.testing.assert_array_equal(joined, np.concatenate([images[::2], images[1::2]], axis=-1))
    np.testing.assert_array_equal(shared, positions[::2])
    assert discriminator([joined, shared], training=False).shape == (3, 1)
    with pytest.raises(ValueError, match="5 images"):
        discriminator.together(images[:5], positions[:5])
