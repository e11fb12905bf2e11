"""The lattice of a regular texture: bricks, planks, tiles, fabric."""

import dataclasses

import numpy as np
from PIL import Image, ImageDraw

from locogan_keras.data.patterns.autocorrelation import autocorrelation, flattened
from locogan_keras.data.patterns.lattice_choice import chosen
from locogan_keras.data.patterns.lattice_search import SHORTEST, fitted, summits

# Confidence from which on a picture is regular. A crop of paving seen from aside reached 0.58.
REGULAR = 0.7

# Pictures are measured at about this many pixels, and not at all below a shorter edge of that many.
_PIXELS = 512 * 512
_SMALLEST = 32

# How much an upright frame may lean: what leans more is no frame.
_LEANING = 0.04

# Vectors that a side of the frame may be the sum of.
_MOST_VECTORS = 8

# Periods of one vector, and of two along each axis, from which on confidence is no less for their
# number: grain, which is one profile, may agree with itself three times by chance.
_ENOUGH = (6, 4)

# Mean height of a profile's own peaks from which on it is sharper than the vectors.
_SHARP = 0.3

# Colours of a drawing's frames and points.
_LINE = (0, 255, 255)
_POINT = (255, 0, 255)


@dataclasses.dataclass(frozen=True)
class Lattice:
    """The repeats of a picture.

    Args:
        vectors: The shortest vectors (rows, columns) in pixels whose whole multiples and sums are
            all the repeats: two, one where it repeats along one axis only, none where nowhere.
        frame: (rows, columns) in pixels of the smallest upright rectangle in which it repeats, of
            bricks in running bond two courses by one brick. None on an axis along which it does
            not, and on both where there is no such rectangle, as of tiles laid at an angle.
        confidence: In the frame, 0 to 1. It falls with the picture's agreement, with its contrast
            below some four levels, with fewer than four frames along an edge, or six of one
            axis alone, and where courses lean.
    """

    vectors: tuple[tuple[float, float], ...] = ()
    frame: tuple[float | None, float | None] = (None, None)
    confidence: float = 0.0

    @property
    def is_regular(self):
        """Whether the frame can be relied on."""
        return self.confidence >= REGULAR


def measured(picture):
    """The lattice of a picture.

    Args:
        picture: `(height, width, 3)` uint8.

    Returns:
        A `Lattice`, which fits into the picture at least twice. Lengths are right to half a pixel
        over the whole picture, measured at no more than 512 x 512 pixels; where that leaves a
        whole number of frames, it is taken for one, as of photos that tile.
    """
    factor = min(1.0, (_PIXELS / (picture.shape[0] * picture.shape[1])) ** 0.5)
    size = tuple(round(length * factor) for length in picture.shape[:2])
    if min(size) < _SMALLEST:
        return Lattice()
    working = Image.fromarray(picture).resize(size[::-1], Image.Resampling.LANCZOS)
    field = _principal(flattened(np.asarray(working)))
    contrast = float(np.sqrt(np.square(field).sum(axis=-1).mean()))
    if contrast < 0.1:
        return Lattice()
    lattice, confidence = chosen(field)
    if not confidence:
        return Lattice()
    frame, leaning = _frame(lattice, size)
    exact = [_correction(field, axis, period) for axis, period in enumerate(frame)]
    # And from the pixels measured at to the picture's own.
    factors = np.array(exact) * picture.shape[:2] / size
    for period, length, lean in zip(frame, size, leaning, strict=True):
        if period:
            few = np.clip((length / period - 1) / (_ENOUGH[len(lattice) - 1] - 1), 0, 1)
            confidence *= few * max(0.0, 1 - 4 * lean)
    return Lattice(
        tuple((float(y), float(x)) for y, x in lattice * factors),
        tuple(period and float(period * f) for period, f in zip(frame, factors, strict=True)),
        float(confidence * contrast) if any(frame) else 0.0,
    )


