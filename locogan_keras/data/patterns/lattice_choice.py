"""The true one of a picture's possible lattices, and how sure that is."""

import numpy as np

from locogan_keras.data.patterns.autocorrelation import autocorrelation
from locogan_keras.data.patterns.lattice_search import candidates, coarser, finer, reduced

# The agreement that three quarters of the parts exceed, where it means nothing and where it means
# certainty: of the field; of what rows and columns do not explain, for two vectors; of the profile,
# for one, since wood's grain has a profile, too.
_WHOLE = (0.1, 0.4)
_CROSSED = (0.05, 0.2)
_PROFILE = (0.4, 0.8)
_SURE = 0.5

# Mean agreement below which there is nothing to look for.
_HOPELESS = 0.1

# A lattice is better than another if its mean gain is at least this, and this many standard errors:
# where each brick has its own colour, some sets of bricks agree by chance, here and there.
_GAIN = 0.015
_ERRORS = 3.0

# Steps from the best candidate to one that is finer and as good, or coarser and better.
_STEPS = 6

# Parts along each axis that an agreement compares.
_PARTS = 4


def chosen(field):
    """The lattice of a field.

    The field is taken for the sum of its rows' means, its columns' means, and a rest, in which long
    joints do not hide the ends of bricks. Two vectors are believed if the rest has them, or if rows
    and columns have a period each; one vector, if only rows or only columns have one.

    Args:
        field: `(height, width, channels)`.

    Returns:
        A pair: vectors `(2, 2)`, `(1, 2)` or `(0, 2)`, which fit twice into the field, and the
        confidence in them, 0 to 1.
    """
    field = field - field.mean(axis=(0, 1))
    profiles = [field.mean(axis=axis, keepdims=True) for axis in (1, 0)]
    rest = field - profiles[0] - profiles[1]
    bands = [_band(field, profile) for profile in profiles]
    pair = _pair(field, rest, bands)
    sure = _pair_confidence(field, rest, pair, bands)
    axis = int(np.argmax([_agreement(field, band).mean() for band in bands]))
    if sure >= _SURE and not _better(field, bands[axis], pair):
        return pair, sure
    band, also = bands[axis], _band(field - profiles[axis], profiles[1 - axis])
    confidence = _band_confidence(field, profiles[axis], band)
    second = _band_confidence(field - profiles[axis], profiles[1 - axis], also)
    if second < _SURE:
        return band, confidence
    grid = np.concatenate([band, also])
    # Half a brick in running bond is a period of both profiles, and none of the wall.
    if sure and _better(rest, pair, grid) and not _better(field, grid, pair):
        return pair, sure
    return grid, min(confidence, second)


