"""Makes the material `bricks/` of a photo: `python tests/materials/make.py`.

Operators that anybody can check, of `examples/brick_grey.png` at 128 x 128 pixels:

- color: its luminance y as (0.25 + 0.75 y, 0.2 + 0.6 y ** 1.2, 0.15 + 0.55 y ** 1.4), of 8 bits;
- height: y under a Gaussian of 1.5 pixels, stretched to the whole range, of 16 bits;
- normals: of that height, 4 pixels deep, by central differences, y up, of 8 bits;
- roughness: 1 - 0.6 y ** 2, of 8 bits;
- ambient occlusion: 1 less twice how far the height lies under its Gaussian of 6 pixels.
"""

from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent / "bricks"
SIZE, DEEP = 128, 4.0


def blurred(values, deviation):
    """A Gaussian of values, over the edges."""
    waves = np.hypot(*np.meshgrid(*[np.fft.fftfreq(SIZE)] * 2))
    gaussian = np.exp(-2 * (np.pi * deviation * waves) ** 2)
    return np.fft.ifft2(np.fft.fft2(values) * gaussian).real


def stretched(values):
    """Values made to go from 0 to 1."""
    return (values - values.min()) / (values.max() - values.min())


def normals(height):
    """Vectors (x, y, z) of a surface, x to the right and y up."""
    down, right = np.gradient(DEEP * height)
    vectors = np.stack([-right, down, np.ones_like(height)], axis=-1)
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def main():
    """The files, written."""
    with Image.open(ROOT / "examples/brick_grey.png") as photo:
        grey = photo.convert("L").resize((SIZE, SIZE), Image.Resampling.LANCZOS)
    y = np.asarray(grey) / 255
    height = stretched(blurred(y, 1.5))
    color = [0.25 + 0.75 * y, 0.2 + 0.6 * y**1.2, 0.15 + 0.55 * y**1.4]
    maps = {
        "Color": np.stack(color, axis=-1),
        "NormalGL": (normals(height) + 1) / 2,
        "Roughness": 1 - 0.6 * y**2,
        "AmbientOcclusion": np.clip(1 - 2 * np.maximum(blurred(height, 6) - height, 0), 0, 1),
    }
    FOLDER.mkdir(exist_ok=True)
    for name, values in maps.items():
        levels = np.uint8(np.rint(255 * values))
        Image.fromarray(levels).save(FOLDER / f"bricks_{name}.png", optimize=True)
    deep = np.uint16(np.rint(65535 * height))
    Image.fromarray(deep).save(FOLDER / "bricks_Displacement.png", optimize=True)


if __name__ == "__main__":
    main()
