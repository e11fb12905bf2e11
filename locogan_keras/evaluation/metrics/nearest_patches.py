"""The distance of patches to the nearest of others: what is copied, and what varies."""

import numpy as np

from locogan_keras.evaluation.metrics.samples import random_crops

# Patches of 32 x 32 pixels, seen at a quarter of their size: structure and colour, no grain.
PATCH = 32
_SHRUNK = 4
_COUNT = 256
# Places that are compared, of each picture: every pixel of one of 512 x 512.
_PLACES = 512 * 512


def nearest_distance(pictures, others):
    """The mean distance of patches to the nearest patch at any place of other pictures.

    The distance of two patches is the root of their mean squared difference. It is 0 for what is
    copied; two halves of a photo say how far apart patches are that are merely of one kind.

    Args:
        pictures, others: Sequences of `(height, width, 3)` in [-1, 1], at least 32 pixels each way.

    Returns:
        A float, 0 or more.
    """
    crops = random_crops(pictures, _COUNT, PATCH)
    patches = np.stack([_patches(crop)[0, 0] for crop in crops]).reshape(_COUNT, -1)
    nearest = np.full(_COUNT, np.inf)
    for other in others:
        step = int(np.ceil(np.sqrt(np.prod(other.shape[:2]) / _PLACES)))
        # Some rows at a time: all places of a photo would not fit into memory.
        for top in range(0, other.shape[0] - PATCH + 1, PATCH):
            candidates = _patches(other[top : top + 2 * PATCH - 1])[::step, ::step]
            candidates = candidates.reshape(-1, patches.shape[1])
            squares = (candidates**2).sum(1) - 2 * patches @ candidates.T
            nearest = np.minimum(nearest, squares.min(1))
    squares = np.maximum(nearest + (patches**2).sum(1), 0) / patches.shape[1]
    return float(np.sqrt(squares).mean())


def _patches(picture):
    """The patches at all places, shrunk: `(rows, columns, 8, 8, 3)`."""
    sums = np.pad(picture.astype(np.float64), ((1, 0), (1, 0), (0, 0))).cumsum(0).cumsum(1)
    below, right = sums[_SHRUNK:], sums[:-_SHRUNK]
    means = (below - right)[:, _SHRUNK:] - (below - right)[:, :-_SHRUNK]
    windows = np.lib.stride_tricks.sliding_window_view(
        (means / _SHRUNK**2).astype(np.float32), (PATCH - _SHRUNK + 1,) * 2, axis=(0, 1)
    )
    return np.moveaxis(windows[..., ::_SHRUNK, ::_SHRUNK], 2, -1)
