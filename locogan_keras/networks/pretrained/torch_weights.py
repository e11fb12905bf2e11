"""Weights out of a file that PyTorch 1.5 or older saved, without PyTorch and without its trust."""

import collections
import pickle

import numpy as np

_MAGIC = 0x1950A86A20F9469CFC6C
_KINDS = {"FloatStorage": "<f4", "LongStorage": "<i8"}


def read_weights(path):
    """The weights in a `state_dict`.

    The file is five pickles (a magic number, a version, the machine's types, the tensors' names and
    shapes, the storages' keys) and then each storage's length and raw values. Pickles can run any
    code: here they may name an ordered dictionary, a tensor and its storages, and nothing else.

    Args:
        path: The file.

    Returns:
        `{name: array}`, in the file's order.

    Raises:
        ValueError: If it is no such file, or wants to run something.
    """
    with open(path, "rb") as file:
        try:
            if pickle.Unpickler(file).load() != _MAGIC:
                raise ValueError("no magic number")
            for _ in range(2):
                _Unpickler(file).load()
            tensors = _Unpickler(file).load()
            keys = _Unpickler(file).load()
            kinds = {tensor.key: tensor.kind for tensor in tensors.values()}
            storages = {key: _storage(file, kinds[key]) for key in keys}
            return {name: tensor.of(storages[tensor.key]) for name, tensor in tensors.items()}
        except (
            *(pickle.UnpicklingError, EOFError, UnicodeDecodeError),
            *(ArithmeticError, AttributeError, LookupError, TypeError, ValueError),
        ) as error:
            raise ValueError(f"{path} does not hold PyTorch weights: {error}") from None


def _storage(file, kind):
    count = int.from_bytes(file.read(8), "little")
    return np.frombuffer(file.read(count * np.dtype(kind).itemsize), kind, count)


class _Tensor(collections.namedtuple("_Tensor", "key kind offset shape strides")):
    """The place of a tensor: in which storage it lies, and where."""

    @classmethod
    def rebuilt(cls, storage, offset, shape, strides, *_):
        """The place of a tensor, as what PyTorch's pickles call `_rebuild_tensor_v2`."""
        return cls(*storage, offset, shape, strides)

    def of(self, storage):
        """The tensor as an array of its own."""
        ends = [(length - 1) * step for length, step in zip(self.shape, self.strides, strict=True)]
        if min(0, self.offset, *ends, *self.strides) < 0 or self.offset + sum(ends) >= len(storage):
            raise ValueError("a tensor reaches out of its storage")
        strides = [stride * storage.itemsize for stride in self.strides]
        return np.lib.stride_tricks.as_strided(
            storage[self.offset :], self.shape, strides, writeable=False
        ).copy()


class _Unpickler(pickle.Unpickler):
    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _Tensor.rebuilt
        if module == "torch" and name in _KINDS:
            return _KINDS[name]
        raise pickle.UnpicklingError(f"it names {module}.{name}")

    def persistent_load(self, saved):
        _, kind, key, *_ = saved
        return key, kind
