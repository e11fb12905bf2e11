"""The sample sheet: one picture that shows how far a training is."""

import numpy as np
from PIL import Image, ImageDraw

from locogan_keras.canvas.latents import latent_field
from locogan_keras.canvas.maps.names import places
from locogan_keras.canvas.maps.values import finished
from locogan_keras.canvas.positions import window_positions
from locogan_keras.canvas.views import make_view
from locogan_keras.rendering.files.levels import to_levels
from locogan_keras.rendering.files.whole import as_image
from locogan_keras.rendering.render import render

CROPS = 8
_GAP = 8
_CAPTION = 16


def fake_crops(engine, windows, size):
    """Generated crops of fixed seeds, one for each window.

    Args:
        engine: An `Engine`, such as `load_engine` gives.
        windows: `(count, 4)` fractions of the frame.
        size: Pixels of a crop along each axis, a multiple of 16.

    Returns:
        `(count, size, size, channels)` float32 in [-1, 1].
    """
    description = engine.description
    cells = size // description.cell
    channels = description.channels
    latents = [latent_field(seed, 0, 0, cells, cells, **channels) for seed in range(len(windows))]
    positions = [window_positions(window, cells, description.border) for window in windows]
    image = engine(np.stack(latents), np.stack(positions))
    return description.checked_image(image, np.stack(latents))


def sample_sheet(engine, reals, fakes):
    """Real crops above generated ones, then pictures of several sizes, all of fixed seeds.

    Of maps, crops of each are shown, and pictures of the colour.

    Args:
        engine: An `Engine`, such as `load_engine` gives.
        reals: `(count, size, size, channels)` float32 in [-1, 1], of the size trained at.
        fakes: `fake_crops` of the reals' windows.

    Returns:
        `(height, width, 3)` uint8.
    """
    description, tile = engine.description, reals.shape[1]
    rows = []
    for name, place in (places(description.maps) or {"": slice(None)}).items():
        for caption, crops in (
            ("real crops", reals),
            ("generated crops of the same windows", fakes),
        ):
            shown = to_levels(finished(crops, description.maps)[..., place])
            rows.append((f"{caption}: {name}" if name else caption, list(shown)))
    frame = np.array(description.shown)
    sizes = [(1, 1), (1, 1), (1, 1.5), (0.75, 1)]
    pictures = []
    for seed, factors in enumerate(sizes):
        height, width = (frame * factors).astype(int).tolist()
        view = make_view(description, height=height, width=width, seed=seed, periodic="none")
        pictures.append(render(engine, view, tile=tile)[..., : description.picture_channels])
    rows.append((f"pictures of {_sizes(pictures)}", pictures))
    if any(description.periodic):
        repeats = [2 if axis else 1 for axis in description.periodic]
        height, width = (frame * repeats).tolist()
        views = (make_view(description, height=height, width=width, seed=seed) for seed in range(2))
        tiling = [
            render(engine, view, tile=tile)[..., : description.picture_channels] for view in views
        ]
        rows.append((f"{repeats[0]} x {repeats[1]} repeats of one frame", tiling))
    return stacked(rows)


def _sizes(pictures):
    return ", ".join(f"{picture.shape[0]} x {picture.shape[1]}" for picture in pictures)


def stacked(rows):
    """Rows of pictures under their captions, on white.

    Args:
        rows: Pairs of a caption and pictures `(height, width, channels)` uint8, side by side.

    Returns:
        `(height, width, 3)` uint8.
    """
    heights = [max(picture.shape[0] for picture in pictures) for _, pictures in rows]
    widths = [sum(picture.shape[1] + _GAP for picture in pictures) for _, pictures in rows]
    size = (max(widths) + _GAP, sum(heights) + len(rows) * (_CAPTION + _GAP) + _GAP)
    sheet = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(sheet)
    top = _GAP
    for (caption, pictures), height in zip(rows, heights, strict=True):
        draw.text((_GAP, top), caption, fill="black")
        top += _CAPTION
        left = _GAP
        for picture in pictures:
            image = as_image(picture)
            # What is transparent shows the sheet.
            sheet.paste(image, (left, top), image if image.mode == "RGBA" else None)
            left += picture.shape[1] + _GAP
        top += height + _GAP
    return np.asarray(sheet)
