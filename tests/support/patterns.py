"""Pictures whose lattice, spectrum and flaws are known."""

import numpy as np


def rough(rng, height, width, smooth=2):
    """Grain without a lattice, that repeats: noise, blurred `smooth` times."""
    noise = rng.normal(size=(height, width, 3))
    for _ in range(smooth):
        noise = sum(np.roll(noise, (i, j), (0, 1)) for i in (0, 1) for j in (0, 1)) / 4
    return 0.3 * noise / noise.std()


def bricks(rng, height, width, period=(32, 48), stray=lambda y, x: (0.0, 0.0)):
    """A running bond, two courses and one brick a period, that strays by (y, x) pixels."""
    y, x = np.mgrid[:height, :width].astype(float)
    down, right = stray(y, x)
    v, u = (y - down) / period[0], (x - right) / period[1]
    course = np.floor(2 * v)
    beds = _joint(2 * v, period[0] / 2)
    heads = _joint(u + course / 2, period[1])
    return (np.maximum(beds, heads) - 0.5)[..., None] + 0.2 * rough(rng, height, width)


def _joint(phase, length):
    """1 at whole numbers, 0 from two pixels on."""
    distance = np.abs(phase - np.rint(phase)) * length
    return np.clip(2 - distance, 0, 1)
