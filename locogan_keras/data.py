"""Sources of pictures, and the stream of (crop, window) that training reads."""

import dataclasses
import hashlib
from pathlib import Path

import numpy as np
import tensorflow as tf

from locogan_keras import graph_latents
from locogan_keras.config import CROP
from locogan_keras.latents import CELL
from locogan_keras.pictures import SUFFIXES, read_picture, scaled
from locogan_keras.positions import PERIODIC_AXES

# The stream's own second key word; the latents of training use the step there.
_STREAM = -1


@dataclasses.dataclass(frozen=True)
class Pictures:
    """Pictures of one size, and how crops of them are placed.

    Args:
        pixels: `(count, height, width, 3)` uint8.
        frame: (height, width) in pixels.
        periodic: Whether positions repeat in (y, x).
        is_pattern: Whether the pictures have no global structure. Then a crop is taken anywhere
            and placed anywhere: uniformly on the circle on a periodic axis. Otherwise the frame is
            the whole picture, a crop's place is the true one, and on a periodic axis it wraps.
    """

    pixels: np.ndarray
    frame: tuple[int, int]
    periodic: tuple[bool, bool]
    is_pattern: bool

    @property
    def fingerprint(self):
        """Tells these pictures from others: 16 hexadecimal digits."""
        return hashlib.sha256(self.pixels).hexdigest()[:16]

    def crops(self, batch_size, seed=0, first_step=0):
        """The endless stream of batches; batch k depends on the seed and on k alone.

        Args:
            batch_size: Crops in a batch.
            seed: 0 to 2^32 - 1.
            first_step: The k to begin with.

        Returns:
            A `tf.data.Dataset` of crops `(batch_size, 64, 64, 3)` float32 in [-1, 1] and windows
            `(batch_size, 4)` float32, (top, left, height, width) in frames.
        """
        pixels = tf.constant(self.pixels)
        place = self._placed_pattern if self.is_pattern else self._placed_truly

        def batch(step):
            samples = graph_latents.words(step * batch_size + tf.range(batch_size, dtype=tf.int64))
            words = _draw(seed, samples, count=5)
            which = _below(words[0], len(self.pixels))
            starts, offsets = zip(*(place(axis, words[1:]) for axis in range(2)), strict=True)
            rows, columns = (
                (start[:, None] + tf.range(CROP, dtype=tf.int64)) % length
                for start, length in zip(starts, self.pixels.shape[1:3], strict=True)
            )
            shape = (batch_size, CROP, CROP)
            indices = (which[:, None, None], rows[:, :, None], columns[:, None, :])
            indices = tf.stack([tf.broadcast_to(index, shape) for index in indices], axis=-1)
            crops = tf.cast(tf.gather_nd(pixels, indices), tf.float32) / 127.5 - 1.0
            corners = [
                tf.cast(offset / length, tf.float32)
                for offset, length in zip(offsets, self.frame, strict=True)
            ]
            extents = [tf.fill((batch_size,), CROP / length) for length in self.frame]
            return crops, tf.stack(corners + extents, axis=1)

        steps = tf.data.Dataset.counter(start=first_step)
        return steps.map(batch, num_parallel_calls=1).prefetch(tf.data.AUTOTUNE)

    def _placed_pattern(self, axis, words):
        """First pixel of each crop in its picture, and its offset in the frame, independently."""
        start = _below(words[axis], self.pixels.shape[1 + axis] - CROP + 1)
        length = self.frame[axis]
        return start, _below(words[2 + axis], length if self.periodic[axis] else length - CROP + 1)

    def _placed_truly(self, axis, words):
        """First pixel of each crop in its picture, which is its offset in the frame."""
        length = self.frame[axis]
        start = _below(words[axis], length if self.periodic[axis] else length - CROP + 1)
        return start, start


def load_pictures(source, *, image_size, encoding, frame):
    """Reads a picture, or a flat folder of pictures of one size.

    Args:
        source: A file or a folder.
        image_size: Pictures are scaled down until their shorter edge has this many pixels.
        encoding: The networks' position encoding.
        frame: (height, width) in pixels of a pattern, or `"picture"` for the whole picture.

    Returns:
        `Pictures`.

    Raises:
        ValueError: If the source does not exist, is empty, is damaged, or is smaller than a crop.
    """
    periodic = PERIODIC_AXES[encoding]
    is_pattern = frame != "picture"
    wrap = (False, False) if is_pattern else periodic
    multiple = tuple(CELL if repeats else 1 for repeats in wrap)
    pixels = []
    for path in _files(source):
        picture = scaled(read_picture(path), image_size, wrap, multiple)
        height, width = picture.shape[:2]
        if min(height, width) < CROP:
            raise ValueError(
                f"{path} is {height} x {width} pixels at data.image_size={image_size}, "
                f"smaller than one crop of {CROP} x {CROP}"
            )
        if pixels and picture.shape != pixels[0].shape:
            raise ValueError(
                f"{path} is {height} x {width} pixels at data.image_size={image_size}, the "
                f"pictures before it {pixels[0].shape[0]} x {pixels[0].shape[1]}"
            )
        pixels.append(picture)
    pixels = np.stack(pixels)
    return Pictures(pixels, tuple(frame) if is_pattern else pixels.shape[1:3], periodic, is_pattern)


def _files(source):
    source = Path(source)
    if source.is_file():
        return [source]
    if not source.exists():
        raise ValueError(f"SOURCE {source} does not exist")
    if not source.is_dir():
        raise ValueError(f"SOURCE {source} is neither a picture nor a folder")
    files = sorted(path for path in source.iterdir() if path.suffix.lower() in SUFFIXES)
    if not files:
        raise ValueError(f"SOURCE {source} has no pictures ({', '.join(SUFFIXES)})")
    return files


def _draw(seed, samples, count):
    """`count` random uint32 words for each sample, `(count, batch)`."""
    draws = tf.range(count, dtype=tf.int64)[:, None]
    words, _ = graph_latents.threefry(
        (tf.constant(seed, tf.uint32), graph_latents.words(_STREAM)),
        (samples, graph_latents.words(draws)),
    )
    return words


def _below(words, bound):
    return tf.cast(words, tf.int64) % bound
