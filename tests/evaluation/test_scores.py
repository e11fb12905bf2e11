"""All metrics together, on pictures made to fail them, and the anchors beside them."""

import numpy as np
import pytest
from support.patterns import bricks, rough

from locogan_keras.evaluation import patch_distance, scores
from locogan_keras.evaluation.metrics.samples import halves
from locogan_keras.evaluation.scores import METRICS, quick_scores, score

PERIOD = (32, 48)


@pytest.fixture(autouse=True)
def fewer_crops(monkeypatch):
    """Enough for differences as large as these."""
    monkeypatch.setattr(scores, "_CROPS", 100)
    monkeypatch.setattr(patch_distance, "_PATCHES", 1024)


@pytest.fixture
def photo(rng):
    return bricks(rng, 192, 288)


@pytest.mark.slow
def test_pictures_like_the_photo_are_as_near_as_its_halves(rng, photo):
    pictures = [bricks(rng, 192, 288) for _ in range(2)]
    found = score(pictures, [photo], PERIOD)
    assert set(found) == set(METRICS) - {"fid", "frame_lock", "registration", "seam"}
    for name in ("patch_distance", "frechet_distance", "spectrum_distance", "copying", "diversity"):
        assert found[name].times == pytest.approx(1, abs=0.5), name
    assert found["grid"].value < 2
    assert found["lattice_strength"].times == pytest.approx(1, abs=0.1)
    # What is useless is worse than what is reachable.
    for name in ("patch_distance", "frechet_distance", "kernel_distance", "spectrum_distance"):
        assert found[name].useless > 3 * max(found[name].halves, found[name].value), name


def test_copies_of_the_photo_and_of_one_another_are_found(photo):
    found = score([photo[:160, :280]] * 2, [photo])
    assert found["copying"].times < 0.05
    assert found["diversity"].times < 0.05
    assert "period_error" not in found


def test_fid_is_the_frechet_distance_of_the_files_features(monkeypatch, photo):
    monkeypatch.setattr(scores, "inception_features", lambda crops, path: crops[:, :2, 0, 0] + path)
    found = score([photo + 0.5], [photo], inception=0.0)["fid"]
    # Two features, each farther by a half, and other crops.
    assert found.value == pytest.approx(0.5, abs=0.2)


def test_several_photos_are_halved_by_turns(rng):
    photos = [rough(rng, 128, 128) for _ in range(3)]
    ((left, right),) = halves(photos)
    assert [len(left), len(right)] == [2, 1]
    assert left[1] is photos[2]


def test_what_is_too_small_is_refused(rng, photo):
    with pytest.raises(ValueError, match="Received: 128 x 127"):
        score([photo], [rough(rng, 128, 127)])


def test_quick_scores_tell_like_from_unlike(rng):
    reals, fakes = (np.stack([rough(rng, 64, 64) for _ in range(16)]) for _ in range(2))
    same, smooth = quick_scores(fakes, reals), quick_scores(0.5 * fakes, reals)
    assert set(same) < set(METRICS)
    assert smooth["patch_distance"] > 3 * same["patch_distance"]
    # A quarter of the power is half the amplitude.
    assert smooth["spectrum_distance"] > 0.4 > 0.2 > same["spectrum_distance"]
