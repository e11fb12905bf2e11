"""The engine that runs an exported `.onnx` file in ONNX Runtime, without TensorFlow or Keras.

A file is looked at before ONNX Runtime sees it: a session would already read and run what it says.
"""

import functools
import hashlib
import os

import onnxruntime
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from locogan_keras.canvas.description import Description
from locogan_keras.storage.failures import ModelError, in_one_line

# The key of an exported file's metadata that holds its description.
METADATA = "locogan"
# The key of a file's metadata that holds the digest of its graph. Older versions wrote none.
DIGEST = "locogan_sha256"
# ONNX's own operators that exports compute with, in this version or another. None runs other graphs
# (If, Loop, Scan) or sees a file.
_COMPUTES = """
Abs Add BatchNormalization Cast Ceil Clip Concat Conv ConvTranspose Cos DepthToSpace
DequantizeLinear Div Equal Erf Exp Expand Flatten Floor Gather Gemm Greater Identity LeakyRelu Less
MatMul Max Min Mod Mul Neg Pad Pow QuantizeLinear Range Reciprocal ReduceMean ReduceSum Relu Reshape
Resize Round Shape Sigmoid Sin Size Slice SpaceToDepth Split Sqrt Squeeze Sub Tanh Tile Transpose
Unsqueeze Where
"""

# ONNX's messages with the fields that are looked at: their numbers, and the message they hold or
# None for bytes. All are repeated: what is said twice is seen twice. A graph is bytes at first, for
# that is what its digest is of. A node's attribute may be a number; these are graphs and tensors.
_MESSAGES = {
    "Model": {
        "graphs": (7, None),
        "metadata": (14, "Entry"),
        "trainings": (20, None),
        "functions": (25, "Function"),
    },
    "Entry": {"key": (1, None), "value": (2, None)},
    "Function": {"name": (1, None)},
    "Graph": {"nodes": (1, "Node"), "weights": (5, "Weights"), "sparse": (15, "Weights")},
    "Weights": {"files": (13, None)},
    "Node": {"operator": (4, None), "attributes": (5, "Attribute"), "domain": (7, None)},
    "Attribute": {f"nested_{number}": (number, None) for number in (5, 6, 10, 11, 22, 23)},
}


class OnnxEngine:
    """An engine that runs an exported `.onnx` file.

    The session is set up for throughput: as many threads as this process may use, all graph
    optimisations (which choose the blocked NCHWc layout), and memory kept from one tile for the
    next, which the arena can do exactly because the renderer's tiles have one shape.

    Args:
        path: The file.

    Call arguments:
        latent, positions: As in `Generator`, NumPy float32.

    Returns:
        image, NumPy float32 in [-1, 1]. Inputs of other shapes raise `ValueError`.

    Raises:
        ValueError: If the file is damaged, not a generator, or has what no export has: weights in
            other files, control flow, foreign operators. Then nothing of it was run.
    """

    def __init__(self, path):
        self._path = path
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = _usable_cores()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.enable_cpu_mem_arena = True
        options.enable_mem_pattern = True
        # Its warnings are for its developers; errors are raised.
        options.log_severity_level = 4
        # Not what its first bytes say: ONNX is what was checked.
        options.add_session_config_entry("session.load_model_format", "ONNX")
        with in_one_line(path):
            with open(path, "rb") as file:
                content = file.read()
            _check(content)
            # Without what it says to standard output before it tries the same again.
            self._session = onnxruntime.InferenceSession(
                content, options, providers=["CPUExecutionProvider"], enable_fallback=False
            )
            metadata = self._session.get_modelmeta().custom_metadata_map
        if METADATA not in metadata:
            raise ModelError(path, f"is not a LocoGAN generator: no metadata {METADATA!r}")
        try:
            self.description = Description.from_json(metadata[METADATA])
        except ValueError as error:
            raise ModelError(path, f"is {error}") from None

    def __call__(self, latent, positions):
        self.description.check_inputs(latent, positions)
        with in_one_line(self._path, "does not run"):
            return self._session.run(["image"], {"latent": latent, "positions": positions})[0]


def digest(graph):
    """The digest of a graph's bytes, as `DIGEST` has it."""
    return hashlib.sha256(graph).hexdigest()


def _check(content):
    """A refusal of a file that could do other things than an export, or is damaged.

    Args:
        content: The file's, bytes.

    Raises:
        ValueError: If it has weights in other files, operators that no export has, graphs within
            its graph, functions, or another graph than was written, if it says which was.
        DecodeError: If it is no ONNX file.
    """
    classes = _classes()
    model = classes["Model"].FromString(content)
    if len(model.graphs) != 1 or model.trainings:
        raise ValueError(f"it has {len(model.graphs)} graphs and {len(model.trainings)} trainings")
    graph = classes["Graph"].FromString(model.graphs[0])
    if graph.sparse or any(weights.files for weights in graph.weights):
        raise ValueError("it has weights in other files, or sparse ones")
    known = {name.encode() for name in _COMPUTES.split()}
    refused = {name for function in model.functions for name in function.name or [b"?"]}
    for node in graph.nodes:
        foreign = [*filter(None, node.domain)]
        nested = any(each.ListFields() for each in node.attributes)
        for operator in node.operator or [b"?"]:
            if foreign or nested or operator not in known:
                refused.add(b".".join([*foreign, operator]))
    if refused:
        names = ", ".join(sorted(name.decode(errors="replace") for name in refused))
        raise ValueError(f"it is a program with operators that no export has: {names}")
    told = [each.value for each in model.metadata if DIGEST.encode() in each.key]
    if any([digest(model.graphs[0]).encode()] != list(value) for value in told):
        raise ValueError("it is damaged: its graph is not the one that was exported")


@functools.cache
def _classes():
    """Python's classes for `_MESSAGES`, by name."""
    file = descriptor_pb2.FileDescriptorProto(name="onnx_engine.proto", package="onnx_engine")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, (number, held) in fields.items():
            added = message.field.add(name=field, number=number, label="LABEL_REPEATED")
            if held:
                added.type, added.type_name = added.TYPE_MESSAGE, f".{file.package}.{held}"
            else:
                added.type = added.TYPE_BYTES
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{file.package}.{name}"))
        for name in _MESSAGES
    }


def _usable_cores():
    """The number of cores this process may use; a container's share where the system tells."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
