"""Files and folders that are renamed into place, and a loss of power."""

import os
import sys
from pathlib import Path

import pytest

from locogan_keras.storage import atomic


@pytest.fixture
def events(monkeypatch):
    """What is brought to the disk and what is renamed, in order, by name."""
    seen = []
    fsync, replace = os.fsync, os.replace

    def seen_fsync(number):
        seen.append(("disk", Path(os.readlink(f"/proc/self/fd/{number}")).name))
        fsync(number)

    def seen_replace(before, after):
        seen.append(("rename", Path(after).name))
        replace(before, after)

    monkeypatch.setattr(os, "fsync", seen_fsync)
    monkeypatch.setattr(os, "replace", seen_replace)
    return seen


needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="/proc names open files")


@needs_proc
def test_a_file_is_on_the_disk_before_its_name_is(events, tmp_path):
    path = tmp_path / "picture.png"
    with atomic.replacing(path) as temporary:
        temporary.write_text("whole")
    assert events == [("disk", temporary.name), ("rename", path.name), ("disk", tmp_path.name)]


@needs_proc
def test_so_is_all_of_a_folder(events, tmp_path):
    path = tmp_path / "kit"
    with atomic.replacing_folder(path) as temporary:
        (temporary / "1").mkdir()
        (temporary / "1" / "model.pb").write_text("whole")
    named = {("disk", name) for name in (temporary.name, "1", "model.pb")}
    assert set(events[:3]) == named
    assert events[3:] == [("rename", path.name), ("disk", tmp_path.name)]
