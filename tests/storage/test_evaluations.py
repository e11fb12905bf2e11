"""Evaluations: what is the best, what has settled, and what an older version wrote."""

import pytest

from locogan_keras.storage.evaluations import Evaluations


def evaluations(*distances):
    rows = ({"patch_distance": distance, "photo_patch_distance": 0.5} for distance in distances)
    return Evaluations(dict(enumerate(rows)))


@pytest.mark.parametrize(
    ("distances", "patience", "settled"),
    [
        ((9, 8, 7), 2, False),
        ((9, 7, 8, 7), 2, True),
        ((9, 7, 8, 6), 2, False),
        ((9, 7, 6.9, 6.9), 2, True),  # by less than a fiftieth
        ((9, 7, 8, 7), 0, False),
        ((9, 9), 2, False),  # too few to say
        ((), 1, False),
    ],
)
def test_a_distance_that_no_longer_falls_has_settled(distances, patience, settled):
    assert evaluations(*distances).are_settled(patience, 1, len(distances)) is settled


def test_what_a_stop_or_a_kill_left_does_not_count():
    # Saved every 2 steps; stopped at 3, 5 and 7; killed after the evaluation of 8.
    distances = {2: 9, 3: 9, 4: 7, 5: 9, 6: 8, 7: 9, 8: 8}
    found = Evaluations({step: {"patch_distance": value} for step, value in distances.items()})
    assert not found.are_settled(patience=2, every=2, step=6)
    assert found.are_settled(patience=2, every=2, step=8)
    assert not found.are_settled(patience=3, every=2, step=8)


def test_the_best_is_the_least_and_what_is_told_is_the_newest():
    found = evaluations(3, 1, 2)
    assert found.best == 1
    assert found.times == 4.0
    assert Evaluations({}).times is None


def test_a_run_has_fallen_apart_if_its_last_save_is_much_worse():
    assert evaluations(3, 1, 1.3).has_fallen_apart
    assert not evaluations(3, 1, 1.2).has_fallen_apart
    assert not evaluations(3).has_fallen_apart
    assert not Evaluations({}).has_fallen_apart


def test_patches_and_spectrum_decide_together():
    """As it was of gravel: mush at first, stones at last, whatever patches alone say."""
    patches, spectra = (0.0115, 0.0149, 0.0185, 0.0117), (5.16, 2.96, 2.40, 1.77)
    rows = {
        step: {"patch_distance": patch, "spectrum_distance": spectrum}
        for step, (patch, spectrum) in enumerate(zip(patches, spectra, strict=True))
    }
    found = Evaluations(rows)
    assert found.best == 3
    assert found.decisive[1] == pytest.approx((0.0149 * 2.96) ** 0.5)
    assert not found.are_settled(patience=2, every=1, step=3)
    # A run of before has patches alone, and compares like with like.
    rows[0].pop("spectrum_distance")
    assert found.best == 0


def test_files_are_read_as_far_as_they_are_whole(tmp_path):
    path = tmp_path / "evaluations.csv"
    assert Evaluations.read(path).rows == {}
    path.write_text("step,patch_distance\n2,0.5\n4,0.25\n6,")
    rows = {2: {"patch_distance": 0.5}, 4: {"patch_distance": 0.25}}
    assert Evaluations.read(path).rows == rows


@pytest.mark.parametrize(
    "damage",
    [
        b"step,patch_distance\nx,0.5\n",
        b"step,patch_distance\n2,much\n",
        b"step,patch_distance\n2,-1\n",
        b"step,grid\n2,0.5\n",
        b"step,patch_distance\n\xff,0.5\n",
    ],
)
def test_a_damaged_file_is_named(tmp_path, damage):
    path = tmp_path / "evaluations.csv"
    path.write_bytes(damage)
    with pytest.raises(ValueError, match=r"evaluations\.csv is damaged: .*; remove it"):
        Evaluations.read(path)
