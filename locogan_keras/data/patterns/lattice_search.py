"""Candidates for the lattice of a picture, from the peaks of its autocorrelation.

A lattice is an array `(1, 2)` or `(2, 2)` of vectors (rows, columns) in pixels: one vector for what
repeats along one axis only.
"""

import itertools

import numpy as np

# Pixels. What repeats sooner is a raster, not a texture.
SHORTEST = 5.0
_PEAKS = 24
_CANDIDATES = 8

# A further point's mean height over that of the others.
_AS_GOOD = 0.6


def candidates(correlation):
    """Lattices that a field may have, of its autocorrelation's peaks.

    Peaks are ranked by how far away the next higher one is (Liu, Collins and Tsin, "A computational
    model for periodic pattern perception based on frieze and wallpaper groups", IEEE Transactions
    on Pattern Analysis and Machine Intelligence 26(3), 2004); lattices by the mean height of their
    points, and fitted by least squares to the peaks around them, near ones first.

    Args:
        correlation: `autocorrelation` of a field, or of the profile of one, one pixel thick.

    Returns:
        A list of `(2, 2)`, or of `(1, 2)` of a profile, float64.
    """
    count = min(2, sum(length > 1 for length in correlation.shape))
    ranked = {}
    for peaks in itertools.combinations(_peaks(correlation), count):
        lattice = reduced(np.array(peaks))
        if _is_flat(lattice) or np.linalg.norm(lattice, axis=1).min() < SHORTEST:
            continue
        # Twins of it, to a pixel or two.
        key = tuple(np.sort(np.abs(np.rint(lattice / 1.5))).ravel())
        if key not in ranked:
            ranked[key] = (_strength(correlation, lattice), lattice)
    best = sorted(ranked.values(), key=lambda pair: -pair[0])[:_CANDIDATES]
    return [fitted(correlation, lattice) for _, lattice in best]


def reduced(lattice):
    """The same lattice by its shortest vectors (Lagrange and Gauss)."""
    if len(lattice) == 1:
        return lattice
    short, long = sorted(lattice, key=np.linalg.norm)
    while short.any():
        long = long - np.rint(short @ long / (short @ short)) * short
        if long @ long >= short @ short:
            break
        short, long = long, short
    return np.array([short, long])


def coarser(lattice):
    """All lattices of every second and of every third of a lattice's points."""
    return [reduced(step @ lattice) for step in _steps(len(lattice), (2, 3))]


def finer(lattice, correlation):
    """Lattices of 2 to 7 times as many points, where the further ones are as good as peaks."""
    height = _mean_height(correlation, lattice)
    found = []
    for step in _steps(len(lattice), (2, 3, 5, 7)):
        divided = reduced(np.linalg.inv(step.T) @ lattice)
        if np.linalg.norm(divided, axis=1).min() >= SHORTEST and (
            _mean_height(correlation, divided) > _AS_GOOD * height
        ):
            found.append(divided)
    return found


def summits(correlation, lattice, order):
    """The peaks around a lattice's points, up to `order` times each vector.

    Returns:
        Whole numbers of vectors `(n, vectors)`, heights `(n,)`, and places (rows, columns) `(n, 2)`
        to a part of a pixel, by the parabola through a peak's neighbours.
    """
    multiples = _multiples(correlation, lattice, order)
    reach = int(np.clip(np.linalg.norm(lattice, axis=1).min() / 5, 1, 2))
    heights, places = _summits(correlation, multiples @ lattice, reach)
    return multiples, heights, places


def fitted(correlation, lattice):
    """The lattice by least squares of the peaks around its points, near ones first."""
    for order in (1, 2, 4, 8, 16):
        multiples, heights, places = summits(correlation, lattice, order)
        weights = np.maximum(heights, 1e-3)[:, None]
        if np.linalg.matrix_rank(multiples * weights) == len(lattice):
            lattice = np.linalg.lstsq(multiples * weights, places * weights, rcond=None)[0]
    return lattice


