"""Work that is done in threads while their caller does other work; in order, and little ahead."""

import collections
import concurrent.futures
import contextlib


def ahead(function, items, threads=1):
    """`map(function, items)`, of which the next results are made while the caller is busy with one.

    Args:
        function: Of one argument.
        items: What it is given; they are asked for by the caller's thread.
        threads: How many results are made at once.

    Yields:
        Its results, in order.

    Raises:
        Whatever `function` raises, where its result is due.
    """
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        coming = collections.deque()
        for item in items:
            coming.append(pool.submit(function, item))
            if len(coming) > threads:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()


def relayed(first, second, items):
    """`second(item, first(item))` of each, a thread's work while its caller does the next first.

    Args:
        first: Of an item; called by whoever asks for the results.
        second: Of the item and what `first` made of it.
        items: What they are given.

    Yields:
        The results of `second`, in order, each when `first` is done with the item after it.

    Raises:
        Whatever both raise; that of `second` where its result is due.
    """
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        waiting = []
        for item in items:
            value = first(item)
            yield from (each.result() for each in waiting)
            waiting = [pool.submit(second, item, value)]
            # Not held while the next is made.
            del value
        yield from (each.result() for each in waiting)


@contextlib.contextmanager
def behind(function):
    """Calls of a function that are made in order while the caller goes on: one at a time.

    Args:
        function: Of one argument, which is its from then on.

    Yields:
        A function that asks for a call, when the one before it is done.

    Raises:
        Whatever `function` raises, at the next call or at the block's end.
    """
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        waiting = []

        def call(argument):
            while waiting:
                waiting.pop().result()
            waiting.append(pool.submit(function, argument))

        yield call
        while waiting:
            waiting.pop().result()
