"""A picture of any size from a LocoGAN generator in an ONNX file.

    python client_onnx.py model.onnx --out picture.png --height 1000 --width 2000 --seed 7

One file to copy out and change: it needs numpy, onnxruntime (which brings protobuf) and pillow, and
not locogan_keras. The picture is that of `locogan render`: at most 1 level off, in at most 3 of
10,000 values. A file that could do more than an export is refused before anything of it is run.
"""

import argparse
import hashlib
import json
import os
import re
import reprlib
import sys

# ONNX Runtime reads it when it is imported: after that it has left an identity in the user's home.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import numpy as np
import onnxruntime
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from PIL import Image, PngImagePlugin

CELL, BORDER = 16, 3
# What a model's description may say, for this client to make its inputs and write its images.
KNOWN = {
    "format": (1, 2, 3, 4),
    "latents": ("threefry2x32-20/box-muller/1",),
    "cell": (CELL,),
    "border": (BORDER,),
    "image_channels": (1, 3, 4),
}
# What it may say of whole numbers.
RANGES = {"global_channels": (0, 2**16), "local_channels": (1, 2**16)}
# The maps that an image can have and their channels. A PNG shows the first one; a cut-out is colour
# multiplied by opacity, and opacity.
MAPS = {"color": 3, "normal": 3, "height": 1, "roughness": 1, "ambient_occlusion": 1}
MAPS |= {"metalness": 1, "opacity": 1, "cutout": 4}
LEAST_OPACITY = 1 / 510
LONGEST_FRAME, LONGEST_TEXT = 2**31 - 1, 2**16
# ONNX's own operators that exports compute with: none runs other graphs or sees a file.
COMPUTES = """
Abs Add BatchNormalization Cast Ceil Clip Concat Conv ConvTranspose Cos DepthToSpace
DequantizeLinear Div Equal Erf Exp Expand Flatten Floor Gather Gemm Greater Identity LeakyRelu Less
MatMul Max Min Mod Mul Neg Pad Pow QuantizeLinear Range Reciprocal ReduceMean ReduceSum Relu Reshape
Resize Round Shape Sigmoid Sin Size Slice SpaceToDepth Split Sqrt Squeeze Sub Tanh Tile Transpose
Unsqueeze Where
"""
# ONNX's messages with the fields that are looked at: their numbers, and the message they hold or
# None for bytes. A node's attributes of these numbers are graphs and tensors.
MESSAGES = {
    "Model": {"graphs": (7, None), "metadata": (14, "Entry"), "trainings": (20, None)}
    | {"functions": (25, "Function")},
    "Entry": {"key": (1, None), "value": (2, None)},
    "Function": {"name": (1, None)},
    "Graph": {"nodes": (1, "Node"), "weights": (5, "Weights"), "sparse": (15, "Weights")},
    "Weights": {"files": (13, None)},
    "Node": {"operator": (4, None), "attributes": (5, "Attribute"), "domain": (7, None)},
    "Attribute": {f"nested_{number}": (number, None) for number in (5, 6, 10, 11, 22, 23)},
}
# Cells are int32.
FARTHEST = 2**31 * CELL - 2**20


def normals(seed, channels, rows, columns):
    """Standard normal values addressed by integers: Threefry-2x32-20, then Box-Muller.

    Args:
        seed: 0 to 2^32 - 1.
        channels, rows, columns: Integers, or arrays that broadcast.

    Returns:
        float32 of their shape.
    """
    integers = np.broadcast_arrays(rows, columns, channels)
    first, second, channel = (n.astype(np.int64).astype(np.uint32) for n in integers)
    seed = np.full_like(channel, seed)
    keys = [seed, channel, seed ^ channel ^ np.uint32(0x1BD11BDA)]
    first, second = first + keys[0], second + keys[1]
    for block in range(5):
        for rotation in ((13, 15, 26, 6), (17, 29, 16, 24))[block % 2]:
            first = first + second
            second = second << np.uint32(rotation) | second >> np.uint32(32 - rotation)
            second = second ^ first
        first = first + keys[(block + 1) % 3]
        second = second + keys[(block + 2) % 3] + np.uint32(block + 1)
    radius = np.sqrt(-2.0 * np.log((first.astype(np.float64) + 1.0) / 2.0**32))
    return (radius * np.cos(second.astype(np.float64) * (2.0 * np.pi / 2.0**32))).astype(np.float32)


