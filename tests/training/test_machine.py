"""The kind of machine that a run is trained on: what it keeps for its card."""

import os

import pytest
import tensorflow as tf

from locogan_keras.storage.run import Run
from locogan_keras.training.devices import machine as machines
from locogan_keras.training.devices.machine import machine, went_on


def test_a_run_keeps_the_kind_of_its_machine_and_its_seconds(trained_run):
    run = Run(trained_run)
    assert run.read()[1].machine == machine()
    assert run.saved_seconds() > 0


def test_a_cpu_is_said_with_its_cores(monkeypatch, tmp_path):
    path = tmp_path / "cpuinfo"
    path.write_text("processor : 0\nmodel name\t: A CPU @ 2 GHz\n\nmodel name\t: A CPU @ 2 GHz\n")
    monkeypatch.setattr(machines, "_CPUS", path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)
    assert machine() == "1 core of A CPU @ 2 GHz"


def test_gpus_are_said_by_their_kind(monkeypatch):
    names = {"a": "One kind", "b": "One kind", "c": "Another"}
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: list(names))
    monkeypatch.setattr(
        tf.config.experimental, "get_device_details", lambda gpu: {"device_name": names[gpu]}
    )
    assert machine() == "1 x Another, 2 x One kind"


@pytest.mark.parametrize(
    ("before", "after"), [("", ""), ("A", "A, then B"), ("B", "B"), ("A, then B", "A, then B")]
)
def test_a_run_that_goes_on_elsewhere_says_both(before, after):
    assert went_on(before, "B") == after