def agreement(field, lattice):
    """Correlation of each part of a field with what its other parts predict.

    A part's prediction is the mean over all pixels of the same phase in the parts that share no
    row and no column with it: or every stripe would agree with itself. A lattice that leaves out a
    harmonic predicts less; so does one with needlessly long periods, whose means are of fewer
    pixels. So the true one agrees best, and one found by chance agrees here and there only.

    Args:
        field: `(height, width, channels)`, no edge less than 4.
        lattice: `(1, 2)` or `(2, 2)`, vectors (rows, columns) in pixels.

    Returns:
        `(4, 4)` float64 in [-1, 1], one correlation for each part.
    """
    height, width, channels = field.shape
    y, x = np.arange(height), np.arange(width)
    phase, bins = np.zeros((height, width), np.int64), 1
    for vector, (down, right) in zip(lattice, np.linalg.pinv(lattice).T, strict=True):
        count = max(1, round(float(np.linalg.norm(vector))))
        # Where periods are whole pixels, rounding is not to decide which bin a pixel is in.
        turns = (np.add.outer(y * down, x * right) + 1e-6) % 1.0
        phase = phase * count + np.minimum((turns * count).astype(np.int64), count - 1)
        bins *= count
    part = np.add.outer(y * _PARTS // height * _PARTS, x * _PARTS // width)
    where = (part * bins + phase).ravel()
    shape = (_PARTS, _PARTS, bins)
    pixels = np.bincount(where, minlength=_PARTS**2 * bins).reshape(shape)
    others = np.maximum(_elsewhere(pixels), 1)
    area = pixels.sum(axis=-1)
    products = predicted = present = 0.0
    for channel in range(channels):
        levels = field[..., channel].ravel()
        sums = np.bincount(where, levels, minlength=_PARTS**2 * bins).reshape(shape)
        means = _elsewhere(sums) / others
        # Both without their own means over the part: a stain agrees with a stain otherwise.
        mean, sum_ = (means * pixels).sum(axis=-1) / area, sums.sum(axis=-1)
        products += (means * sums).sum(axis=-1) - mean * sum_
        predicted += (np.square(means) * pixels).sum(axis=-1) - mean**2 * area
        squares = np.bincount(part.ravel(), np.square(levels)).reshape(_PARTS, _PARTS)
        present += squares - sum_**2 / area
    return products / np.sqrt(np.maximum(predicted * present, 1e-9))


def _band(field, profile):
    """The period of a profile, `(1, 2)` or `(0, 2)`."""
    correlation = autocorrelation(profile)
    return _best((field,), candidates(correlation), correlation)


def _pair(field, rest, bands):
    """Two vectors, `(2, 2)`, or none, `(0, 2)`."""
    correlation = autocorrelation(rest)
    tried = candidates(correlation)
    if all(len(band) for band in bands):
        # What is upright has its rows' and columns' periods, however its ends are jittered.
        (down,), (across,) = bands
        upright = [[1, 0, 0, 1], [1, 0, 0, 0.5], [1, 0.5, 0, 1], [1, 1, 0, 2], [2, 0, 0, 1]]
        tried += [np.reshape(step, (2, 2)) @ [down, across] for step in upright]
    return _best((field, rest), [reduced(lattice) for lattice in tried], correlation)


def _band_confidence(field, profile, band):
    copies = np.repeat(profile, _PARTS, axis=int(np.argmin(profile.shape[:2])))
    return min(
        _ramp(_agreement(field, band), _WHOLE),
        _ramp(_agreement(copies, band), _PROFILE),
    )


def _pair_confidence(field, rest, pair, bands):
    whole, crossed = _agreement(field, pair), _agreement(rest, pair)
    # What a band alone explains speaks for no second vector.
    explained = np.maximum(*[np.maximum(_agreement(rest, band), 0) for band in bands])
    return min(_ramp(whole, _WHOLE), _ramp(crossed - explained, _CROSSED))


def _best(fields, lattices, correlation):
    """The lattice that fields agree with best; of those that are as good, the finest."""
    limits = np.array(fields[0].shape[:2]) / 2 + 0.5

    def scored(lattices):
        return [
            (np.mean([agreement(field, lattice) for field in fields], axis=0), lattice)
            for lattice in lattices
            if np.all(np.abs(lattice) <= limits)
        ]

    tried = scored(lattices)
    best = max((scores for scores, _ in tried), key=np.mean, default=np.zeros(1))
    if best.mean() < _HOPELESS:
        return np.zeros((0, 2))
    as_good = [pair for pair in tried if not _gains(best, pair[0])]
    scores, lattice = min(as_good, key=lambda pair: np.linalg.det(pair[1] @ pair[1].T))
    for _ in range(_STEPS):
        steps = [
            pair for pair in scored(finer(lattice, correlation)) if not _gains(scores, pair[0])
        ]
        steps = steps or [pair for pair in scored(coarser(lattice)) if _gains(pair[0], scores)]
        if not steps:
            break
        scores, lattice = max(steps, key=lambda pair: pair[0].mean())
    return lattice


def _agreement(field, lattice):
    """The `agreement` of a field; with no lattice there is none."""
    return agreement(field, lattice) if len(lattice) else np.zeros((_PARTS, _PARTS))


def _better(field, lattice, other):
    return _gains(_agreement(field, lattice), _agreement(field, other))


def _gains(scores, others):
    """Whether agreements are higher than others beyond chance, which is here and there."""
    gain = scores - others
    return gain.mean() > max(_GAIN, _ERRORS * gain.std() / np.sqrt(gain.size))


def _ramp(scores, limits):
    nothing, certain = limits
    return float(np.clip((np.quantile(scores, 0.25) - nothing) / (certain - nothing), 0, 1))


def _elsewhere(sums):
    """The sums, for each part, over the parts of other rows and other columns."""
    rows, columns = sums.sum(axis=1, keepdims=True), sums.sum(axis=0, keepdims=True)
    return sums.sum(axis=(0, 1)) - rows - columns + sums
