"""A picture in tiles, made unit by unit, by one process or by as many as there are.

A unit's pieces are put into their places, and its top, and all of it is on the disk, before a line
of the journal says so. Whatever ends a process, at most the units that it had at hand are made
again, to the same bytes. Units can be made anywhere: who has the records writes what comes back.
"""

import dataclasses
import hashlib
import itertools
import math
import operator
from pathlib import Path

from locogan_keras.rendering.gigapixel.cluster.makers import makers
from locogan_keras.rendering.gigapixel.endings import going_on, naming
from locogan_keras.rendering.gigapixel.plan import CHUNK, UNIT, plan_of
from locogan_keras.rendering.gigapixel.progress import Ticks
from locogan_keras.rendering.gigapixel.records import Record, Records
from locogan_keras.rendering.gigapixel.store import plan_in
from locogan_keras.rendering.gigapixel.units import finest, pyramid
from locogan_keras.rendering.render import bands
from locogan_keras.storage.files.atomic import make_folder, removed_if_empty
from locogan_keras.storage.files.room import check_disk


@dataclasses.dataclass(frozen=True)
class Written:
    """A picture in tiles that is whole.

    Args:
        root: The digest of its pixels, as of `Records.root`.
        units, made: How many there are, and how many of them were made now.
        damaged: What did not match its record and was made again, in words.
    """

    root: str
    units: int
    made: int
    damaged: tuple[str, ...]


# Of a unit that is there, but not of what is below it: nothing has so many bytes.
_FALLEN = Record("", "", -1, None)


def write_tiled(
    out, picture, kind, pixels, stored=1.0, verify=False, workers=None, unit=UNIT, chunk=CHUNK
):
    """A picture in tiles, made as far as it is not there; the same call goes on.

    Args:
        out, picture, kind, pixels, unit, chunk: As of `Job`.
        stored: Bytes on the disk for each value, about.
        verify: Whether what is there is compared with its digests, and made again where it differs.
        workers: As of `makers`.

    Returns:
        `Written`.

    Raises:
        ValueError: If there is something else at `out`, another plan or another process at it, or
            not the disk, or not the workers.
        OSError: If it cannot be written; it names `out`.
        KeyboardInterrupt: With words that say how it goes on.
    """
    size = tuple(min(length, unit) for length in picture.view.size)
    # A tile, or memory, that will not do is refused before there is anything.
    bands(picture.engine, dataclasses.replace(picture.view, size=size), picture.tile)
    job = Job(out, picture, kind, pixels, unit, chunk)
    plan, records = job.plan, job.records
    with removed_if_empty(make_folder(job.out.parent)), naming(job), records:
        job.look(verify, picture.progress)
        values = sum(math.prod(plan.level_size(level)) for level in range(plan.levels))
        there = sum(record.bytes for record in records.done.values())
        height, width = plan.size
        needed = stored * plan.channels * values - there
        check_disk(
            out, needed, f"height={height}, width={width}, of which {there} bytes are there,"
        )
        with makers(job, workers) as units:
            job.begin()
            made = 0
            with going_on(job), Ticks(job) as ticks:
                for each, record in units(ticks):
                    job.note(each, record)
                    made += 1
                root = job.finish()
    return Written(root, plan.count, made, tuple(job.damaged))


