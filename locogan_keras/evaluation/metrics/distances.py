"""Distances of two sets of feature vectors."""

import numpy as np


def frechet_distance(features, others):
    """The Frechet distance of the two sets' Gaussians.

    Dowson and Landau (1982); Heusel et al. (2017) made it the FID:

        |m - n|^2 + trace(C + D - 2 (C D)^(1/2))

    for means m, n and covariances C, D. It comes out too large by what the covariances of so few
    vectors are off: it needs several times as many as there are dimensions, as many each time.

    Args:
        features, others: `(count, dimensions)`.

    Returns:
        A float, 0 or more.
    """
    mean = features.mean(0) - others.mean(0)
    covariance, other = np.cov(features.T), np.cov(others.T)
    # The root of C D has the eigenvalues' roots of the symmetric C^(1/2) D C^(1/2).
    values, vectors = np.linalg.eigh(covariance)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    shared = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ other @ root), 0)).sum()
    return float(mean @ mean + np.trace(covariance) + np.trace(other) - 2 * shared)


def standardized(features, reference):
    """Features over the reference's deviations, so that each dimension counts alike.

    One that hardly varies in the reference counts less: a twentieth of the mean deviation is added.
    """
    deviations = reference.std(0)
    return features / (deviations + 0.05 * deviations.mean())


def kernel_distance(features, others):
    """The kernel distance (KID): the squared maximum mean discrepancy, without bias.

    Binkowski et al. (2018), section 4, with their kernel k(x, y) = (x y / dimensions + 1)^3:

        mean k(x, x') + mean k(y, y') - 2 mean k(x, y)

    over pairs of different vectors. Its expected value does not depend on how many there are, and
    is 0 for samples of one distribution: then it may come out a little negative.

    Args:
        features, others: `(count, dimensions)`.

    Returns:
        A float.
    """

    def kernel(left, right):
        return (left @ right.T / left.shape[1] + 1) ** 3

    def mean_of_pairs(vectors):
        values, count = kernel(vectors, vectors), len(vectors)
        return (values.sum() - np.trace(values)) / (count * (count - 1))

    features, others = features.astype(np.float64), others.astype(np.float64)
    cross = kernel(features, others).mean()
    return float(mean_of_pairs(features) + mean_of_pairs(others) - 2 * cross)