def latent_field(model, seed, corner, size, period):
    """The generator's `latent` for a window of cells: `(height + 6, width + 6, channels)`.

    Args:
        model: The file's description.
        seed: 0 to 2^32 - 1.
        corner: (row, column) of the first cell.
        size: (height, width) in cells.
        period: (y, x) pixels after which the picture repeats; 0 where it does not.
    """
    rows, columns = (
        np.arange(first - BORDER, first + count + BORDER)
        for first, count in zip(corner, size, strict=True)
    )
    rows, columns = (
        line % (length // CELL) if length else line
        for line, length in zip((rows, columns), period, strict=True)
    )
    channels = np.arange(model["local_channels"])
    # The first ones have one value for a row of cells, the next ones for a column.
    ends = np.cumsum(model["line_channels"])
    of_row, of_column = channels < ends[0], (channels >= ends[0]) & (channels < ends[1])
    local = normals(seed, channels, rows[:, None, None] * ~of_column, columns[:, None] * ~of_row)
    # One value for the whole picture, so at one address.
    plan = normals(seed, np.arange(-1, -1 - model["global_channels"], -1), 0, 0)
    return np.concatenate([np.broadcast_to(plan, (*local.shape[:2], len(plan))), local], axis=2)


def position_map(corner, size, frame, period):
    """The generator's `positions` for a window of cells: `(height + 6, width + 6, 2)`, (y, x)."""
    axes = []
    for first, count, length, repeats in zip(corner, size, frame, period, strict=True):
        # Whole frames off, because far from the origin float32 would drift.
        first = first % (length // CELL) if repeats else first
        centres = CELL * np.arange(first - BORDER, first + count + BORDER) + CELL // 2
        axes.append((2.0 * centres / length - 1.0).astype(np.float32))
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)


def pieces(corner, length, period, tile):
    """The pieces of one axis, in order: (tile, slice of the tile, slice of the picture)."""
    done = 0
    while done < length:
        place, room = corner + done, length - done
        if period:
            place %= period
            room = min(room, period - place)
        index, offset = divmod(place, tile)
        count = min(room, tile - offset)
        yield index, slice(offset, offset + count), slice(done, done + count)
        done += count


def axis(model, number, length, corner, frame, period):
    """(length, frame, period) in pixels along y (0) or x (1); what is not given is filled in."""
    name, trained = "yx"[number], model["frame"][number]
    length = trained if length is None else length
    if not -FARTHEST < corner <= corner + length < FARTHEST:
        raise ValueError(f"the window must lie within +-{FARTHEST} in {name}: {corner}")
    if model["period"][number]:
        if frame not in (0, trained):
            raise ValueError(f"--frame must be {trained} in {name}, where it repeats: {frame}")
        if period % trained:
            raise ValueError(f"--period must be a multiple of {trained} in {name}: {period}")
        return length, trained, period or trained
    if period:
        raise ValueError(f"--period must be 0 in {name}, where the model does not repeat: {period}")
    if corner and not frame:
        raise ValueError(f"--{('top', 'left')[number]} needs --frame: {corner}")
    return length, frame or length, 0


def message_classes():
    """Python's classes for `MESSAGES`, by name; all fields are repeated, so that none can hide."""
    file = descriptor_pb2.FileDescriptorProto(name="client_onnx.proto", package="client_onnx")
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, (number, held) in fields.items():
            added = message.field.add(name=field, number=number, label="LABEL_REPEATED")
            if held:
                added.type, added.type_name = added.TYPE_MESSAGE, f".{file.package}.{held}"
            else:
                added.type = added.TYPE_BYTES
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{file.package}.{name}"))
        for name in MESSAGES
    }


