import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from locogan_keras.canvas.positions import position_map
from locogan_keras.networks.layers import (
    PositionInjection,
    PositionUpsampling,
)
from locogan_keras.networks.spectral_normalization import SpectralNormalization
from locogan_keras.networks.upsampling import CropBorder, FineNoise, UpsamplingConvolution


def channels_of(layer, cells, positions):
    """What the layer adds to features without channels of their own."""
    features = np.zeros((1, *cells, 1), np.float32)
    return np.asarray(layer(features, positions[None]))[0, ..., 1:]


@pytest.mark.parametrize("level", [0, 1, 2, 3, 4])
def test_positions_are_resized_to_the_centres_of_the_finer_grid(level):
    scale, margin = 2**level, 3 * (2**level - 1)
    positions = position_map(5, -2, 3, 4, (128, 96))
    cells = (3 * scale + 6, 4 * scale + 6)
    ours = channels_of(PositionInjection("linear", (margin, margin)), cells, positions)
    rows = 5 * scale - 3 + np.arange(cells[0])
    expected = 2 * (rows + 0.5) * (16 / scale) / 128 - 1
    np.testing.assert_allclose(ours[:, 3, 0], expected, atol=1e-6)
    columns = -2 * scale - 3 + np.arange(cells[1])
    expected = 2 * (columns + 0.5) * (16 / scale) / 96 - 1
    np.testing.assert_allclose(ours[3, :, 1], expected, atol=1e-6)


def test_positions_are_resized_down_for_the_discriminator():
    pixels = np.stack(np.meshgrid(np.arange(64.0), np.arange(64.0), indexing="ij"), axis=-1)
    ours = channels_of(PositionInjection("linear"), (8, 8), pixels.astype(np.float32))
    np.testing.assert_allclose(ours[:, 0, 0], 8 * np.arange(8) + 3.5, atol=1e-5)


def test_encodings_are_the_papers():
    positions = np.random.default_rng(0).uniform(-2, 2, (5, 6, 2)).astype(np.float32)
    y, x = positions[..., 0], positions[..., 1]
    circle_y = [np.cos(np.pi * y), np.sin(np.pi * y)]
    circle_x = [np.cos(np.pi * x), np.sin(np.pi * x)]
    expected = {"linear": [y, x], "cylinder": [y, *circle_x], "torus": [*circle_y, *circle_x]}
    # And those of this project, of a lattice along one axis.
    expected |= {"rows": circle_y, "columns": circle_x}
    for encoding, channels in expected.items():
        ours = channels_of(PositionInjection(encoding), (5, 6), positions)
        np.testing.assert_allclose(ours, np.stack(channels, axis=-1), atol=1e-6)


@pytest.mark.parametrize(
    ("factor", "margin"), [(1, (0, 0)), (1, (1, 2)), (2, (2, 5)), (16, (46, 47))]
)
def test_positions_are_upsampled_as_they_are_injected(factor, margin, rng):
    positions = rng.uniform(-2, 2, (2, 8, 9, 2)).astype(np.float32)
    resized = tf.image.resize(positions, (8 * factor, 9 * factor), method="bilinear")
    before, after = margin
    expected = resized[:, before : 8 * factor - after, before : 9 * factor - after]
    layer = PositionUpsampling(factor, margin)
    np.testing.assert_allclose(layer(positions), expected, atol=1e-6)
    assert layer.compute_output_shape((None, 8, None, 2))[1] == expected.shape[1]


def test_upsampling_is_a_cropped_transposed_convolution(rng):
    kernel = rng.normal(size=(4, 4, 5, 6)).astype(np.float32)
    features = rng.normal(size=(2, 7, 9, 5)).astype(np.float32)
    # Keras keeps transposed kernels as (height, width, output, input).
    oracle = keras.layers.Conv2DTranspose(6, 4, strides=2, padding="valid", use_bias=False)
    oracle.build(features.shape)
    oracle.set_weights([np.swapaxes(kernel, 2, 3)])
    layer = UpsamplingConvolution(6)
    layer.build(features.shape)
    layer.set_weights([UpsamplingConvolution.kernel_from_transposed(kernel)])
    expected = oracle(features)[:, 2:-2, 2:-2]
    np.testing.assert_allclose(layer(features), expected, atol=1e-5)
    assert layer.compute_output_shape((None, 7, None, 5)) == (None, 12, None, 6)


