import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from locogan_keras.canvas import latents
from locogan_keras.canvas.positions import window_positions
from locogan_keras.networks import losses
from locogan_keras.networks.discriminator import build_discriminator
from locogan_keras.networks.generator import build_generator
from locogan_keras.networks.optimizers import reference_adam
from locogan_keras.training.locogan import LocoGAN


def tiny_model(**compiled):
    """With `run_eagerly=True`, the few steps of a test take less time than tracing them would."""
    keras.utils.set_random_seed(0)
    model = LocoGAN(build_generator(2, "torus"), build_discriminator(2, "torus"), seed=5)
    model.compile(**compiled)
    return model


def batches(count, seed=0, size=64):
    rng = np.random.default_rng(seed)
    crops = rng.uniform(-1, 1, size=(count, 2, size, size, 3)).astype(np.float32)
    windows = rng.uniform(0, 0.5, size=(count, 2, 4)).astype(np.float32)
    return tf.data.Dataset.from_tensor_slices((crops, windows))


def train(model, data):
    model.fit(data, shuffle=False, verbose=0)


def assert_same_weights(first, second):
    for ours, theirs in zip(first.variables, second.variables, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("lines", [(0, 0), (2, 1)])
def test_training_draws_the_latents_of_the_specification(lines):
    generator = build_generator(width=2, local_channels=4, line_channels=lines)
    model = LocoGAN(generator, build_discriminator(width=2), seed=5)
    expected = functools.partial(latents.latent_field, local_channels=4, line_channels=lines)
    drawn = model.draw_latents(tf.constant(7, tf.int64), tf.constant([3, 9], tf.int64), 10)
    for sample, field in zip((3, 9), drawn.numpy(), strict=True):
        seed, _ = latents.threefry((5, 7), (np.uint32(sample), np.uint32(0)))
        np.testing.assert_array_equal(field, expected(int(seed), 3, 3, 4, 4))


def test_the_losses_are_those_worked_out_by_hand():
    logits = np.float32([[[2.0], [-1.0]], [[0.0], [-3.0]]])
    real, fake = tf.constant(logits[0]), tf.constant(logits[1])
    log = np.log
    expected = (log(2) + log(1 + np.exp(3))) / 2
    assert float(losses.binary_cross_entropy_generator(fake)) == pytest.approx(expected, rel=1e-6)
    expected = (log(1 + np.exp(-2)) + log(1 + np.exp(1)) + log(2) + log(1 + np.exp(-3))) / 4
    ours = losses.binary_cross_entropy_discriminator(real, fake)
    assert float(ours) == pytest.approx(expected, rel=1e-6)
    assert float(losses.hinge_generator(fake)) == pytest.approx(1.5)
    # Reals miss the margin by 0 and 2, fakes by 1 and 0.
    assert float(losses.hinge_discriminator(real, fake)) == pytest.approx(0.75)
    # Reals are above their fakes by 2 and 2.
    ours = losses.relativistic_generator(fake, real)
    assert float(ours) == pytest.approx(log(1 + np.exp(2)), rel=1e-6)
    ours = losses.relativistic_discriminator(real, fake)
    assert float(ours) == pytest.approx(log(1 + np.exp(-2)), rel=1e-6)
    nearby = real + tf.constant([[0.1], [-0.2]])
    assert float(losses.gradient_penalty(real, nearby, 0.1)) == pytest.approx(1.25, rel=1e-4)


def test_the_penalty_is_half_the_square_of_the_gradient(rng):
    slope = rng.normal(size=300)
    images = rng.normal(size=(20_000, 300))
    nearby = images + 0.01 * rng.normal(size=images.shape)
    ours = losses.gradient_penalty(
        *(tf.constant(x @ slope[:, None]) for x in (images, nearby)), 0.01
    )
    assert float(ours) == pytest.approx(np.sum(slope**2) / 2, rel=0.05)


def test_crops_of_one_window_are_judged_together():
    keras.utils.set_random_seed(0)
    discriminator = build_discriminator(2, "torus", packed=2, spectral_normalization=False)
    model = LocoGAN(build_generator(2, "torus"), discriminator, seed=5)
    model.compile(loss="relativistic", gradient_penalty=0.1, run_eagerly=True)
    crops, windows = next(iter(batches(1)))
    windows = tf.repeat(windows[:1], 2, axis=0)
    seen = []
    judge = discriminator.call
    discriminator.call = lambda inputs, **settings: seen.append(inputs) or judge(inputs, **settings)
    model.train_step((crops, windows))
    # Fakes and reals for the generator; reals, fakes and both again with noise.
    assert [images.shape for images, _ in seen] == 6 * [(1, 64, 64, 6)]
    np.testing.assert_array_equal(seen[1][0], tf.concat([crops[:1], crops[1:]], axis=-1))
    with pytest.raises(ValueError, match=r"judged together\. Received: 1 images"):
        model.train_step((crops[:1], windows[:1]))


def test_a_penalty_is_added_and_comes_out_the_same_again():
    plain, *penalised = (
        tiny_model(gradient_penalty=weight, run_eagerly=True) for weight in (0.0, 10.0, 10.0)
    )
    histories = [
        model.fit(batches(2), shuffle=False, verbose=0).history for model in (plain, *penalised)
    ]
    assert_same_weights(*penalised)
    assert histories[1]["discriminator_loss"][0] > histories[0]["discriminator_loss"][0]


def test_a_paired_loss_is_right_where_the_real_is_over_its_fake():
    real, fake = tf.constant([[-5.0], [-7.0], [3.0]]), tf.constant([[-6.0], [-6.0], [2.0]])
    # All the same answer to reals and fakes would be: 1 of 3, and 2 of 3.
    assert [float(share) for share in losses.accuracies("hinge", real, fake)] == pytest.approx(
        [1 / 3, 2 / 3]
    )
    right = losses.accuracies("relativistic", real, fake)
    assert [float(share) for share in right] == pytest.approx([2 / 3, 2 / 3])
    # A discriminator with one answer to all is right about none: that is what the guard looks for.
    same = losses.accuracies("relativistic", real, real)
    assert [float(share) for share in same] == [0.0, 0.0]


@pytest.mark.parametrize("loss", losses.LOSSES)
def test_a_step_moves_both_networks_and_says_how(loss):
    model = tiny_model(loss=loss, run_eagerly=True)
    before = [np.asarray(variable) for variable in model.trainable_variables]
    history = model.fit(batches(1), shuffle=False, verbose=0).history
    names = {"loss", "generator_loss", "discriminator_loss", "real_accuracy", "fake_accuracy"}
    assert set(history) == names
    total = history["generator_loss"][0] + history["discriminator_loss"][0]
    assert history["loss"][0] == pytest.approx(total, rel=1e-5)
    for old, variable in zip(before, model.trainable_variables, strict=True):
        # The last bias shifts all logits alike: while no logit is past its margin, hinge loss
        # pushes it up and down as much.
        # Of differences of logits it is no part.
        if loss == "bce" or variable.path != "patches/bias":
            assert np.abs(old - np.asarray(variable)).max() > 0, variable.path
    assert int(model.step) == 1


def test_the_averaged_generator_follows_the_generator():
    model = tiny_model(ema_decay=0.5, run_eagerly=True)
    kernels = [np.asarray(model.generator.variables[0])]
    recorder = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: kernels.append(
            np.asarray(model.generator.variables[0])
        )
    )
    model.fit(batches(3), shuffle=False, verbose=0, callbacks=[recorder])
    average = kernels[0]
    for step, kernel in enumerate(kernels[1:], start=1):
        decay = min(0.5, (1 + step) / (10 + step))
        average = decay * average + (1 - decay) * kernel
    np.testing.assert_allclose(model.ema_generator.variables[0], average, atol=1e-7)
    moving = [layer for layer in model.generator.layers if "normalize" in layer.name]
    for layer in moving:
        averaged = model.ema_generator.get_layer(layer.name)
        np.testing.assert_array_equal(averaged.moving_mean, layer.moving_mean)
        np.testing.assert_array_equal(averaged.moving_variance, layer.moving_variance)


