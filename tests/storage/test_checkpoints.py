"""Checkpoints: whole or not there, the damaged ones found, the last few and the best kept."""

import numpy as np
import pytest

from locogan_keras.storage.checkpoints import Checkpoints


@pytest.fixture
def checkpoints(tmp_path):
    return Checkpoints(tmp_path / "checkpoints")


def save(checkpoints, step, data=b"state"):
    checkpoints.save(step, lambda path: path.write_bytes(data))


def steps(checkpoints):
    return [checkpoint.step for checkpoint in checkpoints.all()]


def refuse(line):
    raise AssertionError(line)


def test_a_checkpoint_holds_what_was_written(checkpoints):
    assert checkpoints.newest_whole(refuse) is None
    save(checkpoints, 7, b"seven")
    newest = checkpoints.newest_whole(refuse)
    assert (newest.step, newest.path.read_bytes()) == (7, b"seven")
    assert [path.name for path in checkpoints.folder.iterdir()] == [newest.path.name]


def test_every_truncation_is_found_and_the_one_before_used(checkpoints):
    data = np.random.default_rng(0).bytes(10 * 4096 + 5)
    save(checkpoints, 1, b"one")
    save(checkpoints, 2, data)
    newest = checkpoints.all()[-1].path
    for kept in range(0, len(data), 4096):
        newest.write_bytes(data[:kept])
        lines = []
        assert checkpoints.newest_whole(lines.append).step == 1
        (line,) = lines
        assert f"{newest} is damaged" in line
    for place in range(0, len(data), 4096):
        newest.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        assert checkpoints.newest_whole(lambda _: None).step == 1
    newest.write_bytes(data)
    assert checkpoints.newest_whole(refuse).step == 2


def test_a_failing_write_changes_nothing(checkpoints):
    save(checkpoints, 1)

    def fails(path):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match=r"step-000002.keras"):
        checkpoints.save(2, fails)
    assert steps(checkpoints) == [1]
    assert len(list(checkpoints.folder.iterdir())) == 1


def test_the_last_ones_and_the_best_are_kept(checkpoints):
    for step in range(1, 8):
        save(checkpoints, step)
        checkpoints.prune(keep=2, best=3)
    assert steps(checkpoints) == [3, 6, 7]


def test_an_abandoned_future_goes(checkpoints):
    for step in (1, 2, 3):
        save(checkpoints, step)
    save(checkpoints, 2, b"another")
    assert steps(checkpoints) == [1, 2]
    assert checkpoints.all()[-1].path.read_bytes() == b"another"


def test_steps_are_ordered_as_numbers(checkpoints):
    for step in (999_999, 1_000_000):
        save(checkpoints, step)
    assert checkpoints.newest_whole(refuse).step == 1_000_000
