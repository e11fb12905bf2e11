"""Pictures of textures whose lattice is known."""

import numpy as np

SIZE = (230, 250)


def bricks(brick, bond, size=SIZE, colours=20, noise=5, bright=(), angle=0, jitter=0):
    """A wall drawn at thrice its size; `bright` has a level for each of the courses, in turn."""
    rng = np.random.default_rng(0)
    y, x = (np.mgrid[: 3 * size[0], : 3 * size[1]] + 0.5) / 3
    angle = np.radians(angle)
    y, x = 50 + y * np.cos(angle) + x * np.sin(angle), 50 + x * np.cos(angle) - y * np.sin(angle)
    course = (y // brick[0]).astype(int)
    x = x - course * bond * brick[1] + jitter * rng.normal(size=200)[course]
    column = (x // brick[1]).astype(int)
    wall = np.array([130.0, 60, 50]) + colours * rng.normal(size=(99, 99, 1))[course, column]
    if bright:
        wall += np.array(bright)[course % len(bright)][..., None]
    wall[(y % brick[0] < 3) | (x % brick[1] < 3)] = 190
    wall = wall.reshape(size[0], 3, size[1], 3, 3).mean(axis=(1, 3))
    return levels(wall + noise * rng.normal(size=wall.shape))


def levels(values):
    values = values if values.ndim == 3 else np.repeat(values[..., None], 3, axis=-1)
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