def test_box_upsampling_is_nearest_upsampling_and_a_convolution(rng):
    features = rng.normal(size=(2, 7, 9, 5)).astype(np.float32)
    layer = UpsamplingConvolution(6, upsampling="box")
    layer.build(features.shape)
    kernel = rng.normal(size=(3, 3, 5, 6)).astype(np.float32)
    layer.set_weights([kernel])
    enlarged = features.repeat(2, axis=1).repeat(2, axis=2)
    np.testing.assert_allclose(layer(features), ops.conv(enlarged, kernel), atol=1e-4)
    flat = np.asarray(layer(np.ones((1, 4, 4, 5), np.float32)))
    np.testing.assert_allclose(flat, np.broadcast_to(flat[:, :1, :1], flat.shape), atol=1e-5)


@pytest.mark.parametrize(("factor", "count"), [(2, 3), (8, 1)])
def test_fine_noise_is_the_latent_laid_out_at_a_finer_level(factor, count, rng):
    channels = rng.normal(size=(2, 5, 6, factor * factor * count)).astype(np.float32)
    layer = FineNoise(factor, margin=factor + 1)
    noise = np.asarray(layer(channels))
    assert noise.shape == (2, 3 * factor - 2, 4 * factor - 2, count)
    assert layer.compute_output_shape((2, 5, None, factor * factor * count))[1] == noise.shape[1]
    for row, column in rng.integers(0, noise.shape[1], (20, 2)):
        (cell_row, y), (cell_column, x) = (
            divmod(int(place) + factor + 1, factor) for place in (row, column)
        )
        first = (y * factor + x) * count
        expected = channels[:, cell_row, cell_column, first : first + count]
        np.testing.assert_array_equal(noise[:, row, column], expected)


def test_a_cropped_border_has_no_gradient(rng):
    features = tf.constant(rng.normal(size=(2, 7, 9, 3)), tf.float32)
    layer, oracle = (kind(((1, 2), (0, 3))) for kind in (CropBorder, keras.layers.Cropping2D))
    gradients = []
    for crop in (layer, oracle):
        with tf.GradientTape() as tape:
            tape.watch(features)
            cropped = crop(features)
            loss = ops.sum(cropped**3)
        gradients.append(tape.gradient(loss, features))
    np.testing.assert_array_equal(layer(features), oracle(features))
    np.testing.assert_array_equal(*gradients)


@pytest.fixture
def normalized(rng):
    layer = SpectralNormalization(keras.layers.Conv2D(6, 4, strides=2, padding="same"))
    layer.build((None, 16, 16, 3))
    layer.layer.kernel.assign(rng.normal(size=layer.layer.kernel.shape))
    return layer


def largest_singular_value(layer):
    matrix = np.asarray(layer.layer.kernel).reshape(-1, layer.layer.kernel.shape[-1])
    return np.linalg.svd(matrix, compute_uv=False)[0]


def test_the_kernel_is_divided_by_its_largest_singular_value(normalized, rng):
    inputs = rng.normal(size=(2, 16, 16, 3)).astype(np.float32)
    before = np.asarray(normalized.layer.kernel)
    for _ in range(100):
        normalized(inputs, training=True)
    ours = normalized(inputs, training=False)
    np.testing.assert_array_equal(normalized.layer.kernel, before)
    kernel = before / largest_singular_value(normalized)
    expected = ops.conv(inputs, kernel, strides=2, padding="same") + normalized.layer.bias
    np.testing.assert_allclose(ours, expected, atol=1e-4)


