"""A generator written as a page: checked, made smaller, and compared with what it was before."""

import base64
import json
from pathlib import Path

import numpy as np
import onnx

from locogan_keras.canvas.latents import latent_field
from locogan_keras.canvas.positions import position_map
from locogan_keras.engines.onnx_engine import OnnxEngine
from locogan_keras.exporting.comparison import samples
from locogan_keras.exporting.onnx_export import save_onnx
from locogan_keras.exporting.onnx_precision import to_half_weights
from locogan_keras.exporting.web.runtime import check_operators
from locogan_keras.exporting.web.site import Site
from locogan_keras.storage.files.atomic import replacing, replacing_folder, scratch_folder
from locogan_keras.storage.files.names import own_name

# Formats of descriptions that the page reads; see `page/description.mjs`.
_FORMATS = (1, 2, 3)
# One of 256 levels, in [-1, 1].
_LEVEL = 2 / 255
# Cells of a tile, and which of its pixels a page is tried by.
_TILE, _STEP = 16, 4


def export_web(path, out, runtime, report, single_file=False):
    """A page written, whole or not at all. Its title is the name of `out`.

    Args:
        path: The model, an `.onnx` file.
        out: The folder to make, or the `.html` file to make or replace.
        runtime: As of `runtime_files`.
        report: Called with each line about what was measured.
        single_file: Whether all is one file.

    Raises:
        ValueError: If a browser cannot run it.
    """
    exact = OnnxEngine(path)
    text = exact.description.to_json()
    written = json.loads(text)["format"]
    if written not in _FORMATS:
        raise ValueError(f"--to web shows models of formats {_FORMATS}. Received: format {written}")
    model = onnx.load(path)
    check_operators(model.graph)
    content, weights = _smaller(model, exact, report)
    site = Site(Path(own_name(out)).stem, content, text, weights, probe(exact), runtime)
    if single_file:
        with replacing(out) as temporary:
            site.save_single(temporary)
    else:
        with replacing_folder(out) as temporary:
            site.save(temporary)


def probe(engine):
    """What a tile must look like, for a page that tries how it computes.

    Args:
        engine: An `Engine`.

    Returns:
        A dict of JSON's types: `seed`, the tile's `row` and `column`, and the `levels` of every
        `step`-th of its pixels, base64 of uint8 `(rows, columns, channels)`.
    """
    described, corner = engine.description, (2 * _TILE, -_TILE)
    latent = latent_field(1, *corner, _TILE, _TILE, **described.channels)
    positions = position_map(*corner, _TILE, _TILE, described.frame, described.periodic)
    image = engine(latent[None], positions[None])[0, ::_STEP, ::_STEP]
    levels = np.clip(np.rint((image + 1.0) * 127.5), 0, 255).astype(np.uint8)
    place = {"row": corner[0] // _TILE, "column": corner[1] // _TILE, "step": _STEP}
    return {"seed": 1, **place, "levels": base64.b64encode(levels.tobytes()).decode()}


def _smaller(model, exact, report):
    """The bytes of a model of half the size, unless a pixel may be 2 levels off by that, and what
    its weights are."""
    with scratch_folder() as folder:
        path = folder / "model.onnx"
        save_onnx(to_half_weights(model), path)
        smaller = OnnxEngine(path)
        differences = (
            np.abs(smaller(*inputs) - exact(*inputs)).max() for inputs in samples(exact.description)
        )
        error = float(max(differences)) / _LEVEL
        if error < 1:
            report(f"float16 weights for the download: at most {error:.2f} levels off")
            return path.read_bytes(), "float16"
        report(f"float32 weights for the download: float16 would be {error:.1f} levels off")
        save_onnx(model, path)
        return path.read_bytes(), "float32"
