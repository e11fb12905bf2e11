"""A generator as one ONNX file."""

import re
import warnings

import numpy as np
import onnx
import onnxruntime
import tf2onnx.utils

from locogan_keras.engines.onnx_files import DIGEST, METADATA, digest
from locogan_keras.storage.files.atomic import scratch_folder

OPSETS = (15, 16, 17, 18)
_AXES = {
    "latent": ("batch", "cell_height", "cell_width"),
    "positions": ("batch", "cell_height", "cell_width"),
    "image": ("batch", "height", "width"),
}


def onnx_model(network, description, opset=18):
    """A generator as an ONNX model: inputs `latent` and `positions`, output `image`.

    All axes but the channels are dynamic. The same network gives the same bytes.

    Args:
        network: The deployable form.
        description: Its `Description`, kept in the model's metadata.
        opset: 15 to 18: what Keras and tf2onnx convert to.

    Returns:
        An `onnx.ModelProto`.

    Raises:
        ValueError: If `opset` is out of range.
    """
    if opset not in OPSETS:
        raise ValueError(f"opset must be {OPSETS[0]} to {OPSETS[-1]}. Received: opset={opset}")
    # Keras exports no model that has not been called.
    edge = 2 * description.border + 1
    network([np.zeros((1, edge, edge, tensor.shape[-1]), np.float32) for tensor in network.inputs])
    # It goes on from one export to the next, and nodes are sorted by names that end in it.
    tf2onnx.utils.INTERNAL_NAME = 1
    with scratch_folder() as folder:
        converted = folder / "converted.onnx"
        with warnings.catch_warnings():
            # Keras asks NumPy for names that are going away.
            warnings.simplefilter("ignore", FutureWarning)
            network.export(converted, format="onnx", opset_version=opset, verbose=False)
        model = _simplified(converted, folder / "simplified.onnx")
    _rename(model.graph)
    del model.opset_import[:]
    model.opset_import.append(onnx.helper.make_opsetid("", opset))
    model.producer_name, model.producer_version, model.doc_string = "locogan_keras", "", ""
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, {METADATA: description.to_json()})
    return model


def save_onnx(model, path):
    """A model checked and written as one file, with a digest of its graph.

    Args:
        model: An `onnx.ModelProto`; the digest is added to its metadata.
        path: Where to.
    """
    told = {entry.key: entry.value for entry in model.metadata_props}
    told[DIGEST] = digest(model.graph.SerializeToString())
    onnx.helper.set_model_props(model, told)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def _simplified(source, target):
    """The model without the transpositions and constants that the conversion leaves.

    ONNX Runtime's basic optimisations write standard operators only.
    """
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(target)
    options.log_severity_level = 4
    onnxruntime.InferenceSession(str(source), options, providers=["CPUExecutionProvider"])
    return onnx.load(target)


def _rename(graph):
    """Names for nodes, tensors and axes that say what they are and never change."""
    names = {tensor.name: tensor.name for tensor in graph.input}
    names[graph.output[0].name] = "image"
    weights = {tensor.name for tensor in graph.initializer}
    counts = {}
    for node in graph.node:
        kind = re.sub(r"(?<!^)(?=[A-Z])", "_", node.op_type).lower()
        counts[kind] = counts.get(kind, -1) + 1
        node.name = f"{kind}_{counts[kind]}"
        arguments = onnx.defs.get_schema(node.op_type).inputs
        for argument, name in zip(arguments, node.input, strict=False):
            if name in weights:
                names.setdefault(name, f"{node.name}/{argument.name}")
        for index, name in enumerate(node.output):
            names.setdefault(name, f"{node.name}/{index}" if index else node.name)
    for node in graph.node:
        node.doc_string = ""
        node.input[:] = [names[name] if name else "" for name in node.input]
        node.output[:] = [names[name] for name in node.output]
    for tensor in graph.initializer:
        tensor.name = names[tensor.name]
    kept = sorted(graph.initializer, key=lambda tensor: tensor.name)
    del graph.initializer[:]
    graph.initializer.extend(kept)
    del graph.value_info[:]
    graph.name, graph.doc_string = "generator", ""
    for tensor in [*graph.input, *graph.output]:
        tensor.name = names[tensor.name]
        dimensions = tensor.type.tensor_type.shape.dim
        for dimension, axis in zip(dimensions, _AXES[tensor.name], strict=False):
            dimension.dim_param = axis
