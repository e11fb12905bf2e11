"""Materials lit from the left, to look at: `python train/lit.py FOLDER ... --out sheet.jpg`.

Each folder has one material's maps, as `locogan render` writes them; the sheet shows them side by
side, the last one in repeats. Colour lies under a lamp far away at the upper left, 30 degrees above
the surface, towards which normals turn (Lambert), and which roughness spreads in reflections (GGX),
and under a sky that ambient occlusion keeps off. So seams are seen, and normals that point
elsewhere than the colour says.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from PIL import Image

# To the right, up and towards the eye.
LAMP, LAMP_POWER, SKY = (-0.75, 0.433, 0.5), 2.2, 0.35
# Light that a stone's surface reflects straight back.
F0 = 0.04
GAP = 8


def read(folder, word, default=None):
    """A map of a material, `(height, width, channels)` from 0 to 1; or the default everywhere."""
    found = sorted(Path(folder).glob(f"*_{word}.*"))
    if not found and default is not None:
        return np.full((1, 1, 1), default, np.float32)
    with Image.open(found[0]) as picture:
        levels = np.asarray(picture)
    # Of colour and vectors Pillow keeps the high 8 of 16 bits.
    return np.atleast_3d(levels / np.iinfo(levels.dtype).max).astype(np.float32)


def lit(folder):
    """A material's picture under the lamp, `(height, width, 3)` uint8."""
    color = read(folder, "Color")
    color = np.where(color <= 0.04045, color / 12.92, ((color + 0.055) / 1.055) ** 2.4)
    normal = 2 * read(folder, "NormalGL")[..., :3] - 1
    normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    roughness = read(folder, "Roughness", 0.8)[..., :1]
    open_sky = read(folder, "AmbientOcclusion", 1.0)[..., :1]
    lamp = np.array(LAMP, np.float32)
    # Seen from above.
    half = lamp + np.array((0, 0, 1), np.float32)
    half /= np.linalg.norm(half)
    facing = np.maximum(normal @ lamp, 0)[..., None]
    squared = np.maximum(roughness, 0.05) ** 4
    across = np.maximum(normal @ half, 0)[..., None]
    shine = F0 * squared / (np.pi * 4 * (across**2 * (squared - 1) + 1) ** 2)
    light = color * (SKY * open_sky + LAMP_POWER * facing) + LAMP_POWER * facing * shine
    light = np.clip(light, 0, 1)
    seen = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.uint8(np.rint(255 * seen))


def sheet(folders, size, repeats):
    """The materials beside one another, each square and `size` pixels high; the last in repeats."""
    pieces = []
    for number, folder in enumerate(folders):
        picture, times = lit(folder), repeats if number == len(folders) - 1 else 1
        picture = np.tile(picture, (times, times, 1))
        image = Image.fromarray(picture)
        width = round(size * picture.shape[1] / picture.shape[0])
        pieces.append(np.asarray(image.resize((width, size), Image.Resampling.LANCZOS)))
        pieces.append(np.full((size, GAP, 3), 255, np.uint8))
    return Image.fromarray(np.concatenate(pieces[:-1], axis=1))


def main(arguments=None):
    """The sheet, written; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", nargs="+", metavar="FOLDER")
    parser.add_argument("--out", required=True)
    parser.add_argument("--size", type=int, default=640, help="the sheet's height in pixels")
    parser.add_argument("--repeats", type=int, default=2, help="of the last material, each way")
    options = parser.parse_args(arguments)
    sheet(options.folders, options.size, options.repeats).save(options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
