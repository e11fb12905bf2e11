"""The devices that a run trains on: one, all of this machine, or those of several machines."""

import contextlib
import json
import os

import tensorflow as tf

_EXAMPLE = (
    '{"cluster": {"worker": ["HOST:PORT", "HOST:PORT"]}, "task": {"type": "worker", "index": 0}}'
)


def make_strategy(name):
    """The `tf.distribute.Strategy` that a name stands for; GPU memory is taken as it is needed.

    Args:
        name: `"single"`, the first device; `"mirrored"`, all GPUs of this machine; `"auto"`,
            mirrored if there are several GPUs, else single; `"multiworker"`, all GPUs of the
            machines that the environment variable TF_CONFIG names. To be made before TensorFlow
            runs anything, and it waits for the other machines.

    Raises:
        ValueError: If this machine cannot offer it.
    """
    # Tests have several CPU devices, as if they were GPUs.
    _grow_gpu_memory()
    if name == "multiworker":
        return _multiworker()
    devices = tf.config.list_logical_devices("GPU")
    if name == "mirrored" and not devices:
        devices = tf.config.list_logical_devices("CPU")
    several = len(devices) > 1
    if name == "mirrored" and not several:
        raise ValueError(
            f"training.strategy=mirrored needs several GPUs; TensorFlow sees {len(devices)} "
            f"{devices[0].device_type}"
        )
    if several and name in ("auto", "mirrored"):
        return tf.distribute.MirroredStrategy([device.name for device in devices])
    return tf.distribute.get_strategy()


def is_chief(strategy):
    """Whether this process is the one that writes a run's folder."""
    if not has_workers(strategy):
        return True
    resolver = strategy.cluster_resolver
    first = "chief" if "chief" in resolver.cluster_spec().jobs else "worker"
    return (resolver.task_type, resolver.task_id) == (first, 0)


def has_workers(strategy):
    """Whether several processes train together."""
    return isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)


@contextlib.contextmanager
def losses_of_workers_named(strategy):
    """A context that says in one line that another worker is gone, whatever TensorFlow makes of it.

    Raises:
        ValueError: Instead of TensorFlow's errors, with several workers.
    """
    try:
        yield
    except tf.errors.OpError as error:
        if not has_workers(strategy):
            raise
        # What went wrong comes after where.
        reason = error.message.strip().rpartition("\n\n")[2].partition("\n")[0]
        raise ValueError(
            "training with several workers failed: has one of them ended? The same commands go on "
            f"from the last checkpoint. TensorFlow says: {reason}"
        ) from error


def check_cluster(text):
    """A check of the text of TF_CONFIG.

    Args:
        text: The text, or None if there is none.

    Raises:
        ValueError: If it does not say which workers there are and which one this is.
    """
    if not text:
        raise ValueError(
            "training.strategy=multiworker needs the environment variable TF_CONFIG, such as "
            f"{_EXAMPLE}"
        )
    try:
        values = json.loads(text)
        jobs, task = values["cluster"], values["task"]
        job, index = task["type"], task["index"]
        hosts = jobs[job]
        fits = (
            set(jobs) <= {"chief", "worker"}
            and len(jobs.get("chief", [""])) == 1
            and all(_is_address(host) for each in jobs.values() for host in each)
            and type(index) is int
            and 0 <= index < len(hosts)
        )
    except (ValueError, KeyError, TypeError):
        fits = False
    if not fits:
        raise ValueError(f"TF_CONFIG must be like {_EXAMPLE}. Received: TF_CONFIG={text}")


def _is_address(host):
    name, _, port = host.rpartition(":") if isinstance(host, str) else ("", "", "")
    return bool(name) and port.isdigit() and 0 < int(port) < 65536


def _multiworker():
    check_cluster(os.environ.get("TF_CONFIG"))
    try:
        return tf.distribute.MultiWorkerMirroredStrategy()
    except (RuntimeError, tf.errors.OpError) as error:
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise ValueError(f"training.strategy=multiworker cannot start: {reason}") from error


def _grow_gpu_memory():
    for device in tf.config.list_physical_devices("GPU"):
        # Whoever has used it already has decided.
        with contextlib.suppress(RuntimeError):
            tf.config.experimental.set_memory_growth(device, True)
