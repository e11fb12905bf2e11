"""The channels in which networks see positions (paper, sections 3 and 4.2).

An axis on which pictures do not repeat is told as it is; one on which they do, as the cosine and
the sine of the angle on a circle that closes after one frame. Which axes repeat is the canvas's to
say (`PERIODIC_AXES`); a further encoding is a row there and an object here.
"""

import math

import numpy as np
from keras import ops

from locogan_keras.canvas.positions import PERIODIC_AXES


class Encoding:
    """The channels of (y, x), axis by axis: y, or cos y and sin y; then x.

    Inference engines like one cosine and one sine of a whole map better. `encode_scaled` gives the
    same channels by kind: what is told as it is, then cosines, then sines.

    Args:
        periodic: Whether y and x repeat.

    Attributes:
        channels: How many there are.
        scales: `(2,)` float32, what y and x are multiplied by for `encode_scaled`.
        order: Where, in `encode`'s channels, each one of `encode_scaled` is.
    """

    def __init__(self, periodic):
        self._periodic = periodic
        self.channels = sum(2 if repeats else 1 for repeats in periodic)
        self.scales = np.array([math.pi if repeats else 1.0 for repeats in periodic], np.float32)
        axes = list(zip((0, 2 if periodic[0] else 1), periodic, strict=True))
        lines = [first for first, repeats in axes if not repeats]
        cosines = [first for first, repeats in axes if repeats]
        self.order = [*lines, *cosines, *(first + 1 for first in cosines)]

    def encode(self, positions):
        """A map of (y, x), `(..., 2)`, as `(..., channels)`."""
        lines, circles = self._divided(positions)
        if circles is None:
            return positions
        angles = math.pi * circles
        kinds = [*lines, ops.cos(angles), ops.sin(angles)]
        singles = [single for kind in kinds for single in ops.split(kind, kind.shape[-1], axis=-1)]
        return ops.concatenate([singles[place] for place in np.argsort(self.order)], axis=-1)

    def encode_scaled(self, positions):
        """A map of (y, x) times `scales` as a list of maps, `channels` in all."""
        lines, circles = self._divided(positions)
        return lines if circles is None else [*lines, ops.cos(circles), ops.sin(circles)]

    def _divided(self, positions):
        """A list of what is told as it is, and one map of what goes round, or None."""
        if not any(self._periodic):
            return [positions], None
        if all(self._periodic):
            return [], positions
        y, x = ops.split(positions, 2, axis=-1)
        return ([y], x) if self._periodic[1] else ([x], y)


class OneAxis(Encoding):
    """The cosine and the sine of y alone, or of x: for what is alike all along the other axis.

    Args:
        axis: 0 for y, 1 for x.
    """

    def __init__(self, axis):
        super().__init__((True, True))
        self._axis = axis
        self.channels = 2
        self.order = [0, 1]

    def _divided(self, positions):
        return [], positions[..., self._axis : self._axis + 1]


class NoEncoding(Encoding):
    """No channels: textures that are alike everywhere have no use for places."""

    def __init__(self):
        self._periodic = ()
        self.channels = 0
        self.scales = np.ones(2, np.float32)
        self.order = []

    def encode(self, positions):
        return positions[..., :0]

    def encode_scaled(self, positions):
        return [self.encode(positions)]


_PARTIAL = {"rows": OneAxis(0), "columns": OneAxis(1), "none": NoEncoding()}
ENCODINGS = {
    name: _PARTIAL.get(name) or Encoding(periodic) for name, periodic in PERIODIC_AXES.items()
}
