"""How far a picture in tiles is: in tiles, and in units where that can be shown."""

import math


class Ticks:
    """The progress over all units that are to be made, in tiles; a context manager.

    Args:
        job: The `Job`.
    """

    def __init__(self, job):
        self._job, self._done, self._units = job, 0, 0
        # Of units above the lowest no tile is computed.
        self._tiles = {unit: self._count(unit) for units in job.missing() for unit in units}
        self._bar = job.picture.progress(range(sum(self._tiles.values())))
        self._ticks = iter(self._bar)

    def __enter__(self):
        return self

    def __exit__(self, error, *_):
        if error is None:
            # Whoever shows the progress learns that it is over.
            self._until(sum(self._tiles.values()) + 1)

    def within(self, unit):
        """The `progress` of the making of a unit."""
        first, count = self._done, self._tiles.get(unit, 0)
        self._units += 1
        if hasattr(self._bar, "set_postfix_str"):
            self._bar.set_postfix_str(f"unit {self._units} of {len(self._tiles)}")

        def progress(tiles):
            for number in tiles:
                yield number
                self._until(first + count * (number + 1) // len(tiles))

        return progress

    def over(self, unit):
        """A unit that was made elsewhere."""
        for _ in self.within(unit)(range(1)):
            pass

    def _until(self, done):
        while self._done < done:
            next(self._ticks, None)
            self._done += 1

    def _count(self, unit):
        if unit.height:
            return 0
        window, tile = self._job.plan.window(unit, 0), self._job.picture.tile
        return math.prod(-(-length // tile) for length in window[3:])
