"""The units of a picture made by many workers, and written by the process that has asked."""

import contextlib
import functools
import hashlib
import os
import platform
import queue
from concurrent.futures import CancelledError

from distributed import KilledWorker

from locogan_keras.rendering.gigapixel.cluster.connection import (
    check_facts,
    check_versions,
    connected,
)
from locogan_keras.rendering.gigapixel.cluster.work import Work, make, maker

# Units that a thread of a worker has before it: one at hand and one that waits.
_EACH = 2
# Seconds between looks at whether there is still somebody, and looks without anybody until it ends.
# In the first a unit travels: 50 MB.
_LOOK, _LOOKS = 30, 2


@contextlib.contextmanager
def crew(job, workers):
    """The making of a job's units, as of `makers`, by workers.

    Args:
        job: The `Job`.
        workers: As of `connected`.

    Yields:
        A function of the `Ticks`, which gives an iterator over `(unit, Record)`.

    Raises:
        ValueError: As `connected`, or if a worker is not of this version, model or machine's kind.
    """
    work = Work(job)
    with connected(workers) as client:
        check_versions(client, work.packages)
        here = work.facts(job.picture.engine)
        # The same for the same command, so that who goes on replaces what was left by the killed.
        place = f"{platform.node()} {os.path.realpath(job.out)} {job.plan.digest}"
        name = f"locogan-{hashlib.sha256(place.encode()).hexdigest()[:16]}"
        client.register_plugin(work, name)
        try:
            for worker, found in client.run(maker, name).items():
                check_facts(worker, found, here)
            yield functools.partial(_units, job, client, name, here)
        finally:
            if client.status == "running":
                client.unregister_worker_plugin(name)


def _units(job, client, name, here, ticks):
    finished, at_hand = queue.SimpleQueue(), {}

    def taken():
        future = _waited(client, finished.get)
        unit = at_hand.pop(future.key)
        made = _result(job, unit, client, future)
        check_facts(made.worker, made.maker, here)
        record = job.put(unit, made.pixels, made.pieces, made.top)
        ticks.over(unit)
        return unit, record

    missing = job.missing()
    for unit in next(missing):
        while at_hand and len(at_hand) >= _room(client):
            yield taken()
        key = f"unit-{'-'.join(map(str, unit))}-{name}"
        future = client.submit(make, name, unit, key=key)
        at_hand[key] = unit
        future.add_done_callback(finished.put)
    while at_hand:
        yield taken()
    # Those above are made of what is on this disk, without the network.
    for units in missing:
        for unit in units:
            yield unit, job.make(unit, ticks.within(unit))


def _room(client):
    return _EACH * sum(client.nthreads().values())


def _waited(client, ask):
    """What a function with a `timeout` gives in the end, as long as somebody is there."""
    looks = 0
    while looks < _LOOKS:
        with contextlib.suppress(queue.Empty, TimeoutError):
            return ask(timeout=_LOOK)
        looks = 0 if client.nthreads() else looks + 1
    raise ConnectionError(f"no worker has been there for {_LOOKS * _LOOK} s")


def _result(job, unit, client, future):
    """What a worker made; if it has died since, what another one makes."""
    said = job.plan.said(unit)
    try:
        error = _waited(client, future.exception)
        made = None if error else _waited(client, future.result)
    except CancelledError:
        raise ConnectionError("the scheduler has gone") from None
    if isinstance(error, KilledWorker):
        raise ConnectionError(f"{said} was at hand in several workers that have died, one by one")
    if error:
        words = " ".join(str(error).split())
        raise ConnectionError(f"{said} cannot be made by workers: {type(error).__name__}: {words}")
    return made
