"""Files and folders that are renamed into place, and a loss of power."""

import errno
import os
import sys
from pathlib import Path

import pytest

from locogan_keras.storage.files import atomic


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


def test_folders_made_for_what_failed_go_again(tmp_path):
    with pytest.raises(ZeroDivisionError), atomic.replacing(tmp_path / "new" / "folder" / "a.png"):
        raise ZeroDivisionError
    with (
        pytest.raises(ZeroDivisionError),
        atomic.replacing_folder(tmp_path / "new" / "folder" / "a"),
    ):
        raise ZeroDivisionError
    assert not list(tmp_path.iterdir())


def test_a_pipe_is_not_replaced_by_a_file_nor_a_link_by_a_folder(tmp_path):
    pipe, link = tmp_path / "pipe.png", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(tmp_path / "nowhere")
    with pytest.raises(OSError, match=r"cannot write: it is a pipe.*pipe\.png"):
        atomic.replacing(pipe).__enter__()
    with pytest.raises(ValueError, match="link exists already"):
        atomic.replacing_folder(link).__enter__()
    assert pipe.is_fifo()
    assert link.is_symlink()


def test_a_link_is_followed_and_not_to_nothing(tmp_path):
    target, link, chain, lost = (tmp_path / name for name in ("a", "link", "chain", "lost"))
    target.write_text("old")
    link.symlink_to("a")
    chain.symlink_to(link)
    with pytest.raises(ZeroDivisionError), atomic.replacing(chain):
        raise ZeroDivisionError
    assert target.read_text() == "old"
    with atomic.replacing(chain) as temporary:
        temporary.write_text("new")
    assert (link.is_symlink(), chain.is_symlink(), target.is_symlink()) == (True, True, False)
    assert (target.read_text(), len(list(tmp_path.iterdir()))) == ("new", 3)
    lost.symlink_to(tmp_path / "nowhere")
    for ask in (atomic.check_writable, lambda path: atomic.replacing(path).__enter__()):
        with pytest.raises(OSError, match=r"cannot write: it is a link to .*nowhere.*lost"):
            ask(lost)
    assert lost.is_symlink()
    assert len(list(tmp_path.iterdir())) == 4


def test_what_cannot_be_written_is_found_before_and_leaves_nothing(tmp_path):
    (tmp_path / "file").write_text("mine")
    atomic.check_writable(tmp_path / "new" / "folder" / "a.png")
    for path in (tmp_path / "file" / "a.png", "/proc/a.png"):
        with pytest.raises(OSError, match=rf"cannot write: .*{path}"):
            atomic.check_writable(path)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_an_error_names_what_could_not_be_written_and_nothing_else(tmp_path):
    path = tmp_path / "new" / "a"
    with (
        pytest.raises(OSError, match=r"\[Errno 28\] cannot write: No space.*'.*/new/a'$"),
        atomic.replacing_folder(path) as folder,
        atomic.replacing(folder / "b.png"),
    ):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with (
        pytest.raises(OSError, match=rf"\[Errno 2\] No such file.*'{tmp_path}/model'$"),
        atomic.replacing_folder(path),
    ):
        (tmp_path / "model").read_bytes()
