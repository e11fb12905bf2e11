"""Image quilting (Efros and Freeman, SIGGRAPH 2001): a texture of copied patches, to compare with.

    python train/quilting.py photo.png quilt.png --size 512 --edge 384

It copies the photo's own pixels along cuts of least error, in seconds: a hard standard for
sharpness and an easy one for repetition. `docs/quality.md` has it beside the generators.
"""

import argparse
import sys

import numpy as np
from PIL import Image

BLOCK, OVERLAP, TRIED = 64, 16, 2000


def quilt(photo, size, seed=0):
    """`(size, size, 3)` uint8 of patches of a photo, `(height, width, 3)` uint8."""
    rng, step = np.random.default_rng(seed), BLOCK - OVERLAP
    count = -(-(size - OVERLAP) // step)
    canvas = np.zeros((count * step + OVERLAP, count * step + OVERLAP, 3), np.float32)
    places = np.array(photo.shape[:2]) - BLOCK
    for row, column in np.ndindex(count, count):
        top, left = row * step, column * step
        old = canvas[top : top + BLOCK, left : left + BLOCK]
        known = np.zeros((BLOCK, BLOCK), bool)
        known[:OVERLAP], known[:, :OVERLAP] = row > 0, (column > 0) | known[:, :OVERLAP]
        tried = rng.integers(0, places + 1, size=(TRIED, 2))
        blocks = (photo[y : y + BLOCK, x : x + BLOCK] for y, x in tried)
        errors = [np.square(block[known] - old[known]).sum() for block in blocks]
        # Not always the best one: the same would come again and again.
        good = np.flatnonzero(np.array(errors) <= 1.1 * min(errors) + 1e-3)
        y, x = tried[rng.choice(good)]
        new = photo[y : y + BLOCK, x : x + BLOCK].astype(np.float32)
        error = np.square(new - old).sum(axis=-1)
        keep = np.zeros((BLOCK, BLOCK), bool)
        if column:
            keep[:, :OVERLAP] |= _before_cut(error[:, :OVERLAP])
        if row:
            keep[:OVERLAP] |= _before_cut(error[:OVERLAP].T).T
        canvas[top : top + BLOCK, left : left + BLOCK] = np.where(keep[..., None], old, new)
    return canvas[:size, :size].astype(np.uint8)


def _before_cut(error):
    """The pixels left of the path of least error from top to bottom, `(rows, columns)` bool."""
    costs = error.copy()
    for row in range(1, len(costs)):
        before = np.pad(costs[row - 1], 1, constant_values=np.inf)
        costs[row] += np.minimum(np.minimum(before[:-2], before[1:-1]), before[2:])
    cut = [int(costs[-1].argmin())]
    for row in range(len(costs) - 2, -1, -1):
        first = max(0, cut[-1] - 1)
        cut.append(first + int(costs[row, first : cut[-1] + 2].argmin()))
    return np.arange(error.shape[1]) < np.array(cut[::-1])[:, None]


def main(arguments=None):
    """The quilt, written; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("photo")
    parser.add_argument("out")
    parser.add_argument("--size", type=int, default=512, help="pixels along each edge")
    parser.add_argument("--edge", type=int, default=384, help="the photo's shorter edge is scaled")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    with Image.open(options.photo) as picture:
        photo = picture.convert("RGB")
    factor = min(1.0, options.edge / min(photo.size))
    photo = photo.resize(
        [round(length * factor) for length in photo.size], Image.Resampling.LANCZOS
    )
    quilted = quilt(np.asarray(photo, np.float32), options.size, options.seed)
    Image.fromarray(quilted).save(options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