def _steps(vectors, counts):
    """Whole-number matrices of each determinant, one for each lattice that they lead to."""
    if vectors == 1:
        return [np.array([[count]]) for count in counts]
    return [
        np.array([[count // divisor, shift], [0, divisor]])
        for count in counts
        for divisor in (1, count)
        for shift in range(divisor)
    ]


def _mean_height(correlation, lattice):
    points = _multiples(correlation, lattice, order=8) @ lattice
    return _summits(correlation, points, reach=1)[0].mean() if len(points) else -1.0


def _is_flat(lattice):
    """Whether two vectors are one, to rounding."""
    if len(lattice) == 1:
        return False
    return abs(np.linalg.det(lattice)) < 0.5 * np.prod(np.linalg.norm(lattice, axis=1))


def _peaks(correlation):
    """The peaks of one half plane, `(n, 2)`, most dominant first."""
    rows, columns = (length // 2 for length in correlation.shape)
    y, x = np.mgrid[-rows : rows + 1, -columns : columns + 1]
    is_peak = (correlation > 0.02) & (np.hypot(y, x) >= SHORTEST) & ((y > 0) | (y == 0) & (x > 0))
    around = np.pad(correlation, 2, constant_values=-1)
    for top, left in itertools.product(range(5), repeat=2):
        part = around[top : top + correlation.shape[0], left : left + correlation.shape[1]]
        is_peak &= correlation >= part
    peaks, heights = np.argwhere(is_peak) - (rows, columns), correlation[is_peak]
    order = np.argsort(-heights, kind="stable")[:400]
    peaks, heights = peaks[order], heights[order]
    higher = np.concatenate([peaks, -peaks, [[0, 0]]])
    distances = np.linalg.norm(peaks[:, None] - higher, axis=-1)
    lower = np.triu(np.ones((len(peaks), len(peaks)), bool))
    distances[:, :-1][np.concatenate([lower, lower], axis=1)] = np.inf
    dominance = distances.min(axis=1) * heights
    return peaks[np.argsort(-dominance, kind="stable")[:_PEAKS]].astype(np.float64)


def _multiples(correlation, lattice, order):
    """The integer combinations of one half plane whose points lie within the shifts."""
    steps = np.arange(-order, order + 1)
    grid = np.stack(np.meshgrid(*[steps] * len(lattice), indexing="ij"), axis=-1)
    multiples = grid.reshape(-1, len(lattice))
    multiples = multiples[len(multiples) // 2 + 1 :]
    limits = np.array(correlation.shape) // 2
    return multiples[np.all(np.abs(np.rint(multiples @ lattice)) <= limits, axis=1)]


def _strength(correlation, lattice):
    """Mean height of the points, less what so few of them may have by chance."""
    points = _multiples(correlation, lattice, order=3) @ lattice
    if not len(points):
        return -1.0
    heights, _ = _summits(correlation, points, reach=1)
    return heights.mean() * (1 - 0.7 / np.sqrt(len(points)))


def _summits(correlation, points, reach):
    """Heights and places of the highest shifts within `reach` pixels of points.

    Returns:
        `(n,)`, and `(n, 2)` to a part of a pixel, by the parabola through a peak's neighbours.
    """
    centre = np.array(correlation.shape) // 2
    last = 2 * centre
    steps = np.stack(np.meshgrid(*[np.arange(-reach, reach + 1)] * 2, indexing="ij"), axis=-1)
    around = np.clip(np.rint(points).astype(int)[:, None] + centre + steps.reshape(-1, 2), 0, last)
    highest = correlation[tuple(np.moveaxis(around, -1, 0))].argmax(axis=1)
    summits = around[np.arange(len(points)), highest]
    heights = correlation[tuple(summits.T)]
    places = (summits - centre).astype(np.float64)
    for axis, step in enumerate(np.eye(2, dtype=int)):
        before = correlation[tuple(np.clip(summits - step, 0, last).T)].astype(np.float64)
        after = correlation[tuple(np.clip(summits + step, 0, last).T)]
        bend = np.maximum(2 * heights - before - after, 1e-6)
        places[:, axis] += np.clip((after - before) / (2 * bend), -0.5, 0.5)
    return heights, places
