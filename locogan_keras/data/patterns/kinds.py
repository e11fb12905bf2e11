"""The kind of pattern that a photo is, and the recipe and settings that follow from it."""

import dataclasses
import itertools
import math

import numpy as np

from locogan_keras.canvas.latents import CELL
from locogan_keras.canvas.positions import CROP
from locogan_keras.data.patterns.lattice import measured
from locogan_keras.data.patterns.lines import line_axes

# What a choice costs: squares of the departure from the wanted size in quarters, and of the change
# of aspect in three hundredths; and each period in the frame after the first.
_SIZE = math.log(1.25)
_ASPECT = math.log(1.03)
_PERIOD = 1.0

# Of the local channels, for each axis with lines of one piece.
_LINE_CHANNELS = 8

_MOST_ASPECT = math.log(1.06)
_MOST_SIZE = math.log(1.6)
_MOST_PERIODS = 8

# Pixels along the edge of a square as large as the frame that is aimed at: a crop then sees one
# repeat and half of the next, as of the bricks that the recipe was found with. The shorter edge of
# the photo stays within these bounds: it has to hold enough crops, and to be seen in the time.
_FRAME = 40
_EDGES = (192, 512)

# Of a panorama: its edges differ by no more than so many times as much as neighbouring columns do
# (of six panoramas 0.9 to 2.8), and so much of its variance is between rows (0.31 to 0.82).
_CLOSED = 4.0
_LAYERED = 0.2


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of pattern, as found in a photo.

    Args:
        recipe: The name of the recipe for it.
        changes: `(key, value)` pairs: settings that are the photo's own to say.
        found: What was found, in a line.
    """

    recipe: str
    changes: tuple[tuple[str, object], ...]
    found: str


def kind_of(picture):
    """The kind of pattern that a photo is.

    A photo that surely repeats is `regular`: its frame is the photo's own lattice. Along an axis on
    which it does not, as along boards, positions tell nothing. One twice as wide as high that goes
    once around the horizon is a panorama. Any other is `irregular`. Where rows or columns are of
    one piece, as courses and boards are, some of the latent is theirs.

    Args:
        picture: `(height, width, 3)` uint8.

    Returns:
        A `Kind`.
    """
    if _is_panorama(picture):
        return Kind("pattern-cylinder", (), "a panorama that closes in x")
    kind, lines = _kind_of_texture(picture), line_axes(picture)
    if not any(lines):
        return kind
    counts = [_LINE_CHANNELS * is_line for is_line in lines]
    names = " and ".join(itertools.compress(("rows", "columns"), lines))
    return dataclasses.replace(
        kind,
        changes=(*kind.changes, ("model.line_channels", counts)),
        found=f"{kind.found}; its {names} are of one piece",
    )


def _kind_of_texture(picture):
    lattice = measured(picture)
    repeats = [
        f"every {period:.4g} pixels in {axis}"
        for axis, period in zip("yx", lattice.frame, strict=True)
        if period
    ]
    said = f"{' and '.join(repeats)}, confidence {lattice.confidence:.2f}"
    if not repeats:
        return Kind("irregular", (), "no lattice found")
    if not lattice.is_regular:
        return Kind("irregular", (), f"perhaps it repeats {said}: too little to rely on")
    periods = [period for period in lattice.frame if period]
    edge = min(picture.shape[:2]) / math.prod(periods) ** (1 / len(periods))
    wanted = min(max(edge * _FRAME, _EDGES[0]), _EDGES[1])
    try:
        size, frame = whole_cells(lattice.frame, picture.shape[:2], wanted)
    except ValueError:
        return Kind("irregular", (), f"it repeats {said}; no scale makes that whole cells")
    if min(size) < CROP:
        return Kind("irregular", (), f"it repeats {said}, and is too small at whole cells")
    changes = (
        ("model.frame", [length or CELL for length in frame]),
        ("data.image_size", list(size)),
    )
    if None in frame:
        alone = "columns" if frame[0] is None else "rows"
        changes = (("model.encoding", alone), *changes)
        said = f"{said}; along the other axis it does not"
    return Kind("regular", changes, f"it repeats {said}")


def _is_panorama(picture):
    """Whether a photo has the shape of a full turn, closes, and has a sky or a floor."""
    height, width = picture.shape[:2]
    if width != 2 * height:
        return False
    levels = picture.astype(np.float32)
    steps = np.abs(np.diff(levels, axis=1, append=levels[:, :1])).mean(axis=(0, 2))
    closes = steps[-1] <= _CLOSED * np.median(steps)
    rows = levels.mean(axis=1).var(axis=0).sum()
    return bool(closes and rows >= _LAYERED * levels.var(axis=(0, 1)).sum())


def whole_cells(frame, size, image_size):
    """The size to scale a photo to, and its frame then.

    The photo becomes one whose frames, or few of them, are whole cells of 16 pixels: rounding to
    whole pixels is then less than half a pixel over the whole photo. Both axes are scaled by nearly
    the same factor, at most 6 % apart. The frame holds several periods only where one of them is
    less than a cell, or where that keeps the photo much nearer the wanted size.

    Args:
        frame: (rows, columns) in pixels of the photo, None on an axis without a period; of
            `Lattice.frame`.
        size: The photo's (height, width).
        image_size: The wanted shorter edge. Photos are not enlarged but for the whole cells.

    Returns:
        A pair: (height, width), and the frame (height, width), multiples of 16 or None.

    Raises:
        ValueError: If there is no period, or none that any such size brings to whole cells.
    """
    if frame[0] is None and frame[1] is None:
        raise ValueError(f"`frame` must have a period on an axis. Received: frame={frame}")
    wanted = min(1.0, image_size / min(size))
    axes = [_choices(period, wanted) for period in frame]
    choices = [
        (_cost(down, across, wanted), down, across)
        for down, across in itertools.product(*axes)
        if down is None or across is None or abs(math.log(down[0] / across[0])) <= _MOST_ASPECT
    ]
    if not choices:
        raise ValueError(
            f"no scale brings whole periods to whole cells near `image_size`. Received: "
            f"frame={tuple(frame)}, size={tuple(size)}, image_size={image_size}"
        )
    _, *best = min(choices, key=lambda choice: choice[0])
    factors = [axis[0] if axis else other[0] for axis, other in zip(best, best[::-1], strict=True)]
    target = tuple(round(length * factor) for length, factor in zip(size, factors, strict=True))
    return target, tuple(axis and axis[1] for axis in best)


def _choices(period, wanted):
    """Possible (scale, frame in pixels, periods in it) of an axis; None alone without a period."""
    if period is None:
        return [None]
    choices = []
    for periods in range(1, _MOST_PERIODS + 1):
        cells = periods * period * wanted / CELL
        spread = math.exp(_MOST_SIZE)
        for count in range(max(1, math.ceil(cells / spread)), math.floor(cells * spread) + 1):
            choices.append((CELL * count / (periods * period), CELL * count, periods))
    return choices


def _cost(down, across, wanted):
    scales = [axis[0] for axis in (down, across) if axis]
    cost = sum((math.log(scale / wanted) / _SIZE) ** 2 for scale in scales) / len(scales)
    cost += (math.log(max(scales) / min(scales)) / _ASPECT) ** 2
    return cost + _PERIOD * sum(axis[2] - 1 for axis in (down, across) if axis)
