"""A view to render: a window of one world, checked against what the model can do."""

import dataclasses
import operator

import numpy as np

from locogan_keras.canvas.axes import Axis
from locogan_keras.canvas.latents import BORDER, CELL, LEVELS
from locogan_keras.canvas.periods import AXES, fitted_frame, shift_of, view_periods
from locogan_keras.canvas.plans import Latents, Seeded
from locogan_keras.canvas.positions import position_grid

# Cells are int32, and the border and whole tiles need room.
FARTHEST = 2**31 * CELL - 2**20
_SIDES = ("height", "width", "top", "left")
CANVAS = f"the canvas of +-2^{31 + LEVELS}"


@dataclasses.dataclass(frozen=True)
class View:
    """A window of one world. All lengths are pixels, (y, x).

    Where it lies, how it repeats and how it is stretched is separate from what is there, so that an
    edit replaces `latents` alone, of any view, and is rendered like any other picture.

    Args:
        size: Of the window.
        corner: Of the window on the infinite canvas, (top, left).
        period: After which the picture repeats; 0 on an axis where it does not.
        shift: By how much every second column of repeats lies lower (y), or every second row
            farther to the right (x): half of that axis's period, or 0.
        axes: An `Axis` for y and one for x: the frame, and what of it is stretched.
        latents: A `Latents`.

    Example:

        from locogan_keras import build_generator, load_engine, make_view

        engine = load_engine(build_generator(width=2, encoding="torus", frame=(64, 64)))
        view = make_view(engine.description, height=100, width=150, seed=3)
        print(view.period)  # (64, 64)
        latent, positions = view.inputs(top=0, left=0, height=2, width=3)
        image = engine(latent[None], positions[None])
        print(image.shape)  # (1, 32, 48, 3)
    """

    size: tuple[int, int]
    corner: tuple[int, int]
    period: tuple[int, int]
    shift: tuple[int, int]
    axes: tuple[Axis, Axis]
    latents: Latents

    @property
    def frame(self):
        """The (height, width) that positions -1 to 1 stand for, before a part is stretched."""
        return tuple(axis.frame for axis in self.axes)

    def wrapped(self, rows, columns):
        """The same cells in the one period that is computed.

        Repeats lie on a lattice: (P, 0) and (0, Q), in cells, or with a shift (P, 0) and (P/2, Q),
        or (0, Q) and (P, Q/2). Each cell goes to the one of rows 0 to P and columns 0 to Q that is
        a lattice vector away.

        Args:
            rows, columns: Integer arrays that broadcast.

        Returns:
            `(rows, columns)`, arrays that broadcast to the same shape.
        """
        (height, width), (down, right) = (
            [length // CELL for length in lengths] for lengths in (self.period, self.shift)
        )
        if down:
            rows = rows - columns // width * down
        if right:
            columns = columns - rows // height * right
        return (rows % height if height else rows), (columns % width if width else columns)

    def lines(self, rows, columns):
        """The cells whose channels of rows and of columns they have, of those in one period."""
        # A line crosses all repeats, so that where they are shifted it repeats after half a period.
        return tuple(
            each % (shift // CELL) if shift else each
            for each, shift in zip((rows, columns), self.shift, strict=True)
        )

    def inputs(self, top, left, height, width):
        """The generator's inputs for a window of cells.

        Args:
            top, left: First cell inside the border.
            height, width: In cells, without the border.

        Returns:
            `(latent, positions)`, float32, each `(height + 6, width + 6, channels)`.
        """
        rows = np.arange(top - BORDER, top + height + BORDER)[:, None]
        columns = np.arange(left - BORDER, left + width + BORDER)[None, :]
        cells = self.wrapped(rows, columns)
        addresses = [axis.addresses(each) for axis, each in zip(self.axes, cells, strict=True)]
        lines = self.lines(*cells)
        lines = [axis.addresses(each) for axis, each in zip(self.axes, lines, strict=True)]
        return self.latents(*cells, addresses, lines), self.positions(top, left, height, width)

    def positions(self, top, left, height, width):
        """The second of `inputs`."""
        y, x = self.axes
        return position_grid(y.centres(top, height), x.centres(left, width))


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
    """The checked view of what is asked of a model, with the rest filled in.

    Args:
        description: The engine's.
        height, width: Of the picture in pixels; the description's `shown` unless given.
        seed: 0 to 2^32 - 1.
        top, left: The picture's corner on the infinite canvas, in pixels.
        frame: (height, width) in pixels; 0 for the default: the trained frame on an axis where the
            model repeats, the picture itself on others.
        periodic: How the picture repeats, one of `periods.PERIODIC`; on all axes on which the model
            does unless given. `"none"` on such a model makes the paper's semi-periodic pictures
            (section 4.2): positions repeat, the local plan is fresh.
        period: (height, width) in pixels after which it repeats; 0 for the description's `shown`. A
            multiple of the trained frame, or nearly one: then the frame is stretched to fit it.

    Returns:
        A `View`.

    Raises:
        ValueError: If the model cannot do this; it names the argument and the value.
    """
    asked = (
        shown if length is None else length
        for length, shown in zip((height, width), description.shown, strict=True)
    )
    height, width, top, left = (
        checked_pixels(name, [pixels])[0]
        for name, pixels in zip(_SIDES, (*asked, top, left), strict=True)
    )
    frame, period = checked_pixels("frame", frame, 2), checked_pixels("period", period, 2)
    size, frames = [], []
    for axis in range(2):
        length = (height, width)[axis]
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
                    f"{side} reaches beyond {CANVAS}. Received: top={top}, "
                    f"left={left}, height={height}, width={width}"
                )
        if description.periodic[axis]:
            frames.append(_trained_frame(description, axis, frame))
        else:
            frames.append(_linear_frame(axis, frame, size[axis], corner))
    periods = view_periods(description, periodic, period)
    shift = shift_of(periodic, periods)
    for axis in range(2):
        if periods[axis]:
            frames[axis] = fitted_frame(frames[axis], periods[axis], bool(shift[axis]))
    return View(
        size=tuple(size),
        corner=(top, left),
        period=periods,
        shift=shift,
        axes=tuple(map(Axis, frames, description.periodic)),
        latents=Latents(Seeded(seed), Seeded(seed), **description.channels),
    )


def checked_pixels(name, values, count=1):
    """Numbers of pixels as a tuple of Python's integers.

    Raises:
        ValueError: If they are something else, beyond the canvas, or not so many; it names the
            argument.
    """
    try:
        numbers = tuple(map(operator.index, values))
    except TypeError:
        numbers = ()
    if len(numbers) != count:
        what = "a whole number" if count == 1 else f"{count} whole numbers"
        received = values[0] if count == 1 else values
        raise ValueError(f"{name} must be {what} of pixels. Received: {name}={received!r}")
    if any(abs(number) >= FARTHEST for number in numbers):
        shown = "x".join(map(str, numbers))
        raise ValueError(f"{name} reaches beyond {CANVAS}. Received: {name}={shown}")
    return numbers


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