def test_the_average_gets_batch_statistics_of_its_own():
    model = tiny_model(ema_decay=0.9, run_eagerly=True)
    train(model, batches(2))
    windows = np.random.default_rng(0).uniform(0, 0.5, (60, 8, 4)).astype(np.float32)
    model.refresh_average_statistics(windows, 64)
    # The first normalisation sees the features that its convolution makes of these latents.
    latent = model.draw_latents(model.step.value, -1 - tf.range(60 * 8, dtype=tf.int64), 10)
    positions = np.stack([window_positions(window, 4, 3) for window in windows.reshape(-1, 4)])
    generator = model.ema_generator
    probe = keras.Model(generator.inputs, generator.get_layer("upsample_0").output)
    features = np.asarray(probe([latent.numpy(), positions])).reshape(-1, 16)
    normalize = generator.get_layer("normalize_0")
    spread = features.std(axis=0)
    assert np.max(np.abs(normalize.moving_mean - features.mean(axis=0)) / spread) < 0.3
    np.testing.assert_allclose(normalize.moving_variance, features.var(axis=0), rtol=0.3)


@pytest.mark.parametrize("size", [64, 96])
def test_statistics_are_those_of_the_crops_trained_on(size):
    model = tiny_model(ema_decay=0.9, run_eagerly=True)
    train(model, batches(1, size=size))
    generator, cells = model.ema_generator, size // 16
    before = generator.get_layer("normalize_0").moving_mean.numpy()
    windows = np.random.default_rng(0).uniform(0, 0.5, (1, 8, 4)).astype(np.float32)
    model.refresh_average_statistics(windows, size)
    latent = model.draw_latents(model.step.value, -1 - tf.range(8, dtype=tf.int64), cells + 6)
    positions = np.stack([window_positions(window, cells, 3) for window in windows[0]])
    probe = keras.Model(generator.inputs, generator.get_layer("upsample_0").output)
    features = np.asarray(probe([latent.numpy(), positions])).reshape(-1, 16)
    expected = 0.9 * before + 0.1 * features.mean(axis=0)
    np.testing.assert_allclose(generator.get_layer("normalize_0").moving_mean, expected, atol=1e-6)


