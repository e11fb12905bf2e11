"""Work that waits for its turn in few threads: so much of it, and no more."""

import asyncio
import contextlib
import dataclasses
import math
import queue
import threading
import time
from concurrent.futures import Future

# Seconds, of what is said to those for whom there is no room; and that the end waits for what is
# being made, of which nobody waits for the rest.
_LONGEST_WAIT, _LAST_WAIT = 60, 2


class Full(Exception):
    """The want of room in a queue.

    Args:
        seconds: After which there may be some, a whole number.
    """

    def __init__(self, seconds):
        super().__init__(seconds)
        self.seconds = seconds


@dataclasses.dataclass(eq=False)
class _AtHand:
    """What waits or is being made: its future, its work, and how many ask for it."""

    future: asyncio.Future
    work: int
    askers: int = 0


class BoundedQueue:
    """A queue in front of as many threads as an engine makes images at once.

    It is called from one event loop.

    Args:
        make: Called in a thread with a key, gives what is to be made.
        limit: The most work that waits and is made at a time, in a unit of the caller's.
        threads: How many.

    Attributes:
        length: The work at hand, in that unit.
    """

    def __init__(self, make, limit, threads=1):
        self.length = 0
        self._make, self._limit = make, limit
        self._at_hand = {}
        # How long a unit of work has taken, on average.
        self._done, self._seconds, self._lock = 0, 0.0, threading.Lock()
        self._waiting = queue.SimpleQueue()
        # The process ends without them, whatever they wait for.
        options = {"target": self._work, "name": "locogan-tiles", "daemon": True}
        self._threads = [threading.Thread(**options) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    async def made(self, key, work, left):
        """What `make` gives for a key; who asks for one that is at hand waits for the same.

        Args:
            key: Hashable.
            work: How much work it is, at most `limit`.
            left: A future that is done when whoever asks has left. What nobody waits for any more
                is not begun.

        Returns:
            It; None if `left` was done before.

        Raises:
            Full: If there is no room for it.
        """
        each = self._at_hand.get(key) or self._begun(key, work)
        each.askers += 1
        try:
            await asyncio.wait((each.future, left), return_when=asyncio.FIRST_COMPLETED)
            return each.future.result() if each.future.done() else None
        finally:
            each.askers -= 1
            if not (each.askers or each.future.done()):
                self._leave(key, each)
                each.future.cancel()

    def close(self):
        """The threads ended; what waits is not made any more."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._waiting.get_nowait()[0].cancel()
        for _ in self._threads:
            self._waiting.put(None)
        deadline = time.monotonic() + _LAST_WAIT
        for thread in self._threads:
            thread.join(max(0, deadline - time.monotonic()))

    def _begun(self, key, work):
        if self.length + work > self._limit:
            raise Full(self._wait())
        future = Future()
        each = _AtHand(asyncio.wrap_future(future), work)
        self._waiting.put((future, key, work))
        self._at_hand[key] = each
        self.length += work
        each.future.add_done_callback(lambda _: self._leave(key, each))
        return each

    def _work(self):
        while asked := self._waiting.get():
            future, key, work = asked
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(self._timed(key, work))
            except Exception as error:  # noqa: BLE001 - it is whoever asked who hears of it
                future.set_exception(error)

    def _timed(self, key, work):
        begun = time.perf_counter()
        try:
            return self._make(key)
        finally:
            with self._lock:
                self._seconds += time.perf_counter() - begun
                self._done += work

    def _leave(self, key, each):
        if self._at_hand.get(key) is each:
            del self._at_hand[key]
            self.length -= each.work

    def _wait(self):
        with self._lock:
            each = self._seconds / max(1, self._done)
        expected = self.length * each / len(self._threads)
        return min(_LONGEST_WAIT, max(1, math.ceil(expected)))
