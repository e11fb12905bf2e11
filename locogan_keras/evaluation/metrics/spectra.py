"""The power of pictures by frequency, and the lattice that up-sampling prints on them."""

import itertools

import numpy as np

# Pixels that a spectrum is taken of: 1 / 16 cycle per pixel is every fourth frequency.
WINDOW = 64
# Rounding to levels adds white noise of this variance, below which no power is told from it.
_ROUNDING = (2 / 255) ** 2 / 12


def power_spectrum(pictures):
    """The mean power of brightness at each frequency (Welch, 1967).

    Windows of 64 x 64 pixels overlap by half, less their mean, under a Hann window.

    Args:
        pictures: A sequence of `(height, width, 3)` in [-1, 1], at least 64 pixels each way.

    Returns:
        `(64, 64)`, frequency 0 first, as of `numpy.fft.fft2`: white noise has its variance
        everywhere.
    """
    hann = np.hanning(WINDOW + 1)[:-1]
    taper = np.outer(hann, hann)
    total, count = np.zeros((WINDOW, WINDOW)), 0
    for picture in pictures:
        grey = picture.mean(2)
        corners = [range(0, length - WINDOW + 1, WINDOW // 2) for length in grey.shape]
        for top, left in itertools.product(*corners):
            window = grey[top : top + WINDOW, left : left + WINDOW]
            total += np.abs(np.fft.fft2((window - window.mean()) * taper)) ** 2
            count += 1
    return total / count / np.sum(taper**2) + _ROUNDING


def spectrum_distance(fakes, reals):
    """The share of the reals' amplitudes, of each frequency, that fakes lack or have too much of.

    sum |sqrt(F) - sqrt(R)| / sum sqrt(R), of two-dimensional power spectra but for their means.
    Differences of logarithms would count what nobody sees, the last octave of a smooth photo, as
    much as its joints, and call noise of the right power nearer than a wall.

    Args:
        fakes, reals: As of `power_spectrum`.

    Returns:
        A float, 0 or more: 0.5 where each amplitude is half or one and a half of the other's.
    """
    fake, real = (np.sqrt(power_spectrum(each)).ravel()[1:] for each in (fakes, reals))
    return float(np.abs(fake - real).sum() / real.sum())


def grid(fakes, reals):
    """The power of the lattices of 2, 4, 8 and 16 pixels over that in real pictures.

    Layers that double the size print lattices of these periods (Odena et al., 2016; Durall et al.,
    2020). A lattice of n pixels has power at the frequencies (i / n, j / n); those that a lattice
    of fewer pixels has too are counted there. What the reals have at a frequency is at least what
    they have around it: a chance gap in their spectrum is no lack of a grid.

    Args:
        fakes, reals: As of `power_spectrum`.

    Returns:
        The largest of the four mean ratios: about 1 without a grid, less for smooth pictures.
    """
    fake, real = power_spectrum(fakes), power_spectrum(reals)
    ratio = fake / np.maximum(real, _around(real))
    ratios, seen = [], np.zeros(ratio.shape, bool)
    seen[0, 0] = True
    for period in (2, 4, 8, 16):
        lattice = np.zeros(ratio.shape, bool)
        lattice[:: WINDOW // period, :: WINDOW // period] = True
        ratios.append(ratio[lattice & ~seen].mean())
        seen |= lattice
    return float(max(ratios))


def _around(spectrum):
    """The median of the frequencies two steps away, beyond what the window smears."""
    steps = [step for step in itertools.product((-2, 0, 2), repeat=2) if any(step)]
    return np.median([np.roll(spectrum, step, axis=(0, 1)) for step in steps], axis=0)
