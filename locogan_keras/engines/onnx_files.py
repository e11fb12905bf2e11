"""Exported `.onnx` files, read and looked at before any runtime sees them.

A runtime's session would already read and run what a file says.
"""

import functools
import hashlib
from pathlib import Path

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


def read_onnx(path, content=None):
    """An exported file's content and `Description`; nothing of it has run.

    Args:
        path: The file.
        content: Its bytes, where they have been read.

    Returns:
        `(content, description)`: bytes that a runtime may be given, and what they say they are.

    Raises:
        ValueError: If the file is damaged, not a generator, or has what no export has: weights in
            other files, control flow, foreign operators.
    """
    with in_one_line(path):
        if content is None:
            content = Path(path).read_bytes()
        metadata = _checked_metadata(content)
    if METADATA not in metadata:
        raise ModelError(path, f"is not a LocoGAN generator: no metadata {METADATA!r}")
    try:
        return content, Description.from_json(metadata[METADATA])
    except ValueError as error:
        raise ModelError(path, f"is {error}") from None


def digest(graph):
    """The digest of a graph's bytes, as `DIGEST` has it."""
    return hashlib.sha256(graph).hexdigest()


def _checked_metadata(content):
    """A file's metadata, if it can do no other things than an export and is not damaged.

    Args:
        content: The file's, bytes.

    Returns:
        A dict of texts; of two of one key the last, as runtimes read them.

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
    entries = [(each.key, each.value) for each in model.metadata if each.key and each.value]
    return {key[-1].decode(): value[-1].decode() for key, value in entries}


@functools.cache
def _classes():
    """Python's classes for `_MESSAGES`, by name."""
    file = descriptor_pb2.FileDescriptorProto(name="onnx_files.proto", package="onnx_files")
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
