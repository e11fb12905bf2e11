"""Damaged and hostile files: models of every format, pictures, settings, descriptions."""

import io
import zipfile
from pathlib import Path

import onnx
from hostile import TOML_VALUES, damaged, mutated
from tensorflow.core.protobuf import saved_model_pb2

from locogan_keras.engines.onnx_files import METADATA

GOLDEN = Path(__file__).parent.parent / "golden"
_CHECKPOINT = next((GOLDEN / "run" / "checkpoints").iterdir()).name
# Files of each format, by their paths in a case's folder, and the MODEL that they belong to.
FORMATS = {
    ".onnx": ("torus.onnx", ["torus.onnx"]),
    "exported .onnx": ("exported.onnx", ["exported.onnx"]),
    ".keras": ("linear.keras", ["linear.keras"]),
    "SavedModel": (
        "savedmodel",
        ["saved_model.pb"] * 3
        + [
            "variables/variables.index",
            "variables/variables.data-00000-of-00001",
            "fingerprint.pb",
        ],
    ),
    "run": (
        "run",
        ["config.toml", "metrics.csv", "evaluations.csv", "evaluations.csv", "generator.keras"]
        + [f"checkpoints/{_CHECKPOINT}"] * 2,
    ),
    "preset": ("preset", ["config.json", "metadata.json", "model.onnx", "model.weights.h5"]),
    "picture": ("photo.png", ["photo.png"]),
}
_TRAIN = ["train", "photo.png", "--out", "run", "--recipe", "settings.toml", "--steps", "60"]
_READ = ["evaluate", "torus.onnx", "photo.png", "--image-size", "128"]
_TRANSPLANT = ["edit", "transplant", "torus.onnx", "--from", "1", "--to", "2", "--resize-mask"]
_TRANSPLANT += ["--out", "new.png", "--region", "photo.png"]
_DRY_RUN = ["train", "photo.png", "--out", "new", "--recipe", "settings.toml", "--dry-run"]


def damaged_model(rng):
    """Bits, cuts and missing files; within a `.keras` file also with checksums that are right."""
    kind = rng.choice(list(FORMATS))
    model, names = FORMATS[kind]
    name = rng.choice(names)
    path = model if name == model else f"{model}/{name}"
    data, way = original(path), rng.random()
    if path.endswith(".keras") and way < 0.5:
        changed = _member_changed(data, rng)
    else:
        changed = None if way > 0.95 else damaged(data, rng)
    return f"damage: {kind}", _command(model, kind, rng), {path: changed}


def damaged_settings(rng):
    """A recipe of which bits or a value are others."""
    text = original("settings.toml")
    if rng.random() < 0.4:
        changed = damaged(text, rng)
    else:
        lines = text.decode().splitlines()
        place = rng.choice([number for number, line in enumerate(lines) if " = " in line])
        lines[place] = f"{lines[place].partition(' = ')[0]} = {rng.choice(TOML_VALUES)}"
        changed = "\n".join(lines).encode(errors="surrogatepass")
    return "damage: settings", _DRY_RUN, {"settings.toml": changed}


def hostile_description(rng):
    """What a model says of itself, in each format, with other values."""
    kind = rng.choice((".onnx", ".onnx", ".onnx", ".keras", "SavedModel"))
    model = FORMATS[kind][0]
    if kind == ".onnx":
        path, changed = model, _described_onnx(rng)
    elif kind == ".keras":
        path, changed = model, _described_keras(rng)
    else:
        path, changed = f"{model}/saved_model.pb", _described_savedmodel(rng)
    return f"description: {kind}", _command(model, kind, rng), {path: changed}


def original(path):
    """What a file of a case's folder holds where nothing is wrong with it."""
    if path == "settings.toml":
        # That of the run, but for what is known of its origin.
        return original("run/config.toml").partition(b"[run]")[0]
    if path == "exported.onnx":
        return _exported()
    if path == "photo.png":
        return (GOLDEN / "source.png").read_bytes()
    return (GOLDEN / path.replace("savedmodel", "kit/kit/1")).read_bytes()


def _exported():
    """Today's export has a digest, which that of the golden files does not: here the same graph."""
    from locogan_keras.engines.onnx_files import DIGEST, digest

    model = onnx.load(GOLDEN / "torus.onnx")
    entry = model.metadata_props.add()
    entry.key, entry.value = DIGEST, digest(model.graph.SerializeToString())
    return model.SerializeToString()


def _command(model, kind, rng):
    if kind == "picture":
        return rng.choice((_READ, _READ, _DRY_RUN, _TRANSPLANT))
    size = ["--out", "new.png", "--height", "32", "--width", "48"]
    commands = [["info", model], ["render", model, *size], ["edit", "mix", model, "--from", "1"]]
    commands[2] += ["--to", "2", *size]
    if kind in (".keras", "run", "preset"):
        commands.append(["export", model, "--to", "onnx", "--out", "new.onnx"])
    if kind == "preset":
        commands.append([*_DRY_RUN[:4], "--from", model, "--dry-run", "--set", "batch_size=2"])
    if kind == "run":
        commands += [_TRAIN] * 4
    return rng.choice(commands)


def _described_onnx(rng):
    model = onnx.load(GOLDEN / "torus.onnx")
    for entry in model.metadata_props:
        if entry.key == METADATA:
            # Text that cannot be encoded is none that a file could hold.
            entry.value = mutated(entry.value, rng).encode(errors="replace").decode()
    return model.SerializeToString()


def _described_keras(rng):
    name = rng.choice(("config.json", "config.json", "config.json", "metadata.json"))
    return _rewritten(
        original("linear.keras"),
        name,
        lambda data: mutated(data.decode(), rng).encode(errors="replace"),
    )


def _described_savedmodel(rng):
    """The constants in the graphs of functions that hold the description, with another text."""
    model = saved_model_pb2.SavedModel.FromString(original("savedmodel/saved_model.pb"))
    found = 0
    for graph in (each.graph_def for each in model.meta_graphs):
        nodes = [*graph.node, *(node for each in graph.library.function for node in each.node_def)]
        for node in nodes:
            for text in node.attr["value"].tensor.string_val if "value" in node.attr else ():
                if b'"fingerprint"' in text:
                    changed = mutated(text.decode(), rng).encode(errors="replace")
                    node.attr["value"].tensor.string_val[0] = changed
                    found += 1
    if not found:
        raise ValueError("the golden SavedModel has no constant with its description")
    return model.SerializeToString()


def _member_changed(data, rng):
    """A `.keras` file of which one member is damaged, with a checksum that is right."""
    names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    return _rewritten(data, rng.choice(names), lambda member: damaged(member, rng))


def _rewritten(data, name, change):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {each: archive.read(each) for each in archive.namelist()}
    members[name] = change(members[name])
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for each, content in members.items():
            archive.writestr(each, content)
    return file.getvalue()
