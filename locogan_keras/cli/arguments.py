"""Arguments that several commands take, and their forms as types for `argparse`."""

import argparse
import os
import re

from locogan_keras.canvas.periods import PERIODIC
from locogan_keras.engines.choice import ENGINES, PRECISIONS

_VIEW = ("height", "width", "top", "left", "frame", "periodic", "period")
# Of pictures in one sheet, animation or folder.
MOST = 1000


def positive(kind):
    """The type of positive numbers of a kind, `int` or `float`."""

    def parse(text):
        value = kind(text)
        if not 0 < value <= 1e12:
            raise argparse.ArgumentTypeError(f"must be positive: {text}")
        return value

    parse.__name__ = kind.__name__
    return parse


def size(text):
    """`HEIGHTxWIDTH` as two integers."""
    match = re.fullmatch(r"(\d{1,11})x(\d{1,11})", text)
    if not match:
        raise argparse.ArgumentTypeError(f"must be HEIGHTxWIDTH in pixels: {text}")
    return int(match[1]), int(match[2])


def edge(text):
    """Pixels along an edge, a number of them or of 1024 such as `2k`."""
    match = re.fullmatch(r"(\d{1,9})(k?)", text.lower())
    if not match or not int(match[1]):
        raise argparse.ArgumentTypeError(f"must be 1k, 2k, 4k, 8k, 16k or pixels: {text}")
    return int(match[1]) * (1024 if match[2] else 1)


def seed(text):
    """A seed, 0 to 2^32 - 1."""
    if not re.fullmatch(r"\d{1,10}", text) or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"must be 0 to {2**32 - 1}: {text}")
    return int(text)


def seeds(text):
    """Seeds and ranges of them, such as `0,1,4-6`, as a list."""
    found = []
    for part in text.split(","):
        match = re.fullmatch(r"(\d{1,10})(?:-(\d{1,10}))?", part)
        if not match:
            raise argparse.ArgumentTypeError(f"must be seeds such as 0,1,4-6: {text!r}")
        first, last = int(match[1]), int(match[2] or match[1])
        if last >= 2**32:
            raise argparse.ArgumentTypeError(f"must be 0 to {2**32 - 1} each: {text}")
        if last < first:
            raise argparse.ArgumentTypeError(f"{part} runs backwards: {text}")
        if len(found) + last - first >= MOST:
            raise argparse.ArgumentTypeError(f"must be at most {MOST} seeds: {text}")
        found.extend(range(first, last + 1))
    return found


def colors(text):
    """`HxW` as two numbers of colours."""
    match = re.fullmatch(r"(\d{1,2})x(\d{1,2})", text)
    if not match:
        raise argparse.ArgumentTypeError(f"must be two numbers of colours, such as 2x2: {text}")
    return int(match[1]), int(match[2])


def frames(text):
    """A number of pictures, 1 to 1000."""
    if not re.fullmatch(r"\d{1,9}", text) or not 1 <= int(text) <= MOST:
        raise argparse.ArgumentTypeError(f"must be 1 to {MOST}: {text}")
    return int(text)


def sized_seed(text):
    """`SEED:HEIGHTxWIDTH` as a seed and two integers."""
    match = re.fullmatch(r"([^:]*):([^:]*)", text)
    if not match:
        raise argparse.ArgumentTypeError(f"must be SEED:HEIGHTxWIDTH: {text}")
    return seed(match[1]), size(match[2])


def part(text):
    """`START:STOP` as two integers."""
    match = re.fullmatch(r"(\d{1,11}):(\d{1,11})", text)
    if not match:
        raise argparse.ArgumentTypeError(f"must be START:STOP in pixels: {text}")
    return int(match[1]), int(match[2])


def region(text):
    """`TOP,LEFT,HEIGHT,WIDTH` as four integers, or the path of a mask as it is."""
    if not re.fullmatch(r" *-?\d+ *(, *-?\d+ *)*", text):
        return text
    numbers = tuple(map(int, text.split(",")))
    if len(numbers) != 4:
        raise argparse.ArgumentTypeError(
            f"must be TOP,LEFT,HEIGHT,WIDTH in pixels, or a mask picture: {text}"
        )
    return numbers


def path(text):
    """A path as it is; of what is there, pipes and devices would be waited for."""
    for name in ("", "generator.keras", "saved_model.pb"):
        each = os.path.join(text, name) if name else text
        if os.path.exists(each) and not (os.path.isfile(each) or os.path.isdir(each)):
            raise argparse.ArgumentTypeError(f"must be a file or a folder: {each}")
    return text


