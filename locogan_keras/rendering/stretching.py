"""Pictures extended and stretched, each axis by itself (sections 4.3 and 7, Figures 10 and 12).

To *extend* is to show more of the frame's scale; to *stretch*, to lay the same frame over more
cells; to stretch *a part*, to give all new cells to that part, while the rest keeps its scale and
its latents, and so its pixels.
"""

import dataclasses

from locogan_keras.canvas.axes import Axis
from locogan_keras.canvas.latents import CELL
from locogan_keras.canvas.periods import AXES
from locogan_keras.canvas.views import checked_pixels, make_view


def stretch(description, size, *, seed=0, frame=None, extend="", parts=(None, None)):
    """A picture that is extended or stretched.

    Args:
        description: The engine's.
        size: (height, width) of the picture in pixels.
        seed: 0 to 2^32 - 1.
        frame: (height, width) in pixels of the picture before; the model's frame unless given.
        extend: Axes, of "yx", that are extended; the others are stretched.
        parts: For y and x, `None`, or (start, stop) in pixels before: the part that is stretched.

    Returns:
        A `View`. On an axis where the model repeats so does the picture, after the stretched frame.

    Raises:
        ValueError: If the model cannot do this; it names the argument and the value.
    """
    size, frame = (
        checked_pixels(name, pair, 2)
        for name, pair in (("size", size), ("frame", frame or description.frame))
    )
    axes = tuple(
        _axis(description, axis, size, frame, AXES[axis] in extend, parts[axis])
        for axis in range(2)
    )
    frames = [0 if axis.repeats else axis.frame for axis in axes]
    view = make_view(description, height=size[0], width=size[1], seed=seed, frame=frames)
    period = tuple(axis.frame + axis.extra if axis.repeats else 0 for axis in axes)
    return dataclasses.replace(view, axes=axes, period=period)


def _axis(description, axis, size, frame, extended, part):
    name, repeats = AXES[axis], description.periodic[axis]
    before, after = frame[axis], size[axis]
    if before < 1 or after < 1:
        raise ValueError(
            f"frame and size must be positive. Received: frame={frame[0]}x{frame[1]}, "
            f"size={size[0]}x{size[1]}"
        )
    if repeats and before != description.frame[axis]:
        raise ValueError(
            f"frame must be {description.frame[axis]} in {name}, where the model repeats. "
            f"Received: frame={frame[0]}x{frame[1]}"
        )
    if extended and part:
        raise ValueError(f"extend and a part exclude each other. Received: both in {name}")
    if extended:
        return Axis(before, repeats)
    if part:
        _check_part(name, part, before, after)
        return Axis(before, repeats, part, after - before)
    if repeats and after % CELL:
        raise ValueError(
            f"size must be a multiple of {CELL} in {name}, where the model repeats; the nearest is "
            f"{_nearest(after)}. Received: size={size[0]}x{size[1]}"
        )
    return Axis(after, repeats)


def _check_part(name, part, before, after):
    start, stop = part
    received = f"Received: part-{name}={start}:{stop}"
    if not 0 <= start < stop <= before:
        raise ValueError(f"part-{name} must lie in 0:{before}, the picture before. {received}")
    if start % CELL or stop % CELL:
        raise ValueError(
            f"part-{name} must begin and end at multiples of {CELL}; the nearest is "
            f"{CELL * round(start / CELL)}:{_nearest(stop)}. {received}"
        )
    extra = after - before
    if extra % CELL:
        raise ValueError(
            f"a stretched part grows by a multiple of {CELL}; the nearest size in {name} is "
            f"{before + CELL * round(extra / CELL)}. Received: size={after}"
        )
    if stop - start + extra < CELL:
        raise ValueError(
            f"part-{name} must keep {CELL} pixels. {received}, which loses {-extra} pixels"
        )


def _nearest(length):
    return max(1, round(length / CELL)) * CELL