@pytest.mark.parametrize("size", [0, 72])
def test_statistics_of_no_crops_size_are_refused(size):
    with pytest.raises(ValueError, match=f"size={size}"):
        tiny_model().refresh_average_statistics(np.zeros((1, 1, 4), np.float32), size)


def test_statistics_are_refreshed_without_graphs_too():
    """As who looks for a mistake has it, with `tf.config.run_functions_eagerly`."""
    windows = np.random.default_rng(0).uniform(0, 0.5, (3, 2, 4)).astype(np.float32)
    averages = []
    for eagerly in (False, True):
        model = tiny_model(ema_decay=0.9)
        tf.config.run_functions_eagerly(eagerly)
        try:
            model.refresh_average_statistics(windows, 64)
        finally:
            tf.config.run_functions_eagerly(False)
        averages.append(model.ema_generator.get_weights())
    for ours, expected in zip(*averages, strict=True):
        np.testing.assert_allclose(ours, expected, atol=1e-6)


def test_without_an_average_the_generators_are_one():
    model = tiny_model(ema_decay=0.0, run_eagerly=True)
    train(model, batches(2))
    assert_same_weights(model.ema_generator, model.generator)


def test_further_discriminator_steps_train_the_discriminator_only():
    model = tiny_model(discriminator_steps=3, run_eagerly=True)
    train(model, batches(1))
    assert int(model.discriminator_optimizer.iterations) == 3
    assert int(model.generator_optimizer.iterations) == 1


@pytest.mark.slow
def test_a_saved_model_trains_on_to_the_bit(tmp_path):
    data = batches(4)
    model = tiny_model(loss="hinge", ema_decay=0.9)
    train(model, data.take(2))
    model.save(tmp_path / "model.keras")
    train(model, data.skip(2))

    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.get_compile_config() == model.get_compile_config()
    assert loaded.get_config() == model.get_config()
    train(loaded, data.skip(2))
    assert_same_weights(loaded, model)
    assert int(loaded.discriminator_optimizer.iterations) == 4


def test_a_learning_rate_callback_scales_both_optimizers():
    model = tiny_model(
        generator_optimizer=reference_adam(1e-4),
        discriminator_optimizer=reference_adam(4e-4),
        run_eagerly=True,
    )
    schedule = keras.callbacks.LearningRateScheduler(lambda epoch: 5e-5)
    model.fit(batches(1), shuffle=False, verbose=0, callbacks=[schedule])
    assert float(model.generator_optimizer.learning_rate) == pytest.approx(5e-5)
    assert float(model.discriminator_optimizer.learning_rate) == pytest.approx(2e-4)


def test_a_saved_model_keeps_the_proportion_of_the_learning_rates(tmp_path):
    model = tiny_model(
        generator_optimizer=reference_adam(1e-4), discriminator_optimizer=reference_adam(3e-4)
    )
    # A schedule has ended at 0.
    model.generator_optimizer.learning_rate = 0.0
    model.discriminator_optimizer.learning_rate = 0.0
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    loaded.run_eagerly = True
    schedule = keras.callbacks.LearningRateScheduler(lambda epoch: 5e-5)
    loaded.fit(batches(1), shuffle=False, verbose=0, callbacks=[schedule])
    assert float(loaded.discriminator_optimizer.learning_rate) == pytest.approx(1.5e-4)


def test_a_learning_rate_schedule_is_left_alone():
    schedule = keras.optimizers.schedules.ExponentialDecay(1e-3, 1, 0.5)
    model = tiny_model(generator_optimizer=keras.optimizers.Adam(schedule), run_eagerly=True)
    train(model, batches(2))
    assert float(model.generator_optimizer.learning_rate) == pytest.approx(2.5e-4)


@pytest.mark.parametrize(
    ("arguments", "value"),
    [
        ({"loss": "mse"}, "mse"),
        ({"discriminator_steps": 0}, "discriminator_steps=0"),
        ({"ema_decay": 1.0}, r"ema_decay=1\.0"),
    ],
)
def test_bad_arguments_are_named(arguments, value):
    with pytest.raises(ValueError, match=value):
        tiny_model(**arguments)


@pytest.mark.parametrize("shape", [(72, 72), (64, 80)])
def test_crops_that_are_not_square_cells_are_refused(shape):
    with pytest.raises(ValueError, match=f"{shape[0]} x {shape[1]}"):
        tiny_model().train_step((tf.zeros((1, *shape, 3)), tf.zeros((1, 4))))


def test_networks_of_two_encodings_are_refused():
    with pytest.raises(ValueError, match="torus"):
        LocoGAN(build_generator(2, "torus"), build_discriminator(2, "linear"))
