"""ICC profiles, written by the specification (ICC.1:2010): Pillow makes none but sRGB's own."""

import struct

# Red, green and blue in XYZ at D50, as the profiles of their makers have them.
SRGB = ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410))
P3 = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
ADOBE = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
_D50 = (0.9642, 1.0, 0.8249)


def color_profile(colors, gamma=None):
    """Of an RGB device; of sRGB's curve unless a gamma is given."""
    tags = {tag: _xyz(color) for tag, color in zip(("rXYZ", "gXYZ", "bXYZ"), colors, strict=True)}
    tags |= {tag: _curve(gamma) for tag in ("rTRC", "gTRC", "bTRC")}
    return _profile("RGB ", "XYZ ", "mntr", tags)


def grey_profile(gamma):
    """Of a device of greys."""
    return _profile("GRAY", "XYZ ", "mntr", {"kTRC": _curve(gamma)})


def ink_profile(color_of):
    """Of a printer: `color_of(c, m, y, k)`, each 0 or 1, gives Lab in bytes."""
    table = b"".join(
        bytes(color_of(c, m, y, k)) for c in (0, 1) for m in (0, 1) for y in (0, 1) for k in (0, 1)
    )
    identity = [65536 * (number in (0, 4, 8)) for number in range(9)]
    head = struct.pack(">4s4xBBBx9i", b"mft1", 4, 3, 2, *identity)
    ramp = bytes(range(256))
    return _profile("CMYK", "Lab ", "prtr", {"A2B0": head + 4 * ramp + table + 3 * ramp})


def _xyz(values):
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(65536 * value) for value in values))


def _curve(gamma):
    if gamma is not None:
        return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(256 * gamma))
    parameters = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    return b"para\0\0\0\0" + struct.pack(">HH5i", 3, 0, *(round(65536 * p) for p in parameters))


def _profile(space, connection, kind, tags):
    name = b"a test's own\0"
    tags = {
        "desc": b"desc\0\0\0\0" + struct.pack(">I", len(name)) + name + bytes(78),
        "cprt": b"text\0\0\0\0none\0",
        "wtpt": _xyz(_D50),
        **tags,
    }
    place = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for tag, data in tags.items():
        table += struct.pack(">4sII", tag.encode(), place + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    words = struct.pack(
        ">I4sI4s4s4s12s4s", place + len(body), b"lcms", 0x02400000, kind.encode(),
        space.encode(), connection.encode(), bytes(12), b"acsp",
    )  # fmt: skip
    light = struct.pack(">3i", *(round(65536 * value) for value in _D50))
    return (words + bytes(28) + light).ljust(128, b"\0") + table + body
