"""Spectral normalisation as the reference does it."""

import math

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="locogan_keras")
class SpectralNormalization(keras.layers.Wrapper):
    """A layer called with its kernel divided by its spectral norm (Miyato et al., 2018).

    Name and arguments are those of `keras.layers.SpectralNormalization`; the semantics are the
    reference's: the kernel variable is left alone, the gradient flows through sigma with the
    singular vectors held constant, and these change only when training. Both are kept, because
    inference divides by `u W v` of the last training call, which `u` alone does not determine. The
    norm is computed in float32, whatever the layer computes in.

    Args:
        layer: A layer with a `kernel` whose last axis is its outputs.
        power_iterations: Steps of the power method on each call. Positive.

    Call arguments:
        inputs: The wrapped layer's.
        training: Whether to improve the singular vectors first.

    Raises:
        ValueError: If `power_iterations` is not positive.

    Example:

        import keras
        import numpy as np
        from locogan_keras import SpectralNormalization

        layer = SpectralNormalization(keras.layers.Dense(3))
        for _ in range(50):
            outputs = layer(10 * np.eye(4, dtype="float32"), training=True)
        print(f"{np.linalg.norm(outputs, 2):.2f}")  # 10.00
    """

    def __init__(self, layer, power_iterations=1, **kwargs):
        super().__init__(layer, autocast=False, **{**kwargs, "dtype": "float32"})
        if power_iterations < 1:
            raise ValueError(
                f"`power_iterations` must be >= 1. Received: power_iterations={power_iterations}"
            )
        self.power_iterations = power_iterations

    def build(self, input_shape):
        super().build(input_shape)
        *fan_in, outputs = self.layer.kernel.shape
        self.vector_u, self.vector_v = (
            self.add_weight(
                name=name,
                shape=(1, length),
                initializer=keras.initializers.RandomNormal(),
                trainable=False,
                aggregation="only_first_replica",
            )
            for name, length in (("vector_u", outputs), ("vector_v", math.prod(fan_in)))
        )
        self._assign(self._iterated(self._matrix(), iterations=15))

    def call(self, inputs, training=False):
        matrix = self._matrix()
        if training:
            vectors = self._iterated(ops.stop_gradient(matrix), self.power_iterations)
            self._assign(vectors)
        else:
            vectors = self.vector_u.value, self.vector_v.value
        vector_u, vector_v = (ops.stop_gradient(vector) for vector in vectors)
        sigma = ops.sum(ops.matmul(vector_v, matrix) * vector_u)
        kernel = self.layer.kernel
        with keras.StatelessScope(state_mapping=[(kernel, ops.divide(kernel, sigma))]):
            return self.layer(inputs)

    def _matrix(self):
        return ops.reshape(self.layer.kernel, (-1, self.layer.kernel.shape[-1]))

    def _iterated(self, matrix, iterations):
        vector_u = self.vector_u.value
        for _ in range(iterations):
            vector_v = ops.normalize(ops.matmul(vector_u, ops.transpose(matrix)), axis=-1)
            vector_u = ops.normalize(ops.matmul(vector_v, matrix), axis=-1)
        return vector_u, vector_v

    def _assign(self, vectors):
        self.vector_u.assign(vectors[0])
        self.vector_v.assign(vectors[1])

    def compute_output_shape(self, input_shape):
        return self.layer.compute_output_shape(input_shape)

    def get_config(self):
        return {**super().get_config(), "power_iterations": self.power_iterations}
