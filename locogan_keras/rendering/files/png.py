"""PNG files, written while their rows are made.

Pillow's encoder needs the whole picture at 4 bytes a pixel and has no colours of 16 bits, and
pypng neither filters rows nor writes text chunks. Of PNG, here is the little that a picture of ours
needs.
"""

import contextlib
import struct
import zlib

import numpy as np

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# PNG's numbers for grey, RGB and RGBA, by their channels.
_KINDS = {1: 0, 3: 2, 4: 6}
_PERCEPTUAL = b"\0"
# Measured on rendered textures: 0.92 to 1.12 times the bytes of Pillow's files in a third to a half
# of the time. Level 6 takes up to three times as long and Paeth 1.4 times, for 0.92 to 1.05 times
# the bytes.
_AVERAGE, _LEVEL = 3, 3
_BLOCK = 2**20


@contextlib.contextmanager
def begin_png(path, size, pixels, metadata=None):
    """A PNG of 8 or 16 bits; colour is sRGB, and says so. The facts are in its text `locogan`.

    Args, yields: As of `format.Begin`; the path may be an open binary file, too.
    """
    height, width = size
    with contextlib.ExitStack() as stack:
        file = path if hasattr(path, "write") else stack.enter_context(open(path, "wb"))
        file.write(_SIGNATURE)
        kind = _KINDS[pixels.channels]
        _write_chunk(
            file, b"IHDR", struct.pack(">IIBBBBB", width, height, pixels.bits, kind, 0, 0, 0)
        )
        if pixels.is_color:
            _write_chunk(file, b"sRGB", _PERCEPTUAL)
        if metadata is not None:
            _write_chunk(file, b"tEXt", b"locogan\0" + metadata.encode("ascii"))
        compressor = zlib.compressobj(_LEVEL)
        unit = pixels.channels * pixels.dtype.itemsize
        above = np.zeros((1, unit * width), np.uint8)
        count = max(1, _BLOCK // (unit * width))

        def write(rows):
            nonlocal above
            # Of 16 bits, the high byte comes first.
            levels = np.ascontiguousarray(rows, pixels.dtype.newbyteorder(">"))
            data = levels.view(np.uint8).reshape(len(rows), unit * width)
            for top in range(0, len(data), count):
                block = data[top : top + count]
                if packed := compressor.compress(_average_filtered(block, above, unit)):
                    _write_chunk(file, b"IDAT", packed)
                above = block[-1:]

        yield write
        _write_chunk(file, b"IDAT", compressor.flush())
        _write_chunk(file, b"IEND", b"")


def _write_chunk(file, kind, data):
    checksum = zlib.crc32(data, zlib.crc32(kind))
    file.write(struct.pack(">I", len(data)) + kind)
    file.write(data)
    file.write(struct.pack(">I", checksum))


def _average_filtered(rows, above, unit):
    """Each byte less the mean of those to its left and above, after the filter's number.

    Rows as PNG compresses them; `unit` is the bytes of a pixel.
    """
    left = np.zeros_like(rows)
    left[:, unit:] = rows[:, :-unit]
    above = np.concatenate([above, rows[:-1]])
    # The bits that both have, and half of those that one has: the mean, and no carry is lost.
    mean = (left & above) + ((left ^ above) >> 1)
    filtered = np.empty((len(rows), 1 + rows.shape[1]), np.uint8)
    filtered[:, 0] = _AVERAGE
    np.subtract(rows, mean, out=filtered[:, 1:])
    return filtered
