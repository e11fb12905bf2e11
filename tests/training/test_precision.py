"""Training in float16 and bfloat16: what stays float32, what is scaled, what is saved."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import TINY, lively_generator
from test_locogan import assert_same_weights, batches, train

from locogan_keras.canvas.positions import window_positions
from locogan_keras.cli import main
from locogan_keras.engines.keras_engine import fingerprint
from locogan_keras.engines.loading import load_engine
from locogan_keras.exporting.deployable import deployable
from locogan_keras.networks.discriminator import build_discriminator
from locogan_keras.networks.generator import Generator, build_generator
from locogan_keras.networks.layers import PositionInjection
from locogan_keras.networks.spectral_normalization import SpectralNormalization
from locogan_keras.training.locogan import LocoGAN

HALVES = ("mixed_float16", "mixed_bfloat16")


def model_in(dtype, **compiled):
    keras.utils.set_random_seed(0)
    networks = [build(2, "torus", dtype=dtype) for build in (build_generator, build_discriminator)]
    model = LocoGAN(*networks, seed=5)
    model.compile(**compiled)
    return model


def sgd_model_in(dtype):
    return model_in(
        dtype,
        generator_optimizer=keras.optimizers.SGD(0.1),
        discriminator_optimizer=keras.optimizers.SGD(0.1),
        run_eagerly=True,
    )


@pytest.fixture
def global_half():
    keras.config.set_dtype_policy("mixed_float16")
    yield
    keras.config.set_dtype_policy("float32")


@pytest.mark.parametrize("dtype", HALVES)
def test_images_logits_and_weights_are_float32(dtype):
    model = model_in(dtype)
    assert model.generator.get_layer("upsample_1").compute_dtype == dtype.removeprefix("mixed_")
    assert {variable.dtype for variable in model.generator.variables} == {"float32"}
    window = np.array([0.1, 0.2, 0.4, 0.4], np.float32)
    latent = model.draw_latents(model.step.value, tf.range(1, dtype=tf.int64), 10).numpy()
    image = model.generator([latent, window_positions(window, 4, 3)[None]], training=False)
    logits = model.discriminator(
        [image.numpy(), window_positions(window, 64, 0)[None]], training=False
    )
    assert image.dtype == logits.dtype == tf.float32
    # The same function in float32 is near, and not the same.
    exact = Generator.from_config({**model.generator.get_config(), "dtype": "float32"})
    exact.set_weights(model.generator.get_weights())
    expected = exact([latent, window_positions(window, 4, 3)[None]], training=False)
    assert 0 < np.abs(image - expected).max() < 2e-3


def test_positions_are_encoded_in_float32():
    # Pixels of a frame of 4096 are less than float16's steps near 1 apart.
    y = np.float32(-0.75) + np.arange(4, dtype=np.float32) / 2048
    positions = np.stack(np.broadcast_arrays(y[:, None], y[None]), axis=-1)[None]
    layer = PositionInjection("torus", dtype="mixed_float16")
    injected = layer(np.zeros((1, 4, 4, 1), np.float16), positions)
    assert injected.dtype == tf.float16
    expected = np.cos(np.pi * positions[0, :, 0, 0].astype(np.float64)).astype(np.float16)
    np.testing.assert_array_equal(np.asarray(injected)[0, :, 0, 1], expected)


def test_the_spectral_norm_is_computed_in_float32(rng):
    kernel = rng.normal(size=(4, 4, 3, 6)).astype(np.float32)
    sigmas = []
    for dtype in ("float32", "mixed_float16"):
        convolution = keras.layers.Conv2D(6, 4, dtype=dtype)
        layer = SpectralNormalization(convolution)
        layer.build((None, 16, 16, 3))
        convolution.kernel.assign(kernel)
        layer.vector_u.assign(np.ones((1, 6), np.float32))
        features = rng.normal(size=(1, 16, 16, 3)).astype(np.float16)
        assert layer(features, training=True).dtype == convolution.compute_dtype
        sigmas.append(layer.vector_v.numpy() @ kernel.reshape(-1, 6) @ layer.vector_u.numpy().T)
    assert sigmas[0] == sigmas[1]


def test_a_step_is_as_large_as_in_float32():
    """With Adam, forgetting to scale the loss would not show."""
    half, exact = sgd_model_in("mixed_float16"), sgd_model_in("float32")
    before = exact.generator.get_layer("image").kernel.numpy()
    logs = [model.fit(batches(1), shuffle=False, verbose=0).history for model in (half, exact)]
    assert logs[0]["loss"][0] == pytest.approx(logs[1]["loss"][0], rel=1e-2)
    moves = [model.generator.get_layer("image").kernel.numpy() - before for model in (half, exact)]
    assert np.linalg.norm(moves[0] - moves[1]) < 0.1 * np.linalg.norm(moves[1])


def test_float16_scales_the_losses_of_both_networks():
    scaled = keras.optimizers.LossScaleOptimizer
    model = model_in("mixed_float16")
    optimizers = (model.optimizer, model.generator_optimizer, model.discriminator_optimizer)
    assert all(isinstance(optimizer, scaled) for optimizer in optimizers)
    own = scaled(keras.optimizers.Adam(1e-3), initial_scale=8.0)
    assert model_in("mixed_float16", generator_optimizer=own).generator_optimizer is own
    for dtype in ("float32", "mixed_bfloat16"):
        assert not isinstance(model_in(dtype).generator_optimizer, scaled)


@pytest.mark.slow
def test_a_step_whose_gradients_overflow_is_skipped():
    model = model_in("mixed_float16")
    before = [variable.numpy() for variable in model.discriminator.trainable_variables]
    optimizer = model.discriminator_optimizer
    optimizer.dynamic_scale.assign(2.0**120)
    logs = model.fit(batches(1), shuffle=False, verbose=0).history
    assert np.isfinite(logs["loss"][0])
    assert float(optimizer.dynamic_scale) == 2.0**119
    assert int(optimizer.iterations) == 0
    assert int(model.generator_optimizer.iterations) == 1
    for old, variable in zip(before, model.discriminator.trainable_variables, strict=True):
        np.testing.assert_array_equal(old, variable)


def test_a_learning_rate_callback_scales_both_scaled_optimizers():
    model = model_in(
        "mixed_float16",
        generator_optimizer=keras.optimizers.Adam(1e-4),
        discriminator_optimizer=keras.optimizers.Adam(4e-4),
        run_eagerly=True,
    )
    schedule = keras.callbacks.LearningRateScheduler(lambda epoch: 5e-5)
    model.fit(batches(1), shuffle=False, verbose=0, callbacks=[schedule])
    assert float(model.generator_optimizer.learning_rate) == pytest.approx(5e-5)
    assert float(model.discriminator_optimizer.learning_rate) == pytest.approx(2e-4)


@pytest.mark.slow
def test_a_saved_model_trains_on_to_the_bit_in_float16(tmp_path):
    data = batches(4)
    whole, first = model_in("mixed_float16"), model_in("mixed_float16")
    train(whole, data)
    train(first, data.take(2))
    first.save(tmp_path / "model.keras")
    second = keras.saving.load_model(tmp_path / "model.keras")
    assert second.generator.dtype_policy.name == "mixed_float16"
    optimizers = ("generator_optimizer", "discriminator_optimizer")
    train(second, data.skip(2))
    assert_same_weights(second, whole)
    for name in optimizers:
        assert_same_weights(getattr(second, name), getattr(whole, name))


def test_a_policy_for_all_of_keras_reaches_the_networks_and_not_what_is_kept(global_half, tmp_path):
    model = model_in(None, run_eagerly=True)
    assert model.generator.dtype_policy.name == "mixed_float16"
    assert model.ema_generator.dtype_policy.name == "float32"
    assert isinstance(model.discriminator_optimizer, keras.optimizers.LossScaleOptimizer)
    train(model, batches(1))
    model.ema_generator.save(tmp_path / "generator.keras")
    assert_all_float32(keras.saving.load_model(tmp_path / "generator.keras"))
    assert_all_float32(deployable(model.generator))


def assert_all_float32(network):
    layers = (each for each in network.layers if not isinstance(each, keras.layers.InputLayer))
    assert {layer.compute_dtype for layer in layers} == {"float32"}


def test_the_deployable_form_of_a_half_generator_is_the_float32_one(rng):
    exact = lively_generator("torus")
    half = Generator.from_config({**exact.get_config(), "dtype": "mixed_float16"})
    half.set_weights(exact.get_weights())
    inputs = [rng.normal(size=(1, 9, 10, count)).astype(np.float32) for count in (18, 2)]
    network = deployable(half)
    assert_all_float32(network)
    expected = exact(inputs, training=False)
    np.testing.assert_allclose(network(inputs), expected, atol=2e-6)
    assert fingerprint(half) == fingerprint(exact)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", HALVES)
def test_a_run_in_half_precision_saves_and_exports_float32(dtype, photo, tmp_path, rng):
    run, exported = tmp_path / "run", tmp_path / "model.onnx"
    settings = [*TINY, "model.frame=[64, 64]", f"precision={dtype}"]
    recipe = ["--recipe", "pattern-torus", "--set", *settings]
    assert main(["train", str(photo), "--out", str(run), "--steps", "3", *recipe]) == 0
    assert main(["train", str(photo), "--out", str(run), "--steps", "4", *recipe]) == 0
    generator = keras.saving.load_model(run / "generator.keras")
    assert_all_float32(generator)
    assert main(["export", str(run), "--to", "onnx", "--out", str(exported)]) == 0
    inputs = [rng.normal(size=(1, 9, 10, count)).astype(np.float32) for count in (18, 2)]
    np.testing.assert_allclose(
        load_engine(exported)(*inputs), generator(inputs, training=False), atol=1e-5
    )
