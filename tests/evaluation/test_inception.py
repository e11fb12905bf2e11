"""The FID's network, from a file of the user's."""

import keras
import numpy as np
import pytest

from locogan_keras.evaluation.metrics.inception import inception_features


@pytest.mark.slow
def test_features_are_those_of_the_network_in_the_file(tmp_path, rng):
    network = keras.applications.InceptionV3(include_top=False, weights=None, pooling="avg")
    path = tmp_path / "notop.weights.h5"
    network.save_weights(path)
    crops = rng.uniform(-1, 1, (2, 299, 299, 3)).astype(np.float32)
    expected = network.predict(crops, verbose=0)
    found = inception_features(crops, path)
    assert found.shape == (2, 2048)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_another_file_is_refused(tmp_path):
    damaged, other = tmp_path / "damaged.weights.h5", tmp_path / "other.weights.h5"
    damaged.write_bytes(b"\x89HDF")
    # Keras loads what it finds of another network's, and warns of the rest.
    keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]).save_weights(other)
    for path in (damaged, other):
        with pytest.raises(ValueError, match=rf"{path.stem}\.h5 does not hold"):
            inception_features(np.zeros((1, 64, 64, 3)), path)


def test_a_missing_file_is_named():
    with pytest.raises(OSError, match="nowhere"):
        inception_features(np.zeros((1, 64, 64, 3)), "nowhere.h5")