def test_a_new_layer_is_normalized_before_it_is_ever_trained():
    # Fifteen iterations leave 4 kernels of 100 outside these 5 %, and 13 % at worst of 400.
    layer = SpectralNormalization(keras.layers.Dense(20))
    layer.build((None, 30))
    sigma = np.asarray(layer.vector_v @ layer.layer.kernel @ ops.transpose(layer.vector_u))
    assert sigma == pytest.approx(largest_singular_value(layer), rel=0.05)


def test_only_training_moves_the_vectors(normalized, rng):
    inputs = rng.normal(size=(1, 16, 16, 3)).astype(np.float32)
    before = np.asarray(normalized.vector_u)
    normalized(inputs, training=False)
    np.testing.assert_array_equal(normalized.vector_u, before)
    normalized(inputs, training=True)
    assert np.abs(np.asarray(normalized.vector_u) - before).max() > 1e-3


def test_the_gradient_flows_through_sigma(normalized):
    # With the inputs' patch read off by the identity, the output is the kernel over sigma.
    import tensorflow as tf

    dense = SpectralNormalization(keras.layers.Dense(4, use_bias=False))
    dense.build((None, 5))
    weights = np.random.default_rng(3).normal(size=(5, 4)).astype(np.float32)
    dense.layer.kernel.assign(weights)
    for _ in range(200):
        dense(np.eye(5, dtype=np.float32), training=True)
    direction = np.random.default_rng(4).normal(size=(5, 4)).astype(np.float32)
    with tf.GradientTape() as tape:
        loss = ops.sum(dense(np.eye(5, dtype=np.float32)) * direction)
    ours = tape.gradient(loss, dense.layer.kernel.value)
    left, values, right = np.linalg.svd(weights)
    outer = np.outer(left[:, 0], right[0])
    expected = direction / values[0] - np.sum(direction * weights) / values[0] ** 2 * outer
    np.testing.assert_allclose(ours, expected, atol=1e-4)


LAYERS = [
    PositionInjection("cylinder", (2, 3)),
    PositionUpsampling(2, (2, 3)),
    UpsamplingConvolution(5),
    UpsamplingConvolution(5, folded=True, upsampling="box"),
    FineNoise(2, 3),
    CropBorder(((1, 2), (0, 3))),
    SpectralNormalization(keras.layers.Conv2D(3, 4), power_iterations=2),
]


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: type(layer).__name__)
def test_layers_survive_their_config(layer):
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert type(again) is type(layer)
    assert again.get_config() == layer.get_config()


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: type(layer).__name__)
def test_layers_survive_a_keras_file(layer, tmp_path, rng):
    counts = {"PositionInjection": (3, 2), "PositionUpsampling": (2,), "FineNoise": (8,)}
    channels = counts.get(type(layer).__name__)
    shapes = [(2, 12, 13, count) for count in channels or (3,)]
    symbolic = [keras.Input((None, None, shape[-1])) for shape in shapes]
    copy = type(layer).from_config(layer.get_config())
    model = keras.Model(symbolic, copy(*symbolic))
    inputs = [rng.normal(size=shape).astype(np.float32) for shape in shapes]
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again(inputs), model(inputs))
    assert model(inputs).shape == copy.compute_output_shape(*shapes)


@pytest.mark.parametrize(
    ("make", "value"),
    [
        (lambda: PositionInjection("sphere"), "sphere"),
        (lambda: PositionInjection("linear", (0, -1)), "-1"),
        (lambda: PositionUpsampling(0, (0, 0)), "=0"),
        (lambda: PositionUpsampling(2, (1, 2)), r"\(1, 2\)"),
        (lambda: UpsamplingConvolution(2, upsampling="cubic"), "cubic"),
        (lambda: FineNoise(1, 3), "factor=1"),
        (lambda: SpectralNormalization(keras.layers.Dense(1), power_iterations=0), "=0"),
    ],
)
def test_bad_arguments_are_named(make, value):
    with pytest.raises(ValueError, match=value):
        make()
