"""How the golden material was made: `python tests/golden/make_material.py NEW_FOLDER`, once.

It is not run again; README.md has the rule.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1]))

from conftest import lively_generator

from locogan_keras import load_engine, make_view, render

MAPS = (("color", 8), ("normal", 8), ("height", 16))


def side_by_side(whole):
    """Colour, normals and height of a rendered image."""
    return np.concatenate([whole[..., :3], whole[..., 3:6], whole[..., [6, 6, 6]]], axis=1)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    settings = {"frame": (64, 80), "width": 1, "global_channels": 4}
    lively_generator("torus", **settings, image_channels=7, maps=MAPS).save(
        folder / "material.keras"
    )
    engine = load_engine(folder / "material.keras")
    view = make_view(engine.description, height=96, width=160, seed=5, top=-40, left=1001)
    Image.fromarray(side_by_side(render(engine, view, 64))).save(folder / "material.png")
