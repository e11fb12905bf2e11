"""Latent fields of several plans: for any cells of the canvas, whatever is edited.

A plan says how much of each source of normals, such as a seed, is in a cell. Normals of different
sources are independent, so a sum of them with shares whose squares add up to 1 is a standard normal
again. That is what the generator was trained on, and why a blend is

    ((1 - w) a + w b) / sqrt((1 - w)^2 + w^2)

and not the plain mean, which half-way has half the variance: a paler, more average picture. At
w = 0 and w = 1 it is a and b to the bit. Shares are kept by source, so that blends of blends, and
of a source with itself, keep the variance too.
"""

import dataclasses
from collections.abc import Callable
from typing import Protocol

import numpy as np

from locogan_keras.canvas.latents import addressed_normals, checked_seed, local_groups


class Source(Protocol):
    """Standard normals, one for each channel and cell, that depend on no other source's.

    A source is hashable, and equal to those alone that have the same values: it is a key of
    `Plan.shares`.
    """

    def values(self, channels, rows, columns):
        """The normals of any cells.

        Args:
            channels: `(count,)` integers: 0, 1, ... are local. Global ones are -1, -2, ..., and
                asked for at cell (0, 0) only: a master plan varies by its shares.
            rows, columns: Integer arrays that broadcast: the cells' addresses.

        Returns:
            `(..., count)` float32.
        """


class Plan(Protocol):
    """The sources of each cell, and how much of each."""

    def shares(self, rows, columns):
        """The share of each source in each cell.

        Args:
            rows, columns: Integer arrays that broadcast: cells of the picture, in one period.

        Returns:
            A dict of `Source` to float64 in [0, 1] of the cells' shape; the squares add up to 1.
        """


@dataclasses.dataclass(frozen=True)
class Seeded:
    """The plan of one seed, and its source.

    Args:
        seed: 0 to 2^32 - 1.

    Raises:
        ValueError: If the seed is out of range.
    """

    seed: int

    def __post_init__(self):
        checked_seed(self.seed)

    def shares(self, rows, columns):
        """The only share, 1 in each cell; as of `Plan`."""
        return {self: np.ones(np.broadcast_shapes(rows.shape, columns.shape))}

    def values(self, channels, rows, columns):
        """The seed's normals, as of `Source`."""
        return addressed_normals(self.seed, channels, rows, columns)


@dataclasses.dataclass(frozen=True)
class Blend:
    """Two plans, cell by cell.

    Args:
        first, second: A `Plan` each.
        weights: Of `second`: called with rows and columns, it returns float64 in [0, 1] that
            broadcasts with them; 0 is all `first`.
    """

    first: Plan
    second: Plan
    weights: Callable

    def shares(self, rows, columns):
        """The blended shares, as of `Plan`."""
        weights = self.weights(rows, columns)
        first, second = (plan.shares(rows, columns) for plan in (self.first, self.second))
        shares = {
            source: (1.0 - weights) * first.get(source, 0.0) + weights * second.get(source, 0.0)
            for source in first | second
        }
        length = np.sqrt(sum(share**2 for share in shares.values()))
        return {source: share / length for source, share in shares.items()}


@dataclasses.dataclass(frozen=True)
class Latents:
    """A latent field: the generator's `latent` at any cells.

    Args:
        master, local: A `Plan` each: of the global channels and of the local ones.
        global_channels, local_channels, line_channels: The model's.

    Call arguments:
        rows, columns: Integer arrays that broadcast: cells of the picture, which plans share out.
        addresses: `(rows, columns)` likewise, of the same cells: whose values they have, where a
            stretch has moved them. The cells' own unless given.
        lines: The same of the channels of rows and of columns; `addresses` unless given.

    Returns:
        `(..., global_channels + local_channels)` float32.
    """

    master: Plan
    local: Plan
    global_channels: int
    local_channels: int
    line_channels: tuple[int, int] = (0, 0)

    def __call__(self, rows, columns, addresses=None, lines=None):
        anywhere = np.zeros((), int)
        channels = np.arange(-1, -1 - self.global_channels, -1)
        master = sum(
            share[..., None] * source.values(channels, anywhere, anywhere)
            for source, share in self.master.shares(rows, columns).items()
        )
        addresses = addresses or (rows, columns)
        lines = lines or addresses
        local = sum(
            share[..., None] * self._local_values(source, addresses, lines)
            for source, share in self.local.shares(rows, columns).items()
            # Drawing normals is what takes time; most windows of an edit have one source.
            if share.any()
        )
        return np.concatenate([master, local], axis=-1).astype(np.float32)

    def _local_values(self, source, addresses, lines):
        parts = []
        for numbers, y, x in local_groups(self.local_channels, self.line_channels):
            rows, columns = addresses if y and x else lines
            parts.append(source.values(numbers, y * rows, x * columns))
        return np.concatenate(parts, axis=-1)


def blended(first, second, weights):
    """The `Latents` that blend both plans of two `Latents`; `weights` as of `Blend`."""
    return dataclasses.replace(
        first,
        master=Blend(first.master, second.master, weights),
        local=Blend(first.local, second.local, weights),
    )
