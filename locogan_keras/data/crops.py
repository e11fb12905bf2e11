"""Sources of pictures, and the stream of (crop, window) that training reads."""

import contextlib
import dataclasses
import hashlib
import os
import statistics

import numpy as np
import tensorflow as tf

from locogan_keras.canvas import graph_latents
from locogan_keras.canvas.latents import CELL
from locogan_keras.canvas.positions import CROP, PERIODIC_AXES
from locogan_keras.data.decoded_pictures import DecodedPictures
from locogan_keras.data.materials import opened_with_maps
from locogan_keras.data.picture_files import MAX_PIXELS, pillow_quiet
from locogan_keras.data.usable import Usable, said_of

# The stream's own second key word; the latents of training use the step there.
_STREAM = -1

# Batches that are ready before they are asked for.
_AHEAD = 4


@dataclasses.dataclass(frozen=True)
class Pictures:
    """Pictures of any sizes, and how crops of them are placed.

    Args:
        decoded: The `DecodedPictures`.
        frame: (height, width) in pixels.
        periodic: Whether positions repeat in (y, x).
        is_pattern: Whether the pictures have no global structure. Then a crop is taken anywhere
            and placed anywhere: uniformly on the circle on a periodic axis. Otherwise a crop's
            place is the true one in its own picture, and on a periodic axis it wraps.
        true_phase: Whether the frame is the lattice of the pattern. Then a crop is placed where it
            was taken, less whole frames, on a periodic axis.
        stride: Pixels between the possible places of crops in the frame, or in their picture.
        rejected: Pairs of the name of a file that was left out and the reason.
        transparent: How many of the pictures show the white that they were laid over.
        maps: What the pictures' channels are, as of `checked_maps`; none of RGB.
    """

    decoded: DecodedPictures
    frame: tuple[int, int]
    periodic: tuple[bool, bool]
    is_pattern: bool
    stride: int = 1
    rejected: tuple[tuple[str, str], ...] = ()
    true_phase: bool = False
    transparent: int = 0
    maps: tuple[tuple[str, int], ...] = ()

    @property
    def fingerprint(self):
        """The 16 hexadecimal digits that tell these pictures, and what they are, from others."""
        own = self.decoded.fingerprint
        return hashlib.sha256(f"{own}{self.maps}".encode()).hexdigest()[:16] if self.maps else own

    def colour(self, index):
        """Picture `index` without what it is beside its colour, `(height, width, 3)` uint8."""
        levels = self.decoded[index][..., :3]
        return levels if levels.dtype == np.uint8 else np.uint8(levels >> 8)

    def crops(self, batch_size, seed=0, first_step=0, packed=1):
        """The endless stream of batches; batch k depends on the seed and on k alone.

        Args:
            batch_size: Crops in a batch.
            seed: 0 to 2^32 - 1.
            first_step: The k to begin with.
            packed: How many neighbours in the batch share their window: of a pattern, other crops
                that belong there. They are never divided between replicas.

        Returns:
            A `tf.data.Dataset` of crops `(batch_size, 64, 64, channels)` float32 in [-1, 1] and
            windows `(batch_size, 4)` float32, (top, left, height, width) in frames; where crops
            are at their true places, as fractions of their own picture.
        """
        pixels, sizes = self.decoded.pixels, tf.constant(self.decoded.sizes)
        firsts = tf.constant(self.decoded.starts)
        place = self._placed_pattern if self.is_pattern else self._placed_truly

        @tf.autograph.experimental.do_not_convert
        def batch(step):
            samples = graph_latents.words(step * batch_size + tf.range(batch_size, dtype=tf.int64))
            words = _draw(seed, samples, count=5)
            if packed > 1:
                leaders = tf.range(batch_size) // packed * packed
                shared = tf.gather(words, leaders, axis=1)
                words = tf.concat([shared[:1], words[1:3], shared[3:], shared[1:3]], axis=0)
            which = _below(words[0], len(self.decoded))
            lengths = tf.unstack(tf.gather(sizes, which), axis=1)
            axes = [place(axis, lengths[axis], words[1:]) for axis in range(2)]
            starts, offsets, frame = zip(*axes, strict=True)
            # A crop that goes over an edge goes on at the opposite one.
            rows, columns = (
                (start[:, None] + tf.range(CROP, dtype=tf.int64)) % length[:, None]
                for start, length in zip(starts, lengths, strict=True)
            )
            in_picture = rows[:, :, None] * lengths[1][:, None, None] + columns[:, None, :]
            levels = tf.gather(pixels, tf.gather(firsts, which)[:, None, None] + in_picture)
            corners = [offset / length for offset, length in zip(offsets, frame, strict=True)]
            extents = [CROP / length for length in frame]
            windows = tf.stack([tf.cast(each, tf.float32) for each in corners + extents], axis=1)
            return tf.cast(levels, tf.float32) / (levels.dtype.max / 2) - 1.0, windows

        # Autotuning has a thread that looks ever more rarely whether its iterator is still there:
        # when a long run ends, it would be waited for, up to a minute.
        options = tf.data.Options()
        options.autotune.enabled = False
        steps = tf.data.Dataset.counter(start=first_step).with_options(options)
        # Batches come in their order, however many threads make them.
        crops = steps.map(batch, num_parallel_calls=os.cpu_count(), deterministic=True)
        return crops.prefetch(_AHEAD)

    def _placed_pattern(self, axis, lengths, words):
        """Places of crops in their pictures and in the frame; without a lattice, independent ones.

        Returns:
            First pixels in their pictures, places in the frame, and the frame's lengths, each
            `(batch,)` int64.
        """
        frame = tf.fill(lengths.shape, tf.constant(self.frame[axis], tf.int64))
        if self.true_phase and self.periodic[axis]:
            places = (lengths - CROP) // self.stride + 1
            if words.shape[0] == 4:
                starts = self.stride * _below(words[axis], places)
                return starts, starts % frame, frame
            # Any of the pieces that have the place of the first of those that share it.
            place = self.stride * _below(words[4 + axis], places) % frame
            pieces = (lengths - CROP - place) // frame + 1
            return place + frame * _below(words[axis], pieces), place, frame
        starts = _below(words[axis], lengths - CROP + 1)
        return starts, self._place(axis, frame, words[2 + axis]), frame

    def _placed_truly(self, axis, lengths, words):
        """The same for true places: a crop's place is its first pixel, its frame the picture."""
        starts = self._place(axis, lengths, words[axis])
        return starts, starts, lengths

    def _place(self, axis, lengths, words):
        last = lengths - self.stride if self.periodic[axis] else lengths - CROP
        return self.stride * _below(words, last // self.stride + 1)


def load_pictures(
    source,
    *,
    image_size,
    encoding,
    frame,
    stride=1,
    true_phase=False,
    max_rejected=0.5,
    max_pixels=MAX_PIXELS,
    alpha="drop",
    temporary_folder=None,
):
    """All pictures of a source that can be used, decoded and scaled.

    Args:
        source: A picture, a folder, `tfds:NAME[:SPLIT]` or `lmdb:PATH`, see `sources.open_source`;
            or a folder that is a material, see `materials.material_in`, one picture of all maps.
        image_size: As `size` of `pictures.scaled`.
        encoding: The networks' position encoding.
        frame: (height, width) in pixels of a pattern, or `"picture"` for the whole picture: the
            median height and the median width, where pictures differ.
        stride: Pixels between the possible places of crops, 1, 2, 4, 8 or 16. Where places are the
            true ones, pictures are scaled to a multiple of it.
        true_phase: Whether a pattern's frame is its lattice, in which crops keep their places.
        max_rejected: Share of the pictures that may be damaged or too small for a crop. Files of a
            folder that are no pictures do not count.
        max_pixels: What a picture may have.
        alpha: What becomes of transparency: `"drop"` it, over white, or `"keep"` it; then colour is
            multiplied by it, and followed by it.
        temporary_folder: Where decoded pictures are kept, see `DecodedPictures`.

    Returns:
        `Pictures`.

    Raises:
        ValueError: If the source does not exist, is empty, is a picture that is damaged or smaller
            than a crop, or if more than `max_rejected` of its pictures are.
        OSError: If a picture cannot be read at all, or the decoded ones cannot be kept.
    """
    periodic = PERIODIC_AXES[encoding]
    is_pattern = frame != "picture"
    wrap = (False, False) if is_pattern else periodic
    unit = 1 if is_pattern else stride
    multiple = tuple(CELL if repeats else unit for repeats in wrap)
    opened, read, maps = opened_with_maps(source, alpha, max_pixels)
    usable = Usable(opened, image_size, wrap, multiple, max_pixels, read, maps)
    # Closed here and now, also when the disk is full: its threads must not wait for the garbage
    # collection, which may happen in one of them.
    with pillow_quiet(max_pixels), contextlib.closing(iter(usable)) as pictures:
        decoded = DecodedPictures(pictures, temporary_folder)
    rejected, count = usable.rejected, usable.pictures
    if not count:
        raise ValueError(f"SOURCE {source} has no pictures; {said_of(rejected)}")
    damaged = usable.damaged
    if len(damaged) > max_rejected * count or not len(decoded):
        name, reason = damaged[0]
        raise ValueError(
            f"SOURCE {source}: {len(damaged)} of {count} pictures cannot be used, more "
            f"than data.max_rejected={max_rejected} allows; the first: {name} {reason}"
        )
    if not is_pattern:
        # The lower median is a length that occurs: whole cells, where lengths have to be.
        frame = (statistics.median_low(lengths) for lengths in decoded.sizes.T.tolist())
    return Pictures(
        decoded,
        tuple(frame),
        periodic,
        is_pattern,
        stride,
        (*rejected, *opened.others),
        true_phase,
        usable.transparent,
        maps,
    )


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
