"""A run that is killed at any moment goes on as if nothing had happened, to the bit."""

import contextlib
import multiprocessing
import signal
import time

import keras
import numpy as np
import pytest
from conftest import PATIENCE, TINY
from support.forked import quietly

from locogan_keras.storage.run import Run
from locogan_keras.training import locogan as _registers  # noqa: F401

SETTINGS = (
    *(*TINY, "model.frame=[64, 64]", "training.save_every=1", "training.deterministic=true"),
    "training.patience=0",  # Or a run ends when it has settled, before it is killed often enough.
)


def arguments(photo, run, steps):
    settings = ["--set", *SETTINGS]
    return ["train", str(photo), "--out", str(run), "--steps", str(steps), *settings]


@pytest.fixture(scope="module")
def processes():
    """Processes that begin with TensorFlow imported and nothing of it started."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["locogan_keras.training.train"])
    return context


def state(run):
    """All weights of the newest checkpoint but the time spent."""
    model = keras.saving.load_model(Run(run).checkpoints.all()[-1].path)
    networks = (model.generator, model.discriminator, model.ema_generator)
    values = [weight for network in networks for weight in network.get_weights()]
    optimizers = (model.generator_optimizer, model.discriminator_optimizer)
    return values + [np.asarray(v) for each in optimizers for v in each.variables] + [model.step]


@contextlib.contextmanager
def started(processes, command):
    """A process of a command; none is left at the end."""
    process = processes.Process(target=quietly, args=(command,))
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()


def wait_until(happened, process):
    deadline = time.monotonic() + PATIENCE
    while not happened() and process.is_alive():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def killed_and_continued(processes, photo, run, total, kills):
    """Trains to the end through SIGKILL at random moments; gives the steps they came at."""
    rng = np.random.default_rng(kills)
    steps = []
    while True:
        with started(processes, arguments(photo, run, total)) as process:
            if len(steps) < kills:
                begun = Run(run).saved_step()
                # Wait until it trains; then any moment is as good, and most are in a save. Near the
                # end it is killed as it starts, or it would get there.
                if begun < total - 3:
                    wait_until(lambda begun=begun: Run(run).saved_step() > begun, process)
                    time.sleep(rng.uniform(0, 0.5))
                process.kill()
            # Forty saves of a machine that has other work.
            process.join(5 * PATIENCE)
        if process.exitcode == 0:
            return steps
        assert process.exitcode == -signal.SIGKILL
        steps.append(Run(run).saved_step())


def check(processes, photo, tmp_path, total, kills):
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    steps = killed_and_continued(processes, photo, killed, total, kills)
    assert len(steps) == kills
    assert killed_and_continued(processes, photo, whole, total, kills=0) == []
    for ours, expected in zip(state(killed), state(whole), strict=True):
        np.testing.assert_array_equal(ours, expected)
    for name in ("metrics.csv", "evaluations.csv"):
        ours, expected = ((run / name).read_text().splitlines() for run in (killed, whole))
        # But for the seconds.
        columns = slice(2, None) if name == "metrics.csv" else slice(1, None)
        assert [line.split(",")[columns] for line in ours] == [
            line.split(",")[columns] for line in expected
        ]
    assert not list(killed.rglob("*.partial*"))


@pytest.mark.slow
def test_a_killed_run_ends_with_the_same_weights(processes, photo, tmp_path):
    check(processes, photo, tmp_path, total=4, kills=1)


@pytest.mark.slow
def test_a_run_killed_twenty_times_ends_with_the_same_weights(processes, photo, tmp_path):
    check(processes, photo, tmp_path, total=40, kills=20)


@pytest.mark.slow
def test_sigterm_saves_and_says_so_by_its_status(processes, photo, tmp_path):
    run = tmp_path / "run"
    with started(processes, arguments(photo, run, steps=100_000)) as process:
        wait_until(lambda: Run(run).saved_step(), process)
        process.terminate()
        process.join(PATIENCE)
    assert process.exitcode == 128 + signal.SIGTERM
    last = (run / "metrics.csv").read_text().splitlines()[-1]
    assert Run(run).saved_step() == int(last.partition(",")[0])
