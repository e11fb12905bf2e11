"""A picture of any size from a LocoGAN generator that TensorFlow Serving serves.

    python client_serving.py http://HOST:8501/v1/models/NAME --out picture.png --height 1000
    python client_serving.py grpc://HOST:8500/NAME --out picture.png --height 1000 --width 2000

One file to copy out and change. Over REST it needs nothing but Python; over gRPC the package
`tensorflow-serving-api`. The picture is that of `locogan render`: at most 1 level off, in at most 3
of 10,000 values. Exit status 2 if it was asked for something impossible, 3 if the server failed.
"""

import argparse
import array
import base64
import concurrent.futures
import contextlib
import functools
import http.client
import json
import math
import os
import re
import reprlib
import struct
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import zlib

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
# Bytes that an answer may have for its text, besides its numbers; and that of an error.
TEXT_BYTES, REASON_BYTES = 2**20, 2**16
# Cells are int32.
FARTHEST = 2**31 * CELL - 2**20
# What the server renders by itself, at most.
RENDER_PIXELS = 1024 * 1024
# Seconds before each further attempt.
PAUSES = (0.2, 0.5, 1.0)
# Characters of an error: of a server's words, enough for its reason and not its stack.
LONGEST_LINE = 500
# PNG's numbers for grey, RGB and RGBA, by their channels.
KINDS = {1: 0, 3: 2, 4: 6}
SIGNATURE = b"\x89PNG\r\n\x1a\n"
MASK = 2**32 - 1


class ServerError(Exception):
    """The failure of the server to answer as it should."""


class Unavailable(ServerError):
    """The failure for want of a server, or of one that has room: it may help to ask again."""


def normal(seed, channel, row, column):
    """One standard normal value, addressed by integers: Threefry-2x32-20, then Box-Muller."""
    keys = (seed, channel & MASK, seed ^ channel & MASK ^ 0x1BD11BDA)
    first, second = row + keys[0] & MASK, column + keys[1] & MASK
    for block in range(5):
        for rotation in ((13, 15, 26, 6), (17, 29, 16, 24))[block % 2]:
            first = first + second & MASK
            second = (second << rotation | second >> 32 - rotation) & MASK ^ first
        first = first + keys[(block + 1) % 3] & MASK
        second = second + keys[(block + 2) % 3] + block + 1 & MASK
    radius = math.sqrt(-2.0 * math.log((first + 1.0) / 2.0**32))
    return radius * math.cos(second * (2.0 * math.pi / 2.0**32))


