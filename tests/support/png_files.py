"""PNG files that Pillow does not write."""

import struct
import zlib


def png_file(height, width, bits, color_type, rows, transparency=None):
    """A PNG file by the book: what Pillow does not write."""

    def chunk(kind, data):
        checksum = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, color_type, 0, 0, 0))
    clear = b"" if transparency is None else chunk(b"tRNS", transparency)
    pixels = chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + header + clear + pixels