def check_content(content):
    """A refusal of a file that could do other things than an export, or is damaged."""
    classes = message_classes()
    model = classes["Model"].FromString(content)
    if len(model.graphs) != 1 or model.trainings:
        raise ValueError(f"it has {len(model.graphs)} graphs and {len(model.trainings)} trainings")
    graph = classes["Graph"].FromString(model.graphs[0])
    if graph.sparse or any(weights.files for weights in graph.weights):
        raise ValueError("it has weights in other files, or sparse ones")
    known = {name.encode() for name in COMPUTES.split()}
    refused = {name for function in model.functions for name in function.name or [b"?"]}
    for node in graph.nodes:
        foreign = [*filter(None, node.domain)]
        nested = any(each.ListFields() for each in node.attributes)
        for operator in node.operator or [b"?"]:
            if foreign or nested or operator not in known:
                refused.add(b".".join([*foreign, operator]))
    if refused:
        names = ", ".join(sorted(name.decode(errors="replace") for name in refused))
        raise ValueError(f"it is a program with operators that no export has: {names}")
    # Files of older versions say nothing.
    digest = hashlib.sha256(model.graphs[0]).hexdigest().encode()
    if any(b"locogan_sha256" in each.key and [digest] != each.value for each in model.metadata):
        raise ValueError("it is damaged: its graph is not the one that was exported")


def load(path):
    """The file's session and its description."""
    with open(path, "rb") as file:
        content = file.read()
    options = onnxruntime.SessionOptions()
    # Its warnings are for its developers; errors are raised.
    options.log_severity_level = 4
    # Not what its first bytes say: ONNX is what was checked.
    options.add_session_config_entry("session.load_model_format", "ONNX")
    try:
        check_content(content)
        # Without what it says to standard output before it tries the same again.
        session = onnxruntime.InferenceSession(
            content, options, providers=["CPUExecutionProvider"], enable_fallback=False
        )
        text = session.get_modelmeta().custom_metadata_map["locogan"]
        # Earlier formats do not name these.
        absent = {"image_channels": 3, "line_channels": [0, 0], "maps": []}
        model = {**absent, **json.loads(text[:LONGEST_TEXT])}
        check_numbers(model)
        told = {field: model[field] for field in KNOWN} | {"image_channels": shown_channels(model)}
    except Exception as error:  # noqa: BLE001 - onnxruntime's errors have no common base
        raise ValueError(f"{path} is not a LocoGAN generator: {error}") from None
    for field, value in told.items():
        if type(value) is not type(KNOWN[field][0]) or value not in KNOWN[field]:
            value, known = reprlib.repr(value), KNOWN[field]
            raise ValueError(f"{path} is of {field} {value}; this client knows {known}")
    return session, model


def check_numbers(model):
    """A refusal of a description with channels, a frame or a period that cannot be."""
    for field, (least, most) in RANGES.items():
        if type(model[field]) is not int or not least <= model[field] <= most:
            raise ValueError(f"{field} must be {least} to {most}: {reprlib.repr(model[field])}")
    for length, period in zip(model["frame"], model["period"], strict=True):
        whole = type(length) is type(period) is int and 1 <= length <= LONGEST_FRAME
        if not whole or period not in (0, length) or period % CELL:
            raise ValueError(f"frame and period cannot be {reprlib.repr((length, period))}")
    if len(model["frame"]) != 2:
        raise ValueError(f"frame must be (height, width): {reprlib.repr(model['frame'])}")
    rows, columns = model["line_channels"]
    whole = type(rows) is type(columns) is int and min(rows, columns) >= 0
    if not whole or rows + columns >= model["local_channels"]:
        raise ValueError(f"line_channels cannot be {reprlib.repr((rows, columns))}")
    names = [name for name, bits in model["maps"]]
    counts = [MAPS.get(name, 0) for name in names]
    is_known = names in ([], ["cutout"]) or (names[0] == "color" and "cutout" not in names)
    if not is_known or 0 in counts or sum(counts) not in (0, model["image_channels"]):
        raise ValueError(f"maps cannot be {reprlib.repr(model['maps'])}")


def shown_channels(model):
    """How many channels the picture of an image has."""
    return MAPS[model["maps"][0][0]] if model["maps"] else model["image_channels"]


def levels_of(model, image):
    """The picture of an image, uint8."""
    image = image[..., : shown_channels(model)]
    if "cutout" in dict(model["maps"]):
        opacity = np.maximum((image[..., 3:] + 1.0) / 2.0, LEAST_OPACITY)
        colour = np.minimum((image[..., :3] + 1.0) / 2.0 / opacity, 1.0)
        image = np.concatenate([2.0 * colour - 1.0, image[..., 3:]], axis=-1)
    return np.clip(np.rint((image + 1.0) * 127.5), 0, 255).astype(np.uint8)


