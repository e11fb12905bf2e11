"""Writes the answers that `vectors.json` lacks: `python tests/canvas/make_vectors.py`.

Requests are added by hand; none that has an answer is answered again.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.vectors import PATH, VECTORS, description_of, told

from locogan_keras.canvas.views import make_view


def answer(vector):
    """The vector with what NumPy's canvas gives."""
    description = description_of(vector)
    view = make_view(description, **vector["request"])
    firsts = [corner // description.cell for corner in view.corner]
    counts = [
        (corner + length - 1) // description.cell + 1 - first
        for corner, length, first in zip(view.corner, view.size, firsts, strict=True)
    ]
    latent, positions = view.inputs(*firsts, *counts)
    inputs = {"latent": told(latent), "positions": told(positions)}
    return {**vector, "cells": [*firsts, *counts], **inputs}


def text_of(value, indent=0):
    """JSON to be read line by line: what holds no objects, or is short, is one line."""
    line = json.dumps(value)
    if "{" not in line[1:] and (isinstance(value, list) or len(line) < 98 - indent):
        return line
    if isinstance(value, list):
        parts, ends = [text_of(each, indent + 1) for each in value], "[]"
    else:
        parts, ends = (
            [f"{json.dumps(key)}: {text_of(each, indent + 1)}" for key, each in value.items()],
            "{}",
        )
    pad = "\n" + " " * indent
    return f"{ends[0]}{pad} {f',{pad} '.join(parts)}{pad}{ends[1]}"


if __name__ == "__main__":
    VECTORS["answered"] = [
        vector if "latent" in vector else answer(vector) for vector in VECTORS["answered"]
    ]
    PATH.write_text(text_of(VECTORS) + "\n", encoding="utf-8")
