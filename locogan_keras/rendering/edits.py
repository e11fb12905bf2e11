"""Edits: pictures made by changing latents and positions, never pixels.

Each takes or makes a `View`, which `render.bands` renders at any size, tile by tile, with any
engine: edits know nothing of networks. Where a picture repeats, edits do.
"""

import dataclasses
import numbers

from locogan_keras.canvas.plans import Seeded, blended
from locogan_keras.canvas.views import checked_pixels, make_view
from locogan_keras.rendering.masks import cell_weights, ramp


def vary_local(view, seed):
    """The same master plan over another local plan (section 4.3 and Figure 9).

    Args:
        view: A `View`.
        seed: Of the local plan, 0 to 2^32 - 1.

    Returns:
        A `View`.
    """
    return _with_latents(view, dataclasses.replace(view.latents, local=Seeded(seed)))


def interpolate(description, first, second, amount, local=None):
    """A picture between two, in seed and size at once (section 4.1 and Figure 6).

    Args:
        description: The engine's.
        first, second: (seed, (height, width) in pixels) each.
        amount: 0 for the first, 1 for the second.
        local: Seed of one local plan for both; each seed's own unless given.

    Returns:
        A `View`. On an axis where the model does not repeat, its frame is the picture.

    Raises:
        ValueError: If `amount` is out of range or the model cannot do this.
    """
    if not isinstance(amount, numbers.Real) or not 0 <= amount <= 1:
        raise ValueError(f"amount must be 0 to 1. Received: amount={amount!r}")
    sizes = [checked_pixels("size", size, 2) for _, size in (first, second)]
    height, width = (
        round((1 - amount) * length + amount * other) for length, other in zip(*sizes, strict=True)
    )
    one, other = (
        make_view(description, height=height, width=width, seed=seed) for seed, _ in (first, second)
    )
    return _merged(one, other.latents, lambda rows, columns: amount, local)


def mix(view, seed, axis, hard=True, local=None):
    """Two pictures side by side or one above the other (section 4.3, Figures 11 and 13).

    Args:
        view: The left or upper `View`.
        seed: Of the right or lower one.
        axis: 0 for y, one above the other; 1 for x, side by side.
        hard: Whether one ends where the other begins, instead of a linear ramp over the picture.
            Where the picture repeats, the second is in the middle of each period.
        local: Seed of one local plan for both, so that only the master plan changes; each seed's
            own unless given, so that either end is the picture that its seed makes.

    Returns:
        A `View`.

    Raises:
        ValueError: If `axis` is neither, or a seed out of range.
    """
    if axis not in (0, 1):
        raise ValueError(f"axis must be 0 (y) or 1 (x). Received: axis={axis!r}")
    return _merged(view, _reseeded(view.latents, seed), ramp(view, axis, hard), local)


def transplant(view, donor, region, soft=0):
    """A region of one picture in another (section 4.3, Figures 3 and 14).

    The region's latents, both plans, are the donor's; positions stay. A cell reaches 16 pixels
    above itself and to its left, and 17 below and to its right (with wide levels up to 30 more):
    nothing farther from the region's cells changes, and what is farther inside is the donor's, to
    the bit.

    Args:
        view: The `View` that receives.
        donor: The seed that gives.
        region: (top, left, height, width) in pixels of the picture, or a mask: `view.size` float32,
            1 where the donor is; as of `pictures.read_mask`.
        soft: Pixels inside the region's edge over which the donor fades in.

    Returns:
        A `View`.

    Raises:
        ValueError: If the region is empty or not inside the picture, or an argument out of range.
    """
    weights = cell_weights(view, region, soft)
    return _with_latents(view, blended(view.latents, _reseeded(view.latents, donor), weights))


def _merged(view, other, weights, local):
    latents = blended(view.latents, other, weights)
    if local is not None:
        latents = dataclasses.replace(latents, local=Seeded(local))
    return _with_latents(view, latents)


def _reseeded(latents, seed):
    return dataclasses.replace(latents, master=Seeded(seed), local=Seeded(seed))


def _with_latents(view, latents):
    return dataclasses.replace(view, latents=latents)
