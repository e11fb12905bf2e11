"""Several replicas, and several workers, take the steps that one device would."""

import contextlib
import json
import os
import random
import socket
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from conftest import PATIENCE

from locogan_keras.training.devices.replicas import check_batch_size, divided

SCRIPT = Path(__file__).parents[1] / "support" / "replica_training.py"


def run(out, groups, **settings):
    """Trains with numbers of replicas; each group of numbers in a process of its own.

    Devices are set before TensorFlow starts, and it has one strategy of several devices only.
    """
    commands = [
        [sys.executable, str(SCRIPT), str(out), json.dumps({"replicas": group, **settings})]
        for group in groups
    ]
    processes = [subprocess.Popen(command) for command in commands]
    try:
        assert [process.wait(timeout=PATIENCE) for process in processes] == [0] * len(groups)
    finally:
        for process in processes:
            process.kill()
    return {count: dict(np.load(f"{out}-{count}.npz")) for group in groups for count in group}


def free_ports(count):
    """Ports that nobody has, and that the system gives to nobody who asks for any port."""
    ports = []
    while len(ports) < count:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            ports += [port] if port not in ports else []
    return ports


@contextlib.contextmanager
def started_workers(commands):
    """Processes of a command for each worker of one cluster, killed at the end."""
    hosts = [f"127.0.0.1:{port}" for port in free_ports(len(commands))]
    with contextlib.ExitStack() as stack:
        processes = []
        for index, command in enumerate(commands):
            task = {"cluster": {"worker": hosts}, "task": {"type": "worker", "index": index}}
            process = subprocess.Popen(
                command,
                env={**os.environ, "TF_CONFIG": json.dumps(task)},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            processes.append(stack.enter_context(process))
            stack.callback(process.kill)
        yield processes


def run_workers(commands, timeout=PATIENCE):
    """Runs a command for each worker of one cluster; gives (status, output, errors) of each."""
    with started_workers(commands) as processes:
        outputs = [process.communicate(timeout=timeout) for process in processes]
    return [
        (process.returncode, *output) for process, output in zip(processes, outputs, strict=True)
    ]


def distance(first, second, name="weight"):
    names = [each for each in first if each.startswith(f"{name}-")]
    assert len(names) > 30
    return max(np.abs(first[each].astype(np.float64) - second[each]).max() for each in names)


@pytest.fixture(scope="module")
def trained_shortly(tmp_path_factory):
    out = tmp_path_factory.mktemp("replicas") / "sgd"
    return run(out, [[1, 2]], optimizer="sgd", steps=10)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    out = tmp_path_factory.mktemp("replicas") / "sgd"
    return run(out, [[1, 2], [4]], optimizer="sgd", steps=100)


def test_two_replicas_agree_with_one_device(trained_shortly):
    one, two = trained_shortly[1], trained_shortly[2]
    assert distance(one, two) <= 1e-6
    assert two["apart"] == 0
    np.testing.assert_allclose(two["losses"], one["losses"], atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("replicas", [2, 4])
def test_replicas_agree_with_one_device_for_long(trained, replicas):
    one, several = trained[1], trained[replicas]
    # 100 steps moved the weights by far more than replicas differ.
    moved = max(
        np.abs(one[f"weight-{index}"] - one[f"halfway-{index}"]).max() for index in range(30)
    )
    assert moved > 1e-3
    assert distance(one, several) <= 1e-6
    assert several["apart"] == 0
    np.testing.assert_allclose(several["losses"], one["losses"], atol=1e-6)


@pytest.mark.slow
def test_two_replicas_agree_with_the_losses_of_the_recipes(tmp_path):
    """A penalty whose noise is the global batch's, packed crops and the feature discriminator."""
    results = run(tmp_path / "sgd", [[1, 2]], optimizer="sgd", steps=10, as_recipes=True)
    assert distance(results[1], results[2]) <= 1e-5
    assert results[2]["apart"] == 0
    np.testing.assert_allclose(results[2]["losses"], results[1]["losses"], atol=1e-5)


@pytest.mark.slow
def test_two_workers_agree_with_one_device(trained_shortly, tmp_path):
    settings = json.dumps({"optimizer": "sgd", "steps": 10})
    command = [sys.executable, str(SCRIPT), str(tmp_path / "worker"), settings]
    results = run_workers([command, command])
    assert [status for status, _, _ in results] == [0, 0], results
    workers = [dict(np.load(tmp_path / f"worker-{index}.npz")) for index in range(2)]
    np.testing.assert_array_equal(workers[0]["losses"], workers[1]["losses"])
    assert distance(*workers) == 0
    one = trained_shortly[1]
    assert distance(workers[0], one) <= 1e-6
    np.testing.assert_allclose(workers[0]["losses"], one["losses"], atol=1e-6)


@pytest.mark.slow
def test_replicas_agree_with_one_device_under_adam(tmp_path):
    results = run(tmp_path / "adam", [[1, 2], [4]], optimizer="adam", steps=20)
    for count in (2, 4):
        assert distance(results[1], results[count]) <= 1e-5
        np.testing.assert_allclose(results[count]["losses"], results[1]["losses"], atol=1e-5)


@pytest.mark.slow
def test_two_replicas_agree_with_one_device_under_the_references_adam(tmp_path):
    results = run(tmp_path / "adam", [[1, 2]], optimizer="reference_adam", steps=20)
    assert distance(results[1], results[2]) <= 1e-4


@pytest.mark.slow
def test_two_workers_agree_for_long(trained, tmp_path):
    settings = json.dumps({"optimizer": "sgd", "steps": 100})
    command = [sys.executable, str(SCRIPT), str(tmp_path / "worker"), settings]
    assert [status for status, _, _ in run_workers([command, command])] == [0, 0]
    for index in range(2):
        worker = dict(np.load(tmp_path / f"worker-{index}.npz"))
        assert distance(worker, trained[1]) <= 1e-6


@pytest.mark.slow
def test_replicas_scale_their_losses_alike(tmp_path):
    results = run(tmp_path / "half", [[1, 2]], optimizer="adam", steps=12, dtype="mixed_float16")
    assert results[2]["apart"] == 0
    np.testing.assert_allclose(results[2]["losses"][:5], results[1]["losses"][:5], atol=2e-3)


@pytest.mark.slow
def test_statistics_of_ones_own_end_in_one_running_mean(tmp_path):
    results = run(tmp_path / "own", [[1, 2]], optimizer="sgd", steps=12, synchronized=False)
    assert results[2]["apart"] == 0
    # Halves of a batch have other statistics than the whole.
    assert distance(results[1], results[2]) > 1e-5


def test_a_batch_that_replicas_cannot_share_is_refused():
    strategy = types.SimpleNamespace(num_replicas_in_sync=3)
    check_batch_size(6, strategy)
    with pytest.raises(ValueError, match=r"multiple of 3.*batch_size=8"):
        check_batch_size(8, strategy)
    with pytest.raises(ValueError, match=r"multiple of 3.*batch_size=8"):
        divided(tf.data.Dataset.from_tensors((tf.zeros((8, 2)), tf.zeros((8, 4)))), strategy)


def test_each_replica_gets_its_part_in_order():
    numbers = tf.data.Dataset.range(24).batch(12).map(lambda batch: (batch, 10 * batch))

    class FourReplicasOfTwoWorkers:
        num_replicas_in_sync = 4

        @staticmethod
        def distribute_datasets_from_function(of_worker):
            contexts = (
                types.SimpleNamespace(num_input_pipelines=2, input_pipeline_id=index)
                for index in range(2)
            )
            return [[part[0].numpy().tolist() for part in of_worker(each)] for each in contexts]

    first, second = divided(numbers, FourReplicasOfTwoWorkers)
    assert first == [[0, 1, 2], [3, 4, 5], [12, 13, 14], [15, 16, 17]]
    assert second == [[6, 7, 8], [9, 10, 11], [18, 19, 20], [21, 22, 23]]
