"""A run's folder: what it may hold, and what is refused before anything is lost."""

import contextlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import PATIENCE, TINY
from PIL import Image
from support.commands import gone
from support.training_runs import complaint, files, newest, rows, train

from locogan_keras.storage.files.locks import FolderLock
from locogan_keras.storage.run import Run
from locogan_keras.training.locogan import LocoGAN


def test_the_folder_of_another_run_is_refused(photo, trained_run, tmp_path, capsys):
    before = {name: (trained_run / name).read_bytes() for name in ("config.toml", "metrics.csv")}
    assert train(photo, trained_run, settings=("model.frame=[128, 64]",)) == 2
    assert "model.frame is (64, 64) there, (128, 64) here" in complaint(capsys)
    beta = ("model.frame=[64, 64]", "training.beta_1=0.25")
    assert train(photo, trained_run, settings=beta) == 2
    assert "training.beta_1 is 0.5 there, 0.25 here" in complaint(capsys)
    other = tmp_path / "other.png"
    Image.new("RGB", (96, 80)).save(other)
    assert train(other, trained_run) == 2
    assert "other pictures" in complaint(capsys)
    assert before == {name: (trained_run / name).read_bytes() for name in before}


def test_a_run_that_another_process_trains_is_refused(photo, trained_run, capsys):
    with contextlib.closing(FolderLock(trained_run)) as lock:
        lock.take()
        lock.take()
        assert train(photo, trained_run, "--steps", "5") == 2
    assert "another process is training it" in complaint(capsys)
    assert train(photo, trained_run, "--steps", "4") == 0


@pytest.mark.slow
def test_a_run_that_begins_keeps_others_from_its_folder(photo, tmp_path, capsys, monkeypatch):
    """A second one starts while the first, whose folder is new, builds its networks."""
    run, statuses, compile_networks = tmp_path / "run", [], LocoGAN.compile

    def interrupted(model, *arguments, **settings):
        if not statuses:
            statuses.append(None)
            statuses[0] = train(photo, run, "--steps", "2")
        compile_networks(model, *arguments, **settings)

    monkeypatch.setattr(LocoGAN, "compile", interrupted)
    assert train(photo, run, "--steps", "1") == 0
    assert statuses == [2]
    assert "another process is training it" in complaint(capsys)
    assert [int(row["step"]) for row in rows(run)] == [1]


def test_networks_that_cannot_be_built_leave_nothing(photo, tmp_path, capsys, monkeypatch):
    def refused(*_, **__):
        raise MemoryError("too wide")

    monkeypatch.setattr(LocoGAN, "compile", refused)
    assert train(photo, tmp_path / "new" / "run", "--steps", "1") == 2
    assert "too wide" in complaint(capsys)
    assert not list(tmp_path.iterdir())


