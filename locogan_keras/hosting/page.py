"""The page that shows a canvas, drawn from the server's tiles."""

import html
import importlib.resources
import json

from locogan_keras.canvas.views import FARTHEST
from locogan_keras.hosting.tiles import EDGE, FARTHEST_OUT


def page(title, canvas):
    """The page's bytes.

    Args:
        title: Of the page.
        canvas: The `Canvas`.
    """
    settings = {
        "edge": EDGE,
        "farthestOut": FARTHEST_OUT,
        "farthest": FARTHEST,
        "size": canvas.size,
        # Browsers keep a tile for good: those of another model have other addresses.
        "version": canvas.name,
    }
    text = importlib.resources.files("locogan_keras.hosting") / "page.html"
    text = text.read_text(encoding="utf-8").replace("/* settings */ null", json.dumps(settings))
    return text.replace("<!-- title -->", html.escape(title)).encode(errors="replace")
