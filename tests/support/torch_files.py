"""Files like those that PyTorch 1.5 saved, made without PyTorch."""

import pickle
import sys
import types
from collections import OrderedDict

import numpy as np

_MAGIC = 0x1950A86A20F9469CFC6C


def _rebuild_tensor_v2():
    """What a tensor names as its constructor."""


_rebuild_tensor_v2.__module__ = "torch._utils"


class FloatStorage:
    """A tensor's values, by a key."""

    def __init__(self, key, values):
        self.key, self.values = key, values


FloatStorage.__module__ = "torch"


class Tensor:
    """A view of a storage; `build` is what makes it again."""

    def __init__(self, storage, shape, strides, offset=0, build=_rebuild_tensor_v2):
        self.storage, self.build = storage, build
        self.place = offset, shape, strides

    def __reduce__(self):
        return self.build, (self.storage, *self.place, False, OrderedDict())


class _Pickler(pickle.Pickler):
    def persistent_id(self, item):
        if isinstance(item, FloatStorage):
            return ("storage", FloatStorage, item.key, "cpu", len(item.values), None)
        return None


def write_torch_file(path, tensors, monkeypatch):
    """Writes `{name: Tensor}`."""
    package, utilities = types.ModuleType("torch"), types.ModuleType("torch._utils")
    package.FloatStorage, package._utils = FloatStorage, utilities
    utilities._rebuild_tensor_v2 = _rebuild_tensor_v2
    monkeypatch.setitem(sys.modules, "torch", package)
    monkeypatch.setitem(sys.modules, "torch._utils", utilities)
    storages = {tensor.storage.key: tensor.storage for tensor in tensors.values()}
    with open(path, "wb") as file:
        for header in (_MAGIC, 1001, {"little_endian": True}):
            pickle.dump(header, file, protocol=2)
        _Pickler(file, protocol=2).dump(OrderedDict(tensors))
        pickle.dump(sorted(storages), file, protocol=2)
        for key in sorted(storages):
            values = np.asarray(storages[key].values, "<f4")
            file.write(len(values).to_bytes(8, "little") + values.tobytes())
