"""The engine that runs an exported `.onnx` file in ONNX Runtime, without TensorFlow or Keras."""

import functools
import threading
from pathlib import Path

import onnxruntime

from locogan_keras.engines.onnx_files import read_onnx
from locogan_keras.engines.threads import divided
from locogan_keras.storage.failures import in_one_line


class OnnxEngine:
    """An engine that runs an exported `.onnx` file.

    The session is set up for throughput: several images at once, each on a share of the threads,
    all graph optimisations (which choose the blocked NCHWc layout), and memory kept from one tile
    for the next, which the arena can do exactly because the renderer's tiles have one shape.

    Args:
        path: The file.
        threads: As many as this process may use unless given.
        content: The file's, where it is not on this machine.

    Attributes:
        at_once: How many images are made at once; who calls it from more threads waits.
        packages: Those whose versions decide an image's bits, as `pip` knows them.

    Call arguments:
        latent, positions: As in `Generator`, NumPy float32.

    Returns:
        image, NumPy float32 in [-1, 1]. Inputs of other shapes raise `ValueError`.

    Raises:
        ValueError: If the file is damaged, not a generator, or has what no export has: weights in
            other files, control flow, foreign operators. Then nothing of it was run.
    """

    packages = ("onnxruntime",)

    def __init__(self, path, threads=None, content=None):
        self._path = path
        options = onnxruntime.SessionOptions()
        self.at_once, options.intra_op_num_threads = divided(threads)
        self._turns = threading.Semaphore(self.at_once)
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.enable_cpu_mem_arena = True
        options.enable_mem_pattern = True
        # Its warnings are for its developers; errors are raised.
        options.log_severity_level = 4
        # Not what its first bytes say: ONNX is what was checked.
        options.add_session_config_entry("session.load_model_format", "ONNX")
        content, self.description = read_onnx(path, content)
        with in_one_line(path):
            # Without what it says to standard output before it tries the same again.
            self._session = onnxruntime.InferenceSession(
                content, options, providers=["CPUExecutionProvider"], enable_fallback=False
            )

    def elsewhere(self):
        """What makes it in another process, on one thread: a function that can be pickled."""
        content = Path(self._path).read_bytes()
        return functools.partial(OnnxEngine, str(self._path), threads=1, content=content)

    def __call__(self, latent, positions):
        self.description.check_inputs(latent, positions)
        with self._turns, in_one_line(self._path, "does not run"):
            return self._session.run(["image"], {"latent": latent, "positions": positions})[0]
