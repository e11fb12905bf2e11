"""Asking a server: how, what can go wrong, and when to ask again. Standard library only."""

import time
from typing import Protocol

# Seconds before each further attempt: a server that is being replaced is back by then.
PAUSES = (0.2, 0.5, 1.0)
# Of a server's own words, enough for its reason and not its stack.
_LONGEST = 300


class Server(Protocol):
    """A model on a server, over whatever it speaks: what a `ServingEngine` needs of it."""

    def predict(self, signature, inputs):
        """Runs a signature that has one output.

        Args:
            signature: Its name.
            inputs: NumPy arrays by name, with a batch axis.

        Returns:
            The output, batch first: an array, or lists as nested as it has axes.

        Raises:
            ServerError: If the server does not answer, or with an error.
        """


class ServerError(Exception):
    """A server does not answer as it should. The message is one line that names the URL.

    Args:
        url: The model's.
        reason: What went wrong.
    """

    def __init__(self, url, reason):
        reason = " ".join(str(reason).split())
        if len(reason) > _LONGEST:
            reason = reason[: _LONGEST - 3] + "..."
        super().__init__(f"MODEL {url} {reason}")
        self.reason = reason


class Refused(ServerError):
    """The server has answered with an error, and would again."""


class Unavailable(ServerError):
    """There is no server, or none that has room: it may help to ask again."""


def patiently(ask):
    """Asks, and asks again a few times while the server is unavailable.

    Safe because every signature is a pure function: to ask twice is to be told the same twice.
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
