"""Decoded pictures in a temporary file, for crops of sources that are larger than memory."""

import contextlib
import hashlib
import itertools
import tempfile

import numpy as np
import tensorflow as tf

_COUNT = itertools.count(1)


class DecodedPictures:
    """Pictures of any sizes, all their pixels readable at random.

    The pixels lie one after another in a temporary file without a name, so that it goes away with
    the process however that ends. It is mapped, not read: the operating system keeps as much of it
    in memory as there is room for, all of it for a small source, and none of it has to stay.

    Args:
        pictures: An iterable of `(height, width, channels)` uint8 or uint16, all with the same
            channels and type.
        folder: Where the file is made; the system's temporary folder unless given.

    Attributes:
        pixels: `(all pixels, channels)` tensor of the pictures' type.
        sizes: `(count, 2)` int64, each picture's height and width.
        starts: `(count,)` int64, each picture's first pixel.
        fingerprint: 16 hexadecimal digits that tell these pictures from others.

    Raises:
        ValueError: If pictures differ in their channels.
        OSError: If the file cannot be written.
    """

    def __init__(self, pictures, folder=None):
        sizes, digest, channels, kind = [], hashlib.sha256(), None, np.uint8
        with tempfile.TemporaryFile(dir=folder) as file:
            for picture in pictures:
                levels = np.ascontiguousarray(picture)
                channels, kind = channels or levels.shape[2], levels.dtype
                if levels.shape[2] != channels:
                    raise ValueError(
                        "pictures must have the same channels. "
                        f"Received: {channels} and {levels.shape[2]} channels"
                    )
                with _errors_naming(folder):
                    file.write(levels)
                digest.update(levels)
                sizes.append(picture.shape[:2])
            with _errors_naming(folder):
                file.flush()
            self.sizes = np.array(sizes, np.int64).reshape(-1, 2)
            ends = np.cumsum(self.sizes.prod(axis=1))
            self.starts = ends - self.sizes.prod(axis=1)
            # The graph itself reads the mapped file: Python functions in a `tf.data` pipeline can
            # keep a process from ending.
            self.pixels = tf.zeros((0, channels or 3), kind)
            if sizes:
                self.pixels = tf.raw_ops.ImmutableConst(
                    dtype=kind,
                    shape=(ends[-1], channels),
                    memory_region_name=_region(file),
                )
        if len(set(sizes)) > 1:
            digest.update(self.sizes)
        # The same bytes are other pictures with other channels.
        if channels not in (3, None):
            digest.update(bytes([channels]))
        self.fingerprint = digest.hexdigest()[:16]

    def __len__(self):
        return len(self.sizes)

    def __getitem__(self, index):
        """Picture `index`, `(height, width, channels)`."""
        height, width = self.sizes[index]
        start = self.starts[index]
        return self.pixels[start : start + height * width].numpy().reshape(height, width, -1)


def _region(file):
    """A path of an open file that no other has had in this process.

    TensorFlow keeps what it has mapped by the path, and the numbers of files come again.
    """
    count = f"{next(_COUNT):b}".replace("1", "./").replace("0", "/")
    return f"/dev/fd/{count}{file.fileno()}"


@contextlib.contextmanager
def _errors_naming(folder):
    try:
        yield
    except OSError as error:
        reason = f"cannot keep decoded pictures: {error.strerror}"
        raise OSError(error.errno, reason, str(folder or tempfile.gettempdir())) from error
