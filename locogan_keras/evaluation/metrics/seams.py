"""Seams: whether the edges of a period can be seen."""

import numpy as np


def seam(pictures, axis, step=1):
    """The rank of the gradient across the pictures' edge among those inside them.

    The mean absolute difference of the lines on both sides of the edge, where the pictures go on
    at their own beginning, is compared with that of neighbouring lines inside.

    Args:
        pictures: A sequence of `(height, width, 3)` that repeat along the axis.
        axis: 0 for the edge between the last row and the first, 1 for columns.
        step: Pixels, of any fraction, after which the pattern is alike: on a lattice the edge is
            compared with lines at the same place of a period. 1 for a pattern without one.

    Returns:
        A float from 0 to 1, the mean over the pictures of the share of inner lines whose gradient
        is smaller: about 0.5 for an edge like others, 1 for one that stands out everywhere.
    """
    ranks = []
    for picture in pictures:
        lines = np.moveaxis(picture, axis, 0)
        gradients = np.abs(lines - np.roll(lines, 1, axis=0)).mean(axis=(1, 2))
        inner = gradients[np.rint(np.arange(step, len(lines) - step / 2, step)).astype(int)]
        ranks.append(np.mean(inner < gradients[0]) + 0.5 * np.mean(inner == gradients[0]))
    return float(np.mean(ranks))
