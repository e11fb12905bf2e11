"""The evaluation of a model by what it was trained on."""

import numpy as np

from locogan_keras.canvas.maps.values import unfinished
from locogan_keras.canvas.positions import told_axes
from locogan_keras.canvas.views import make_view
from locogan_keras.evaluation.metrics.frame_lock import frame_lock
from locogan_keras.evaluation.metrics.lattice_error import lattice_strength
from locogan_keras.evaluation.metrics.samples import halves
from locogan_keras.evaluation.metrics.seams import seam
from locogan_keras.evaluation.registration import mean_correlations, registration
from locogan_keras.evaluation.scores import METRICS, SMALLEST, Score, score
from locogan_keras.rendering.render import render

_SEEDS = 8
# A photo that is so alike after the model's frame repeats after it.
_REGULAR = 0.3


def evaluate(engine, photos, period=None, inception=None):
    """Scores of pictures of eight seeds beside what the model was trained on.

    On an axis where the model repeats, pictures are one period, as many frames as come nearest to
    the photo; on others they are the model's frame.

    Args:
        engine: An `Engine`, such as `load_engine` gives.
        photos: A sequence of `(height, width, channels)` uint8 or uint16, as training reads them,
            at least 128 pixels each way, at the scale that the model was trained at.
        period: As of `scores.score`; the model's frame unless given, if the photo repeats after it.
        inception: As of `scores.score`.

    Returns:
        As of `scores.score`, of the colour where there are maps, and then `registration`; and where
        the model repeats `seam` and, on both axes, `frame_lock`.

    Raises:
        ValueError: As of `scores.score`.
    """
    description = engine.description
    wholes = [_values(photo) for photo in photos]
    photos = [whole[..., :3] for whole in wholes]
    period = _period(description, photos[0]) if period is None else tuple(period)
    size = tuple(
        _length(frame, length) if repeats else frame
        for frame, length, repeats in zip(
            description.frame, photos[0].shape, description.periodic, strict=False
        )
    )
    wraps = tuple(
        length * repeats for length, repeats in zip(size, description.periodic, strict=True)
    )
    made = []
    for seed in range(_SEEDS):
        view = make_view(description, height=size[0], width=size[1], seed=seed, period=wraps)
        made.append(unfinished(_values(render(engine, view)), description.maps))
    pictures = [whole[..., :3] for whole in made]
    scores = score(pictures, photos, period, inception)
    if description.maps and len(mean_correlations(wholes[:1], description.maps)):
        scores["registration"] = _registration(made, wholes, description.maps)
    if any(description.periodic):
        scores["seam"] = _seam(pictures, photos[0], description, period)
    if all(description.periodic):
        lock = frame_lock(pictures, description.frame, period)
        if lock is not None:
            same = frame_lock(_SEEDS * pictures[:1], description.frame, period)
            scores["frame_lock"] = Score(lock, 1.0, same)
    return {name: scores[name] for name in METRICS if name in scores}


def _length(frame, length):
    """The whole frames that come nearest to a length, at least as many as can be compared."""
    return frame * max(round(length / frame), -(-SMALLEST // frame))


def _values(picture):
    return picture.astype(np.float32) / (np.iinfo(picture.dtype).max / 2) - 1


def _registration(pictures, photos, maps):
    apart = [registration(*pair, maps) for pair in halves(photos)]
    # Maps that have nothing to do with one another.
    useless = np.abs(mean_correlations(photos, maps)).mean()
    value = registration(pictures, photos, maps)
    return Score(value, float(np.mean(apart)), float(useless))


def _period(description, photo):
    """The model's frame on the axes on which the photo repeats after it, 0 on others."""
    told, period = told_axes(description.encoding), []
    axes = zip(description.frame, description.periodic, told, strict=True)
    for axis, (frame, repeats, is_told) in enumerate(axes):
        one = tuple(frame * (axis == other) for other in (0, 1))
        fits = repeats and is_told and 3 * frame <= photo.shape[axis]
        # Who tells of one axis alone does so because of its lattice.
        is_lattice = fits and (sum(told) == 1 or lattice_strength(photo, one) >= _REGULAR)
        period.append(frame if is_lattice else 0)
    return tuple(period)


def _seam(pictures, photo, description, period):
    """The edges' rank where it is highest, of the axes on which the model repeats.

    Lines of the photo rank 0.5 in the mean; its useless edge is where it is put beside itself.
    """
    axes = [axis for axis in range(2) if description.periodic[axis]]
    found, own = (
        # On a lattice, lines are like those a period away.
        max(seam(group, axis, period[axis] or 1) for axis in axes)
        for group in (pictures, [photo])
    )
    return Score(found, 0.5, own)
