"""Several workers through the command line, and a run that goes on with other devices."""

import contextlib
import csv
import os
import signal
import subprocess
import sys
import time

import keras
import pytest
from conftest import PATIENCE, TINY
from test_replicas import run_workers, started_workers

from locogan_keras.cli import main
from locogan_keras.storage.run import Run


def commands(photo, runs, *arguments):
    """`locogan train` as workers; with a run's folder for each."""
    settings = ["model.frame=[64, 64]", "strategy=multiworker"]
    return [
        [
            sys.executable,
            "-c",
            "import sys; from locogan_keras.cli import main; sys.exit(main())",
            *["train", str(photo), "--out", str(run), "--recipe", "pattern-torus", *arguments],
            *["--set", *TINY, *settings],
        ]
        for run in runs
    ]


def two_workers(photo, runs, *arguments):
    return run_workers(commands(photo, runs, *arguments))


@contextlib.contextmanager
def workers_that_have_saved(photo, run):
    """Two workers in the midst of a training that would not end."""
    with started_workers(commands(photo, [run, run], "--steps", "100000")) as processes:
        deadline = time.monotonic() + PATIENCE
        while not Run(run).saved_step():
            assert time.monotonic() < deadline
            assert [process.poll() for process in processes] == [None, None]
            time.sleep(0.1)
        yield processes


@pytest.mark.slow
def test_only_the_chief_writes(photo, trained_run, tmp_path):
    runs = [tmp_path / "chief", tmp_path / "other"]
    results = two_workers(photo, runs, "--steps", "2")
    assert [status for status, _, _ in results] == [0, 0], results
    assert not runs[1].exists()
    # The bars and the losses are the chief's, too.
    assert "%|" in results[0][2]
    assert "%|" not in results[1][2]
    assert "loss" not in results[1][2]
    names = [sorted(path.name for path in run.iterdir()) for run in (runs[0], trained_run)]
    assert names[0] == names[1]
    rows = []
    for run in (runs[0], trained_run):
        with open(run / "metrics.csv", newline="") as file:
            rows.append([[float(value) for value in row] for row in list(csv.reader(file))[1:]])
    for ours, alone in zip(rows[0], rows[1][:2], strict=True):
        assert ours[0] == alone[0]
        assert ours[2:] == pytest.approx(alone[2:], abs=1e-5)
    assert keras.saving.load_model(runs[0] / "generator.keras").frame == (64, 64)


TWO_DEVICES = """
import sys
import tensorflow as tf
(processor,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * 2)
from locogan_keras.cli import main
sys.exit(main())
"""


@pytest.mark.slow
def test_a_mirrored_run_goes_on_with_one_device(photo, trained_run, tmp_path):
    run = tmp_path / "run"
    arguments = ["train", str(photo), "--out", str(run), "--recipe", "pattern-torus"]
    arguments += ["--set", *TINY, "model.frame=[64, 64]"]
    mirrored = [*arguments, "strategy=mirrored", "--steps", "3"]
    subprocess.run([sys.executable, "-c", TWO_DEVICES, *mirrored], check=True, timeout=PATIENCE)
    assert main([*arguments, "strategy=single", "--steps", "4"]) == 0
    rows = []
    for each in (run, trained_run):
        with open(each / "metrics.csv", newline="") as file:
            rows.append([[float(value) for value in row] for row in list(csv.reader(file))[1:]])
    for ours, alone in zip(*rows, strict=True):
        assert ours[0] == alone[0]
        assert ours[2:] == pytest.approx(alone[2:], abs=1e-4)


@pytest.mark.slow
def test_workers_go_on_together_or_not_at_all(photo, tmp_path):
    run = tmp_path / "run"
    assert [status for status, _, _ in two_workers(photo, [run, run], "--steps", "2")] == [0, 0]
    results = two_workers(photo, [run, tmp_path / "other"], "--steps", "3")
    for status, _, errors in results:
        assert status == 2
        assert "do not have the same checkpoints: --out must be one folder" in errors
    assert [status for status, _, _ in two_workers(photo, [run, run], "--steps", "3")] == [0, 0]
    with open(run / "metrics.csv", newline="") as file:
        assert [row[0] for row in list(csv.reader(file))[1:]] == ["1", "2", "3"]


@pytest.mark.slow
def test_workers_end_together_after_some_time(photo, tmp_path):
    run = tmp_path / "run"
    results = two_workers(photo, [run, run], "--minutes", "0.2")
    assert [status for status, _, _ in results] == [0, 0], results


@pytest.mark.slow
@pytest.mark.parametrize("killed", [0, 1])
def test_a_lost_worker_ends_the_other_and_they_go_on(killed, photo, tmp_path):
    run = tmp_path / "run"
    with workers_that_have_saved(photo, run) as processes:
        processes[killed].kill()
        _, errors = processes[1 - killed].communicate(timeout=PATIENCE)
    assert processes[1 - killed].returncode == 2
    assert "has one of them ended? The same commands go on from the last checkpoint" in errors
    steps = Run(run).saved_step() + 1
    results = two_workers(photo, [run, run], "--steps", str(steps))
    assert [status for status, _, _ in results] == [0, 0], results
    with open(run / "metrics.csv", newline="") as file:
        assert [int(row["step"]) for row in csv.DictReader(file)] == list(range(1, steps + 1))


@pytest.mark.slow
def test_a_signal_to_one_worker_saves_and_ends_all(photo, tmp_path):
    run = tmp_path / "run"
    with workers_that_have_saved(photo, run) as processes:
        processes[1].send_signal(signal.SIGTERM)
        for process in processes:
            process.communicate(timeout=PATIENCE)
    assert [process.returncode for process in processes] == [128 + signal.SIGTERM] * 2
    with open(run / "metrics.csv", newline="") as file:
        assert int(list(csv.DictReader(file))[-1]["step"]) == Run(run).saved_step()


@pytest.mark.slow
def test_a_chief_that_refuses_leaves_nobody_waiting(photo, tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    results = two_workers(photo, [tmp_path, tmp_path], "--steps", "2")
    assert [status for status, _, _ in results] == [2, 2]
    assert "not empty and holds no run" in results[0][2]
    assert "has one of them ended?" in results[1][2]
    assert os.listdir(tmp_path) == ["thesis.txt"]
