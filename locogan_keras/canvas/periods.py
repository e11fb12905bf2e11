"""Repeats of pictures: in x, in y, in both, or in both with every second column or row shifted.

A picture repeats where latents and positions do. Latents repeat after any whole number of cells;
positions only after whole frames, and they are never shifted: a jump in them is a seam, which the
network would draw. So a period is a multiple of the frame, and where repeats are shifted by half a
period (half-drop in y, brick in x), half of it must be one too: a multiple of two frames. Every
pixel then sees, around it, what the pixel one lattice vector away sees.

A period of whole cells that is nearly one is made one: its frame is stretched, by a tenth at most.
So 1024 pixels are 21 bricks of 48, each 1.6 % longer.
"""

import fractions
import math

AXES = ("y", "x")
# The axis along which every second column, or row, of repeats is shifted.
SHIFTED = {"half-drop": 0, "brick": 1}
PERIODIC = ("none", "x", "y", "xy", *SHIFTED)
# How much longer or shorter than the trained frame one may be; more would be seen.
_MOST_STRETCH = 0.1
_RECIPES = (
    "pattern-torus repeats in x and y",
    "pattern-strip (a pattern) and pattern-cylinder (a panorama) repeat in x, pattern-torus in "
    "both",
)


def view_periods(description, periodic, period):
    """The periods of a picture.

    Args:
        description: The engine's.
        periodic: One of `PERIODIC`; `None` for all axes on which the model repeats.
        period: (height, width) in pixels; 0 for the description's `shown`.

    Returns:
        (height, width) in pixels; 0 on an axis where it does not repeat.

    Raises:
        ValueError: If the model cannot do this; it names what can.
    """
    if periodic is None:
        repeats = description.periodic
    elif periodic in PERIODIC:
        axes = "xy" if periodic in SHIFTED else periodic.replace("none", "")
        repeats = tuple(axis in axes for axis in AXES)
    else:
        raise ValueError(f"periodic must be {', '.join(PERIODIC)}. Received: periodic={periodic!r}")
    return tuple(_period(description, axis, repeats[axis], periodic, period) for axis in range(2))


def fitted_frame(trained, period, is_shifted=False):
    """The frame, nearest to the trained one, of which a period is a whole number.

    Positions are stretched a little by it: there is no seam, and cells are whole as they are.

    Args:
        trained: The trained frame in pixels, along one axis.
        period: In pixels; 0 where the picture does not repeat.
        is_shifted: Whether it is shifted by half of the period, which then is whole frames, too.

    Returns:
        The trained frame as it is where it fits, else a `Fraction`.
    """
    if not period:
        return trained
    step = 2 if is_shifted else 1
    frame = fractions.Fraction(period, step * max(1, round(period / (step * trained))))
    return trained if frame == trained else frame


def square_period(description, size, periodic=None):
    """The period of a seamless square.

    Args:
        description: The engine's.
        size: Its edge in pixels.
        periodic: As of `view_periods`.

    Returns:
        (height, width) in pixels; 0 on an axis where it is not to repeat.

    Raises:
        ValueError: If the model has no such square; it names the nearest that it has.
    """
    if periodic is not None:
        axes = "xy" if periodic in SHIFTED else periodic.replace("none", "")
        return tuple(size if axis in axes else 0 for axis in AXES)
    if not all(description.periodic):
        axis = AXES[description.periodic.index(False)]
        raise ValueError(
            f"size is the edge of a seamless square, and the model does not repeat in {axis}: give "
            f"height and width. Received: size={size}"
        )

    cell = description.cell

    def is_one(edge):
        return not edge % cell and all(_fits(description, axis, edge) for axis in range(2))

    if not is_one(size):
        first, farthest = size // cell * cell, size + 2 * math.lcm(*description.frame)
        below = next(filter(is_one, range(first, 0, -cell)), None)
        above = next(filter(is_one, range(first + cell, farthest, cell)))
        nearest = " and ".join(str(edge) for edge in (below, above) if edge)
        raise ValueError(
            f"size must be near whole frames of {description.frame[0]} x {description.frame[1]} "
            f"pixels, and a multiple of {cell}; the nearest: {nearest}. Received: size={size}"
        )
    return size, size


def shift_of(periodic, period):
    """The shift of every second column (y) or row (x) of repeats, in pixels.

    Args:
        periodic: One of `PERIODIC`, or `None`.
        period: The picture's, (height, width) in pixels.
    """
    return tuple(
        length // 2 if SHIFTED.get(periodic) == axis else 0 for axis, length in enumerate(period)
    )


def _period(description, axis, repeats, periodic, period):
    name, asked, trained = AXES[axis], period[axis], description.frame[axis]
    if not repeats:
        if asked:
            raise ValueError(
                f"period must be 0 in {name}, where the picture does not repeat. "
                f"Received: period={period[0]}x{period[1]}"
            )
        return 0
    if not description.periodic[axis]:
        raise ValueError(
            f"periodic is refused in {name}: the model's positions are {description.encoding}, "
            f"which does not repeat there; of a model to train, recipe {_RECIPES[axis]}. "
            f"Received: periodic={periodic}"
        )
    shortest, what = trained, f"the trained frame, {trained} in {name}"
    if SHIFTED.get(periodic) == axis:
        shortest = 2 * trained
        what = (
            f"two trained frames, {shortest} in {name}, because {periodic} shifts by half of it "
            "and positions repeat after whole frames"
        )
    if asked < 0 or not _fits(description, axis, asked, SHIFTED.get(periodic) == axis):
        nearest = max(1, round(asked / shortest)) * shortest
        raise ValueError(
            f"period must be a multiple of {what}; the nearest is {nearest}. "
            f"Received: period={period[0]}x{period[1]}"
        )
    return asked or -(-description.shown[axis] // shortest) * shortest


def _fits(description, axis, period, is_shifted=False):
    """Whether a period is whole frames, or whole cells and nearly that."""
    trained = description.frame[axis]
    frame = fitted_frame(trained, period, is_shifted)
    # Half of a shifted one is whole cells, too.
    cells = description.cell * (2 if is_shifted else 1)
    return frame == trained or (
        not period % cells and abs(float(frame / trained) - 1) <= _MOST_STRETCH
    )
