"""A generator as a folder that TensorFlow Serving, Compose and Kubernetes take as it is."""

import importlib.resources
import re
import string
from pathlib import Path

import numpy as np
import tensorflow as tf

from locogan_keras.canvas.description import PICTURE_CHANNELS
from locogan_keras.canvas.latents import latent_field
from locogan_keras.canvas.positions import position_map
from locogan_keras.exporting.graph_rendering import MOST_PIXELS, REQUEST
from locogan_keras.exporting.savedmodel_export import save_savedmodel

# TensorFlow's own version: a server reads models of its version and older.
IMAGE = "tensorflow/serving:2.21.0"
# In the C++ runtime a loaded model takes 0.5 GiB; while a picture of `MOST_PIXELS` is rendered 0.7
# GiB in all at width 32, 0.9 at 64 and 1.5 at 128. Room for three of the latter at a time.
MEMORY = {"memory_request": "1Gi", "memory_limit": "4Gi", "compose_memory_limit": "4g"}
WARMUP = "assets.extra/tf_serving_warmup_requests"
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,48}[A-Za-z0-9])?")


def save_serving(network, description, folder, name):
    """A folder to serve a model from: versions, warm-up records, settings, a README.

    Args:
        network: The deployable form.
        description: Its `Description`.
        folder: Where to; made if need be.
        name: What the server calls the model: up to 50 letters, digits, `.`, `_` and `-`.

    Returns:
        The `Path` of the SavedModel in it.

    Raises:
        ValueError: If `name` is none, or `tensorflow-serving-api` is not installed.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(
            "a served model's name must be 1 to 50 letters, digits, `.`, `_` and `-`, a letter or "
            f"digit at either end. Received: name={name!r}"
        )
    folder = Path(folder)
    savedmodel = folder / name / "1"
    records = list(_warmup_records(description, name))
    save_savedmodel(network, description, str(savedmodel))
    warmup = savedmodel / WARMUP
    warmup.parent.mkdir()
    with tf.io.TFRecordWriter(str(warmup)) as writer:
        for record in records:
            writer.write(record.SerializeToString())
    values = _template_values(description, name, savedmodel)
    for template in (importlib.resources.files("locogan_keras.exporting") / "serving").iterdir():
        text = string.Template(template.read_text(encoding="utf-8"))
        (folder / template.name).write_text(text.substitute(values), encoding="utf-8")
    return savedmodel


def picture_size(description):
    """(height, width) of the picture that the README asks for: the frame, as far as it is allowed.

    Args:
        description: The model's.
    """
    edge = int(MOST_PIXELS**0.5)
    return tuple(min(length, edge) for length in description.shown)


def _warmup_records(description, name):
    """The requests that the server plays when it has loaded a model, so that nobody waits."""
    try:
        from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog
    except ModuleNotFoundError as error:
        raise ValueError(
            f"an export for serving needs {error.name}, which is not installed: "
            "pip install tensorflow-serving-api"
        ) from None
    cells = 256 // description.cell
    latent = latent_field(0, 0, 0, cells, cells, **description.channels)
    positions = position_map(0, 0, cells, cells, description.frame, description.periodic)
    picture = dict.fromkeys(REQUEST, 0)
    picture["height"], picture["width"] = picture_size(description)
    requests = {
        "serving_default": {"latent": latent, "positions": positions},
        "render": {field: np.int64(value) for field, value in picture.items()},
    }
    if description.picture_channels not in PICTURE_CHANNELS:
        # It would fail, and the server would not load the model.
        del requests["render"]
    for signature, inputs in requests.items():
        record = PredictionLog()
        request = record.predict_log.request
        request.model_spec.name = name
        request.model_spec.signature_name = signature
        for field, value in inputs.items():
            request.inputs[field].CopyFrom(tf.make_tensor_proto(value[None]))
        yield record


def _template_values(description, name, savedmodel):
    height, width = picture_size(description)
    size = sum(path.stat().st_size for path in savedmodel.rglob("*") if path.is_file())
    repeats = " and ".join(
        axis for axis, is_periodic in zip("yx", description.periodic, strict=True) if is_periodic
    )
    canvas = (
        f"an endless canvas that repeats in {repeats}."
        if repeats
        else "the whole scene, stretched to the size asked for."
    )
    return {
        **MEMORY,
        "name": name,
        # Kubernetes's rules are stricter than the server's.
        "service": "locogan-" + re.sub(r"[._]", "-", name.lower()),
        "image": IMAGE,
        "parameters": f"{description.parameters:,}",
        "megabytes": f"{size / 1e6:.1f}",
        "canvas": canvas,
        "channels": description.global_channels + description.local_channels,
        "image_channels": description.image_channels,
        "height": height,
        "width": width,
    }
