"""Repeats of pictures: in x, in y, in both, or in both with every second column or row shifted.

A picture repeats where latents and positions do. Latents repeat after any whole number of cells;
positions only after whole frames, and they are never shifted: a jump in them is a seam, which the
network would draw. So a period is a multiple of the frame, and where repeats are shifted by half a
period (half-drop in y, brick in x), half of it must be one too: a multiple of two frames. Every
pixel then sees, around it, what the pixel one lattice vector away sees.
"""

import math

AXES = ("y", "x")
# The axis along which every second column, or row, of repeats is shifted.
SHIFTED = {"half-drop": 0, "brick": 1}
PERIODIC = ("none", "x", "y", "xy", *SHIFTED)
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


def square_period(description, size, periodic=None):
    """The period of a seamless square.

    Args:
        description: The engine's.
        size: Its edge in pixels.
        periodic: As of `view_periods`.

    Returns:
        (height, width) in pixels; 0 on an axis where it is not to repeat.

    Raises:
        ValueError: If the model has no such square; it names those it has, and how to train for it.
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
    unit = math.lcm(*description.frame)
    if size % unit:
        below = size // unit * unit
        nearest = " and ".join(str(each) for each in (below, below + unit) if each)
        raise ValueError(
            f"size must be a multiple of the trained frame, {description.frame[0]} x "
            f"{description.frame[1]}: the nearest seamless squares are {nearest}; for this one "
            "train with a model.frame that divides it, or with recipe irregular, which has all "
            f"multiples of 16. Received: size={size}"
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
    if asked < 0 or asked % shortest:
        nearest = max(1, round(asked / shortest)) * shortest
        raise ValueError(
            f"period must be a multiple of {what}; the nearest is {nearest}. "
            f"Received: period={period[0]}x{period[1]}"
        )
    return asked or -(-description.shown[axis] // shortest) * shortest
