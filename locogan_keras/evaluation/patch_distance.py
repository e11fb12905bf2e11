"""The distance of generated pictures from real ones, by numbers that need no trained network."""

import numpy as np

# Patches are 8 x 8 pixels, of the pictures as they are, of half and of a quarter their size.
PATCH = 8
SCALES = 3
_PATCHES, _DIRECTIONS = 4096, 256


def patch_distance(fakes, reals):
    """The sliced Wasserstein distance of patches (Karras et al., 2018, section 5).

    Patches at random places are projected on random directions; the distance is that of the sorted
    projections, its mean over the scales is returned. Lower is better: pictures of the same kind
    have some thousandths, other kinds some tenths.

    Args:
        fakes, reals: `(count, height, width, channels)` in [-1, 1]; the same count and size.

    Returns:
        A float, 0 or more; the same for the same arguments.
    """
    rng = np.random.default_rng(0)
    distances = []
    for _ in range(SCALES):
        directions = rng.normal(size=(PATCH * PATCH * fakes.shape[-1], _DIRECTIONS))
        directions /= np.linalg.norm(directions, axis=0)
        projections = [
            np.sort(_patches(pictures, rng) @ directions, axis=0) for pictures in (fakes, reals)
        ]
        distances.append(np.abs(projections[0] - projections[1]).mean())
        fakes, reals = _halved(fakes), _halved(reals)
    return float(np.mean(distances))


def _patches(pictures, rng):
    """`(patches, PATCH * PATCH * channels)`, from random places of random pictures."""
    count, height, width, _ = pictures.shape
    windows = np.lib.stride_tricks.sliding_window_view(pictures, (PATCH, PATCH), axis=(1, 2))
    which = rng.integers(0, count, _PATCHES)
    top, left = (rng.integers(0, length - PATCH + 1, _PATCHES) for length in (height, width))
    return windows[which, top, left].reshape(_PATCHES, -1)


def _halved(pictures):
    count, height, width, channels = pictures.shape
    return pictures.reshape(count, height // 2, 2, width // 2, 2, channels).mean(axis=(2, 4))