class Job:
    """The making of one picture in tiles.

    Args:
        out: The path.
        picture: An `outputs.Picture`.
        kind: A class of `Store`.
        pixels: The `Pixels` of its files.
        unit, chunk: As of `Plan`.
    """

    def __init__(self, out, picture, kind, pixels, unit=UNIT, chunk=CHUNK):
        self.out, self.picture = Path(out), picture
        self.plan = plan_of(picture, pixels, self.out.suffix.lower(), unit, chunk)
        self.records = Records(self.out, self.plan)
        facts = picture.metadata()
        self.store = kind(self.out, self.plan, pixels, facts, self.records.aside)
        # What does not match its record, in words, and the records of those units.
        self.damaged, self._before = [], {}

    def look(self, verify=False, progress=iter):
        """What is there read, and what of it is not as it should be found. Nothing is written.

        Args:
            verify: Whether each byte is looked at, or only whether all of them are there.
            progress: As of `bands`, of the units that are looked at.
        """
        self.records.look(self.store.paths())
        self.damaged += self.records.damaged
        # Who wrote another header may have written other pixels.
        verify |= self._check_headers()
        units = list(self.records.done)
        for number in progress(range(len(units))) if verify and units else range(len(units)):
            if reason := self._damage(units[number], verify):
                self.damaged.append(f"{self.plan.said(units[number])} {reason}")
                self._before[units[number]] = self.records.done.pop(units[number])

    def begin(self):
        """What there must be before the first unit, made; after `look`."""
        self.records.keep()
        self.store.begin()

    def missing(self):
        """The units that are not there, in a list for each height, the lowest first.

        All of a list have to be noted before the next is asked for: they decide what is in it.
        """
        for _, units in itertools.groupby(self.plan.units(), operator.attrgetter("height")):
            yield [unit for unit in units if unit not in self.records.done]

    def make(self, unit, progress=iter):
        """A unit made and put into its place; gives its `Record`."""
        return self.store_pixels(unit, self.pixels(unit, progress))

    def pixels(self, unit, progress=iter):
        """A unit's pixels, as of `finest`; those below it are noted."""
        picture = self.picture
        return finest(
            picture.engine,
            picture.view,
            picture.tile,
            self.plan,
            unit,
            self.records.top,
            progress,
        )

    def store_pixels(self, unit, pixels):
        """A unit made of its pixels and put into its place; gives its `Record`."""
        made = pyramid(self.plan, unit, pixels)
        return self.put(unit, made.digest, self.store.encoded(unit, made.levels), made.top)

    def put(self, unit, digest, pieces, top):
        """A unit, wherever it was made, put into its place; gives its `Record`.

        Args:
            unit: The unit.
            digest, top: As of `units.Made`.
            pieces: Bytes each, as of `Store.encoded`.
        """
        stored, count = hashlib.sha256(), 0
        for key, data in zip(self.store.keys(unit), pieces, strict=True):
            self.store.write(key, data)
            stored.update(data)
            count += len(data)
        self.store.sync()
        return Record(digest, stored.hexdigest(), count, self.records.keep_top(unit, top))

    def note(self, unit, record):
        """A unit's record kept. If its top is not what it was, the units above are made again."""
        before, above = self._before.pop(unit, None), unit
        is_other = before is None or before.top != record.top
        while is_other and (above := self.plan.above(above)):
            if above in self.records.done:
                self.records.add(above, _FALLEN)
                del self.records.done[above]
        self.records.add(unit, record)

    def finish(self):
        """The picture as its readers want it, for all units are there; gives its root digest."""
        self.store.finish()
        return self.records.root()

    def _damage(self, unit, verify):
        """What is wrong with a unit on the disk, in words; None if nothing is."""
        record, keys = self.records.done[unit], list(self.store.keys(unit))
        if record == _FALLEN:
            return "is not of what is below it now"
        sizes = [self.store.size(key) for key in keys]
        if sum(sizes) != record.bytes:
            lost = [self._named(key) for key, size in zip(keys, sizes, strict=True) if not size]
            missing = f": {lost[0]} is missing" if lost else ""
            return f"has {sum(sizes)} of {record.bytes} bytes{missing}"
        if not self.records.has_top(unit):
            return "has lost what the level above it is made of"
        if verify:
            stored = hashlib.sha256()
            for key in keys:
                stored.update(self.store.read(key))
            if stored.hexdigest() != record.stored:
                return "does not match its digest"
        return None

    def _check_headers(self):
        """What readers look at first, compared; it is written again by `finish`.

        Returns:
            Whether it is not what was written.
        """
        if not self.store.paths()[0].exists():
            return False
        before = len(self.damaged)
        for key, data in self.store.headers().items():
            found = self.store.read(key) if self.store.size(key) else data
            if found != data:
                other = plan_in(found)
                if other not in (None, self.plan.digest):
                    raise ValueError(
                        f"--out {self.out}: {self._named(key)} is of another plan than "
                        f"{self.records.folder}: something was copied over it"
                    )
                self.damaged.append(f"{self._named(key)} is not what was written")
        return len(self.damaged) > before

    def _named(self, key):
        return key if isinstance(key, Path) else self.out