def latent_field(model, seed, corner, size, period):
    """The generator's `latent` for a window of cells: rows of cells of channels, flat float32.

    Args:
        model: The server's description of it.
        seed: 0 to 2^32 - 1.
        corner: (row, column) of the first cell; 3 more are around the window.
        size: (height, width) in cells.
        period: (y, x) pixels after which the picture repeats; 0 where it does not.
    """
    lines = []
    for first, count, length in zip(corner, size, period, strict=True):
        line = range(first - BORDER, first + count + BORDER)
        lines.append([cell % (length // CELL) for cell in line] if length else line)
    # One value for the whole picture, so at one address.
    plan = [normal(seed, -1 - channel, 0, 0) for channel in range(model["global_channels"])]
    # The first local ones have one value for a row of cells, the next ones for a column.
    of_rows, of_columns = model["line_channels"]
    local = [(channel, 1, 0) for channel in range(of_rows)]
    local += [(channel, 0, 1) for channel in range(of_rows, of_rows + of_columns)]
    local += [(channel, 1, 1) for channel in range(of_rows + of_columns, model["local_channels"])]
    latent = array.array("f")
    for row in lines[0]:
        for column in lines[1]:
            latent.extend(plan)
            latent.extend(normal(seed, channel, y * row, x * column) for channel, y, x in local)
    return latent


def position_map(corner, size, frame, period):
    """The generator's `positions` for a window of cells: rows of cells of (y, x), flat float32."""
    lines = []
    for first, count, length, repeats in zip(corner, size, frame, period, strict=True):
        # Whole frames off, because far from the origin float32 would drift.
        first = first % (length // CELL) if repeats else first
        line = range(first - BORDER, first + count + BORDER)
        lines.append([2.0 * (CELL * cell + CELL // 2) / length - 1.0 for cell in line])
    return array.array("f", [value for y in lines[0] for x in lines[1] for value in (y, x)])


def pieces(corner, length, period, tile):
    """The pieces of one axis, in order: (tile, slice of the tile, start in the picture)."""
    done = 0
    while done < length:
        place, room = corner + done, length - done
        if period:
            place %= period
            room = min(room, period - place)
        index, offset = divmod(place, tile)
        count = min(room, tile - offset)
        yield index, slice(offset, offset + count), done
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


class Rest:
    """A model over REST."""

    # Of one number in an answer by rows; by columns each would have an indented line.
    number_bytes, most_number_bytes = 14, 32

    def __init__(self, url, timeout):
        self.url, self.timeout = url.rstrip("/"), timeout

    def describe(self):
        return self.predict("describe", [{"query": 0}])[0]

    def render(self, fields):
        pixels = fields["height"] * fields["width"]
        return base64.b64decode(self.predict("render", [fields], pixels)[0]["b64"])

    def images(self, tiles, edge, numbers):
        """Flat images of so many numbers in all, one for each (latent, positions)."""
        rows = [
            {"latent": nested(latent, edge), "positions": nested(positions, edge)}
            for latent, positions in tiles
        ]
        for image in self.predict("serving_default", rows, numbers):
            yield [value for row in image for pixel in row for value in pixel]

    def predict(self, signature, rows, numbers=0):
        body = json.dumps({"signature_name": signature, "instances": rows}).encode()
        most = TEXT_BYTES + numbers * self.most_number_bytes
        return json.loads(patiently(lambda: self.ask(body, most)))["predictions"]

    def ask(self, body, most):
        request = urllib.request.Request(f"{self.url}:predict", body)
        try:
            return within(self.timeout, lambda: self.answer(request, most))
        except TimeoutError:
            raise ServerError(f"does not answer within {self.timeout:g} seconds") from None

    def answer(self, request, most):
        opener = urllib.request.build_opener(SameHost)
        try:
            with opener.open(request, timeout=self.timeout) as response:
                answer = response.read(most + 1)
                if len(answer) > most:
                    raise ServerError(f"answers with more than {most} bytes")
                if response.length:
                    raise http.client.IncompleteRead(answer, response.length)
                return answer
        except urllib.error.HTTPError as error:
            with error:
                reason = error.reason
                with contextlib.suppress(
                    OSError, http.client.HTTPException, *(ValueError, LookupError, TypeError)
                ):
                    reason = json.loads(error.read(REASON_BYTES))["error"]
            kind = Unavailable if error.code in (502, 503) else ServerError
            raise kind(f"answers {error.code}: {reason}") from None
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            cause = getattr(error, "reason", error)
            if isinstance(cause, TimeoutError):
                raise cause from None
            broken = isinstance(cause, ConnectionError | http.client.IncompleteRead)
            kind = Unavailable if broken else ServerError
            raise kind(f"does not answer: {cause or type(cause).__name__}") from None


class SameHost(urllib.request.HTTPRedirectHandler):
    """Redirects within one host, asked again as before; nobody chose to ask another one."""

    def redirect_request(self, request, file, code, message, headers, url):
        before, after = (urllib.parse.urlsplit(each) for each in (request.full_url, url))
        if after.hostname != before.hostname or after.scheme not in (before.scheme, "https"):
            reason = f"it redirects to another host, {url}"
            raise urllib.error.HTTPError(request.full_url, code, reason, headers, file)
        return urllib.request.Request(url, request.data, request.headers)


class Grpc:
    """A model over gRPC."""

    number_bytes, most_number_bytes = 4, 8

    def __init__(self, address, name, timeout):
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        with standard_error_muted():
            import grpc
            from tensorflow.core.framework.types_pb2 import DT_FLOAT, DT_INT64
            from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

        self.grpc, self.request = grpc, predict_pb2.PredictRequest
        self.types = {"f": DT_FLOAT, "q": DT_INT64}
        self.name, self.timeout = name, timeout
        options = (
            # -1 leaves protobuf's own limit of 2 GiB.
            ("grpc.max_send_message_length", -1),
            # By default a channel waits a second before it knocks again, and fails until then.
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.min_reconnect_backoff_ms", 100),
        )

        @functools.cache
        def stub(most):
            # By default 4 MiB, an image of 591 x 591.
            limit = ("grpc.max_receive_message_length", most)
            channel = grpc.insecure_channel(address, (*options, limit))
            return prediction_service_pb2_grpc.PredictionServiceStub(channel)

        self.stub = stub

    def describe(self):
        return self.predict("describe", {"query": (array.array("q", [0]), (1,))}).string_val[0]

    def render(self, fields):
        inputs = {name: (array.array("q", [value]), (1,)) for name, value in fields.items()}
        pixels = fields["height"] * fields["width"]
        return self.predict("render", inputs, pixels).string_val[0]

    def images(self, tiles, edge, numbers):
        """Flat images of so many numbers in all, one for each (latent, positions)."""
        inputs = {}
        for name, parts in zip(("latent", "positions"), zip(*tiles, strict=True), strict=True):
            channels = len(parts[0]) // edge**2
            values = array.array("f", b"".join(part.tobytes() for part in parts))
            inputs[name] = values, (len(parts), edge, edge, channels)
        image = self.predict("serving_default", inputs, numbers)
        # A server may send either.
        values = array.array("f", image.tensor_content) or image.float_val
        count = len(values) // len(tiles)
        for start in range(0, len(values), count):
            yield values[start : start + count]

    def predict(self, signature, inputs, numbers=0):
        request = self.request()
        request.model_spec.name, request.model_spec.signature_name = self.name, signature
        for name, (values, shape) in inputs.items():
            tensor = request.inputs[name]
            tensor.dtype, tensor.tensor_content = self.types[values.typecode], values.tobytes()
            for length in shape:
                tensor.tensor_shape.dim.add(size=length)
        stub = self.stub(TEXT_BYTES + numbers * self.most_number_bytes)
        (output,) = patiently(lambda: self.ask(stub, request)).outputs.values()
        return output

    def ask(self, stub, request):
        try:
            return stub.Predict(request, timeout=self.timeout)
        except self.grpc.RpcError as error:
            code = error.code().name
            kind = Unavailable if code == "UNAVAILABLE" else ServerError
            raise kind(f"answers {code}: {error.details()}") from None


def patiently(ask):
    """An answer, asked again while the server is unavailable: safe, a prediction is a function."""
    for pause in PAUSES:
        try:
            return ask()
        except Unavailable:
            time.sleep(pause)
    return ask()


def within(seconds, ask):
    """An answer that comes whole within a time: a socket's timeout is for each part of it."""
    answer = concurrent.futures.Future()

    def run():
        try:
            answer.set_result(ask())
        except Exception as error:  # noqa: BLE001 - it is raised where the answer is waited for
            answer.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return answer.result(seconds)


@contextlib.contextmanager
def expecting(what):
    try:
        yield
    except (LookupError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise ServerError(f"does not answer with {what}: {error}") from None


def nested(flat, edge):
    """A flat array as rows of cells of channels."""
    channels = len(flat) // edge**2
    cells = [flat[i : i + channels].tolist() for i in range(0, len(flat), channels)]
    return [cells[i : i + edge] for i in range(0, len(cells), edge)]


def connect(url, timeout):
    urllib.parse.urlsplit(url).port  # noqa: B018 - a ValueError if there is no such port
    rest = re.fullmatch(r"https?://[^/@?#\s]+/v1/models/[\w.~-]+/?", url, re.ASCII)
    grpc = re.fullmatch(r"grpc://([^/@?#\s]+:\d+)/([\w.~-]+)/?", url, re.ASCII)
    if rest:
        return Rest(url, timeout)
    if not grpc:
        raise ValueError("URL must be http://HOST:PORT/v1/models/NAME or grpc://HOST:PORT/NAME")
    try:
        return Grpc(grpc[1], grpc[2], timeout)
    except ModuleNotFoundError as error:
        raise ValueError(f"needs {error.name}: pip install tensorflow-serving-api") from None


def described(server):
    """The description of the served model, if it is of a kind that this client knows."""
    with expecting("a LocoGAN generator's description"):
        text = server.describe()[:LONGEST_TEXT]
        # Earlier formats do not name these.
        absent = {"image_channels": 3, "line_channels": [0, 0], "maps": []}
        model = {**absent, **json.loads(text)}
        check_numbers(model)
        told = {field: model[field] for field in KNOWN} | {"image_channels": shown_channels(model)}
    for field, value in told.items():
        if type(value) is not type(KNOWN[field][0]) or value not in KNOWN[field]:
            value, known = reprlib.repr(value), KNOWN[field]
            raise ServerError(f"serves a model of {field} {value}; this client knows {known}")
    return model


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
    """The picture of an image, bytes; the image is a sequence of the pixels' channels."""
    shown, is_cutout = shown_channels(model), "cutout" in dict(model["maps"])
    values = [] if model["maps"] else image
    for first in range(0, len(image) if model["maps"] else 0, model["image_channels"]):
        pixel = image[first : first + shown]
        if is_cutout:
            opacity = max((pixel[3] + 1.0) / 2.0, LEAST_OPACITY)
            colour = (min((each + 1.0) / 2.0 / opacity, 1.0) for each in pixel[:3])
            pixel = [*(2.0 * each - 1.0 for each in colour), pixel[3]]
        values.extend(pixel)
    return bytes(min(255, max(0, round((value + 1.0) * 127.5))) for value in values)


def window(model, options):
    """(height, width), frame and period in pixels, checked and filled in."""
    return zip(
        axis(model, 0, options.height, options.top, options.frame[0], options.period[0]),
        axis(model, 1, options.width, options.left, options.frame[1], options.period[1]),
        strict=True,
    )


def render(server, model, options):
    """The picture's rows, a bytearray of the pixels' channels each."""
    (height, width), frame, period = window(model, options)
    channels = shown_channels(model)
    rows = [bytearray(channels * width) for _ in range(height)]
    targets = {}
    for row, source_y, y in pieces(options.top, height, period[0], options.tile):
        for column, source_x, x in pieces(options.left, width, period[1], options.tile):
            targets.setdefault((row, column), []).append((y, x, source_y, source_x))
    for tile, levels in tiles(server, model, options, frame, period, list(targets)):
        for y, x, source_y, source_x in targets[tile]:
            start, stop = channels * source_x.start, channels * source_x.stop
            for line in range(source_y.start, source_y.stop):
                first = channels * options.tile * line
                place = rows[y + line - source_y.start]
                place[channels * x : channels * x + stop - start] = levels[
                    first + start : first + stop
                ]
    return rows


def tiles(server, model, options, frame, period, places):
    """(place, levels) of tiles. Whole tiles have one shape, so any of them may share a request."""
    cells = options.tile // CELL
    edge, numbers = cells + 2 * BORDER, model["image_channels"] * options.tile**2
    channels = model["global_channels"] + model["local_channels"] + 2
    largest = server.number_bytes * max(numbers, edge**2 * channels)
    count = max(1, int(options.megabytes * 1e6) // largest)
    for batch in (places[start : start + count] for start in range(0, len(places), count)):
        inputs = []
        for row, column in batch:
            corner, size = (row * cells, column * cells), (cells, cells)
            latent = latent_field(model, options.seed, corner, size, period)
            inputs.append((latent, position_map(corner, size, frame, period)))
        with expecting("images"):
            images = server.images(inputs, edge, len(batch) * numbers)
            for place, image in zip(batch, images, strict=True):
                if len(image) != numbers:
                    raise ValueError(f"{len(image)} values instead of {numbers}")
                yield place, levels_of(model, image)


def rendered_by_server(server, model, options):
    """The PNG file of the signature `render`."""
    (height, width), frame, period = window(model, options)
    if height * width > RENDER_PIXELS:
        raise ValueError(f"--server-render is for {RENDER_PIXELS} pixels at most: {height}x{width}")
    fields = {"seed": options.seed, "top": options.top, "left": options.left}
    for name, (y, x) in (("", (height, width)), ("frame_", frame), ("period_", period)):
        fields |= {f"{name}height": y, f"{name}width": x}
    with expecting("a PNG file"):
        content = server.render(fields)
        if not content.startswith(SIGNATURE):
            raise ValueError("it is of another kind")
    return content


def png(rows, channels):
    """A PNG file of rows of pixels."""

    def chunk(kind, data):
        checksum = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

    width = len(rows[0]) // channels
    header = struct.pack(">IIBBBBB", width, len(rows), 8, KINDS[channels], 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    parts = ((b"IHDR", header), (b"sRGB", b"\0"), (b"IDAT", data), (b"IEND", b""))
    return SIGNATURE + b"".join(chunk(*part) for part in parts)


def save(path, content):
    """The content as a file, whole or not at all."""
    partial = f"{path}.partial"
    try:
        with open(partial, "wb") as file:
            file.write(content)
        os.replace(partial, path)
    finally:
        if os.path.exists(partial):
            os.remove(partial)


@contextlib.contextmanager
def standard_error_muted():
    """A block without the standard error, on which TensorFlow greets whatever is set.

    gRPC's messages import it.
    """
    kept = os.dup(2)
    with open(os.devnull, "w") as null:
        os.dup2(null.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def number(kind, least, most, multiple=None):
    def parse(text):
        value = kind(text)
        if not least <= value <= most or (multiple and value % multiple):
            steps = f", a multiple of {multiple}" if multiple else ""
            raise argparse.ArgumentTypeError(f"must be {least} to {most}{steps}: {text}")
        return value

    parse.__name__ = kind.__name__
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
    parser = Parser(description="Renders a picture of any size from a served LocoGAN generator.")
    parser.add_argument("url", metavar="URL")
    parser.add_argument("--out", metavar="FILE.png", required=True)
    parser.add_argument("--height", type=number(int, 1, 2**20), help="default: the model's frame")
    parser.add_argument("--width", type=number(int, 1, 2**20), help="default: the model's frame")
    parser.add_argument("--seed", type=number(int, 0, MASK), default=0)
    parser.add_argument("--top", type=int, default=0, help="pixels on the infinite canvas")
    parser.add_argument("--left", type=int, default=0, help="pixels on the infinite canvas")
    parser.add_argument("--frame", type=size, default=(0, 0), metavar="HxW")
    parser.add_argument("--period", type=size, default=(0, 0), metavar="HxW")
    parser.add_argument("--tile", type=number(int, CELL, 4096, CELL), default=256, metavar="PX")
    parser.add_argument(
        "--server-render", action="store_true", help="let the server make the whole picture"
    )
    parser.add_argument(
        "--timeout", type=number(float, 0.001, 1e6), default=60.0, help="seconds for an answer"
    )
    parser.add_argument(
        "--megabytes", type=number(float, 0.001, 2000), default=8.0, help="of a message, at most"
    )
    return parser


def main(arguments=None):
    options = parser().parse_args(arguments)
    try:
        server = connect(options.url, options.timeout)
        model = described(server)
        if options.server_render:
            content = rendered_by_server(server, model, options)
        else:
            content = png(render(server, model, options), shown_channels(model))
        save(options.out, content)
    except ServerError as error:
        return fail(f"{options.url} {error}", 3)
    except (OSError, ValueError, MemoryError) as error:
        return fail(error, 2)
    return 0


def fail(reason, status):
    line = " ".join(str(reason).split())
    # A terminal would obey control characters.
    line = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in line)
    print(f"client_serving.py: error: {line[:LONGEST_LINE]}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
