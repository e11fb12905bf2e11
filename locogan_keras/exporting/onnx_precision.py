"""Smaller numbers for an exported ONNX model: float16, and int8 calibrated on its own latents."""

import logging

import numpy as np
import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.transformers.float16 import convert_float_to_float16
from onnxruntime.transformers.onnx_model import OnnxModel

from locogan_keras.storage.files.atomic import scratch_folder


def to_float16(model):
    """The model with half the bytes. Inputs, output and the position arithmetic stay float32.

    Positions need the bits: float16 cannot tell neighbouring cells of a large frame apart.

    Args:
        model: An `onnx.ModelProto` of `onnx_model`.

    Returns:
        An `onnx.ModelProto`.
    """
    positions = [node.name for node in model.graph.node if node not in latent_nodes(model)]
    half = OnnxModel(convert_float_to_float16(model, keep_io_types=True, node_block_list=positions))
    # The conversion appends the casts that come first.
    half.topological_sort(is_deterministic=True)
    return half.model


def to_half_weights(model):
    """The model with half the bytes and all of its arithmetic in float32.

    Convolutions' kernels are float16 and cast, which a runtime does once, when it loads them.

    Args:
        model: An `onnx.ModelProto` of `onnx_model`.

    Returns:
        An `onnx.ModelProto`.
    """
    half = onnx.ModelProto()
    half.CopyFrom(model)
    kernels = {node.input[1] for node in latent_nodes(half) if node.op_type == "Conv"}
    casts = []
    for tensor in half.graph.initializer:
        if tensor.name in kernels and tensor.data_type == onnx.TensorProto.FLOAT:
            name, values = tensor.name, onnx.numpy_helper.to_array(tensor)
            tensor.CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float16), f"{name}/half"))
            casts.append(
                onnx.helper.make_node(
                    "Cast", [tensor.name], [name], f"{name}/cast", to=onnx.TensorProto.FLOAT
                )
            )
    nodes = [*casts, *half.graph.node]
    del half.graph.node[:]
    half.graph.node.extend(nodes)
    return half


def to_int8(model, samples):
    """The model with 8-bit convolutions, quantised statically and for each output channel.

    Positions stay float32, and so does the last convolution: it has few operations, and its
    output is the picture.

    Args:
        model: An `onnx.ModelProto` of `onnx_model`.
        samples: (latent, positions) pairs to calibrate on.

    Returns:
        An `onnx.ModelProto`.
    """
    convolutions = [node.name for node in latent_nodes(model) if node.op_type == "Conv"]
    logger = logging.getLogger()
    level = logger.level
    with scratch_folder() as folder:
        path = folder / "int8.onnx"
        try:
            # It recommends a step that has been done.
            logger.setLevel(logging.ERROR)
            quantize_static(
                model,
                path,
                _Samples(samples),
                quant_format=QuantFormat.QDQ,
                per_channel=True,
                # Without this, AVX2's 16-bit sums saturate.
                reduce_range=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                nodes_to_quantize=convolutions[:-1],
            )
        finally:
            logger.setLevel(level)
        return onnx.load(path)


class _Samples(CalibrationDataReader):
    def __init__(self, samples):
        self._samples = iter(samples)

    def get_next(self):
        for latent, positions in self._samples:
            return {"latent": latent, "positions": positions}
        return None


def latent_nodes(model):
    """The nodes that depend on the latent, in order."""
    reached, nodes = {"latent"}, []
    for node in model.graph.node:
        if reached & set(node.input):
            reached |= set(node.output)
            nodes.append(node)
    return nodes
