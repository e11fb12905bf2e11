"""The influence of master plan and local plan: how far each moves pictures (section 4.3)."""

import dataclasses

import numpy as np

from locogan_keras.canvas.plans import Seeded
from locogan_keras.rendering.render import render


def plan_influence(engine, view, count=8, tile=256):
    """The movement of pixels when one plan is another seed's and the other plan stays.

    Args:
        engine: An `Engine`, such as `load_engine` gives.
        view: The `View`; its own seeds are not used.
        count: How many pictures are compared with two others each.
        tile: As of `render.bands`.

    Returns:
        `(local, master)`: the mean squared differences of pixels, in levels squared, that changing
        the local plan and changing the master plan make.
    """

    def picture(master, local):
        latents = dataclasses.replace(view.latents, master=Seeded(master), local=Seeded(local))
        return render(engine, dataclasses.replace(view, latents=latents), tile).astype(np.float64)

    local, master = [], []
    for seed in range(0, 2 * count, 2):
        before = picture(seed, seed)
        local.append(np.mean((picture(seed, seed + 1) - before) ** 2))
        master.append(np.mean((picture(seed + 1, seed) - before) ** 2))
    return float(np.mean(local)), float(np.mean(master))
