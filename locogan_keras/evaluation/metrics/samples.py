"""Samples to compare: crops at random places, halves of real pictures, noise in their colours."""

import numpy as np


def random_crops(pictures, count, size, seed=0):
    """Crops at random places of pictures.

    Args:
        pictures: A sequence of `(height, width, 3)`, of any sizes.
        count: How many; as many of each picture as of another, but for one.
        size: The crops' edge in pixels.
        seed: Of the places; the same for the same sizes.

    Returns:
        `(count, size, size, 3)`.
    """
    rng = np.random.default_rng(seed)
    crops = []
    for number in range(count):
        picture = pictures[number % len(pictures)]
        top, left = (rng.integers(length - size + 1) for length in picture.shape[:2])
        crops.append(picture[top : top + size, left : left + size])
    return np.stack(crops)


def halves(pictures):
    """Two ways, or one, to halve real pictures.

    Args:
        pictures: A sequence of `(height, width, 3)`.

    Returns:
        Pairs of sequences: top and bottom, and left and right, of a single picture; otherwise
        every second picture and the others.
    """
    if len(pictures) > 1:
        return [(pictures[::2], pictures[1::2])]
    (picture,) = pictures
    row, column = (length // 2 for length in picture.shape[:2])
    return [([picture[:row]], [picture[row:]]), ([picture[:, :column]], [picture[:, column:]])]


def noise_like(pictures):
    """Each picture's pixels in random order: its colours and nothing else."""
    rng = np.random.default_rng(0)
    return [
        rng.permutation(picture.reshape(-1, picture.shape[-1])).reshape(picture.shape)
        for picture in pictures
    ]
