"""`locogan serve` in a process of its own, and a client of it."""

import contextlib
import http.client
import re
import signal
import subprocess
import sys
import types

from conftest import PATIENCE
from support.tiled import MODEL

COMMAND = [sys.executable, "-m", "locogan_keras", "serve", str(MODEL), "--port", "0"]


@contextlib.contextmanager
def serving(*options, command=COMMAND):
    """A process that serves the golden model: its `port`, and the process."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    # In the background of a script it is ignored, which whatever that starts inherits.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen([*command, *options], **pipes)
    finally:
        signal.signal(signal.SIGINT, before)
    with process:
        try:
            line = process.stdout.readline()
            port = re.match(r"http://127\.0\.0\.1:(\d+)/ serves .*Ctrl-C ends it", line)[1]
            yield types.SimpleNamespace(port=int(port), process=process)
        finally:
            process.kill()


class Client:
    """A client that keeps its connection, as browsers and caches do."""

    def __init__(self, port):
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._connection.close()

    def ask(self, path, method="GET", **headers):
        """An answer: its status, headers and body."""
        headers = {name.replace("_", "-"): text for name, text in headers.items()}
        self._connection.request(method, path, headers=headers)
        answer = self._connection.getresponse()
        return answer.status, answer.headers, answer.read()
