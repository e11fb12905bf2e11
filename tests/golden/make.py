"""How the golden files were made: `python tests/golden/make.py NEW_FOLDER`, once.

It says where the files come from and is not run again; README.md has the rule.
"""

import contextlib
import dataclasses
import hashlib
import io
import json
import os
import shutil
import sys
from pathlib import Path

import numpy as np
from PIL import Image
from tensorflow import make_ndarray
from tensorflow.data import TFRecordDataset
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

from locogan_keras import load_config, load_engine, make_view
from locogan_keras.cli import main

# Pictures with some contrast that reach neither black nor white, and losses that go up and down.
SETTINGS = (
    *("model.width=1", "model.global_channels=4", "training.batch_size=4"),
    *("training.generator_learning_rate=2e-3", "training.discriminator_learning_rate=2e-4"),
)
STEPS, MORE = 60, 4
# Over edges of tiles, of repeats and of the canvas's quadrants.
WINDOWS = {
    "torus": {"height": 96, "width": 160, "seed": 5, "top": -40, "left": 1001},
    "linear": {"height": 96, "width": 160, "seed": 5, "top": -40, "left": 21, "frame": [112, 176]},
}
MODELS = {
    "torus": ("run", "run/generator.keras", "torus.onnx", "kit/kit/1"),
    "linear": ("linear.keras",),
}
TILE = 64


def locogan(*arguments):
    """Runs a command; gives what it printed."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        status = main([str(each) for each in arguments])
    if status:
        sys.exit(f"locogan {arguments} ended with {status}")
    return out.getvalue()


def write_waves(path, height, width):
    """A picture of waves on a slope. None of its crops are alike, and none is ever scaled."""
    y, x = np.mgrid[0:height, 0:width]
    waves = np.sin(x / 4 + np.sin(y / 9)) * np.cos(y / 6)
    levels = np.stack([128 + 110 * waves, 40 + 2 * y + 0 * x, 200 - 1.5 * x + 30 * waves], axis=-1)
    Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8)).save(path)


def digest(array):
    """SHA-256 of an array's bytes, little-endian."""
    return hashlib.sha256(array.astype(array.dtype.newbyteorder("<")).tobytes()).hexdigest()


def make_torus():
    """Trains on a picture, and exports that in every form."""
    write_waves("source.png", 96, 80)
    train = ["train", "source.png", "--recipe", "demo"]
    settings = ["--set", *SETTINGS, "model.frame=[64, 96]", "data.image_size=80"]
    locogan(*train, "--out", "run", "--steps", STEPS, *settings)
    # Large, and nothing reads it.
    shutil.rmtree("run/samples")
    locogan("export", "run", "--to", "onnx", "--out", "torus.onnx")
    locogan("export", "run", "--to", "serving", "--out", "kit")
    # What the run gives where nothing interrupts it.
    locogan(*train, "--out", "whole", "--steps", STEPS + MORE, *settings)
    lines = Path("whole/metrics.csv").read_text().splitlines()
    Path("continued.csv").write_text("\n".join([lines[0], *lines[-MORE:], ""]))
    shutil.rmtree("whole")


def make_linear():
    """Trains on a folder of pictures of different sizes."""
    os.mkdir("pictures")
    for number, size in enumerate([(64, 96), (96, 64), (80, 112)]):
        write_waves(f"pictures/{number}.png", *size)
    train = ["train", "pictures", "--recipe", "aligned", "--out", "whole", "--steps", STEPS]
    locogan(*train, "--set", *SETTINGS, "data.image_size=64", "training.standardize=true")
    shutil.move("whole/generator.keras", "linear.keras")
    shutil.rmtree("whole")
    shutil.rmtree("pictures")


def write_expected():
    """Renders, and writes down what the models say of themselves."""
    models = {}
    for name, window in WINDOWS.items():
        options = [f"--{key}={value}" for key, value in window.items() if key != "frame"]
        if "frame" in window:
            options.append("--frame={}x{}".format(*window["frame"]))
        locogan("render", MODELS[name][0], "--out", f"{name}.png", "--tile", TILE, *options)
        for model in MODELS[name]:
            models[model] = {
                "world": name,
                "description": dataclasses.asdict(load_engine(model).description),
                "info": locogan("info", model).splitlines(),
            }
    config = dataclasses.asdict(load_config("run/config.toml"))
    values = {"tile": TILE, "windows": WINDOWS, "models": models, "config": config}
    Path("expected.json").write_text(json.dumps(values, indent=1) + "\n")


def write_digests():
    """Digests of files, of the pictures' pixels and of what NumPy alone makes."""
    inputs = {}
    for name, window in WINDOWS.items():
        description = load_engine(MODELS[name][0]).description
        latent, positions = make_view(description, **window).inputs(-3, 62, 6, 10)
        inputs[name] = {"latent": digest(latent), "positions": digest(positions)}
    warmup = {}
    for record in TFRecordDataset("kit/kit/1/assets.extra/tf_serving_warmup_requests"):
        request = PredictionLog.FromString(record.numpy()).predict_log.request
        warmup[request.model_spec.signature_name] = {
            name: digest(make_ndarray(tensor)) for name, tensor in sorted(request.inputs.items())
        }
    pictures = {name: digest(np.asarray(Image.open(f"{name}.png"))) for name in WINDOWS}
    files = {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(Path().rglob("*"))
        if path.is_file()
    }
    values = {"inputs": inputs, "warmup": warmup, "pictures": pictures, "files": files}
    Path("digests.json").write_text(json.dumps(values, indent=1) + "\n")


if __name__ == "__main__":
    os.mkdir(sys.argv[1])
    os.chdir(sys.argv[1])
    make_torus()
    make_linear()
    write_expected()
    write_digests()
