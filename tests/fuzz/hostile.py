"""Values that nobody should give, and damage that files meet.

None is work that takes long and is allowed: numbers are small, or too large for any machine.
"""

import copy
import json

# Words of a command line, by the name of the type that an argument has; those of "text" fit none.
WORDS = {
    "text": (
        *("", " ", "-", "--", "a", "é" * 300, "\udcff", "a\nb", "\x1b[31mred", "%s%n{0}", "'", "x"),
        *("0x10", "1e400", "nan", "inf", "-inf", "none", "true", "null", "half-drop", "torus", "y"),
    ),
    "int": (
        *("0", "1", "-1", "7", "15", "16", "17", "64", "+1", "1_0", "٣", "1.5", "4294967296"),
        *("-64", "-100000", str(2**62), str(2**63 - 1), str(2**63), str(-(2**63))),
        *("9" * 12, "9" * 30, "-" + "9" * 30, "9" * 400, "9" * 5000),
    ),
    "float": ("0", "1", "-1", "1e-300", "1e12", "1e13", "nan", "inf", "1e400", "9" * 400),
    "seed": ("0", "1", "-1", "4294967295", "4294967296", "٣", "01", "1.5", "9" * 5000),
    "seeds": (
        "0",
        "0,1",
        "0-2",
        "2-0",
        "0,,1",
        "0-99999",
        "0-4294967296",
        ",",
        "0,0",
        "-1,2",
        "1-",
    ),
    "frames": ("0", "1", "2", "3", "1001", "-1", "9" * 30, "1.5"),
    "size": (
        *(
            "0x0",
            "1x1",
            "16x16",
            "17x31",
            "64x96",
            "64x0",
            "128x192",
            "192x192",
            "96x64",
            "1x",
            "x1",
        ),
        *("1x1x1", "-1x1", "1.5x2", "99999999999x1", "1x99999999999", "99999999999x99999999999"),
        *("٣x٣", "999999999999x1", "4096x64"),
    ),
    "sized_seed": (
        *(
            "1:1",
            "1:1x1",
            "1:64x96",
            "1:128x96",
            "2:0x0",
            "1:",
            ":",
            "-1:64x96",
            "4294967296:64x96",
        ),
        *("1:99999999999x99999999999", "1:99999999999x1", "a:64x96"),
    ),
    "part": ("8:8", "8:40", "0:64", "0:1", "40:8", "-1:3", "0:99999999999", "1:", "16:32", "63:64"),
    "region": (
        *("0,0,16,16", "-8,-8,32,32", "0,0,0,0", "0,0,-1,5", "1,2,3", "1,2,3,4,5", "9999,9999,8,8"),
        *("0,0,99999999999,99999999999", f"{10**30},0,8,8", "0,0,1,1", "5,7,3,30", "9" * 5000),
    ),
    "_period": ("0x0", "1x1", "8x8", "8.5x8", "0.1x0.1", "999999999x1", "nanxnan", "64x96", "1x"),
}

# Paths, of what `files.lay_out` makes, of what is elsewhere and of what is nowhere. Of servers only
# this machine's, at a port where none is.
PATHS = (
    *("torus.onnx", "linear.keras", "run", "savedmodel", "photo.png", "settings.toml"),
    *("empty", "empty.png", "empty.onnx", "empty.keras", "text.png", "text.onnx", "text.keras"),
    *("text.toml", "folder", "folder.onnx", "folder.keras", "folder.png", "pipe", "pipe.png"),
    *("pipe.onnx", "pipe.keras", "pipe.toml", "dangling", "dangling.png", "loop.png", "mask.png"),
    *("missing", "missing/a.png", "photo.png/a.png", "new.png", "new.gif", "new.onnx", "new.jpg"),
    *("NEW.PNG", "new", "new/a/b.png", ".", "..", "./", "run/checkpoints", "run/generator.keras"),
    *("/dev/null", "/dev/full", "/proc/a.png", "/proc/self/mem", "a" * 300, "a" * 300 + ".png"),
    *("a\nb.png", "\udcff.png", "é.png", "-.png", "lmdb:folder", "lmdb:", "lmdb:missing", "tfds:"),
    *("http://", "http://[", "http://127.0.0.1:1/v1/models/a", "grpc://127.0.0.1:1/a", "ftp://a/b"),
    *(
        "preset",
        "preset/model.onnx",
        "preset:",
        "preset:missing",
        "preset:../run",
        "hf://",
        "hf://a",
    ),
    *("grpc://", "http://127.0.0.1:99999/v1/models/a", "file:///etc/passwd", "https://:1/a"),
)

# Values of settings, as TOML.
TOML_VALUES = (
    *("0", "1", "-1", "1.5", "nan", "inf", "-inf", "1e400", str(2**63), "9" * 400, "true", '""'),
    *('"a"', '"\\u001b[31m"', '"\ud7ff"', "[]", "[0, 0]", "[64, 64]", "[-64, 64]", "[1e30, 1e30]"),
    *('["a"]', "{}", "{a = 1}", "1979-05-27", "[" * 500 + "]" * 500, '"torus"', '"paper"', "'''"),
    *("[nan, inf]", '"' + "a" * 10**5 + '"', "0x10", "1__0", ""),
)

# Values of JSON, as Python has them, and texts that are not quite JSON.
JSON_VALUES = (
    *(None, True, False, 0, 1, -1, 16, 1.5, 1e308, 2**31, 2**63, 10**30, 2**80, -(2**63), "", "a"),
    *("\x1b[31m", "\x00", "\ud800", "a" * 10**5, [], [0, 0], [-192, -192], [64, 96], [1, 2, 3]),
    *([float("inf"), 192], [float("nan")] * 2, [1e-300, 1], [2**80, 2**80], ["a", "b"], [None] * 2),
    *({}, {"a": 1}, [[1, 2], 3], "torus", "linear", ["torus"], list(range(3000))),
)
_NEVER_JSON = ("", "{", "null", "[]", "0", '"a"', "[" * 10**5, '{"a":' * 10**5, "NaN", "\ufeff{}")


def mutated(text, rng):
    """JSON's text, with one to three of its values changed, gone or given twice."""
    if rng.random() < 0.1:
        return rng.choice(_NEVER_JSON)
    values = json.loads(text)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        places = list(_places(values))
        if not places:
            break
        holder, key = rng.choice(places)
        way = rng.random()
        if way < 0.75:
            holder[key] = copy.deepcopy(rng.choice(JSON_VALUES))
        elif way < 0.9:
            del holder[key]
        else:
            other, name = rng.choice(places)
            holder[key] = copy.deepcopy(other[name])
    return json.dumps(values)


def _places(values):
    """Every value of nested lists and dictionaries, as what holds it and the key there."""
    keys = values if isinstance(values, dict) else range(len(values))
    for key in list(keys):
        yield values, key
        if isinstance(values[key], (dict, list)):
            yield from _places(values[key])


def damaged(data, rng):
    """Bytes with bits turned, cut, filled with zeros, or followed by others."""
    data = bytearray(data)
    way = rng.random()
    if way < 0.6:
        for _ in range(rng.choice((1, 1, 1, 2, 8, 64))):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif way < 0.8:
        del data[rng.choice((0, 1, 8, rng.randrange(len(data)), len(data) - 1)) :]
    elif way < 0.9:
        begin = rng.randrange(len(data))
        end = min(len(data), begin + rng.choice((4, 64, 4096)))
        data[begin:end] = bytes(end - begin)
    else:
        data += rng.randbytes(rng.choice((1, 100, 5000)))
    return bytes(data)
