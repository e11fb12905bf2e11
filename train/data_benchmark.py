"""How fast each kind of source delivers crops, against the training step that takes them.

    python train/data_benchmark.py

Its own sources lie in a temporary folder; each is read in a process of its own, and batches are
taken from its stream. *Decoding* happens once, before the first step. The anonymous memory is
what a process cannot give back: mapped pictures are not in it.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

BATCH = 16
BATCHES = 300
# A training step at width 32 and batch 16 by `train/benchmark.py` on the machine of the README.
STEP = 0.42


def make_sources(folder, count):
    """{what: (SOURCE, settings)} with `count` thumbnails, or as many as their size allows."""
    import lmdb
    import numpy as np
    from PIL import Image

    rng = np.random.default_rng(0)

    def picture(height, width):
        coarse = rng.integers(0, 256, (height // 16, width // 16, 3)).astype(np.uint8)
        smooth = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
        noise = rng.normal(0, 6, (height, width, 1))
        return Image.fromarray(np.clip(np.asarray(smooth) + noise, 0, 255).astype(np.uint8))

    folder = Path(folder)
    few = [picture(128, 128) for _ in range(32)]
    for index in range(count):
        path = folder / "thumbnails" / f"{index // 1000:05d}" / f"{index:05d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        few[index % len(few)].save(path, compress_level=1)
    (folder / "photos").mkdir()
    photos = [picture(1440, 1920), picture(1920, 1440), picture(1088, 1920)]
    for index in range(max(3, count // 100)):
        photos[index % 3].save(folder / "photos" / f"{index:05d}.jpg", quality=90)
    few = [picture(256, 256 + 16 * index) for index in range(8)]
    environment = lmdb.open(str(folder / "rooms_lmdb"), map_size=2**34)
    with environment, environment.begin(write=True) as transaction:
        for index in range(count // 4):
            if index < len(few):
                few[index].save(folder / f"{index}.webp", quality=75)
            file = folder / f"{index % len(few)}.webp"
            transaction.put(f"{index:07d}".encode(), file.read_bytes())
    few[0].save(folder / "photo.png")
    whole = {"encoding": "linear", "frame": "picture", "image_size": 128}
    pattern = {"encoding": "torus", "frame": (192, 192), "image_size": 512}
    return {
        "one photo": (folder / "photo.png", pattern),
        "thumbnails 128 x 128, PNG": (folder / "thumbnails", whole),
        "photos 1440 x 1920, JPEG": (folder / "photos", whole),
        "LSUN's LMDB, WebP": (f"lmdb:{folder / 'rooms_lmdb'}", whole),
    }


def anonymous():
    """MiB of this process that are not files."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1024
    return float("nan")


def benchmark(what, source, settings):
    """One row of the table, printed."""
    import tensorflow as tf

    from locogan_keras.data.crops import load_pictures

    next(iter(tf.data.Dataset.range(1).map(lambda number: number + 1)))
    before = anonymous()
    begun = time.perf_counter()
    pictures = load_pictures(source, **settings)
    decoding = (time.perf_counter() - begun) / len(pictures.decoded)
    mebibytes = 3 * pictures.decoded.sizes.prod(axis=1).sum() / 2**20
    batches = iter(pictures.crops(BATCH))
    for _ in range(20):
        next(batches)
    begun = time.perf_counter()
    for _ in range(BATCHES):
        next(batches)
    seconds = (time.perf_counter() - begun) / BATCHES
    print(
        f"| {what} | {len(pictures.decoded)} | {mebibytes:.0f} | {1000 * decoding:.1f} "
        f"| {1000 * seconds:.1f} | {STEP / seconds:.0f} | {anonymous() - before:.0f} |",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000, help="thumbnails (default: 10000)")
    parser.add_argument("--row", nargs=3, help="one row only, in this process")
    options = parser.parse_args()
    if options.row:
        what, source, settings = options.row
        benchmark(what, source, json.loads(settings))
        return 0
    columns = ("source", "pictures", "MiB decoded", "ms to decode one", "ms for a batch")
    print(f"| {' | '.join(columns)} | step / batch | MiB anonymous |")
    print("|---|---|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for what, (source, settings) in make_sources(folder, options.count).items():
            row = [what, str(source), json.dumps(settings)]
            subprocess.run([sys.executable, __file__, "--row", *row], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
