"""Materials for tests: the committed one, and others like it."""

from pathlib import Path

import numpy as np
from PIL import Image

# Made of a photo; `tests/materials/make.py` says how.
BRICKS = Path(__file__).parents[1] / "materials" / "bricks"
# What a model learns of it.
MAPS = (("color", 8), ("normal", 8), ("height", 16), ("roughness", 8), ("ambient_occlusion", 8))


def stored(path):
    """A file's levels as Pillow gives them."""
    with Image.open(path) as picture:
        return np.asarray(picture)


def save(path, levels):
    """Levels as a file."""
    Image.fromarray(levels).save(path)
