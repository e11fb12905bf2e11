"""The pictures of a source that can be used, and what is said of its other files."""

import collections
import dataclasses
import itertools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tqdm import tqdm

from locogan_keras.canvas.positions import CROP
from locogan_keras.data.levels import with_unit_normals
from locogan_keras.data.picture_files import CONVERT, SUFFIXES, NotAPicture
from locogan_keras.data.pictures import decode, scaled
from locogan_keras.data.sources import Source

# Files that wait for their turn to be decoded. More would only hold more of them in memory.
_WAITING = 16
# Kinds of files that are named, and then no more.
_NAMED = 5


@dataclasses.dataclass
class Usable:
    """The pictures of a source, decoded and scaled; iterated over once.

    Args:
        source: The `Source`.
        size, wrap, multiple: As of `pictures.scaled`.
        max_pixels: As of `pictures.decode`.
        read: Like `pictures.decode`, of what the source's functions give.
        maps: What the pictures' channels are, as of `checked_maps`.

    Attributes:
        rejected: Pairs of the name of a file that was left out and the reason, so far.
        damaged: Those of them that are pictures, or are named like one.
        transparent: How many of the pictures show what they were laid over.
    """

    source: Source
    size: object
    wrap: tuple[bool, bool]
    multiple: tuple[int, int]
    max_pixels: int
    read: Callable = decode
    maps: tuple[tuple[str, int], ...] = ()
    rejected: list = dataclasses.field(default_factory=list)
    damaged: list = dataclasses.field(default_factory=list)
    transparent: int = 0

    def __iter__(self):
        files = iter(self.source.files)
        # Pillow decodes and scales without Python's lock.
        with (
            ThreadPoolExecutor(os.cpu_count()) as threads,
            tqdm(
                total=self.source.count, desc="decoding", unit="picture", delay=3, leave=False
            ) as bar,
        ):
            while waiting := list(itertools.islice(files, _WAITING)):
                names, openings = zip(*waiting, strict=True)
                prepared = threads.map(self._prepared, openings)
                for name, (picture, is_transparent, error) in zip(names, prepared, strict=True):
                    bar.update()
                    if error is None:
                        self.transparent += is_transparent
                        yield picture
                    else:
                        self._reject(name, error)

    @property
    def pictures(self):
        """How many of the files are pictures, whether they can be used or not."""
        return self.source.count - len(self.rejected) + len(self.damaged)

    def _reject(self, name, error):
        if self.source.is_picture:
            raise error if isinstance(error, OSError) else ValueError(f"{name} {error}")
        self.rejected.append((name, getattr(error, "strerror", None) or str(error)))
        is_named = not self.source.is_folder or Path(name).suffix.lower() in SUFFIXES
        if is_named or not isinstance(error, NotAPicture):
            self.damaged.append(self.rejected[-1])

    def _prepared(self, opening):
        """`(picture, whether it was transparent, None)`; or an error last if it cannot be used."""
        try:
            with opening() as file:
                picture, is_transparent = self.read(file, max_pixels=self.max_pixels)
            picture = scaled(picture, self.size, self.wrap, self.multiple)
            picture = with_unit_normals(picture, self.maps)
            height, width = picture.shape[:2]
            if min(height, width) < CROP:
                raise ValueError(
                    f"is {height} x {width} pixels at data.image_size={self.size}, "
                    f"smaller than one crop of {CROP} x {CROP}"
                )
        except (OSError, ValueError) as error:
            return None, False, error
        return picture, is_transparent, None


def said_of(rejected):
    """How many files were left out, of which kinds, and what helps, in words.

    Args:
        rejected: Of `Usable`.
    """
    if not rejected:
        return "0 left out"
    counts = collections.Counter(
        Path(name).suffix.lower() or "without a suffix" for name, _ in rejected
    )
    kinds = ", ".join(f"{count} {suffix}" for suffix, count in counts.most_common(_NAMED))
    more = ", ..." if len(counts) > _NAMED else ""
    is_heic = any(CONVERT in reason for _, reason in rejected)
    helps = f"; HEIC is read after pip install pillow-heif; or {CONVERT}" if is_heic else ""
    return f"{len(rejected)} left out ({kinds}{more}){helps}"


def said_of_alpha(transparent, count):
    """What becomes of transparent pictures, in words.

    Args:
        transparent: How many pictures are.
        count: How many there are.
    """
    which = "it is" if count == 1 else f"{transparent} of {count} pictures are"
    return f"{which} transparent in places; these are laid over white (data.alpha=keep keeps them)"
