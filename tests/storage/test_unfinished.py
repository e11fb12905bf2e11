"""Unfinished work: whose it is, and who clears it away."""

import os
import subprocess
import sys

import pytest
from support.commands import gone

from locogan_keras.storage.files import atomic


def leftover(folder, number, suffix=".png"):
    path = folder / f".old.{number}.partial{suffix}"
    path.write_text("half")
    return path


@pytest.mark.parametrize("write", [atomic.replacing, atomic.replacing_folder])
def test_the_next_to_write_there_sweeps_what_a_killed_process_left(tmp_path, write):
    number = gone()
    leftover(tmp_path, number)
    folder = tmp_path / f".kit.0a1b2c3d.{number}.partial"
    folder.mkdir()
    leftover(folder, number)
    mine = [leftover(tmp_path, os.getpid()), tmp_path / f".mine.{number}.png", tmp_path / "new"]
    mine[1].write_text("mine")
    with write(tmp_path / "new"):
        pass
    assert set(tmp_path.iterdir()) == set(mine)


def test_what_another_process_works_on_stays_though_it_cannot_be_seen(tmp_path, monkeypatch):
    monkeypatch.setattr("psutil.pid_exists", lambda number: False)
    with atomic.replacing(tmp_path / "a.png") as file, atomic.replacing_folder(tmp_path / "b"):
        before = set(tmp_path.iterdir())
        code = "import psutil, sys; from locogan_keras.storage.files.unfinished import sweep;"
        code += "psutil.pid_exists = lambda number: False; sweep(sys.argv[1])"
        subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
        assert set(tmp_path.iterdir()) == before
        file.write_text("whole")
    assert (tmp_path / "a.png").read_text() == "whole"


def test_processes_of_one_number_do_not_write_to_one_file(tmp_path):
    path = tmp_path / "a.png"
    with atomic.replacing(path) as first, atomic.replacing(path) as second:
        first.write_text("first")
        second.write_text("second")
    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]


def test_a_long_name_leaves_room_for_what_a_partial_file_adds(tmp_path):
    path = tmp_path / f"{'é' * 124}.png"
    with atomic.replacing(path) as temporary:
        temporary.write_text("whole")
    assert list(tmp_path.iterdir()) == [path]
