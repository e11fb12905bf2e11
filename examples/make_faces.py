r"""Generated, aligned faces to train on: 2,000 pictures of 128 x 128, some 20 seconds.

    pip install dicebear-core==10.7.0 dicebear-styles==10.6.0 resvg-py==0.5.0
    python examples/make_faces.py faces
    locogan train faces --out runs/faces --recipe aligned --steps 10000 \
        --set model.width=32 batch_size=8 ema_decay=0.998

That is an hour on two CPU cores; the recipe as it is, for a GPU, would be days.

The style is ToonHead by Johan Melin, CC BY 4.0; `--style pixel-art`, by DiceBear, is CC0, and the
preset `faces` has learned from it: its card has other settings, which take 23 minutes. Seed k
always gives the same face. The pictures are not part of this repository.
"""

import argparse
import io
import json
from importlib.resources import files
from pathlib import Path

import resvg_py
from dicebear import Avatar, Style
from PIL import Image

SIZE = 128


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where to; made if need be")
    parser.add_argument("--count", type=int, default=2000, help="default: 2000")
    parser.add_argument("--style", default="toon-head", help="of dicebear; default: toon-head")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    style = Style(
        json.loads(files("dicebear_styles").joinpath(f"{options.style}.json").read_text("utf-8"))
    )
    for seed in range(options.count):
        svg = Avatar(style, {"seed": str(seed), "size": SIZE}).to_string()
        picture = Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=svg))))
        paper = Image.new("RGBA", picture.size, "white")
        paper.alpha_composite(picture.convert("RGBA"))
        paper.convert("RGB").save(options.folder / f"{seed:05d}.png")


if __name__ == "__main__":
    main()
