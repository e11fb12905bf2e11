"""The oracle: tensors made by running the paper's reference implementation at width 8."""

import os
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from locogan_keras.canvas.positions import window_positions
from locogan_keras.networks.discriminator import build_discriminator
from locogan_keras.networks.generator import build_generator
from locogan_keras.networks.upsampling import UpsamplingConvolution
from locogan_keras.training.locogan import LocoGAN

REFERENCE = os.environ.get("LOCOGAN_REFERENCE", Path(__file__).parent / "reference.npz")


@pytest.fixture(scope="module")
def reference():
    with np.load(REFERENCE) as file:
        return dict(file)


def windows(reference):
    size = reference["forward/image_size_px"]
    top_left = reference["forward/crop_top_left_px"] / size
    extent = np.full_like(top_left, reference["forward/crop_size_px"] / size)
    return np.concatenate([top_left, extent], axis=1).astype(np.float32)


def channels_last(images):
    return np.moveaxis(images, -3, -1)


def transposed_kernel(weight):
    return np.transpose(weight, (2, 3, 0, 1))


def _channels_last_v(vector, kernel_shape):
    height, width, channels, _ = kernel_shape
    return np.moveaxis(vector.reshape(channels, height, width), 0, -1).ravel()


def load_generator(generator, reference, state):
    prefix = f"{state}/generator/main."
    for level in range(4):
        upsample = generator.get_layer(f"upsample_{level}")
        kernel = transposed_kernel(reference[f"{prefix}{level + 2}.main.0.weight"])
        upsample.set_weights([UpsamplingConvolution.kernel_from_transposed(kernel)])
        names = ("weight", "bias", "running_mean", "running_var")
        generator.get_layer(f"normalize_{level}").set_weights(
            [reference[f"{prefix}{level + 2}.main.2.{name}"] for name in names]
        )
    kernel = transposed_kernel(reference[f"{prefix}6.main.0.weight"])
    generator.get_layer("image").set_weights(
        [kernel[::-1, ::-1], reference[f"{prefix}6.main.0.bias"]]
    )


def load_discriminator(discriminator, reference, state):
    for level in range(4):
        prefix = f"{state}/discriminator/main.{level + 3}.block.0."
        layer = discriminator.get_layer(f"downsample_{level}")
        kernel = np.transpose(reference[prefix + "weight_orig"], (2, 3, 1, 0))
        layer.layer.set_weights([kernel, reference[prefix + "bias"]])
        layer.vector_u.assign(reference[prefix + "weight_u"][None])
        layer.vector_v.assign(_channels_last_v(reference[prefix + "weight_v"], kernel.shape)[None])
    prefix = f"{state}/discriminator/main.7.block.0."
    kernel = np.transpose(reference[prefix + "weight"], (2, 3, 1, 0))
    discriminator.get_layer("patches").set_weights([kernel, reference[prefix + "bias"]])


@pytest.fixture
def networks(reference):
    generator = build_generator(width=8, inject="input")
    discriminator = build_discriminator(width=8, inject="input")
    load_generator(generator, reference, "initial")
    load_discriminator(discriminator, reference, "initial")
    return generator, discriminator


def maps(reference, count, border):
    return np.stack([window_positions(window, count, border) for window in windows(reference)])


def test_the_generator_makes_the_reference_image(reference, networks):
    latent = channels_last(reference["forward/latent"])
    image = networks[0]([latent, maps(reference, 4, 3)], training=False)
    expected = channels_last(reference["forward/image_01"])
    np.testing.assert_allclose((np.asarray(image) + 1) / 2, expected, atol=2e-6)


def test_the_discriminator_judges_as_the_reference(reference, networks):
    image = channels_last(reference["forward/image_01"]) * 2 - 1
    logits = networks[1]([image, maps(reference, 64, 0)], training=False)
    probability = 1 / (1 + np.exp(-np.asarray(logits)[:, 0]))
    np.testing.assert_allclose(probability, reference["forward/probability"], atol=2e-6)


class ReplayedLatents(LocoGAN):
    """Takes its latents from the reference instead of drawing them."""

    latents = None

    def draw_latents(self, step, samples, cells):
        return keras.ops.take(keras.ops.take(self.latents, step, axis=0), samples, axis=0)


def test_training_steps_reproduce_the_reference(reference, networks):
    model = ReplayedLatents(*networks)
    model.latents = keras.ops.convert_to_tensor(channels_last(reference["train/latent"]))
    model.compile()
    reals = channels_last(reference["train/real_01"]) * 2 - 1
    losses = []
    recorder = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda _, logs: losses.append(
            (logs["generator_loss"], logs["discriminator_loss"])
        )
    )
    all_windows = np.stack([windows(reference)] * len(reals))
    batches = tf.data.Dataset.from_tensor_slices((reals, all_windows))
    model.fit(batches, shuffle=False, callbacks=[recorder], verbose=0)
    expected = np.stack(
        [reference["train/generator_loss"], reference["train/discriminator_loss"]], axis=1
    )
    assert len(losses) == len(expected)
    np.testing.assert_allclose(losses[0], expected[0], atol=5e-6)
    np.testing.assert_allclose(losses, expected, atol=2e-4)

    trained = build_generator(width=8, inject="input")
    load_generator(trained, reference, "final")
    # Adam turns rounding into whole steps where a gradient is almost zero, so the mean is compared:
    # the kernels moved by about 5e-4.
    for ours, theirs in zip(
        model.generator.trainable_variables, trained.trainable_variables, strict=True
    ):
        assert np.mean(np.abs(ours.numpy() - theirs.numpy())) < 1e-5
