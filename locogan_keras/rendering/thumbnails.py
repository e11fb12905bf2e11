"""A sheet of small pictures of several models, each under its name."""

import numpy as np
from PIL import Image, ImageDraw

from locogan_keras.canvas.views import make_view
from locogan_keras.rendering.files.whole import as_image
from locogan_keras.rendering.render import render

# Pixels along the longest edge of a picture.
EDGE = 256
_ACROSS = 4
_GAP = 12
_CAPTION = 20
_LETTERS = 14


def thumbnail(engine, seed=0):
    """A small picture of a model: of a texture a window, else the whole scene, scaled down.

    Args:
        engine: An `Engine`, such as `load_engine` gives.
        seed: 0 to 2^32 - 1.

    Returns:
        `(height, width, 3)` uint8, 256 pixels along the longer edge; transparency over white.
    """
    description = engine.description
    height, width = (EDGE, EDGE) if all(description.periodic) else description.shown
    view = make_view(description, height=height, width=width, seed=seed, periodic="none")
    image = as_image(render(engine, view)[..., : description.picture_channels])
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    scale = EDGE / max(image.size)
    size = [max(1, round(scale * length)) for length in image.size]
    return np.asarray(image.convert("RGB").resize(size, Image.Resampling.LANCZOS))


def captioned_sheet(pictures):
    """Small pictures four in a row, each above its name, on white.

    Args:
        pictures: `{name: picture}`, as of `thumbnail`.

    Returns:
        `(height, width, 3)` uint8.
    """
    step = np.array([EDGE + _CAPTION, EDGE]) + _GAP
    rows = -(-len(pictures) // _ACROSS)
    height, width = step * [rows, min(len(pictures), _ACROSS)] + _GAP
    sheet = Image.new("RGB", (int(width), int(height)), "white")
    draw = ImageDraw.Draw(sheet)
    for number, (name, picture) in enumerate(pictures.items()):
        row, column = divmod(number, _ACROSS)
        top, left = (_GAP + step * [row, column]).tolist()
        # A low picture stands on its name.
        sheet.paste(as_image(picture), (left, top + EDGE - picture.shape[0]))
        draw.text((left, top + EDGE + 2), name, fill="black", font_size=_LETTERS)
    return np.asarray(sheet)
