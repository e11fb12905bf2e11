"""The making of a unit: a pure function of an engine, a plan and a unit.

Nothing in it depends on the process, on what was made before or on the format, so that units can be
made in any order and by anybody. Held are a unit's pixels and its levels: 67 MB of 3 channels of 8
bits, however large the picture.

Level k + 1 is made of level k by means of 2 x 2 pixels. Where an edge is odd, its last row or
column counts twice. With a, b the upper pixels of a channel and c, d the lower ones, as stored:

    of levels:  (a + b + c + d + 2) // 4      half rounds up
    of floats:  (((a + b) + c) + d) / 4       each step in float32

The digest of a unit is the SHA-256 of its levels' raw pixels, the finest first: row after row, of
each pixel its channels, a number's low byte first.
"""

import dataclasses
import hashlib

import numpy as np

from locogan_keras.rendering.files.levels import to_unit
from locogan_keras.rendering.render import render


@dataclasses.dataclass(frozen=True)
class Made:
    """What was made of a unit.

    Args:
        levels: `(height, width, channels)` each, of the windows of `Plan.windows`.
        top: The tile that the unit above goes on with; None of the last unit.
        digest: Of the levels, in hexadecimal.
    """

    levels: list
    top: np.ndarray | None
    digest: str


def finest(engine, view, tile, plan, unit, top_of=None, progress=iter):
    """The pixels of a unit's finest level, rendered or joined of the tops below it.

    Args:
        engine, view, tile, progress: As of `bands`; the view is the whole picture's.
        plan: The `Plan`.
        unit: One of its units.
        top_of: Gives the top of a unit below; asked for by those of height 1 or more alone.

    Returns:
        `(height, width, channels)` of the first of `Plan.windows`.
    """
    first, *_ = plan.windows(unit)
    if unit.height:
        return _joined(plan, unit, first, top_of)
    return _rendered(engine, view, tile, plan, first, progress)


def pyramid(plan, unit, pixels):
    """A unit made of its pixels, as of `finest`.

    Returns:
        `Made`.
    """
    _, *others = plan.windows(unit)
    levels = [pixels]
    for _ in others:
        levels.append(halved(levels[-1]))
    top = halved(levels[-1]) if plan.above(unit) else None
    return Made(levels, top, _digest(levels))


def halved(image):
    """The means of 2 x 2 pixels, as this module's text defines them.

    Args:
        image: `(height, width, channels)` of unsigned integers or floats.

    Returns:
        `(ceil(height / 2), ceil(width / 2), channels)` of the same type.
    """
    odd = [(0, length % 2) for length in image.shape[:2]]
    if any(more for _, more in odd):
        image = np.pad(image, [*odd, (0, 0)], mode="edge")
    parts = [image[row::2, column::2] for row in (0, 1) for column in (0, 1)]
    kind = image.dtype.kind
    # Wide enough for a sum of four.
    total = parts[0].astype(image.dtype if kind == "f" else f"u{2 * image.itemsize}")
    for part in parts[1:]:
        total += part
    if kind == "f":
        return total / image.dtype.type(4)
    total += 2
    return (total >> 2).astype(image.dtype)


def _rendered(engine, view, tile, plan, window, progress):
    corner = tuple(start + offset for start, offset in zip(view.corner, window[1:3], strict=True))
    part = dataclasses.replace(view, corner=corner, size=window[3:])
    pixels = render(engine, part, tile, progress, plan.dtype)[..., : plan.channels]
    return to_unit(pixels) if plan.dtype.kind == "f" else np.ascontiguousarray(pixels)


def _joined(plan, unit, window, top_of):
    base = np.empty((window.height, window.width, plan.channels), plan.dtype)
    for each in plan.below(unit):
        _, top, left, height, width = plan.window(each, window.level)
        top, left = top - window.top, left - window.left
        base[top : top + height, left : left + width] = top_of(each)
    return base


def _digest(levels):
    digest = hashlib.sha256()
    for level in levels:
        digest.update(np.ascontiguousarray(level, level.dtype.newbyteorder("<")))
    return digest.hexdigest()