def drawn(picture, lattice):
    """A picture with the frames of its lattice as lines and all its points as dots.

    Frames begin at the picture's corner, as the canvas's do: a line may cross a brick, but has to
    cross all bricks in the same place.

    Args:
        picture: `(height, width, 3)` uint8.
        lattice: `Lattice` of it.

    Returns:
        `(height, width, 3)` uint8.
    """
    image = Image.fromarray(picture)
    draw = ImageDraw.Draw(image)
    height, width = picture.shape[:2]
    thick = max(1, min(height, width) // 300)
    rows, columns = lattice.frame
    for y in _places(rows, height):
        draw.line([(0, y), (width, y)], _LINE, thick)
    for x in _places(columns, width):
        draw.line([(x, 0), (x, height)], _LINE, thick)
    if len(lattice.vectors) == 2:
        for y, x in _points(np.array(lattice.vectors), height, width):
            draw.circle((x, y), 2 * thick, _POINT)
    return np.asarray(image)


def _principal(field):
    """The field's principal channels, those that have a twentieth of its power or more."""
    pixels = field.reshape(-1, field.shape[-1])
    powers, axes = np.linalg.eigh(pixels.T @ pixels)
    return field @ axes[:, powers >= 0.05 * powers.sum()]


def _frame(lattice, size):
    """The smallest upright rectangle of a lattice.

    Returns:
        (rows, columns), each None where there is none that fits twice; and how far each side leans
        over the whole picture, as a share of the other.
    """
    steps = np.arange(-_MOST_VECTORS, _MOST_VECTORS + 1)
    grid = np.stack(np.meshgrid(*[steps] * len(lattice), indexing="ij"), axis=-1)
    points = grid.reshape(-1, len(lattice)) @ lattice
    frame, aside = [None, None], [0.0, 0.0]
    for axis, length in enumerate(size):
        along, off = points[:, axis], np.abs(points[:, 1 - axis])
        upright = (along >= SHORTEST - 0.5) & (along <= length / 2 + 0.5)
        upright &= off <= _LEANING * along + 0.2
        if upright.any():
            first = np.where(upright, along, np.inf).argmin()
            frame[axis], aside[axis] = along[first], off[first] / along[first] * length
    if len(lattice) == 2 and None in frame:
        return (None, None), (0.0, 0.0)
    leaning = [drift / (other or np.inf) for drift, other in zip(aside, frame[::-1], strict=True)]
    return tuple(frame), tuple(leaning)


def _correction(field, axis, period):
    """The factor that a side of the frame is to be multiplied by.

    A profile is sharp where the ends of bricks are jittered; and where its periods are a whole
    number but for half a pixel, they are taken for one, as of photos that tile.
    """
    if period is None:
        return 1.0
    length = field.shape[axis]
    correlation = autocorrelation(field.mean(axis=1 - axis, keepdims=True))
    profile = fitted(correlation, np.eye(2)[axis : axis + 1] * period)
    _, heights, _ = summits(correlation, profile, order=16)
    exact = profile[0, axis]
    if len(heights) < 3 or heights.mean() < _SHARP or abs(exact / period - 1) > 0.01:
        exact = period
    count = round(length / exact)
    return (length / count if abs(length - count * exact) <= 0.5 else exact) / period


def _places(period, length):
    return np.arange(0, length, period) if period else ()


def _points(vectors, height, width):
    """The points of a lattice in a rectangle, `(n, 2)`."""
    corners = np.array([[0, 0], [0, width], [height, 0], [height, width]]) @ np.linalg.inv(vectors)
    first = np.floor(corners.min(axis=0)).astype(int)
    last = np.ceil(corners.max(axis=0)).astype(int)
    steps = [np.arange(low, high + 1) for low, high in zip(first, last, strict=True)]
    points = np.stack(np.meshgrid(*steps, indexing="ij"), axis=-1).reshape(-1, 2) @ vectors
    inside = np.all((points >= -1e-6) & (points < (height, width)), axis=1)
    return points[inside]
