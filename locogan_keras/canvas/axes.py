"""One axis of a picture: where its cells lie on the frame, and whose latents they have."""

import dataclasses
from fractions import Fraction

import numpy as np

from locogan_keras.canvas.latents import BORDER, CELL
from locogan_keras.canvas.positions import cell_centres

# Where new cells have their local plan from: this far from the picture's own.
_FRESH = 2**24


@dataclasses.dataclass(frozen=True)
class Axis:
    """One axis of a picture, of which a part may be stretched. All lengths are pixels.

    Args:
        frame: What positions -1 to 1 stand for, before the part is stretched; a `Fraction` where it
            was made to fit a period.
        repeats: Whether the model repeats on this axis: `frame + extra` is whole cells, or some
            whole number of frames is.
        part: (start, stop) before, multiples of 16.
        extra: By how much the part becomes longer, a multiple of 16; negative for shorter.
    """

    frame: int | Fraction
    repeats: bool
    part: tuple[int, int] = (0, 0)
    extra: int = 0

    def centres(self, first, count):
        """Positions of `count` cells from `first` and of the border: `(count + 6,)` float32.

        Where the model repeats, whole frames are subtracted from the first cell, as in
        `position_map`.
        """
        if isinstance(self.frame, Fraction):
            return self._fitted_centres(first, count)
        period = (self.frame + self.extra) // CELL
        if self.repeats:
            first %= period
        first, count = first - BORDER, count + 2 * BORDER
        if not self.extra:
            return cell_centres(first, count, self.frame)
        cells, turns = np.arange(first, first + count), 0
        if self.repeats:
            turns, cells = np.divmod(cells, period)
        pixels = CELL * cells + CELL // 2
        start, stop = self.part
        scale = (stop - start) / (stop - start + self.extra)
        pixels = np.select(
            [pixels < start, pixels < stop + self.extra],
            [pixels, start + (pixels - start) * scale],
            pixels - self.extra,
        )
        return (2.0 * (pixels + turns * self.frame) / self.frame - 1.0).astype(np.float32)

    def _fitted_centres(self, first, count):
        """The same for a frame of no whole cells: its parts are counted, which are whole."""
        length, parts = self.frame.numerator, self.frame.denominator
        turns = CELL * first // self.frame
        cells = np.arange(first - BORDER, first + count + BORDER)
        pixels = (CELL * cells + CELL // 2) * parts - turns * length
        return (2.0 * pixels / length - 1.0).astype(np.float32)

    def addresses(self, cells):
        """The addresses of latents in `cells`: beyond the part, where they lay before it grew."""
        if not self.extra:
            return cells
        stop, extra = self.part[1] // CELL, self.extra // CELL
        inserted = (cells >= stop) & (cells < stop + extra)
        return np.where(cells >= stop + extra, cells - extra, cells + _FRESH * inserted)
