"""The server: uvicorn, from its socket to its end. What it answers is `application`'s."""

import contextlib
import importlib.util
import signal
import socket
import threading

from locogan_keras.storage.files.atomic import ENDING, heard

# More connections are refused at once; clients that are slow or silent take one each.
_CONNECTIONS = 512
# Seconds for what was begun, less than the 30 that Docker's and Kubernetes' kills come after.
_GRACE = 25


def check_installed():
    """A check, with `ValueError`, that there is the library of the server."""
    if not importlib.util.find_spec("uvicorn"):
        raise ValueError("locogan serve needs the package uvicorn: pip install uvicorn")


def bound_socket(host, port):
    """A socket at an address, which nobody is answered at yet.

    Args:
        host: A name or a number, of IPv4 or IPv6.
        port: 0 to 65535; 0 is any that is free.

    Raises:
        ValueError: If there is no such address, or it is another's; it names both arguments.
    """
    if not host:
        raise ValueError("--host is empty; 0.0.0.0 is every address of this machine")
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address, family=family)
    except (OSError, UnicodeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ValueError(f"--host {host} --port {port} cannot be served at: {reason}") from None


def address_of(bound):
    """The URL of a socket."""
    host, port = bound.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"


def serve(application, bound, started):
    """Requests answered until a signal comes, and then those that were begun.

    A second signal is for whoever was there before.

    Args:
        application: The `Application`; it is closed.
        bound: The socket; it is closed.
        started: Called when it answers.
    """
    import uvicorn

    settings = uvicorn.Config(
        application,
        # What it is, wherever other libraries that it knows are installed.
        http="h11",
        loop="asyncio",
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_CONNECTIONS,
        timeout_graceful_shutdown=_GRACE,
    )
    server = uvicorn.Server(settings)

    def stop():
        server.should_exit = True

    # Not in this thread: there, signals would be the library's.
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
    thread.start()
    try:
        with _stopping(stop):
            while not server.started:
                if not thread.is_alive():
                    raise RuntimeError("the server did not start")
                thread.join(0.01)
            started()
            thread.join()
    finally:
        stop()
        thread.join()
        application.close()
        bound.close()


@contextlib.contextmanager
def _stopping(stop):
    """A block in which the first signal that ends a process calls `stop` instead."""
    # Others' threads have no signals.
    numbers = heard(ENDING) if threading.current_thread() is threading.main_thread() else []
    before = {number: signal.getsignal(number) for number in numbers}

    def restore():
        for number, handler in before.items():
            signal.signal(number, handler)

    def hear(*_):
        restore()
        stop()

    for number in numbers:
        signal.signal(number, hear)
    try:
        yield
    finally:
        restore()
