"""A brick wall to train on, `bricks.jpg`: running bond, drawn; the bricks' grain is a photo's.

    python examples/make_bricks.py examples/bricks.jpg

Every brick has a shade and a piece of `rock.jpg` of its own, the mortar is `sand.png`'s grain, and
edges are ragged. 1024 x 1024 pixels that repeat on both axes: 16 courses of 8 bricks, every second
shifted by half a brick. CC0, as its sources are in the public domain.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

SIZE = 1024
COURSE, BRICK, JOINT = 64, 128, 8
# sRGB levels of fired clay.
CLAYS = ((142, 68, 50), (158, 82, 58), (124, 56, 46), (168, 96, 66), (110, 54, 48), (150, 74, 62))
MORTAR = (178, 170, 156)


def main(out):
    here, rng = Path(__file__).parent, np.random.default_rng(2026)
    rock, sand = (
        np.float64(Image.open(here / name).convert("L")) for name in ("rock.jpg", "sand.png")
    )
    rows, columns = np.mgrid[:SIZE, :SIZE]
    y, x = (each + 1.3 * noise(rng, 10) + 0.5 * noise(rng, 3) for each in (rows, columns))
    course = np.int64(y // COURSE) % (SIZE // COURSE)
    x = x + np.where(course % 2, BRICK // 2, 0)
    brick = course * (SIZE // BRICK) + np.int64(x // BRICK) % (SIZE // BRICK)
    depths = (y % COURSE, COURSE - y % COURSE, x % BRICK, BRICK - x % BRICK)
    inside = np.clip((np.minimum.reduce(depths) - JOINT / 2) / 2 + 0.5, 0, 1)

    count = brick.max() + 1
    shades = np.float64(CLAYS)[rng.integers(0, len(CLAYS), count)]
    shades = shades * rng.uniform(0.82, 1.15, (count, 1)) + rng.normal(0, 4, (count, 3))
    down, right = rng.integers(0, SIZE, (2, count))
    grain = (rock - blurred(rock, 30))[(rows + down[brick]) % SIZE, (columns + right[brick]) % SIZE]
    clay = shades[brick] * (1 + 0.0065 * grain)[..., None]
    clay += (7 * noise(rng, 4) + 4 * rng.standard_normal(brick.shape))[..., None]

    height = blurred(255 * inside, 2) / 255
    mortar = np.float64(MORTAR) * (sand / blurred(sand, 30))[..., None]
    mortar = (mortar + 5 * noise(rng, 6)[..., None]) * (1 - 0.28 * height)[..., None]
    wall = clay * inside[..., None] + mortar * (1 - inside)[..., None]
    # Light from the upper left.
    slope = np.roll(height, (-2, -2), (0, 1)) - np.roll(height, (2, 2), (0, 1))
    wall *= (1 + 0.35 * slope)[..., None]
    Image.fromarray(np.uint8(np.clip(wall, 0, 255))).save(out, quality=92)


def noise(rng, sigma):
    """White noise, blurred over `sigma` pixels on a torus, of deviation 1."""
    frequencies = np.fft.fftfreq(SIZE)
    squares = frequencies[:, None] ** 2 + frequencies**2
    spectrum = np.fft.fft2(rng.standard_normal((SIZE, SIZE)))
    values = np.fft.ifft2(spectrum * np.exp(-2 * (np.pi * sigma) ** 2 * squares)).real
    return values / values.std()


def blurred(levels, sigma):
    return np.float64(Image.fromarray(np.uint8(levels)).filter(ImageFilter.GaussianBlur(sigma)))


if __name__ == "__main__":
    main(sys.argv[1])
