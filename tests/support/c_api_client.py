"""Runs an exported SavedModel through TensorFlow's C API: the loader that TF Serving is built on.

A program of its own, that never imports TensorFlow's Python:

    python c_api_client.py LIBRARY FOLDER REQUESTS.json INPUTS.npz OUTPUTS.npz

REQUESTS is a list of `{"inputs": {tensor: array's key}, "output": tensor}`; OUTPUTS holds each
one's output under its index, strings as bytes. It prints the seconds it took to load, and the peak
of its memory in MiB.
"""

import ctypes
import json
import resource
import sys
import time

import numpy as np

FLOAT, STRING, INT64 = 1, 7, 9
STRING_BYTES = 24
# Functions that return a pointer; ctypes takes it for an int, and cuts it off.
POINTERS = (
    "TF_NewStatus",
    "TF_Message",
    "TF_NewGraph",
    "TF_NewSessionOptions",
    "TF_LoadSessionFromSavedModel",
    "TF_GraphOperationByName",
    "TF_AllocateTensor",
    "TF_TensorData",
    "TF_StringGetDataPointer",
)
pointer = ctypes.c_void_p


class Output(ctypes.Structure):
    _fields_ = [("operation", pointer), ("index", ctypes.c_int)]


def c_api(library):
    api = ctypes.CDLL(library)
    for name in POINTERS:
        getattr(api, name).restype = pointer
    for name in ("TF_TensorByteSize", "TF_StringGetSize"):
        getattr(api, name).restype = ctypes.c_size_t
    api.TF_Dim.restype = ctypes.c_int64
    return api


class Session:
    def __init__(self, library, folder):
        self.api = c_api(library)
        self.status = pointer(self.api.TF_NewStatus())
        self.graph = pointer(self.api.TF_NewGraph())
        tags = (ctypes.c_char_p * 1)(b"serve")
        options = pointer(self.api.TF_NewSessionOptions())
        self.session = pointer(
            self.api.TF_LoadSessionFromSavedModel(
                options, None, folder.encode(), tags, 1, self.graph, None, self.status
            )
        )
        self.check()

    def check(self):
        if self.api.TF_GetCode(self.status):
            message = ctypes.string_at(pointer(self.api.TF_Message(self.status)))
            sys.exit(message.decode())

    def output(self, tensor):
        name, _, index = tensor.partition(":")
        operation = self.api.TF_GraphOperationByName(self.graph, name.encode())
        if not operation:
            sys.exit(f"the graph has no {tensor}")
        return Output(operation, int(index))

    def tensor(self, array):
        kind = {"float32": FLOAT, "int64": INT64}[array.dtype.name]
        shape = (ctypes.c_int64 * array.ndim)(*array.shape)
        size = ctypes.c_size_t(array.nbytes)
        tensor = self.api.TF_AllocateTensor(kind, shape, array.ndim, size)
        data = np.ascontiguousarray(array)
        ctypes.memmove(self.api.TF_TensorData(pointer(tensor)), data.ctypes.data, array.nbytes)
        return tensor

    def run(self, inputs, output):
        names = (Output * len(inputs))(*map(self.output, inputs))
        values = (pointer * len(inputs))(*map(self.tensor, inputs.values()))
        outputs, results = (Output * 1)(self.output(output)), (pointer * 1)()
        self.api.TF_SessionRun(
            *(self.session, None),
            *(names, values, len(inputs)),
            *(outputs, results, 1),
            *(None, 0, None, self.status),
        )
        self.check()
        result = pointer(results[0])
        shape = [self.api.TF_Dim(result, axis) for axis in range(self.api.TF_NumDims(result))]
        data = self.api.TF_TensorData(result)
        if self.api.TF_TensorType(result) == STRING:
            (count,) = shape
            return np.array([self.string(data + STRING_BYTES * i) for i in range(count)], object)
        content = ctypes.string_at(data, self.api.TF_TensorByteSize(result))
        return np.frombuffer(content, np.float32).reshape(shape)

    def string(self, address):
        start = self.api.TF_StringGetDataPointer(pointer(address))
        size = self.api.TF_StringGetSize(pointer(address))
        return np.void(ctypes.string_at(start, size))


def main(library, folder, requests, inputs, outputs):
    with open(requests) as file:
        requests = json.load(file)
    arrays = np.load(inputs)
    start = time.perf_counter()
    session = Session(library, folder)
    print(f"{time.perf_counter() - start:.2f}")
    results = {}
    for index, request in enumerate(requests):
        fed = {tensor: arrays[key] for tensor, key in request["inputs"].items()}
        result = session.run(fed, request["output"])
        results[str(index)] = result if result.dtype == np.float32 else result[0]
    np.savez(outputs, **results)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
    if any(name.partition(".")[0] == "tensorflow" for name in sys.modules):
        sys.exit("this was not to import TensorFlow")


if __name__ == "__main__":
    main(*sys.argv[1:])
