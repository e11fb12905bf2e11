"""Work that is done in a thread while its caller does other work; in order, and one piece ahead."""

import concurrent.futures
import contextlib


def ahead(function, items):
    """`map(function, items)`, of which the next result is made while the caller is busy with one.

    Args:
        function: Of one argument.
        items: What it is given, from a list.

    Yields:
        Its results, in order.

    Raises:
        Whatever `function` raises, where its result is due.
    """
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        coming = [pool.submit(function, item) for item in items[:1]]
        for item in items[1:]:
            coming.append(pool.submit(function, item))
            yield coming.pop(0).result()
        yield from (each.result() for each in coming)


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
