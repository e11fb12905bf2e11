"""Registration: whether the maps of a material have their edges in the same places."""

import itertools

import numpy as np

from locogan_keras.canvas.maps.names import CUTOUT, places


def registration(pictures, others, maps):
    """How far the correlations of edges, of each two maps, are from those of other pictures.

    Args:
        pictures, others: Sequences of `(height, width, channels)`.
        maps: As of `checked_maps`, two or more; or a cut-out, whose colour and opacity are two.

    Returns:
        A float from 0 to 2, the mean over the pairs of maps.
    """
    ours, theirs = (mean_correlations(each, maps) for each in (pictures, others))
    return float(np.abs(ours - theirs).mean())


def mean_correlations(pictures, maps):
    """The correlation of edges of each two maps, the mean over pictures: `(pairs,)`.

    Edges are the lengths of gradients. Maps that are put together by chance have 0.
    """
    return np.mean([_correlations(picture, maps) for picture in pictures], axis=0)


def _correlations(picture, maps):
    edges = [_edges(picture[..., place]) for place in _parts(maps)]
    return np.array([_correlation(*pair) for pair in itertools.combinations(edges, 2)])


def _parts(maps):
    where = places(maps)
    return (slice(0, 3), slice(3, 4)) if CUTOUT in where else where.values()


def _edges(part):
    down = np.diff(part, axis=0)[:, :-1]
    across = np.diff(part, axis=1)[:-1]
    return np.sqrt((np.square(down) + np.square(across)).sum(axis=-1))


def _correlation(one, other):
    """Pearson's; 0 of what has no edges."""
    one, other = one - one.mean(), other - other.mean()
    length = np.sqrt(np.square(one).sum() * np.square(other).sum())
    return float((one * other).sum() / length) if length > 0 else 0.0
