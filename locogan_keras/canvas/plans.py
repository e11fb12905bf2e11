"""Latent fields that are made of seeds: for any cells of the canvas, whatever is edited.

A plan says how much of each seed's normals is in a cell. Normals of different seeds are
independent, so a sum of them with shares whose squares add up to 1 is a standard normal again.
That is what the generator was trained on, and why a blend is

    ((1 - w) a + w b) / sqrt((1 - w)^2 + w^2)

and not the plain mean, which half-way has half the variance: a paler, more average picture. At
w = 0 and w = 1 it is a and b to the bit. Shares are kept by seed, so that blends of blends, and of
a seed with itself, keep the variance too.
"""

import dataclasses
from collections.abc import Callable

import numpy as np

from locogan_keras.canvas.latents import checked_seed, global_latent, local_values


@dataclasses.dataclass(frozen=True)
class Seeded:
    """The plan of one seed.

    Args:
        seed: 0 to 2^32 - 1.

    Raises:
        ValueError: If the seed is out of range.
    """

    seed: int

    def __post_init__(self):
        checked_seed(self.seed)

    def shares(self, rows, columns):
        """How much of each seed is in each cell.

        Args:
            rows, columns: Integer arrays that broadcast: cells of the canvas.

        Returns:
            A dict of seed to float64 in [0, 1] of the cells' shape; the squares add up to 1.
        """
        return {self.seed: np.ones(np.broadcast_shapes(rows.shape, columns.shape))}


@dataclasses.dataclass(frozen=True)
class Blend:
    """Two plans, cell by cell.

    Args:
        first, second: `Seeded` or `Blend`.
        weights: Of `second`: called with rows and columns, it returns float64 in [0, 1] that
            broadcasts with them; 0 is all `first`.
    """

    first: "Seeded | Blend"
    second: "Seeded | Blend"
    weights: Callable

    def shares(self, rows, columns):
        """As of `Seeded`."""
        weights = self.weights(rows, columns)
        first, second = (plan.shares(rows, columns) for plan in (self.first, self.second))
        shares = {
            seed: (1.0 - weights) * first.get(seed, 0.0) + weights * second.get(seed, 0.0)
            for seed in first | second
        }
        length = np.sqrt(sum(share**2 for share in shares.values()))
        return {seed: share / length for seed, share in shares.items()}


@dataclasses.dataclass(frozen=True)
class Latents:
    """A latent field: the generator's `latent` at any cells.

    Args:
        master, local: Plans: of the global channels and of the local ones.
        global_channels, local_channels: The model's.

    Call arguments:
        rows, columns: Integer arrays that broadcast: cells of the canvas.

    Returns:
        `(..., global_channels + local_channels)` float32.
    """

    master: Seeded | Blend
    local: Seeded | Blend
    global_channels: int
    local_channels: int

    def __call__(self, rows, columns):
        master = sum(
            share[..., None] * global_latent(seed, self.global_channels)
            for seed, share in self.master.shares(rows, columns).items()
        )
        local = sum(
            share[..., None] * local_values(seed, self.local_channels, rows, columns)
            for seed, share in self.local.shares(rows, columns).items()
            # Drawing normals is what takes time; most windows of an edit have one seed.
            if share.any()
        )
        return np.concatenate([master, local], axis=-1).astype(np.float32)


def blended(first, second, weights):
    """The `Latents` that blend both plans of two `Latents`; `weights` as of `Blend`."""
    return dataclasses.replace(
        first,
        master=Blend(first.master, second.master, weights),
        local=Blend(first.local, second.local, weights),
    )
