"""A client of Dask: of workers that are begun on this machine, or of a cluster that is there."""

import contextlib
import logging
import signal
import socket
import sys
import time
import urllib.parse
import warnings

import dask.config
from distributed import Client, LocalCluster, Security

from locogan_keras.rendering.gigapixel.cluster.work import differences
from locogan_keras.storage.files.room import check_memory

# Dask would have workers give back free memory at once: taking it again was a third of their time.
_TRIM = "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_"
# Seconds in which a scheduler has to answer, and a first worker to be there.
ANSWER, FIRST = 10, 60
# Bytes that a worker on this machine takes, about, whatever the model.
WORKER = 400_000_000


@contextlib.contextmanager
def connected(workers):
    """A client, which is closed at the end, with those workers that it has begun.

    Args:
        workers: How many to begin, each with one thread, on addresses of this machine alone; or the
            address of a scheduler.

    Raises:
        ValueError: If there is not the memory for so many, or the scheduler does not answer or has
            no workers.
    """
    with contextlib.ExitStack() as stack:
        # Of versions that differ: they are compared by name.
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        if isinstance(workers, int):
            check_memory(workers * WORKER, f"workers={workers}")
            try:
                with _apart(), dask.config.set({_TRIM: None}):
                    address = stack.enter_context(_here(workers))
            except (OSError, RuntimeError) as error:
                raise ValueError(
                    f"workers={workers} do not start: {error} A program that asks for workers must "
                    'do so under `if __name__ == "__main__":`; each worker takes 16 open files'
                ) from None
        else:
            address = workers
            _check_certificates(address)
            _check_answers(address)
        try:
            client = stack.enter_context(Client(address, timeout=ANSWER, set_as_default=False))
        except OSError as error:
            raise ValueError(_silence(address)) from error
        try:
            client.wait_for_workers(1, timeout=FIRST)
        except TimeoutError:
            raise ValueError(
                f"--scheduler {address} has no workers, and none came in {FIRST} s: dask worker "
                f"{address} begins one"
            ) from None
        yield client


def check_versions(client, packages):
    """A refusal of workers that have other packages, before anything is sent to them.

    Raises:
        ValueError: If one has; it names the worker.
    """
    found = client.get_versions(packages=list(packages))
    here = {name: found["client"]["packages"][name] for name in packages}
    for address, facts in found["workers"].items():
        check_facts(address, facts["packages"] if facts else {}, here)


def check_facts(worker, found, here):
    """A refusal, with `ValueError`, of a worker whose facts are not this machine's."""
    if words := differences(found, here):
        raise ValueError(f"the worker {worker} would make other pixels: {words}")


@contextlib.contextmanager
def _apart():
    """A block whose threads begin processes that do not hear Ctrl-C: who has asked hears it.

    Nor does the one that looks after their semaphores complain when this process ends at once.
    """
    before = list(sys.warnoptions)
    sys.warnoptions.append("ignore::UserWarning:multiprocessing.resource_tracker")
    # Not on Windows.
    mask = getattr(signal, "pthread_sigmask", None)
    heard = mask and mask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        sys.warnoptions[:] = before
        if mask:
            mask(signal.SIG_SETMASK, heard)


def _check_certificates(address):
    """A refusal of TLS without what Dask's client needs for it, of which it would say less."""
    if urllib.parse.urlsplit(address).scheme != "tls":
        return
    where = "Dask's settings distributed.comm.tls (https://distributed.dask.org/en/stable/tls.html)"
    try:
        context = Security().get_connection_args("client").get("ssl_context")
    except (OSError, ValueError) as error:
        raise ValueError(
            f"--scheduler {address}: a file of {where} is of no use: {error}"
        ) from None
    if not context:
        raise ValueError(f"--scheduler {address} needs certificates, by {where}")


def _check_answers(address):
    """A refusal of a scheduler that says nothing, for which Dask's client would wait for ever."""
    place = urllib.parse.urlsplit(address)
    try:
        (place.hostname or "").encode("idna")
    except UnicodeError as error:
        raise ValueError(f"--scheduler {address} is no address: {error}") from None
    deadline = time.monotonic() + ANSWER
    while (left := deadline - time.monotonic()) > 0:
        with (
            contextlib.suppress(OSError),
            socket.create_connection((place.hostname, place.port), left) as connection,
        ):
            # Over TLS it is the client that begins.
            if place.scheme != "tcp":
                return
            connection.settimeout(left)
            # How long its first message is: a few hundred bytes.
            first = connection.recv(8, socket.MSG_WAITALL)
            if len(first) == 8 and int.from_bytes(first, "little") < 2**16:
                return
        # It may be about to begin.
        time.sleep(min(0.2, left))
    raise ValueError(_silence(address))


def _silence(address):
    return f"--scheduler {address} does not answer in {ANSWER} s, or is none of Dask's"


def _here(count):
    # What the caller has silenced stays silent in the workers.
    is_heard = logging.getLogger().isEnabledFor(logging.WARNING)
    return LocalCluster(
        n_workers=count,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        # Another port if this one is taken.
        dashboard_address="127.0.0.1:8787",
        # No limit of Dask's own, at which it would end a worker or write to the disk.
        memory_limit=0,
        silence_logs=logging.WARNING if is_heard else logging.CRITICAL,
    )
