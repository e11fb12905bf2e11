"""Wang tiles side by side, as one latent field (Cohen et al., 2003, "Wang tiles for image and
texture generation").

A tile has a colour on each edge, and lies beside any tile with the same colour there. Its pixels
see its own cells and `BORDER` = 3 cells around them, which are its neighbours'. For its picture to
be the same in every laying, all those cells must follow from its own four colours. Across an edge
they do if each tile's outer 3 cells there follow from that edge's colour. Around a corner they
cannot: what lies on the far side of it, diagonally or along a neighbour's other edge, has colours
of which this tile knows nothing. So a cell's latents depend,

    within 3 cells of two edges       on nothing: all tiles have them (c)     c c t t c c
    within 3 cells of one edge        on that edge's colour (t, b, l, r)      l l i i r r
    in the inside                     on the tile (i)                         c c b b c c

and a laying is one latent field, of which the tiles are exact crops.

All latents are one seed's, and what differs is where on its canvas they are read: each of these
zones a whole number of tiles lower or farther to the right. How many is the edge's colour, or for
the inside the place of (top, bottom) and of (left, right) in `tour`. So the tile whose colours are
all the first is the seed's own picture with that period, and more colours only add tiles.

A row's or a column's channels cross all tiles that lie there, of any colours: they repeat after one
tile, and so do courses. Finer noise is channels of cells. Positions repeat after whole frames, of
which a tile is some.
"""

import dataclasses

import numpy as np

from locogan_keras.canvas.latents import BORDER, CELL, threefry
from locogan_keras.canvas.views import View, make_view

# Beside a seed, where latents have the channel: of none of them.
_LAYINGS = 2**31


def tour(colors):
    """A way that takes each pair of colours once, and returns: `(colors^2,)` integers from 0.

    Laid side by side, tiles with its colours and the next ones on their edges fit, all around. The
    tour of fewer colours is its beginning (Wei, 2004, "Tile-based texture mapping on graphics
    hardware").
    """
    way = [0]
    for color in range(colors):
        way += [step for other in range(1, color) for step in (color, other)]
        way += [color, color, 0] if color else [0]
    return np.array(way[:-1])


@dataclasses.dataclass(frozen=True, eq=False)
class Laying:
    """Rows and columns of tiles, closed all around: a plane of repeats.

    Args:
        tile: (height, width) of a tile in cells, at least 7 each.
        across: Colours from 0 of the tiles' top edges, `(rows, columns)` integers.
        down: Those of their left edges, likewise.
    """

    tile: tuple[int, int]
    across: np.ndarray
    down: np.ndarray

    @property
    def edges(self):
        """The colours of each tile, clockwise from the top: `(rows, columns, 4)`."""
        right, bottom = np.roll(self.down, -1, axis=1), np.roll(self.across, -1, axis=0)
        return np.stack([self.across, right, bottom, self.down], axis=-1)

    def addresses(self, rows, columns):
        """The places of cells' latents on the seed's canvas.

        Args:
            rows, columns: Integer arrays that broadcast: cells of the laying.

        Returns:
            `(rows, columns)`, which are those in the tile and some whole tiles.
        """
        height, width = self.tile
        (i, rows), (j, columns) = np.divmod(rows, height), np.divmod(columns, width)
        top, right, bottom, left = np.moveaxis(self.edges[i, j], -1, 0)
        at_y, at_x = (
            (each < BORDER) | (each >= length - BORDER)
            for each, length in ((rows, height), (columns, width))
        )
        zones = [~at_y & ~at_x, at_y & ~at_x, at_x & ~at_y]
        y_edge = np.where(rows < BORDER, top, bottom)
        x_edge = np.where(columns < BORDER, left, right)
        lower = np.select(zones, [_place(top, bottom), y_edge, 0], 0)
        farther = np.select(zones, [_place(left, right), 0, x_edge], 0)
        return rows + lower * height, columns + farther * width


@dataclasses.dataclass(frozen=True)
class LaidView(View):
    """A view of a plane of repeats of a laying, which its period is.

    Args:
        laying: A `Laying`.
    """

    laying: Laying

    def wrapped(self, rows, columns):
        """The cells whose latents those of the laying have, as of `View`."""
        return self.laying.addresses(*super().wrapped(rows, columns))

    def lines(self, rows, columns):
        """The cells whose channels of lines they have, as of `View`."""
        return tuple(
            each % length for each, length in zip((rows, columns), self.laying.tile, strict=True)
        )


def lay(description, laying, seed=0):
    """One period of a laying.

    Args:
        description: The engine's; on both axes the model repeats, after a tile.
        laying: A `Laying`.
        seed: Of the latents.

    Returns:
        A `LaidView`.

    Raises:
        ValueError: If the model cannot do this; it names the argument and the value.
    """
    size = tuple(
        CELL * count * length
        for count, length in zip(laying.across.shape, laying.tile, strict=True)
    )
    view = make_view(
        description, height=size[0], width=size[1], seed=seed, periodic="xy", period=size
    )
    fields = {field.name: getattr(view, field.name) for field in dataclasses.fields(view)}
    return LaidView(**fields, laying=laying)


def complete_laying(tile, colors):
    """Each tile of a set once.

    Args:
        tile: (height, width) in cells.
        colors: How many for top and bottom edges, and for left and right ones.

    Returns:
        A `Laying`: of the tile in row i and column j, colours i and i + 1 of the first tour are at
        the top and the bottom, and colours j and j + 1 of the second to the left and the right.
    """
    across, down = map(tour, colors)
    return Laying(tile, *np.broadcast_arrays(across[:, None], down[None, :]))


def random_laying(tile, colors, size, seed=0):
    """A laying at random, a part of the endless one that a seed has.

    Args:
        tile, colors: As of `complete_laying`.
        size: (rows, columns) of tiles. The last ones' edges are the first ones'.
        seed: 0 to 2^32 - 1.

    Returns:
        A `Laying`. The colours of the tile in row i and column j are, at the top and to the left,
        the remainders of the two words of Threefry-2x32-20 with key (seed, 2^31), counter (i, j).
    """
    rows, columns = (np.arange(length, dtype=np.uint32) for length in size)
    words = threefry((seed, _LAYINGS), (rows[:, None], columns[None, :]))
    return Laying(
        tile, *((word % count).astype(int) for word, count in zip(words, colors, strict=True))
    )


def _place(first, second):
    """The places of pairs of colours in the tour."""
    way = tour(1 + max(first.max(), second.max()))
    places = np.empty([way.max() + 1] * 2, int)
    places[way, np.roll(way, -1)] = np.arange(len(way))
    return places[first, second]
