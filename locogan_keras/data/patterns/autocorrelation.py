"""Normalised autocorrelation of pictures, free of light gradients."""

import numpy as np

# Levels of 255. Contrast below it is nobody's pattern: sensors, rounding, JPEG's blocks in a sky.
_NOISE = 4.0

# Pixels. What lies between two pixels then looks the same as what lies on one.
_BLUR = 1.0


def flattened(picture):
    """A picture without its light: local mean 0, local power about 1.

    The local mean is Gaussian, with a deviation of a tenth of the shorter edge, which keeps half of
    a wave that fits twice into the edge, and 5 % of one that fits half.

    Args:
        picture: `(height, width, channels)`, levels of 0 to 255.

    Returns:
        `(height, width, channels)` float32. Its power, the sum of the squares of all channels, is
        near 1 on average; less by P / (P + N), where the picture's own power P is near that of
        noise, N, of four levels.
    """
    levels = _blurred(np.asarray(picture, np.float32), _BLUR)
    deviation = min(levels.shape[:2]) / 10
    detail = levels - _blurred(levels, deviation)
    power = _blurred(np.square(detail).sum(axis=-1, keepdims=True), 1.5 * deviation)
    return detail / np.sqrt(power + _NOISE**2 * levels.shape[-1])


def autocorrelation(field, share=2 / 3):
    """Pearson's correlation of a field with itself shifted, over what overlaps.

    Each shift has the mean and the variance of its own two overlapping parts, so that a shift of
    half the picture weighs as much as a small one (Padfield, "Masked object registration in the
    Fourier domain", IEEE Transactions on Image Processing 21(5), 2012; the sums are of rectangles
    here). Covariances and variances are summed over channels.

    Args:
        field: `(height, width, channels)`.
        share: The largest shift, as a share of each edge.

    Returns:
        `(2 m + 1, 2 n + 1)` float32 in [-1, 1], shifts of -m to m rows and -n to n columns; 0 where
        one of the parts is constant.
    """
    size = field.shape[:2]
    shifts = [np.arange(-int(length * share), int(length * share) + 1) for length in size]
    padded = [length + len(shift) // 2 + 1 for length, shift in zip(size, shifts, strict=True)]
    spectrum = np.fft.rfft2(field, padded, axes=(0, 1))
    products = np.fft.irfft2(np.square(np.abs(spectrum)).sum(axis=-1), padded)
    products = products[np.ix_(*map(np.mod, shifts, padded))]
    firsts = [np.maximum(0, shift) for shift in shifts]
    lasts = [length + np.minimum(0, shift) for length, shift in zip(size, shifts, strict=True)]
    count = np.multiply.outer(*map(np.subtract, lasts, firsts))[..., None]
    sums = _rectangle_sums(field, firsts, lasts)
    squares = _rectangle_sums(np.square(field).sum(axis=-1, keepdims=True), firsts, lasts)
    covariance = products - (sums * sums[::-1, ::-1] / count).sum(axis=-1)
    variance = squares[..., 0] - (np.square(sums) / count).sum(axis=-1)
    scale = np.sqrt(np.maximum(variance * variance[::-1, ::-1], 0))
    floor = 1e-6 * count[..., 0]
    return np.where(scale > floor, covariance / np.maximum(scale, floor), 0).astype(np.float32)


def _blurred(levels, deviation):
    """Gaussian means of `(height, width, channels)`; at an edge, of what is inside."""
    for axis in range(2):
        places = np.arange(levels.shape[axis], dtype=np.float32)
        weights = np.exp(-0.5 * np.square((places[:, None] - places) / deviation))
        weights /= weights.sum(axis=1, keepdims=True)
        levels = np.moveaxis(np.tensordot(weights, levels, (1, axis)), 0, axis)
    return levels


def _rectangle_sums(values, firsts, lasts):
    """Sums of `(height, width, channels)` over all rectangles of the rows' and columns' ranges."""
    table = np.zeros((values.shape[0] + 1, values.shape[1] + 1, values.shape[2]))
    table[1:, 1:] = values.cumsum(axis=0, dtype=np.float64).cumsum(axis=1)
    (top, left), (bottom, right) = firsts, lasts
    return (
        table[np.ix_(bottom, right)]
        - table[np.ix_(top, right)]
        - table[np.ix_(bottom, left)]
        + table[np.ix_(top, left)]
    )
