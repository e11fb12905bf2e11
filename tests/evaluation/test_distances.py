"""Distances of feature vectors against numbers worked out by hand."""

import numpy as np
import pytest

from locogan_keras.evaluation.metrics.distances import (
    frechet_distance,
    kernel_distance,
    standardized,
)


def gaussian(rng, mean, covariance):
    """Vectors of exactly this mean and covariance."""
    vectors = rng.normal(size=(100, len(mean)))
    vectors -= vectors.mean(0)
    whitening = np.linalg.inv(np.linalg.cholesky(np.cov(vectors.T))).T
    return vectors @ whitening @ np.linalg.cholesky(covariance).T + mean


def test_frechet_distance_of_gaussians_with_one_set_of_axes(rng):
    left = gaussian(rng, [0, 0, 0], np.diag([1.0, 4.0, 9.0]))
    right = gaussian(rng, [1, 0, 2], np.diag([4.0, 4.0, 1.0]))
    # 1 + 4 for the means, (1 - 2)^2 + 0 + (3 - 1)^2 for the deviations.
    assert frechet_distance(left, right) == pytest.approx(10)
    assert frechet_distance(left, left) == pytest.approx(0, abs=1e-6)


def test_frechet_distance_of_gaussians_at_an_angle(rng):
    one, other = np.array([[2.0, 1], [1, 3]]), np.array([[4.0, -1], [-1, 1]])
    # A 2 x 2 matrix's root has the trace (trace + 2 root of determinant)^(1/2).
    product = one @ other
    root = np.sqrt(np.trace(product) + 2 * np.sqrt(np.linalg.det(product)))
    expected = np.trace(one) + np.trace(other) - 2 * root
    left, right = gaussian(rng, [0, 0], one), gaussian(rng, [0, 0], other)
    assert frechet_distance(left, right) == pytest.approx(expected)


def test_kernel_distance_of_four_vectors():
    left, right = np.array([[1.0, 0], [0, 1]]), np.array([[2.0, 0], [2, 0]])
    # (0 / 2 + 1)^3 and (4 / 2 + 1)^3 within; (2 / 2 + 1)^3 and (0 / 2 + 1)^3 between.
    assert kernel_distance(left, right) == pytest.approx(1 + 27 - 2 * (8 + 1) / 2)


def test_kernel_distance_has_no_bias(rng):
    samples = rng.normal(size=(2, 200, 10, 8))
    distances = [kernel_distance(left, right) for left, right in samples.swapaxes(0, 1)]
    error = np.std(distances) / np.sqrt(len(distances))
    assert abs(np.mean(distances)) < 3 * error
    assert min(distances) < 0


def test_each_standardized_dimension_counts_alike(rng):
    features = rng.normal(size=(1000, 3)) * [1, 10, 0]
    scaled = standardized(features, features).std(0)
    assert scaled[:2] == pytest.approx([1, 1], rel=0.2)
    assert scaled[2] == 0
