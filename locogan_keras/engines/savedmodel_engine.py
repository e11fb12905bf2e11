"""The engine that runs an exported SavedModel in TensorFlow."""

from pathlib import Path

import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from locogan_keras.canvas.description import Description
from locogan_keras.storage.failures import ModelError, in_one_line

# What exports compute with, in this version or another: nothing of it sees a file or the network.
# And what the saver that TensorFlow adds to each does.
_COMPUTES = """
Abs AddN AddV2 All Any AsString Assert AssignVariableOp BatchMatMulV2 BiasAdd Bitcast BitwiseAnd
BitwiseOr BitwiseXor BroadcastArgs BroadcastTo Cast Ceil ClipByValue ConcatOffset ConcatV2 Const
Conv2D Conv2DBackpropInput Cos Cumsum DepthToSpace DisableCopyOnRead DivNoNan Einsum EncodePng
EnsureShape Equal Exp ExpandDims Fill Floor FloorDiv FloorMod FusedBatchNormV3 GatherNd GatherV2
Greater GreaterEqual Identity IdentityN If Invert LeftShift Less LessEqual LinSpace Log LogicalAnd
LogicalNot LogicalOr MatMul Max Maximum Mean Min Minimum MirrorPad Mul Neg NoOp NotEqual OneHot
OnesLike Pack Pad PadV2 PartitionedCall Placeholder PlaceholderWithDefault Pow Prod Range Rank
ReadVariableOp RealDiv Reciprocal Relu Reshape ResizeBilinear ResizeNearestNeighbor ReverseV2
RightShift Rint Roll Round Rsqrt ScatterNd Select SelectV2 Shape ShapeN Sigmoid Sign Sin Size
Slice Snapshot SpaceToDepth Split SplitV Sqrt Square SquaredDifference Squeeze
StatefulPartitionedCall StatelessIf StatelessWhile StaticRegexFullMatch StopGradient StridedSlice
StringFormat StringJoin Sub Sum Tanh TensorListElementShape TensorListFromTensor TensorListGetItem
TensorListLength TensorListPopBack TensorListPushBack TensorListReserve TensorListSetItem
TensorListStack Tile Transpose TruncateDiv TruncateMod Unpack VarHandleOp Where While ZerosLike
"""
_SAVES = {"MergeV2Checkpoints", "RestoreV2", "SaveV2", "ShardedFilename"}
# Of the objects that a SavedModel may hold, those that run something as they are loaded.
_ACTS_WHEN_LOADED = {"asset", "resource"}
# An export's other signature, `render`, goes round for each window of a picture; these never do.
_ENTRIES = ("serving_default", "describe")


class SavedModelEngine:
    """An engine that runs a SavedModel's `serving_default` signature.

    Args:
        folder: The SavedModel's.

    Attributes:
        signatures: By name; `render` makes PNG files, as `exporting.savedmodel_export` says.

    Call arguments:
        latent, positions: As in `Generator`, NumPy float32.

    Returns:
        image, NumPy float32 in [-1, 1]. Inputs of other shapes raise `ValueError`.

    Raises:
        ValueError: If it is damaged, not a generator, or has operators that no export has.
    """

    def __init__(self, folder):
        self._folder = folder
        with in_one_line(folder):
            _check_operators(folder)
            # Functions live as long as the object they were loaded with.
            self._loaded = tf.saved_model.load(str(folder))
            self.signatures = signatures = self._loaded.signatures
            names = sorted(signatures)
        if not set(_ENTRIES) <= set(names):
            raise ModelError(
                folder,
                f"is not a LocoGAN generator: its signatures are {', '.join(names) or 'none'}",
            )
        for name in _ENTRIES:
            if _has_loops(signatures[name]):
                raise ModelError(
                    folder, f"has a loop in {name}, which no export has; it did not run"
                )
        with in_one_line(folder, "does not describe itself"):
            answer = signatures["describe"](query=tf.zeros(1, tf.int64))
            text = answer["model_json"].numpy()[0]
        try:
            self.description = Description.from_json(text)
        except ValueError as error:
            raise ModelError(folder, f"is {error}") from None
        self._serve = signatures["serving_default"]

    def __call__(self, latent, positions):
        self.description.check_inputs(latent, positions)
        with in_one_line(self._folder, "does not run"):
            image = self._serve(latent=tf.constant(latent), positions=tf.constant(positions))
            return image["image"].numpy()


def _check_operators(folder):
    """A refusal, with `ValueError`, of a SavedModel that could do other things than an export.

    A SavedModel is a program, part of which already runs when it is loaded or asked what it is:
    it might write a file. What can be called may only compute.
    """
    path, model = Path(folder, "saved_model.pb"), saved_model_pb2.SavedModel()
    if path.with_suffix(".cpb").exists():
        raise ValueError("it has a saved_model.cpb, which no export has")
    model.ParseFromString(path.read_bytes())
    for graph in model.meta_graphs:
        functions = {
            each.signature.name: each.node_def for each in graph.graph_def.library.function
        }
        kinds = {node.WhichOneof("kind") for node in graph.object_graph_def.nodes}
        if acts := kinds & _ACTS_WHEN_LOADED:
            raise ValueError(
                f"it has what no export has: {', '.join(sorted(acts))}; it was not run"
            )
        called = _reachable(graph.object_graph_def.concrete_functions, functions)
        nodes = [graph.graph_def.node, *functions.values()]
        used = {node.op for each in nodes for node in each}
        refused = used - set(_COMPUTES.split()) - _SAVES
        refused |= {node.op for name in called for node in functions[name]} & _SAVES
        if refused:
            names = ", ".join(sorted(refused))
            raise ValueError(
                f"it is a program with operators that no export has: {names}; it was not run"
            )


def _has_loops(signature):
    """Whether a loaded signature might not end. Functions that call themselves do not load."""
    graph = signature.graph.as_graph_def()
    nodes = [graph.node, *(function.node_def for function in graph.library.function)]
    return any(node.op in {"While", "StatelessWhile"} for each in nodes for node in each)


def _reachable(names, functions):
    """The names of functions that these functions call, by way of others, too; and their own."""
    found, left = set(), list(names)
    while left:
        name = left.pop()
        if name in functions and name not in found:
            found.add(name)
            for attribute in (each for node in functions[name] for each in node.attr.values()):
                left += [attribute.func.name, *(each.name for each in attribute.list.func)]
    return found
