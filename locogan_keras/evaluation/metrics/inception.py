"""The features of the FID, from Inception weights that the user has."""

import functools
import warnings

import numpy as np

_SIZE, _BATCH = 299, 25


def inception_features(crops, path):
    """The 2048 features of Inception v3 that the FID compares (Heusel et al., 2017).

    Args:
        crops: `(count, height, width, 3)` in [-1, 1]; scaled to 299 x 299 pixels.
        path: Keras's own weights file of `InceptionV3(include_top=False)`, such as
            `inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5`.

    Returns:
        `(count, 2048)`.

    Raises:
        ValueError: If the file does not hold these weights; it names the file.
        OSError: If there is no such file.
    """
    import keras

    network, batches = _network(path), []
    for start in range(0, len(crops), _BATCH):
        batch = keras.ops.image.resize(crops[start : start + _BATCH], (_SIZE, _SIZE))
        batches.append(np.asarray(network(batch, training=False)))
    return np.concatenate(batches)


@functools.cache
def _network(path):
    import keras

    # Keras says of a missing file that it is no weights file.
    open(path, "rb").close()
    network = keras.applications.InceptionV3(
        include_top=False, weights=None, pooling="avg", input_shape=(_SIZE, _SIZE, 3)
    )
    try:
        # Of layers that the file does not have, Keras only warns.
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)
            network.load_weights(path)
    except (OSError, LookupError, TypeError, ValueError, UserWarning):
        raise ValueError(f"{path} does not hold the weights of Keras's InceptionV3") from None
    return network
