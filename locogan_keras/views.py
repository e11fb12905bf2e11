"""What to render: a window of one world, checked against what the model can do."""

import dataclasses

from locogan_keras.latents import CELL

AXES = ("y", "x")
# Cells are int32, and the border and whole tiles need room.
FARTHEST = 2**31 * CELL - 2**20


@dataclasses.dataclass(frozen=True)
class View:
    """A window of one world. All lengths are pixels, (y, x).

    Args:
        size: Of the window.
        corner: Of the window on the infinite canvas, (top, left).
        seed: Of the world.
        frame: What positions -1 to 1 stand for.
        period: After which the picture repeats; 0 on an axis where it does not.
    """

    size: tuple[int, int]
    corner: tuple[int, int]
    seed: int
    frame: tuple[int, int]
    period: tuple[int, int]


def make_view(
    description,
    *,
    height=None,
    width=None,
    seed=0,
    top=0,
    left=0,
    frame=(0, 0),
    periodic=None,
    period=(0, 0),
):
    """Checks what is asked of a model, and fills in the rest.

    Args:
        description: The engine's.
        height, width: Of the picture in pixels; the model's frame unless given.
        seed: 0 to 2^32 - 1.
        top, left: The picture's corner on the infinite canvas, in pixels.
        frame: (height, width) in pixels; 0 for the default: the trained frame on an axis where the
            model repeats, the picture itself on others.
        periodic: Axes on which the picture repeats: `"none"`, `"x"`, `"y"` or `"xy"`; all on which
            the model does unless given. `"none"` on such a model makes the paper's semi-periodic
            pictures (section 4.2): positions repeat, the local plan is fresh.
        period: (height, width) in pixels after which it repeats; 0 for one frame.

    Returns:
        A `View`.

    Raises:
        ValueError: If the model cannot do this; it names the argument and the value.
    """
    if not 0 <= seed < 2**32:
        raise ValueError(f"seed must be 0 to {2**32 - 1}. Received: seed={seed}")
    if periodic is None:
        repeats = description.periodic
    elif periodic in ("none", "y", "x", "xy"):
        repeats = tuple(axis in periodic.replace("none", "") for axis in AXES)
    else:
        raise ValueError(f"periodic must be none, x, y or xy. Received: periodic={periodic!r}")

    size, frames, periods = [], [], []
    for axis in range(2):
        length = (height, width)[axis]
        if length is None:
            length = description.frame[axis]
        if length < 1:
            side = ("height", "width")[axis]
            raise ValueError(f"{side} must be positive. Received: {side}={length}")
        size.append(length)
        corner = (top, left)[axis]
        for side, place in (
            (("top", "left")[axis], corner),
            (("height", "width")[axis], corner + length),
        ):
            if abs(place) >= FARTHEST:
                raise ValueError(
                    f"{side} reaches beyond the canvas of +-2^35. Received: top={top}, "
                    f"left={left}, height={height}, width={width}"
                )
        if description.periodic[axis]:
            frames.append(_trained_frame(description, axis, frame))
        else:
            frames.append(_linear_frame(axis, frame, size[axis], corner))
        periods.append(_period(description, axis, repeats[axis], period))
    return View(tuple(size), (top, left), seed, tuple(frames), tuple(periods))


def _trained_frame(description, axis, frame):
    trained = description.frame[axis]
    if frame[axis] not in (0, trained):
        raise ValueError(
            f"frame must be {trained} in {AXES[axis]}, where the model repeats. "
            f"Received: frame={frame[0]}x{frame[1]}"
        )
    return trained


def _linear_frame(axis, frame, length, corner):
    if frame[axis] < 0:
        raise ValueError(f"frame must be positive. Received: frame={frame[0]}x{frame[1]}")
    if corner and not frame[axis]:
        side = ("top", "left")[axis]
        raise ValueError(
            f"{side} needs a frame, because the model does not repeat in {AXES[axis]}. "
            f"Received: {side}={corner}"
        )
    return frame[axis] or length


def _period(description, axis, repeats, period):
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
            f"which does not repeat there. Received: periodic={name}"
        )
    if asked < 0 or asked % trained:
        nearest = max(1, round(asked / trained)) * trained
        raise ValueError(
            f"period must be a multiple of the trained frame, {trained} in {name}; the nearest is "
            f"{nearest}. Received: period={period[0]}x{period[1]}"
        )
    return asked or trained
