"""PyTorch's files: what is in them, and what they may not do."""

import os

import numpy as np
import pytest
from support.torch_files import FloatStorage, Tensor, write_torch_file

from locogan_keras.networks.pretrained.torch_weights import read_weights


@pytest.fixture
def path(tmp_path):
    return tmp_path / "weights.pth"


def test_tensors_are_views_of_their_storages(path, monkeypatch):
    values = np.arange(12.0)
    shared, own = FloatStorage("2", values), FloatStorage("1", [7.0])
    tensors = {
        "rows": Tensor(shared, (2, 3), (3, 1), offset=6),
        "columns": Tensor(shared, (3, 4), (1, 3)),
        "number": Tensor(own, (), ()),
    }
    write_torch_file(path, tensors, monkeypatch)
    weights = read_weights(path)
    assert list(weights) == ["rows", "columns", "number"]
    np.testing.assert_array_equal(weights["rows"], values[6:].reshape(2, 3))
    np.testing.assert_array_equal(weights["columns"], values.reshape(4, 3).T)
    assert weights["number"] == 7
    assert weights["rows"].dtype == np.float32


def test_nothing_is_run(path, monkeypatch):
    tensors = {"weight": Tensor(FloatStorage("1", [1.0]), (1,), (1,), build=os.system)}
    write_torch_file(path, tensors, monkeypatch)
    with pytest.raises(ValueError, match=r"weights\.pth does not hold .* it names .*system"):
        read_weights(path)


@pytest.mark.parametrize(
    ("shape", "strides", "offset"), [((5,), (1,), 0), ((2,), (1,), 3), ((2,), (-1,), 1)]
)
def test_no_tensor_reaches_out_of_its_storage(path, monkeypatch, shape, strides, offset):
    tensors = {"weight": Tensor(FloatStorage("1", [1, 2, 3, 4]), shape, strides, offset)}
    write_torch_file(path, tensors, monkeypatch)
    with pytest.raises(ValueError, match="out of its storage"):
        read_weights(path)


def test_what_is_cut_short_or_something_else_is_refused(path, monkeypatch):
    write_torch_file(path, {"weight": Tensor(FloatStorage("1", [1, 2]), (2,), (1,))}, monkeypatch)
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match=r"weights\.pth does not hold"):
            read_weights(path)
    path.write_bytes(b"\x89PNG\r\n" + whole)
    with pytest.raises(ValueError, match="does not hold"):
        read_weights(path)
