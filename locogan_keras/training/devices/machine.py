"""The kind of machine that a run is trained on, for those who want to know how long it takes."""

import os
import platform
from pathlib import Path

import tensorflow as tf

_CPUS = Path("/proc/cpuinfo")
_NEXT = ", then "


def machine():
    """What computes here: the GPUs by their kind, or the CPU and the cores that may be used."""
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        kinds = [
            tf.config.experimental.get_device_details(gpu).get("device_name", "GPU") for gpu in gpus
        ]
        return ", ".join(f"{kinds.count(kind)} x {kind}" for kind in sorted(set(kinds)))
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{cores} {'core' if cores == 1 else 'cores'} of {_cpu()}"


def went_on(before, here):
    """The machines of a run that goes on.

    Args:
        before: Those that it has had; empty if that is not known, which stays so.
        here: What it goes on with, as of `machine`.
    """
    known = before.split(_NEXT)
    return before if not before or here in known else _NEXT.join([*known, here])


def _cpu():
    text = _CPUS.read_text(encoding="utf-8", errors="replace") if _CPUS.is_file() else ""
    lines = (line.partition(":") for line in text.splitlines())
    names = (value.strip() for name, _, value in lines if name.strip() == "model name")
    return next(names, "") or platform.machine() or "a CPU"
