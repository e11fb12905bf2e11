"""The order of a regular pattern: whether it keeps its period over a large picture."""

import numpy as np

# Harmonics of the period that are looked at, each way, and places of a period that are tried.
_HARMONICS, _PLACES = 6, 64
# A displacement counts as a match if it correlates at least so well as the best, times this.
_EQUAL = 0.85


def period_error(picture, photo, period):
    """The error of a pattern: how far it strays from the lattice with its period, in periods.

    The photo's Fourier coefficients at the harmonics of the period say what repeats in it. Those of
    each place, under a Gaussian window two periods wide, are correlated with them at all
    displacements: where the correlation is largest, the pattern lies there. One displacement, the
    same at all places, is free. Of displacements that match almost as well as the best the nearest
    counts: half a period both ways maps a running bond to itself.

    Args:
        picture, photo: `(height, width, 3)` in [-1, 1], at least three periods each way.
        period: (height, width) in pixels, of any fraction; 0 on an axis without one.

    Returns:
        The deviation of the displacements along the axis where it is larger: a few hundredths for
        a photo, 0.1 and more where there is no order.

    Raises:
        ValueError: If the picture or the photo has fewer than three periods.
    """
    coefficients = _coefficients(photo, period).mean((0, 1))
    coefficients[_HARMONICS, _HARMONICS] = 0
    local = _coefficients(picture, period)
    matches = _correlations(local * coefficients.conj())
    shared = matches.mean((0, 1))
    offset = np.unravel_index(shared.argmax(), shared.shape)
    matches = np.roll(matches, [-place for place in offset], axis=(2, 3))
    strays = np.array([_nearest_peak(match) for row in matches for match in row])
    axes = [axis for axis in range(2) if period[axis]]
    return float(strays[:, axes].std(0).max())


def lattice_strength(picture, period):
    """The likeness of a picture to itself a period on: the normalized autocorrelation there.

    Args:
        picture: `(height, width, 3)` in [-1, 1].
        period: As of `period_error`.

    Returns:
        A float from -1 to 1, the mean of the axes with a period: 1 if it repeats exactly.
    """
    grey = picture.mean(2)
    found = []
    for axis in range(2):
        if period[axis]:
            lines = np.moveaxis(grey, axis, 0)
            below = int(period[axis])
            part = period[axis] - below
            values = [_correlation(lines[:-shift], lines[shift:]) for shift in (below, below + 1)]
            found.append((1 - part) * values[0] + part * values[1])
    return float(np.mean(found))


def _correlation(left, right):
    return np.corrcoef(left.ravel(), right.ravel())[0, 1]


def _coefficients(picture, period):
    """`(rows, columns, 13, 13)`: the local Fourier coefficients at places a period apart."""
    if any(3 * step > length for length, step in zip(picture.shape, period, strict=False)):
        raise ValueError(
            f"period must fit three times into {picture.shape[0]} x {picture.shape[1]} pixels. "
            f"Received: period={period[0]:g}x{period[1]:g}"
        )
    grey = picture.mean(2) - picture.mean()
    down, across = (_windows(length, step) for length, step in zip(grey.shape, period, strict=True))
    return np.einsum("pmh,hw,qnw->pqmn", down, grey, across, optimize=True)


def _windows(length, period):
    """`(places, 13, length)`: windowed waves of each harmonic; on an axis without a period, 1."""
    harmonics = np.arange(-_HARMONICS, _HARMONICS + 1)[:, None]
    if not period:
        return np.where(harmonics == 0, 1.0 / length, 0.0)[None] * np.ones(length)
    centres = np.arange(1.5 * period, length - 1.5 * period + 1, period)
    pixels = np.arange(length)
    windows = np.exp(-0.5 * ((pixels - centres[:, None]) / (0.6 * period)) ** 2)
    windows /= windows.sum(1, keepdims=True)
    waves = np.exp(-2j * np.pi * harmonics * pixels / period)
    # Pixels hold no waves shorter than two of them.
    return windows[:, None] * waves * (2 * np.abs(harmonics) < period)


def _correlations(products):
    """`(rows, columns, 64, 64)`: how well each displacement, in 64ths of a period, matches."""
    harmonics = np.arange(-_HARMONICS, _HARMONICS + 1)
    spectra = np.zeros((*products.shape[:2], _PLACES, _PLACES), complex)
    spectra[:, :, harmonics[:, None], harmonics] = products
    # A pattern that lies d farther has its coefficients turned by -2 pi d times the harmonic.
    return np.fft.fft2(spectra.conj()).real


def _nearest_peak(match):
    """The displacement of the nearest peak, (y, x) in periods."""
    around = [np.roll(match, shift, axis=axis) for axis in (0, 1) for shift in (1, -1)]
    peaks = (match >= np.max(around, axis=0)) & (match >= _EQUAL * match.max())
    places = np.argwhere(peaks)
    places = places - _PLACES * (places > _PLACES // 2)
    row, column = min(places, key=lambda place: (place**2).sum())
    return (
        (row + _vertex(match[:, column], row)) / _PLACES,
        (column + _vertex(match[row], column)) / _PLACES,
    )


def _vertex(values, place):
    """The top of a parabola through a peak, in places from it to its neighbours."""
    before, at, after = (values[(place + shift) % _PLACES] for shift in (-1, 0, 1))
    bend = before - 2 * at + after
    return 0.5 * (before - after) / bend if bend < 0 else 0.0
