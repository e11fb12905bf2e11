"""Room in memory and on the disk, and how what does not fit is refused."""

import pytest

from locogan_keras.storage.files import room


def test_what_does_not_fit_is_refused_with_the_figure_and_the_argument(tmp_path):
    room.check_memory(1e6, "height=1")
    with pytest.raises(ValueError, match=r"height=9 would need about 9,000,000\.0 GB of memory"):
        room.check_memory(9e15, "height=9")
    room.check_disk(tmp_path / "not" / "yet", 1e3, "height=1")
    with pytest.raises(ValueError, match=rf"9,000,000,000\.0 GB on the disk of {tmp_path}, and"):
        room.check_disk(tmp_path / "not" / "yet", 9e18, "height=9")


def test_a_container_has_what_it_may_use(tmp_path, monkeypatch):
    limit, used = tmp_path / "memory.max", tmp_path / "memory.current"
    monkeypatch.setattr(room, "_LIMIT", limit)
    monkeypatch.setattr(room, "_USED", used)
    machine = room.free_memory()
    used.write_text("300\n")
    for text, free in (("max\n", None), ("1000\n", 700)):
        limit.write_text(text)
        assert room.free_memory() == free if free else room.free_memory() > machine / 2