def add_model(parser):
    """The argument MODEL, added."""
    parser.add_argument(
        "model",
        metavar="MODEL",
        type=path,
        help="preset:NAME (locogan presets lists them), a preset's folder, a run's folder, a "
        ".keras or .onnx file, a SavedModel's folder, hf://USER/MODEL, "
        "http://HOST:PORT/v1/models/NAME or grpc://HOST:PORT/NAME",
    )


def add_engine(parser):
    """The arguments of a command that makes pictures with a chosen engine, added."""
    parser.add_argument(
        "--engine",
        choices=ENGINES,
        help="of an .onnx file or a preset: OpenVINO, which is faster (pip install openvino); "
        "default: as MODEL is",
    )
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        default=PRECISIONS[0],
        help="bfloat16: of --engine openvino, several times as fast, and some pixels differ by a "
        "level or more",
    )


def add_out(parser, what="the picture to write", more=""):
    """The arguments of a command that writes pictures, added: where to, how, and the tile."""
    parser.add_argument(
        "--out",
        metavar="FILE",
        required=True,
        help=f"{what}: .png, .webp, .jpg, .tif or .exr; in tiles, of any size, .dzi, .zarr or "
        f".btf{more}; -: a PNG to standard output. Of a material's model no suffix: a folder with "
        "all its maps",
    )
    parser.add_argument(
        "--pack",
        metavar="NAME|FILE.toml",
        help="several maps in one file of a material: orm, unity, rgba, or those of a file",
    )
    parser.add_argument(
        "--normals",
        choices=("gl", "dx"),
        default="gl",
        help="dx: normals with y down, too, in a material's folder",
    )
    parser.add_argument(
        "--bits",
        type=int,
        choices=(8, 16, 32),
        help="of a channel: 16 of .png, .tif and .exr, 32 (floats) of .tif and .exr (default: 8, "
        "of .exr 16)",
    )
    parser.add_argument(
        "--quality",
        type=int,
        metavar="Q",
        help="1 to 100, of .jpg (default: 95), .webp and .dzi (default: without loss)",
    )
    parser.add_argument(
        "--tile", type=int, default=256, metavar="PX", help="computed at once (default: 256)"
    )
    add_engine(parser)
    parser.set_defaults(quiet=None, said="", target=None, packs=(), verify=False, workers=None)


def add_view(parser):
    """The arguments of `make_view` added, but for the seed."""
    parser.add_argument("--height", type=positive(int), help="pixels (default: the frame's)")
    parser.add_argument("--width", type=positive(int), help="pixels (default: the frame's)")
    parser.add_argument("--top", type=int, default=0, help="pixels on the infinite canvas")
    parser.add_argument("--left", type=int, default=0, help="pixels on the infinite canvas")
    parser.add_argument(
        "--frame",
        type=size,
        default=(0, 0),
        metavar="HxW",
        help="pixels that -1 to 1 stand for",
    )
    parser.add_argument(
        "--periodic",
        choices=PERIODIC,
        help="how the picture repeats: on which axes, or on both with every second column "
        "(half-drop) or row (brick) shifted by half a period (default: on all axes on which the "
        "model repeats)",
    )
    parser.add_argument(
        "--period",
        type=size,
        default=(0, 0),
        metavar="HxW",
        help="pixels after which it repeats, a multiple of the frame; 0: the shortest, or never",
    )


def add_size(parser):
    """The argument of a command with `add_view`'s that asks for a square, added."""
    parser.add_argument(
        "--size",
        type=edge,
        metavar="1k|2k|4k|8k|16k",
        help="one seamless square, instead of --height, --width and --period; or its pixels",
    )


def view_of(options, description, seed):
    """The `View` that `add_view`'s arguments ask for, and `add_size`'s if the command has it."""
    from locogan_keras.canvas.periods import square_period
    from locogan_keras.canvas.views import make_view

    asked = {name: getattr(options, name) for name in _VIEW}
    size = getattr(options, "size", None)
    if size is not None:
        for name in ("height", "width", "period"):
            if asked[name] not in (None, (0, 0)):
                raise ValueError(f"--size is all of --height, --width and --period: leave --{name}")
        period = square_period(description, size, options.periodic)
        asked |= {"height": size, "width": size, "period": period}
    return make_view(description, seed=seed, **asked)
