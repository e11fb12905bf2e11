"""Pictures as a trained network sees them: EfficientNet-Lite0's features."""

import functools

import numpy as np

_BATCH = 50


def features(crops):
    """The features of pictures.

    The network is EfficientNet-Lite0 (Tan and Le, 2019), trained on ImageNet.

    Args:
        crops: `(count, height, width, 3)` in [-1, 1], at least 32 pixels each way.

    Returns:
        `(texture, content)`: `(count, 352)`, the mean and the deviation over the picture of each
        channel of three middle stages, and `(count, 1280)`, the mean of the last stage.

    Raises:
        ValueError: If the package with the network's weights is missing.
    """
    network, batches = _network(), []
    for start in range(0, len(crops), _BATCH):
        maps = network.predict_on_batch(crops[start : start + _BATCH].astype(np.float32))
        *stages, last = maps
        moments = [moment(stage, axis=(1, 2)) for stage in stages for moment in (np.mean, np.std)]
        batches.append((np.concatenate(moments, axis=1), last.mean(axis=(1, 2))))
    texture, content = (np.concatenate(parts) for parts in zip(*batches, strict=True))
    return texture, content


@functools.cache
def _network():
    from locogan_keras.networks.pretrained.efficientnet import efficientnet, load_published

    network = efficientnet()
    load_published(network)
    return network
