"""An engine that ends the process of any worker, when it makes more than a first tile."""

import functools
import os

from locogan_keras.engines.onnx_engine import OnnxEngine


class DeadlyEngine(OnnxEngine):
    def elsewhere(self):
        return functools.partial(_Deadly, super().elsewhere())


class _Deadly:
    def __init__(self, make):
        self._engine, self._calls = make(), 0
        self.description = self._engine.description

    def __call__(self, latent, positions):
        self._calls += 1
        if self._calls > 1:
            os._exit(1)
        return self._engine(latent, positions)
