"""What a server counts, and its text for Prometheus (exposition format 0.0.4)."""

import bisect
import collections
import itertools

TYPE = "text/plain; version=0.0.4; charset=utf-8"
# Upper bounds, in seconds, of the kinds of tiles' times.
_BOUNDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """Answers by status, and the seconds that tiles took from the request to the answer."""

    def __init__(self):
        self._answers = collections.Counter()
        self._tiles = [0] * (len(_BOUNDS) + 1)
        self._seconds = 0.0

    def count(self, status, seconds=None):
        """One answer more; `seconds` of one that has a tile which was made for it."""
        self._answers[status] += 1
        if seconds is not None:
            self._tiles[bisect.bisect_left(_BOUNDS, seconds)] += 1
            self._seconds += seconds

    def text(self, queue):
        """All of it; `queue` is the area of the tiles at hand, in tiles of full size."""
        lines = [*_head("locogan_requests_total", "counter", "Requests answered, by status.")]
        for status, count in sorted(self._answers.items()):
            lines.append(f'locogan_requests_total{{status="{status}"}} {count}')
        name = "locogan_tile_seconds"
        lines += _head(name, "histogram", "Seconds from a request to the tile made for it.")
        counts = list(itertools.accumulate(self._tiles))
        for bound, count in zip((*_BOUNDS, "+Inf"), counts, strict=True):
            lines.append(f'{name}_bucket{{le="{bound}"}} {count}')
        lines += [f"{name}_sum {self._seconds:.6f}", f"{name}_count {counts[-1]}"]
        name = "locogan_queue_tiles"
        lines += _head(name, "gauge", "Tiles of full size that wait or are being made.")
        return "\n".join([*lines, f"{name} {queue}", ""])


def _head(name, kind, text):
    return f"# HELP {name} {text}", f"# TYPE {name} {kind}"
