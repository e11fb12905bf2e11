"""Signals: what ends a command, and what it leaves."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import PATIENCE

from locogan_keras.cli import program
from locogan_keras.cli.models import info
from locogan_keras.training.callbacks import StopOnSignal


def test_the_second_signal_is_for_whoever_was_there_before():
    heard = []
    before = signal.signal(signal.SIGTERM, lambda number, _: heard.append(number))
    try:
        stop = StopOnSignal()
        os.kill(os.getpid(), signal.SIGTERM)
        assert (stop.received, heard) == (signal.SIGTERM, [])
        os.kill(os.getpid(), signal.SIGTERM)
        assert heard == [signal.SIGTERM]
        stop.close()
        os.kill(os.getpid(), signal.SIGTERM)
        assert heard == [signal.SIGTERM] * 2
    finally:
        signal.signal(signal.SIGTERM, before)


def test_training_hears_a_closed_terminal_but_under_nohup():
    before = signal.getsignal(signal.SIGHUP)
    try:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        StopOnSignal().close()
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        stop = StopOnSignal()
        os.kill(os.getpid(), signal.SIGHUP)
        assert stop.received == signal.SIGHUP
        stop.close()
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_function_call_leaves_signals_to_its_caller(monkeypatch):
    heard = []
    monkeypatch.setattr(
        info, "_info", lambda options: heard.append(signal.getsignal(signal.SIGTERM))
    )
    before = signal.getsignal(signal.SIGTERM)
    assert program.main(["info", "model"]) == 0
    assert heard == [before]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_nothing_half_written_whatever_swallows_exceptions(tmp_path, number):
    code = """
import os, signal, sys, time
from pathlib import Path
from locogan_keras.storage.files import atomic
from locogan_keras.cli import program
from locogan_keras.cli.models import info

def half_written(options):
    file, folder = Path(options.model, "a.png"), Path(options.model, "b")
    with atomic.replacing(file) as one, atomic.replacing_folder(folder) as two:
        one.write_text("half")
        Path(two, "c.png").write_text("half")
        with atomic.scratch_folder() as scratch:
            Path(scratch, "d.onnx").write_text("half")
            print(scratch, flush=True)
            while True:
                try:
                    time.sleep(60)
                except:
                    pass

# In the background of a script it is ignored, which whatever that starts inherits.
signal.signal(signal.SIGINT, signal.default_int_handler)
info._info = half_written
sys.exit(program.main())
"""
    command = [sys.executable, "-c", code, "info", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        scratch = Path(process.stdout.readline().strip())
        before = scratch.is_dir(), len(list(tmp_path.iterdir()))
        process.send_signal(number)
        try:
            process.wait(timeout=PATIENCE)
        finally:
            process.kill()
    assert before == (True, 2)
    assert process.returncode == 128 + number
    assert not list(tmp_path.iterdir())
    assert not scratch.exists()


@pytest.mark.slow
def test_sigterm_leaves_nothing_half_written(trained_run, tmp_path):
    code = "import sys; from locogan_keras.cli import main; sys.exit(main())"
    size = ["--height", "8192", "--width", "8192"]
    command = ["render", str(trained_run), "--out", str(tmp_path / "large.png"), *size]
    with subprocess.Popen([sys.executable, "-c", code, *command]) as process:
        deadline = time.monotonic() + PATIENCE
        while not list(tmp_path.glob(".large.*.partial.png")):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
    assert process.returncode == 128 + signal.SIGTERM
    assert not list(tmp_path.iterdir())
