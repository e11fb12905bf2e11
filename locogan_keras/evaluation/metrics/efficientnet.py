"""EfficientNet-Lite0 (Tan and Le, 2019) as an ONNX graph that gives features."""

import numpy as np
import onnx

# Of each block; kernels and widths are the weights' own.
_STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1)
# The last blocks of the stages at a quarter, an eighth and a sixteenth of the size.
_TAPPED = (2, 4, 10)
_EPSILON = 1e-3


def build_network(weights):
    """The network as an ONNX model.

    Args:
        weights: `{name: array}` under the names of the EfficientNet for PyTorch.

    Returns:
        A model from `pictures`, `(count, height, width, 3)` in [-1, 1], to `texture`, the means and
        deviations of the tapped stages' channels, and `content`, the means of the last one's.
    """
    graph = _Graph(weights)
    # [-1, 1] is what the network was trained on, but for half a level.
    result = graph.add("Transpose", "pictures", perm=[0, 3, 1, 2])
    result = graph.clipped(graph.convolution(result, "_conv_stem", "_bn0", stride=2))
    statistics = []
    for number, stride in enumerate(_STRIDES):
        result = graph.block(result, number, stride)
        if number in _TAPPED:
            statistics += graph.moments(result)
    graph.add("Concat", *statistics, axis=1, output="texture")
    result = graph.clipped(graph.convolution(result, "_conv_head", "_bn1"))
    graph.mean(result, output="content")
    return graph.model()


class _Graph:
    """A graph that grows: each method but `model` adds to it and returns the new outputs' names."""

    def __init__(self, weights):
        self._weights = weights
        self._nodes, self._constants = [], []

    def add(self, kind, *inputs, output=None, **attributes):
        name = output or f"{kind}_{len(self._nodes)}"
        self._nodes.append(onnx.helper.make_node(kind, inputs, [name], **attributes))
        return name

    def constant(self, values):
        name = f"constant_{len(self._constants)}"
        self._constants.append(onnx.numpy_helper.from_array(np.asarray(values), name))
        return name

    def convolution(self, entry, kernel, normalization, stride=1):
        """A convolution, depthwise where a kernel has one input, and its batch normalization."""
        scale, shift, mean, variance = (
            self._weights[f"{normalization}.{part}"]
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        scale = scale / np.sqrt(variance + _EPSILON)
        kernel = self._weights[f"{kernel}.weight"]
        return self.add(
            "Conv",
            entry,
            self.constant(kernel * scale[:, None, None, None]),
            self.constant(shift - mean * scale),
            auto_pad="SAME_UPPER",
            strides=[stride, stride],
            group=len(kernel) if kernel.shape[1] == 1 else 1,
        )

    def clipped(self, entry):
        """ReLU6."""
        return self.add("Clip", entry, self.constant(np.float32(0)), self.constant(np.float32(6)))

    def block(self, entry, number, stride):
        """An inverted residual block (Sandler et al., 2018, figure 4)."""
        name, result = f"_blocks.{number}", entry
        expansion = self._weights.get(f"{name}._expand_conv.weight")
        if expansion is not None:
            result = self.clipped(self.convolution(result, f"{name}._expand_conv", f"{name}._bn0"))
        result = self.convolution(result, f"{name}._depthwise_conv", f"{name}._bn1", stride)
        result = self.convolution(self.clipped(result), f"{name}._project_conv", f"{name}._bn2")
        outputs = len(self._weights[f"{name}._project_conv.weight"])
        if expansion is not None and stride == 1 and expansion.shape[1] == outputs:
            result = self.add("Add", result, entry)
        return result

    def mean(self, entry, output=None):
        axes = self.constant(np.array([2, 3]))
        return self.add("ReduceMean", entry, axes, keepdims=0, output=output)

    def moments(self, entry):
        """The mean and the deviation over the picture of each channel."""
        mean = self.mean(entry)
        square = self.mean(self.add("Mul", entry, entry))
        variance = self.add("Sub", square, self.add("Mul", mean, mean))
        return mean, self.add("Sqrt", self.add("Relu", variance))

    def model(self):
        def port(name, *shape):
            return onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)

        graph = onnx.helper.make_graph(
            self._nodes,
            "efficientnet_lite0",
            [port("pictures", "count", "height", "width", 3)],
            [port("texture", "count", None), port("content", "count", None)],
            self._constants,
        )
        return onnx.helper.make_model(
            graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=10
        )
