"""The pictures of a card: what a model draws beside what it has learned from, nothing picked."""

import dataclasses

import numpy as np

from locogan_keras.canvas.maps.names import CUTOUT, places
from locogan_keras.canvas.maps.values import finished
from locogan_keras.canvas.periods import square_period
from locogan_keras.canvas.views import make_view
from locogan_keras.evaluation.sample_sheet import stacked
from locogan_keras.rendering.files.levels import to_levels
from locogan_keras.rendering.render import render

# Pixels: of a large square, of one repeat at least, and of a row of pictures on a page.
_LARGE, _REPEAT, _ROW = 1024, 256, 1100
_SEEDS, _MANY = 4, 32
# Pictures of a set that stand for it.
_PHOTOS = 8


@dataclasses.dataclass(frozen=True)
class Sample:
    """A picture of a card.

    Args:
        name: Of its file.
        caption: What it shows, a sentence.
        picture: `(height, width, 3)` uint8.
    """

    name: str
    caption: str
    picture: np.ndarray


def large_size(description):
    """What a large picture is: as much as is made of a texture, and the frame of what is no plane.

    Returns:
        (height, width) in pixels, of a texture whole repeats near 1024.
    """
    if not all(description.periodic):
        return _one(description)
    try:
        return square_period(description, _LARGE)
    except ValueError:
        return tuple(frame * max(1, round(_LARGE / frame)) for frame in description.frame)


def card_samples(engine, photos):
    """The pictures of a card, of the seeds from 0 on.

    Args:
        engine: An `Engine`, such as `load_engine` gives.
        photos: A sequence of `(height, width, channels)` uint8 or uint16, as training reads them.

    Returns:
        A list of `Sample`, what has been learned from first.
    """
    description = engine.description
    maps = () if CUTOUT in places(description.maps) else description.maps
    shown = [_shown(photo, description.maps) for photo in photos[:_PHOTOS]]
    one = _one(description)
    found = [_beside(engine, shown)]
    if any(description.periodic):
        found.append(_repeats(engine, one))
    found.append(_seeds(engine, one, _SEEDS if any(description.periodic) else _MANY))
    if maps:
        found.append(_maps(engine, shown[0], one))
    return found


def _one(description):
    """(height, width) in pixels of one repeat that is large enough to be looked at."""
    return tuple(
        frame * -(-_REPEAT // frame) if repeats else frame
        for frame, repeats in zip(description.frame, description.periodic, strict=True)
    )


def _shown(photo, maps):
    """A photo as files have it, of 8 bits."""
    values = photo.astype(np.float32) / (np.iinfo(photo.dtype).max / 2) - 1
    return to_levels(finished(values, maps))


def _beside(engine, photos):
    description = engine.description
    photos = [photo[..., : description.picture_channels] for photo in photos]
    if not any(description.periodic):
        what = f"{len(photos)} of what it has learned from" if len(photos) > 1 else "The photo"
        return Sample("photo", f"{what}.", stacked(_in_rows(what.lower(), photos)))
    size = large_size(description)
    said = f"the photo, {_pixels(photos[0].shape)} pixels", f"seed 0, {_pixels(size)} pixels"
    drawn = _made(engine, 0, size, size)
    if all(description.periodic):
        rows = [(" | ".join(said), [photos[0], drawn])]
    else:
        rows = [(said[0], photos[:1]), (said[1], [drawn])]
    caption = f"{said[0]}, and what is made of {said[1]}, at the same scale."
    return Sample("photo", f"{caption[0].upper()}{caption[1:]}", stacked(rows))


def _repeats(engine, period):
    axes = engine.description.periodic
    counts = [3 if all(axes) else 1 + repeats for repeats in axes]
    size = tuple(length * count for length, count in zip(period, counts, strict=True))
    caption = f"{_pixels(counts)} repeats of {_pixels(period)} pixels, seed 1"
    picture = stacked([(caption, [_made(engine, 1, size, period)])])
    return Sample("repeats", f"{caption}. They are equal to the bit.", picture)


def _seeds(engine, size, count):
    pictures = [_made(engine, seed, size, size) for seed in range(count)]
    caption = f"Seeds 0 to {count - 1}"
    return Sample("seeds", f"{caption}.", stacked(_in_rows(caption.lower(), pictures)))


def _maps(engine, photo, size):
    description = engine.description
    made = render(engine, _view(description, 0, size, size))
    rows = [
        (f"{name}: the photo's | seed 0", [photo[..., place], made[..., place]])
        for name, place in places(description.maps).items()
    ]
    names = ", ".join(name.replace("_", " ") for name in places(description.maps))
    return Sample("maps", f"Each map, the photo's and of seed 0: {names}.", stacked(rows))


def _made(engine, seed, size, period):
    """A picture that repeats after a period, on the axes on which the model does."""
    view = _view(engine.description, seed, size, period)
    return render(engine, view)[..., : engine.description.picture_channels]


def _view(description, seed, size, period):
    pairs = zip(period, description.periodic, strict=True)
    period = tuple(length * repeats for length, repeats in pairs)
    return make_view(description, height=size[0], width=size[1], seed=seed, period=period)


def _in_rows(caption, pictures):
    """Rows for `stacked`, as wide as a page; the first has the caption."""
    count = max(1, _ROW // max(picture.shape[1] for picture in pictures))
    rows = [pictures[first : first + count] for first in range(0, len(pictures), count)]
    return [(caption if not number else "", row) for number, row in enumerate(rows)]


def _pixels(size):
    return f"{size[0]} x {size[1]}"