def window(model, options):
    """(height, width), frame and period in pixels, checked and filled in."""
    return zip(
        axis(model, 0, options.height, options.top, options.frame[0], options.period[0]),
        axis(model, 1, options.width, options.left, options.frame[1], options.period[1]),
        strict=True,
    )


def render(session, model, options):
    """The picture: `(height, width, channels)` uint8."""
    (height, width), frame, period = window(model, options)
    picture = np.empty((height, width, shown_channels(model)), np.uint8)
    targets = {}
    for row, source_y, y in pieces(options.top, height, period[0], options.tile):
        for column, source_x, x in pieces(options.left, width, period[1], options.tile):
            targets.setdefault((row, column), []).append((y, x, source_y, source_x))
    cells = options.tile // CELL
    for tile, places in targets.items():
        corner, size = (tile[0] * cells, tile[1] * cells), (cells, cells)
        latent = latent_field(model, options.seed, corner, size, period)
        positions = position_map(corner, size, frame, period)
        feeds = {"latent": latent[None], "positions": positions[None]}
        try:
            (image,) = session.run(["image"], feeds)
        except Exception as error:  # noqa: BLE001 - onnxruntime's errors have no common base
            raise ValueError(f"{options.model} does not run: {error}") from None
        if image.shape != (1, options.tile, options.tile, model["image_channels"]):
            raise ValueError(f"the model gives {image.shape} where an image of a tile belongs")
        if image.dtype != np.float32 or not np.isfinite(image).all():
            raise ValueError("the model gives values that are no finite numbers: it is damaged")
        levels = levels_of(model, image[0])
        for y, x, source_y, source_x in places:
            picture[y, x] = levels[source_y, source_x]
    return picture


def save(path, picture):
    """The picture as a PNG file, whole or not at all."""
    partial = f"{path}.partial"
    color = PngImagePlugin.PngInfo()
    color.add(b"sRGB", b"\0")
    try:
        # Pillow's grey pictures have no channel axis.
        grey = picture.shape[2] == 1
        image = Image.fromarray(picture[..., 0] if grey else picture)
        image.save(partial, "PNG", pnginfo=color)
        os.replace(partial, path)
    finally:
        if os.path.exists(partial):
            os.remove(partial)


def number(least, most, multiple=1):
    def parse(text):
        value = int(text)
        if not least <= value <= most or value % multiple:
            steps = f", a multiple of {multiple}" if multiple > 1 else ""
            raise argparse.ArgumentTypeError(f"must be {least} to {most}{steps}: {text}")
        return value

    parse.__name__ = "int"
    return parse


def size(text):
    match = re.fullmatch(r"(\d+)x(\d+)", text)
    if not match:
        raise argparse.ArgumentTypeError(f"must be HEIGHTxWIDTH in pixels: {text}")
    return int(match[1]), int(match[2])


class Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(2, f"{self.prog}: error: {message}\n")


def parser():
    parser = Parser(description="Renders a picture of any size from a LocoGAN ONNX file.")
    parser.add_argument("model", metavar="MODEL.onnx")
    parser.add_argument("--out", metavar="FILE.png", required=True)
    parser.add_argument("--height", type=number(1, 2**20), help="default: the model's frame")
    parser.add_argument("--width", type=number(1, 2**20), help="default: the model's frame")
    parser.add_argument("--seed", type=number(0, 2**32 - 1), default=0)
    parser.add_argument("--top", type=int, default=0, help="pixels on the infinite canvas")
    parser.add_argument("--left", type=int, default=0, help="pixels on the infinite canvas")
    parser.add_argument("--frame", type=size, default=(0, 0), metavar="HxW")
    parser.add_argument("--period", type=size, default=(0, 0), metavar="HxW")
    parser.add_argument("--tile", type=number(CELL, 4096, CELL), default=256, metavar="PX")
    return parser


def main(arguments=None):
    options = parser().parse_args(arguments)
    try:
        session, model = load(options.model)
        save(options.out, render(session, model, options))
    except (OSError, ValueError, MemoryError) as error:
        return fail(error)
    return 0


def fail(reason):
    line = " ".join(str(reason).split())
    # A terminal would obey control characters.
    line = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in line)
    print(f"client_onnx.py: error: {line}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
