"""What is known of a picture in tiles, in a folder beside it: `NAME.records`.

`plan.json` is the plan. `journal` has a line for each unit that is on the disk, the last one of a
unit counts: a CRC-32 that begins with the plan's digest, so that a line of another plan is none,
and the line's facts. `tops` are the tiles that units above go on with, raw.
"""

import contextlib
import dataclasses
import hashlib
import json
import os
import shutil
import zlib
from pathlib import Path

import numpy as np

from locogan_keras.rendering.gigapixel.plan import FORMAT, Unit, differences
from locogan_keras.rendering.gigapixel.store import sync_folder
from locogan_keras.storage.files.atomic import replacing
from locogan_keras.storage.files.locks import FolderLock


@dataclasses.dataclass(frozen=True)
class Record:
    """A unit that is on the disk.

    Args:
        pixels: The digest of its levels' raw pixels, as of `units`.
        stored: The SHA-256 of its pieces, one after the other, as they are on the disk.
        bytes: How many they are.
        top: The SHA-256 of its top, if it has one.
    """

    pixels: str
    stored: str
    bytes: int
    top: str | None

    def __post_init__(self):
        texts = (self.pixels, self.stored, self.top or "")
        if type(self.bytes) is not int or any(not isinstance(each, str) for each in texts):
            raise TypeError(f"{self} is no record")
        bytes.fromhex(self.pixels)


class Records:
    """The records of one picture, which one process has at a time; a context manager.

    Args:
        out: The picture's path.
        plan: The `Plan`.
    """

    def __init__(self, out, plan):
        self.folder = Path(f"{out}.records")
        # What is not finished; it is emptied at each start.
        self.aside = self.folder / "aside"
        # By unit; and what of them could not be read.
        self.done, self.damaged = {}, []
        # Bytes of the journal that are whole lines.
        self._whole = 0
        self._out, self._plan, self._tops = out, plan, self.folder / "tops"
        self._lock = FolderLock(self.folder, "making it")

    def __enter__(self):
        self._lock.take()
        return self

    def __exit__(self, *_):
        self._lock.close()

    def look(self, paths):
        """What there is of records, read.

        Args:
            paths: Those of the picture, where nothing may be if there are no records of it.

        Raises:
            ValueError: If they are of another plan, or there is something without records; or if
                they lead elsewhere by links, which ours never do.
        """
        file = self._file
        for path in (self.folder, *(self.folder.iterdir() if self.folder.is_dir() else ())):
            if path.is_symlink():
                raise ValueError(f"--out {self._out}: {path} is a link: remove it")
        if file.exists():
            self._check(file)
            self._read()
        else:
            for path in filter(os.path.lexists, paths):
                raise ValueError(
                    f"--out {self._out}: {path} is there already, and {file}, which would say what "
                    "it is, is not: remove it or name another"
                )

    def keep(self):
        """The plan written, if it was not, and the folders that work needs."""
        if not self._file.exists():
            text = json.dumps({"plan": json.loads(self._plan.text), "sha256": self._plan.digest})
            with replacing(self._file) as temporary:
                temporary.write_text(text, encoding="utf-8")
        # Of a line that was not written to its end, nothing stays.
        with contextlib.suppress(FileNotFoundError):
            os.truncate(self._journal, self._whole)
        shutil.rmtree(self.aside, ignore_errors=True)
        for folder in (self.aside, self._tops):
            folder.mkdir(exist_ok=True)
        sync_folder(self.folder)

    def add(self, unit, record):
        """A unit noted that is on the disk."""
        facts = json.dumps({"unit": unit, **dataclasses.asdict(record)})
        with open(self._journal, "ab") as file:
            file.write(f"{self._checksum(facts.encode()):08x} {facts}\n".encode())
            file.flush()
            os.fsync(file.fileno())
        self.done[unit] = record

    def keep_top(self, unit, top):
        """A top written, to be there when its unit is noted; its digest, None of None."""
        if top is None:
            return None
        data = np.ascontiguousarray(top, top.dtype.newbyteorder("<")).tobytes()
        temporary = self.aside / f"{self._top(unit).name}.top"
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, self._top(unit))
        sync_folder(self._tops)
        return hashlib.sha256(data).hexdigest()

    def top(self, unit):
        """The top of a unit: `(height, width, channels)`."""
        window = self._plan.window(unit, (unit.height + 1) * self._plan.step)
        dtype = self._plan.dtype.newbyteorder("<")
        values = np.frombuffer(self._top(unit).read_bytes(), dtype)
        return values.reshape(window.height, window.width, self._plan.channels)

    def has_top(self, unit):
        """Whether the top of a unit is there as it was noted, or there was none."""
        noted = self.done[unit].top
        if noted is None:
            return True
        with contextlib.suppress(FileNotFoundError):
            return hashlib.sha256(self._top(unit).read_bytes()).hexdigest() == noted
        return False

    def root(self):
        """The SHA-256 of all units' digests of pixels, lower ones first, row after row.

        It depends on the pixels alone, and not on who made them, in which order or format.
        """
        digest = hashlib.sha256()
        for unit in self._plan.units():
            digest.update(bytes.fromhex(self.done[unit].pixels))
        return digest.hexdigest()

    @property
    def _file(self):
        return self.folder / "plan.json"

    @property
    def _journal(self):
        return self.folder / "journal"

    def _top(self, unit):
        return self._tops / "-".join(map(str, unit))

    def _check(self, file):
        try:
            kept = json.loads(file.read_text(encoding="utf-8"))
            found, digest = kept["plan"], kept["sha256"]
            text = json.dumps(found, sort_keys=True)
            is_known = isinstance(found, dict)
            is_whole = is_known and hashlib.sha256(text.encode()).hexdigest() == digest
        except (ValueError, KeyError, TypeError):
            is_whole = False
        if not is_whole:
            raise ValueError(f"--out {self._out}: {file} is damaged: remove all or name another")
        if found.get("plan") != FORMAT:
            raise ValueError(
                f"--out {self._out}: {file} is of format {found.get('plan')}, and this version "
                f"goes on with {FORMAT}: remove all or name another"
            )
        if digest != self._plan.digest:
            raise ValueError(
                f"--out {self._out} has another plan ({file}): "
                f"{differences(self._plan.text, text)}; remove all or name another"
            )

    def _read(self):
        """The journal read, but a line that was not written to its end."""
        if not self._journal.exists():
            return
        data = self._journal.read_bytes()
        self._whole = data.rfind(b"\n") + 1
        for number, line in enumerate(data[: self._whole].splitlines(), 1):
            checksum, _, facts = line.partition(b" ")
            try:
                if checksum != f"{self._checksum(facts):08x}".encode():
                    raise ValueError("another checksum")
                values = json.loads(facts)
                unit = self._unit(values.pop("unit"))
                self.done[unit] = Record(**values)
            except (AttributeError, KeyError, TypeError, ValueError):
                self.damaged.append(f"line {number} of {self._journal} is damaged")

    def _unit(self, places):
        """The unit of this plan that a line names."""
        unit = Unit(*places)
        is_whole = all(type(each) is int and each >= 0 for each in unit)
        if not is_whole or unit.height >= len(self._plan.grids):
            raise ValueError(f"no unit: {places}")
        rows, columns = self._plan.grids[unit.height]
        if unit.row >= rows or unit.column >= columns:
            raise ValueError(f"no unit: {places}")
        return unit

    def _checksum(self, facts):
        return zlib.crc32(facts, zlib.crc32(self._plan.digest.encode()))
