"""OME-Zarr: a group of Zarr v3 with an array for each level, as OME-NGFF 0.5 has it.

A shard is what a unit has of a level, its chunks are tiles, channels first, in gzip. After the
chunks comes the list of their places, with its CRC-32C.
"""

import gzip
import json
import struct

import numpy as np

from locogan_keras.rendering.gigapixel.store import FolderStore, as_text

_AXES = [{"name": "c", "type": "channel"}, *({"name": each, "type": "space"} for each in "yx")]
# Of a chunk beyond the picture's edge.
_NOWHERE = 2**64 - 1
# Level 6 takes three times as long for 3 % fewer bytes of a rendered texture.
_COMPRESSION = 3
_NUMBERS = {"name": "bytes", "configuration": {"endian": "little"}}
_PACKED = {"name": "gzip", "configuration": {"level": _COMPRESSION}}
_COLORS = {1: ["FFFFFF"], 3: ["FF0000", "00FF00", "0000FF"]}


class OmeZarr(FolderStore):
    """A `Store` in the format of OME-Zarr."""

    def paths(self):
        """As of `Store`."""
        return [self.out]

    def keys(self, unit):
        """As of `Store`."""
        for window in self._windows(unit):
            edge = self.plan.edge(window.level)
            folder = self.out / str(window.level) / "c" / "0" / str(window.top // edge)
            yield folder / str(window.left // edge)

    def encoded(self, unit, levels):
        """As of `Store`."""
        for window, level in zip(self._windows(unit), levels, strict=False):
            yield self._shard(window, level)

    def headers(self):
        """As of `Store`: the arrays' facts, and at last the group's, by which readers find them."""
        arrays = {
            self.out / str(level) / "zarr.json": self._array(level)
            for level in range(self.plan.shown)
        }
        headers = {**arrays, self.out / "zarr.json": self._group()}
        return {key: as_text(facts).encode() for key, facts in headers.items()}

    def _windows(self, unit):
        return [each for each in self.plan.windows(unit) if each.level < self.plan.shown]

    def _shard(self, window, level):
        plan, count = self.plan, self.plan.edge(window.level) // self.plan.chunk
        index = np.full((count, count, 2), _NOWHERE, "<u8")
        shard = bytearray()
        for (row, column), inside in plan.tiles(window):
            tile = level[inside]
            chunk = np.zeros((plan.channels, plan.chunk, plan.chunk), plan.dtype.newbyteorder("<"))
            chunk[:, : tile.shape[0], : tile.shape[1]] = tile.transpose(2, 0, 1)
            packed = gzip.compress(chunk.tobytes(), _COMPRESSION, mtime=0)
            index[row % count, column % count] = len(shard), len(packed)
            shard += packed
        places = index.tobytes()
        return bytes(shard) + places + struct.pack("<I", crc32c(places))

    def _array(self, level):
        plan, edge = self.plan, self.plan.edge(level)

        def grid(length):
            return {"chunk_shape": [plan.channels, length, length]}

        sharding = {
            **grid(plan.chunk),
            "codecs": [_NUMBERS, _PACKED],
            "index_codecs": [_NUMBERS, {"name": "crc32c"}],
            "index_location": "end",
        }
        return {
            "zarr_format": 3,
            "node_type": "array",
            "shape": [plan.channels, *plan.level_size(level)],
            "data_type": plan.dtype.name,
            "chunk_grid": {"name": "regular", "configuration": grid(edge)},
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
            "fill_value": 0,
            "codecs": [{"name": "sharding_indexed", "configuration": sharding}],
            "dimension_names": [axis["name"] for axis in _AXES],
            "attributes": {},
        }

    def _group(self):
        datasets = [
            {
                "path": str(level),
                "coordinateTransformations": [
                    {"type": "scale", "scale": [1.0, 2.0**level, 2.0**level]},
                    # A mean lies in the middle of its pixels.
                    {"type": "translation", "translation": [0.0, *[(2.0**level - 1) / 2] * 2]},
                ],
            }
            for level in range(self.plan.shown)
        ]
        name = self.out.stem
        ome = {
            "version": "0.5",
            "multiscales": [{"name": name, "axes": _AXES, "datasets": datasets, "type": "mean"}],
        }
        colors = _COLORS.get(self.plan.channels)
        if colors:
            most = 1.0 if self.plan.dtype.kind == "f" else int(np.iinfo(self.plan.dtype).max)
            window = {"min": 0, "start": 0, "end": most, "max": most}
            channels = [{"active": True, "color": color, "window": window} for color in colors]
            ome["omero"] = {"channels": channels}
        return {
            "zarr_format": 3,
            "node_type": "group",
            "attributes": {"ome": ome, "locogan": json.loads(as_text(self.facts))},
        }


def crc32c(data):
    """The CRC-32C of bytes, as RFC 3720 defines it."""
    value = 0xFFFFFFFF
    for byte in data:
        value = _TABLE[(value ^ byte) & 0xFF] ^ (value >> 8)
    return value ^ 0xFFFFFFFF


def _remainder(value):
    for _ in range(8):
        value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    return value


_TABLE = [_remainder(byte) for byte in range(256)]
