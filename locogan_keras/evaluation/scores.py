"""Scores of pictures: each metric beside what is reachable and what is useless."""

import dataclasses
import functools

import numpy as np

from locogan_keras.evaluation.metrics.distances import (
    frechet_distance,
    kernel_distance,
    standardized,
)
from locogan_keras.evaluation.metrics.features import features
from locogan_keras.evaluation.metrics.inception import inception_features
from locogan_keras.evaluation.metrics.lattice_error import lattice_strength, period_error
from locogan_keras.evaluation.metrics.nearest_patches import nearest_distance
from locogan_keras.evaluation.metrics.samples import halves, noise_like, random_crops
from locogan_keras.evaluation.metrics.spectra import grid, spectrum_distance
from locogan_keras.evaluation.patch_distance import patch_distance

# What each metric's value means, in the order in which they are shown.
METRICS = {
    "patch_distance": "of patches of 8 pixels, at three sizes",
    "frechet_distance": "of texture, as a trained network sees it",
    "kernel_distance": "of content, as a trained network sees it",
    "fid": "of 2048 Inception features; not comparable with that of more crops",
    "spectrum_distance": "share of the photo's amplitudes that is off",
    "grid": "power of lattices of 2 to 16 pixels over the photo's",
    "frame_lock": "what all frames share over what chance leaves",
    "seam": "rank of the edge's gradient; 0.5 like others, 1 stands out",
    "registration": "how far off the photo's its maps' edges agree, 0 as they do",
    "period_error": "how far the pattern strays, in periods",
    "lattice_strength": "how alike the pattern is a period on; 1 repeats",
    "copying": "how far the photo's nearest patch is; 0 copies",
    "diversity": "how far another seed's nearest patch is; 0 all alike",
}
# Several times as many crops as `features` has texture features.
_CROP, _CROPS = 64, 1200
# Halves of a picture still hold crops.
SMALLEST = 2 * _CROP


@dataclasses.dataclass(frozen=True)
class Score:
    """A metric's value, and what tells whether it is good.

    Args:
        value: Of the generated pictures.
        halves: Of one half of the photo against the other: what is reachable.
        useless: Of the photo's pixels in random order, or of what else is of no use.
    """

    value: float
    halves: float
    useless: float

    @property
    def times(self):
        """The value over that of the halves; None where theirs is not positive."""
        return self.value / self.halves if self.halves > 0 else None


def score(pictures, photos, period=(0, 0), inception=None):
    """The scores of pictures beside a photo, or several.

    Args:
        pictures: A sequence of `(height, width, 3)` in [-1, 1], at least 128 pixels each way; of
            different seeds, if there are several.
        photos: The same, of real ones, at the scale of the pictures.
        period: Of a regular pattern, (height, width) in pixels, of any fraction; 0 on an axis
            without one. The photo is the first.
        inception: A file with weights for the FID; see `inception_features`.

    Returns:
        `{name: Score}`; see `METRICS`. `diversity` is left out for one picture, what is said of
        lattices without a period, and `fid` without a file.

    Raises:
        ValueError: If a picture is too small, or the network's weights are missing.
    """
    for picture in (*pictures, *photos):
        if min(picture.shape[:2]) < SMALLEST:
            raise ValueError(
                f"pictures must be at least {SMALLEST} x {SMALLEST} pixels to be compared. "
                f"Received: {picture.shape[0]} x {picture.shape[1]}"
            )
    sample = functools.partial(_Sample, inception=inception)
    fakes, reals, noise = sample(pictures, 1), sample(photos, 0), sample(noise_like(photos), 1)
    pairs = [(sample(half, 1), sample(other, 0)) for half, other in halves(photos)]
    distances, scores = dict(_DISTANCES), {}
    if inception is not None:
        distances["fid"] = _fid
    if any(period):
        scores |= _lattice_scores(pictures, photos[0], noise.pictures[0], period)
    scores |= {
        name: Score(
            metric(fakes, reals),
            float(np.mean([metric(*pair) for pair in pairs])),
            metric(noise, reals),
        )
        for name, metric in distances.items()
    }
    alike = [nearest_distance(half.pictures, other.pictures) for half, other in pairs]
    copying = nearest_distance(pictures, photos)
    scores["copying"] = Score(copying, float(np.mean(alike)), 0.0)
    if len(pictures) > 1:
        # As much of each as there is in a half of the photo.
        parts = [halves([picture])[0][0] for picture in pictures]
        apart = [nearest_distance(*pair) for pair in zip(parts[::2], parts[1::2], strict=False)]
        scores["diversity"] = Score(float(np.mean(apart)), float(np.mean(alike)), 0.0)
    return scores


def quick_scores(fakes, reals):
    """The metrics that need no trained network and no anchors, for use while a model trains.

    Args:
        fakes, reals: `(count, height, width, channels)` in [-1, 1], at least 64 pixels each way;
            the same count and size. Spectra are of the first three channels, the colour.

    Returns:
        `{name: value}`, some of `METRICS`.
    """
    return {
        "patch_distance": patch_distance(fakes, reals),
        "spectrum_distance": spectrum_distance(fakes[..., :3], reals[..., :3]),
        "grid": grid(fakes[..., :3], reals[..., :3]),
    }


class _Sample:
    """Pictures, random crops of them, and what the network sees there."""

    def __init__(self, pictures, seed, inception):
        self.pictures = pictures
        self._seed, self._inception = seed, inception

    @property
    def crops(self):
        return random_crops(self.pictures, _CROPS, _CROP, self._seed)

    @functools.cached_property
    def features(self):
        return features(self.crops)

    @functools.cached_property
    def inception_features(self):
        return inception_features(self.crops, self._inception)


def _frechet(fakes, reals):
    textures = [standardized(each.features[0], reals.features[0]) for each in (fakes, reals)]
    return frechet_distance(*textures)


def _fid(fakes, reals):
    return frechet_distance(fakes.inception_features, reals.inception_features)


_DISTANCES = {
    "patch_distance": lambda fakes, reals: patch_distance(fakes.crops, reals.crops),
    "frechet_distance": _frechet,
    "kernel_distance": lambda fakes, reals: kernel_distance(fakes.features[1], reals.features[1]),
    "spectrum_distance": lambda fakes, reals: spectrum_distance(fakes.pictures, reals.pictures),
    "grid": lambda fakes, reals: grid(fakes.pictures, reals.pictures),
}


def _lattice_scores(pictures, photo, noise, period):
    errors, strengths = (
        [metric(picture) for picture in (*pictures, photo, noise)]
        for metric in (
            lambda picture: period_error(picture, photo, period),
            lambda picture: lattice_strength(picture, period),
        )
    )
    return {
        name: Score(float(np.mean(values[:-2])), *values[-2:])
        for name, values in (("period_error", errors), ("lattice_strength", strengths))
    }
