"""Locks of folders: one at a time, and what becomes of a folder that was made for one."""

import contextlib

import pytest

from locogan_keras.storage.files import locks
from locogan_keras.storage.files.atomic import remove_unfinished
from locogan_keras.storage.files.locks import FolderLock


@pytest.fixture
def take():
    """Takes locks that are closed at the end: `take(folder)`."""
    with contextlib.ExitStack() as stack:

        def take(folder):
            lock = stack.enter_context(contextlib.closing(FolderLock(folder)))
            lock.take()
            return lock

        yield take


def test_a_folder_that_does_not_exist_is_made_and_kept_from_others(take, tmp_path):
    lock = take(tmp_path / "new" / "folder")
    with pytest.raises(ValueError, match="another process"):
        take(tmp_path / "new" / "folder")
    assert (tmp_path / "new" / "folder").is_dir()
    lock.close()
    assert not list(tmp_path.iterdir())
    take(tmp_path / "new" / "folder")


def test_only_what_was_made_and_is_empty_goes(take, tmp_path):
    (tmp_path / "old").mkdir()
    take(tmp_path / "old").close()
    lock = take(tmp_path / "new")
    (tmp_path / "new" / "mine").write_text("mine")
    lock.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "old"]


def test_a_process_that_ends_at_a_signal_leaves_no_empty_folder(take, tmp_path):
    lock = take(tmp_path / "new" / "folder")
    remove_unfinished()
    assert not list(tmp_path.iterdir())
    lock.close()


def test_a_folder_that_goes_while_its_lock_is_taken_is_made_again(take, tmp_path, monkeypatch):
    folder, real = tmp_path / "folder", locks.os.open

    def slow_open(*arguments):
        monkeypatch.setattr(locks.os, "open", real)
        descriptor = real(*arguments)
        # Who had it before is done.
        folder.rmdir()
        return descriptor

    monkeypatch.setattr(locks.os, "open", slow_open)
    take(folder)
    with pytest.raises(ValueError, match="another process"):
        take(folder)


def test_what_is_no_folder_is_refused(take, tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ValueError, match="file is not a folder"):
        take(tmp_path / "file")
