"""Devices: which are taken, and what is refused."""

import json
import types

import pytest
import tensorflow as tf
from conftest import TINY

from locogan_keras.cli import main
from locogan_keras.training.devices.strategies import (
    check_cluster,
    has_workers,
    is_chief,
    losses_of_workers_named,
    make_strategy,
)

HOSTS = ["10.0.0.1:2222", "10.0.0.2:2222"]


def cluster(jobs, job="worker", index=0):
    return json.dumps({"cluster": jobs, "task": {"type": job, "index": index}})


@pytest.mark.parametrize("index", [0, 1])
def test_a_good_cluster_is_taken(index):
    check_cluster(cluster({"worker": HOSTS}, index=index))
    check_cluster(cluster({"chief": HOSTS[:1], "worker": HOSTS[1:]}, "chief"))


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "3",
        "{}",
        cluster({"worker": HOSTS}, index=2),
        cluster({"worker": HOSTS}, index=-1),
        cluster({"worker": HOSTS}, index="0"),
        cluster({"worker": HOSTS}, index=True),
        cluster({"worker": HOSTS}, "evaluator"),
        cluster({"worker": HOSTS, "ps": HOSTS}),
        cluster({"chief": HOSTS, "worker": HOSTS}),
        cluster({"worker": []}),
        cluster({"worker": ["10.0.0.1"]}),
        cluster({"worker": ["10.0.0.1:port"]}),
        cluster({"worker": [":2222"]}),
        cluster({"worker": ["10.0.0.1:70000"]}),
        cluster({"worker": [2222]}),
        cluster({"worker": "10.0.0.1:2222"}),
        json.dumps({"cluster": {"worker": HOSTS}}),
    ],
)
def test_a_bad_cluster_is_named(text):
    with pytest.raises(ValueError, match="TF_CONFIG must be like") as caught:
        check_cluster(text)
    assert str(caught.value).endswith(f"TF_CONFIG={text}")


@pytest.mark.parametrize(
    ("strategy", "variable", "reason"),
    [
        ("mirrored", None, "training.strategy=mirrored needs several GPUs; TensorFlow sees 1 CPU"),
        ("multiworker", None, "training.strategy=multiworker needs the environment variable TF_C"),
        ("multiworker", "{", "TF_CONFIG={"),
        # This process has used TensorFlow before: workers can no longer be joined.
        ("multiworker", cluster({"worker": HOSTS}), "strategy=multiworker cannot start: "),
    ],
)
def test_a_strategy_that_cannot_be_is_refused_in_one_line(
    strategy, variable, reason, photo, tmp_path, monkeypatch, capsys
):
    tf.config.list_logical_devices()
    monkeypatch.delenv("TF_CONFIG", raising=False)
    if variable is not None:
        monkeypatch.setenv("TF_CONFIG", variable)
    arguments = ["train", str(photo), "--out", str(tmp_path / "run"), "--set", *TINY]
    assert main([*arguments, f"strategy={strategy}"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert reason in line
    assert not (tmp_path / "run").exists()


def test_one_device_is_its_own_chief():
    for name in ("auto", "single"):
        strategy = make_strategy(name)
        assert strategy is tf.distribute.get_strategy()
        assert is_chief(strategy)
        assert not has_workers(strategy)
    # Without workers, TensorFlow's errors are what they are.
    with pytest.raises(tf.errors.UnavailableError), losses_of_workers_named(strategy):
        raise tf.errors.UnavailableError(None, None, "gone")


@pytest.mark.parametrize(("name", "count"), [("auto", 2), ("mirrored", 2), ("auto", 1)])
def test_several_gpus_are_mirrored_and_their_memory_grows(name, count, monkeypatch):
    """There are none here: these are GPUs by name only."""
    devices = [types.SimpleNamespace(name=f"/gpu:{index}") for index in range(count)]
    growing, mirrored = [], []
    config = types.SimpleNamespace(
        list_physical_devices=lambda kind: devices if kind == "GPU" else [],
        list_logical_devices=lambda kind: devices if kind == "GPU" else [],
        experimental=types.SimpleNamespace(
            set_memory_growth=lambda device, grows: growing.append((device, grows))
        ),
    )
    monkeypatch.setattr(tf, "config", config)
    monkeypatch.setattr(tf.distribute, "MirroredStrategy", mirrored.append)
    make_strategy(name)
    assert growing == [(device, True) for device in devices]
    assert mirrored == ([["/gpu:0", "/gpu:1"]] if count > 1 else [])
