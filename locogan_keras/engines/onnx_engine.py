"""The engine that runs an exported `.onnx` file in ONNX Runtime, without TensorFlow or Keras."""

import os

import onnxruntime

from locogan_keras.canvas.description import Description

# The key of an exported file's metadata that holds its description.
METADATA = "locogan"
_WEIGHTS_FOLDER = "session.model_external_initializers_file_folder_path"


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
        ValueError: If the file is damaged, keeps its weights in other files, or is not a generator.
    """

    def __init__(self, path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = _usable_cores()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.enable_cpu_mem_arena = True
        options.enable_mem_pattern = True
        # Its warnings are for its developers; errors are raised.
        options.log_severity_level = 4
        # From bytes, weights in other files are looked for in the folder at hand unless another is
        # named: in one that can be none, they are not found, whatever the file says.
        options.add_session_config_entry(_WEIGHTS_FOLDER, os.devnull)
        try:
            with open(path, "rb") as file:
                self._session = onnxruntime.InferenceSession(
                    file.read(), options, providers=["CPUExecutionProvider"]
                )
        except OSError:
            raise
        except Exception as error:  # noqa: BLE001 - onnxruntime's errors have no common base
            raise ValueError(f"MODEL {path} cannot be loaded: {error}") from None
        metadata = self._session.get_modelmeta().custom_metadata_map
        if METADATA not in metadata:
            raise ValueError(f"MODEL {path} is not a LocoGAN generator: no metadata {METADATA!r}")
        try:
            self.description = Description.from_json(metadata[METADATA])
        except ValueError as error:
            raise ValueError(f"MODEL {path} is {error}") from None

    def __call__(self, latent, positions):
        self.description.check_inputs(latent, positions)
        return self._session.run(["image"], {"latent": latent, "positions": positions})[0]


def _usable_cores():
    """The number of cores this process may use; a container's share where the system tells."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
