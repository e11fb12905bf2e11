"""Whether a photo is laid in rows or in columns of one piece: courses of bricks, boards, strata."""

from locogan_keras.canvas.positions import CROP
from locogan_keras.data.patterns.autocorrelation import autocorrelation, flattened
from locogan_keras.data.pictures import scaled

# Pixels of the shorter edge: about the size that is trained at.
_EDGE = 256
# Correlation from which on a line is of one piece. Of photos 0.31 to 0.72 along the courses and
# boards of four, up to 0.10 across them, and along no axis of gravel, grass, sand and rock.
_ALIKE = 0.2


def line_axes(picture):
    """Whether what lies far apart along an axis is alike.

    The correlation of the picture with itself, moved along one axis only by more than a crop can
    see: what is found there no cell can know of, unless it is told of its row or its column.

    Args:
        picture: `(height, width, 3)` uint8.

    Returns:
        A pair of booleans: whether its rows are of one piece, and whether its columns are.
    """
    correlation = autocorrelation(flattened(scaled(picture, _EDGE)), share=1 / 2)
    y, x = (length // 2 for length in correlation.shape)
    far = correlation[y, x + CROP :], correlation[y + CROP :, x]
    # Of a few shifts one may be alike by chance.
    return tuple(bool(len(line) >= CROP // 2 and line.mean() >= _ALIKE) for line in far)
