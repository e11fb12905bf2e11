"""Requests to a server: what is asked, what can go wrong, and when it is asked again."""

import concurrent.futures
import threading
import time
from typing import Protocol

from locogan_keras.storage.failures import one_line

# Seconds before each further attempt: a server that is being replaced is back by then.
PAUSES = (0.2, 0.5, 1.0)


class Server(Protocol):
    """A model on a server, over whatever it speaks: what a `ServingEngine` needs of it."""

    def predict(self, signature, inputs, numbers=0):
        """The output of a signature that has one.

        Args:
            signature: Its name.
            inputs: NumPy arrays by name, with a batch axis.
            numbers: How many the output may have, besides some text. Larger answers are not read.

        Returns:
            The output, batch first: an array, or lists as nested as it has axes.

        Raises:
            ServerError: If the server does not answer, or with an error.
        """


class ServerError(Exception):
    """The failure of a server to answer as it should, in one line that names the URL.

    Args:
        url: The model's.
        reason: What went wrong.
    """

    def __init__(self, url, reason):
        super().__init__(one_line(f"MODEL {url} ", reason))
        self.reason = reason


class Refused(ServerError):
    """The failure of a request that the server answers with an error, and would again."""


class Unavailable(ServerError):
    """The failure for want of a server, or of one that has room: it may help to ask again."""


def patiently(ask):
    """An answer, asked for again a few times while the server is unavailable.

    That is safe because every signature is a pure function: to ask twice is to be told the same.
    Who was refused does not ask again, for the answer would be the same; nor who waited too long,
    for such a server has enough to do.

    Args:
        ask: A function of no arguments.

    Returns:
        What `ask` returns.

    Raises:
        ServerError: What `ask` raises, the last time if it is `Unavailable`.
    """
    for pause in PAUSES:
        try:
            return ask()
        except Unavailable:
            time.sleep(pause)
    return ask()


def within(seconds, ask):
    """An answer that comes whole within a time.

    A socket's timeout is for each part of an answer, and a byte now and then is one. So it is asked
    for in a thread, which nobody waits for after that time.

    Args:
        seconds: The time.
        ask: A function of no arguments.

    Returns:
        What `ask` returns.

    Raises:
        TimeoutError: If it does not in time.
    """
    answer = concurrent.futures.Future()

    def run():
        try:
            answer.set_result(ask())
        except Exception as error:  # noqa: BLE001 - it is raised where the answer is waited for
            answer.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return answer.result(seconds)