def test_a_folder_of_other_things_is_refused(photo, tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("mine")
    for fresh in ([], ["--fresh"]):
        assert train(photo, tmp_path, *fresh) == 2
        assert "not empty and holds no run" in complaint(capsys)
    assert files(tmp_path) == ["thesis.txt"]


@pytest.mark.slow
def test_what_a_kill_leaves_of_a_new_run_is_no_obstacle(photo, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    (run / f".config.0.{gone()}.partial.toml").write_text("[model]")
    assert train(photo, run, "--steps", "1") == 0
    assert not list(run.glob(".*"))


def test_clearing_keeps_a_run_a_run_to_the_end(trained_run, tmp_path, monkeypatch):
    run = Run(tmp_path / "run")
    shutil.copytree(trained_run, run.folder)
    unlink, removed = Path.unlink, []

    def recorded(path, missing_ok=False):
        removed.append(path.name)
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", recorded)
    run.clear()
    assert removed[-1] == "config.toml"
    assert not list(run.folder.iterdir())


def test_a_folder_that_only_looks_like_a_run_is_left_alone(photo, tmp_path, capsys):
    (tmp_path / "config.toml").write_text("title = 'my site'\n")
    (tmp_path / "samples").mkdir()
    (tmp_path / "samples" / "photo.raw").write_text("mine")
    before = files(tmp_path)
    for fresh in ([], ["--fresh"]):
        assert train(photo, tmp_path, *fresh) == 2
        assert "config.toml" in complaint(capsys)
    assert files(tmp_path) == before


def test_a_bad_source_leaves_nothing(tmp_path, capsys):
    Image.new("RGB", (40, 90)).save(tmp_path / "small.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "small.png").read_bytes()[:60])
    (tmp_path / "empty").mkdir()
    for name in ("small.png", "cut.png", "empty", "missing.png"):
        assert train(tmp_path / name, tmp_path / "run", settings=()) == 2
        assert name in complaint(capsys)
        assert not (tmp_path / "run").exists()


def test_a_run_of_a_newer_version_is_refused(trained_run, photo, tmp_path, capsys):
    run = tmp_path / "run"
    shutil.copytree(trained_run, run)
    text = (run / "config.toml").read_text()
    assert 'version = "0.1.0"' in text
    (run / "config.toml").write_text(text.replace('version = "0.1.0"', 'version = "0.10.0"'))
    # It may have settings that this version does not know.
    with open(run / "config.toml", "a") as file:
        file.write("\n[future]\nsetting = 1\n")
    before = files(run)
    assert train(photo, run, "--steps", "5") == 2
    assert "is from a newer version: 0.10.0, this one is 0.1.0" in complaint(capsys)
    assert files(run) == before


def test_a_run_that_cannot_be_written_is_refused(photo, tmp_path, capsys):
    (tmp_path / "file").write_text("mine")
    assert train(photo, tmp_path / "file" / "run", "--steps", "1") == 2
    assert "file/run" in complaint(capsys)
    assert train(photo, tmp_path / "file", "--steps", "1") == 2
    assert "--out" in complaint(capsys)
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.slow
def test_a_full_disk_keeps_the_last_checkpoint(photo, trained_run, tmp_path, capsys, monkeypatch):
    run = tmp_path / "run"
    shutil.copytree(trained_run, run)
    before = newest(run).read_bytes()

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(LocoGAN, "save", full)
    assert train(photo, run, "--steps", "5") == 2
    reason = f"step-000005.keras: cannot write: No space left on device; {run} keeps step 4"
    assert reason in complaint(capsys)
    assert newest(run).read_bytes() == before
    assert not [name for name in files(run) if "partial" in name]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["generator.keras", "step-000005.keras"])
def test_a_disk_that_is_full_half_way_keeps_the_last_checkpoint(name, trained_run, photo, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(trained_run, run)
    before = files(run / "checkpoints")
    # Where the file does not fit, but what is written before it does.
    file = newest(run) if name.startswith("step") else run / name
    limit = file.stat().st_size * 9 // 10
    code = (
        "import resource, sys; from locogan_keras.cli import main;"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit})); sys.exit(main())"
    )
    command = ["train", str(photo), "--out", str(run), "--steps", "5", "--set", *TINY]
    result = subprocess.run(
        [sys.executable, "-c", code, *command, "model.frame=[64, 64]"],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert result.returncode == 2
    reason = f"{name}: cannot write: File too large; {run} keeps step 4"
    assert result.stderr.splitlines()[-1].endswith(reason)
    assert files(run / "checkpoints") == before
    assert Run(run).checkpoints.all()[-1].is_whole
    assert not [each for each in files(run) if "partial" in each]


def damage(checkpoint):
    data = bytearray(checkpoint.path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    checkpoint.path.write_bytes(data)


def test_a_run_whose_checkpoints_are_all_damaged_is_refused(photo, trained_run, tmp_path, capsys):
    run = tmp_path / "run"
    shutil.copytree(trained_run, run)
    for checkpoint in Run(run).checkpoints.all():
        damage(checkpoint)
    before = files(run)
    assert train(photo, run, "--steps", "5") == 2
    assert f"every checkpoint of {run} is damaged, the last one is of step 4" in complaint(capsys)
    assert files(run) == before


@pytest.mark.slow
def test_a_run_goes_on_from_the_checkpoint_before_a_damaged_one(
    photo, trained_run, tmp_path, capsys
):
    run = tmp_path / "run"
    shutil.copytree(trained_run, run)
    damage(Run(run).checkpoints.all()[-1])
    assert train(photo, run, "--steps", "5") == 0
    assert "is damaged: going on from step 2" in capsys.readouterr().err
    assert [int(row["step"]) for row in rows(run)] == [1, 2, 3, 4, 5]
