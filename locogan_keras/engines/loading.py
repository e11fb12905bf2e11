"""The contract of all engines, `Engine`, and the choice of one for a MODEL.

What an engine needs is imported when it is chosen.
"""

import os
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from locogan_keras.canvas.description import Description
from locogan_keras.engines.choice import PRECISIONS, check_choice
from locogan_keras.storage.preset_files import ONNX, Preset
from locogan_keras.storage.presets import preset_of
from locogan_keras.storage.run import GENERATOR, Run


@runtime_checkable
class Engine(Protocol):
    """A generator to call, wherever it runs: a pure function, and what has to be known to call it.

    Two engines of one generator are equal to 1e-5. One engine gives the image of a sub-window as
    the same crop of the whole window's image, to 2e-6.

    Attributes:
        description: The `Description`: channels, frame, encoding, and the `cell` and `border` that
            the shapes below have.
        at_once: How many images it makes at once, called from as many threads; 1 where it does not
            say, and then it is called from one.

    Call arguments:
        latent: `(batch, height + 2 * border, width + 2 * border, global_channels + local_channels)`
            NumPy float32.
        positions: `(batch, height + 2 * border, width + 2 * border, 2)` NumPy float32.

    Returns:
        image `(batch, cell * height, cell * width, image_channels)`, NumPy float32 in [-1, 1].

    Raises:
        ValueError: If inputs have other shapes; see `Description.check_inputs`.
    """

    description: Description

    def __call__(self, latent: np.ndarray, positions: np.ndarray) -> np.ndarray: ...


def load_engine(model, engine=None, precision=PRECISIONS[0]):
    """The engine for a MODEL.

    Args:
        model: A run's folder, a `.keras` file, an `.onnx` file, a SavedModel's folder,
            `preset:NAME`, a preset's folder, `http://HOST:PORT/v1/models/NAME` or
            `grpc://HOST:PORT/NAME`; or a `Generator`.
        engine: `"openvino"`, to run an `.onnx` file or a preset that has one in OpenVINO; unless
            given, it follows from the model.
        precision: `"float32"`, or of OpenVINO `"bfloat16"`, which is faster and less exact.

    Returns:
        An `Engine`.

    Raises:
        ValueError: If there is no such model, it is not a generator, or the engine cannot run it or
            is not installed.
        ServerError: If a server does not answer as it should.
    """
    check_choice(engine, precision)
    if engine:
        return _openvino_engine(model, precision)
    if not isinstance(model, (str, os.PathLike, Preset)):
        from locogan_keras.engines.keras_engine import KerasEngine

        return KerasEngine(model)
    preset = preset_of(model)
    if preset:
        return _engine_of_preset(preset)
    model = str(model)
    if "://" in model:
        from locogan_keras.engines.servers.serving_engine import connect

        return connect(model)
    path = Path(model)
    _check_there(path)
    if path.suffix.lower() == ".onnx":
        from locogan_keras.engines.onnx_engine import OnnxEngine

        return OnnxEngine(path)
    if (path / "saved_model.pb").exists():
        from locogan_keras.engines.savedmodel_engine import SavedModelEngine

        return SavedModelEngine(path)

    from locogan_keras.engines.keras_engine import KerasEngine

    generator, origin = load_trained(path)
    return KerasEngine(generator, **origin)


def onnx_file(model):
    """The path of the ONNX file that a MODEL is or has, or None.

    Args:
        model: A path, or a preset as of `load_engine`.

    Raises:
        ValueError: If there is no such preset, or its file is not the one that was saved.
    """
    preset = preset_of(model)
    if preset:
        return preset.path(ONNX) if preset.has(ONNX) else None
    return Path(model) if Path(model).suffix.lower() == ".onnx" else None


def load_trained(model):
    """The Keras generator of a run's folder, a `.keras` file or a preset.

    Args:
        model: Its path, or a preset as of `load_engine`.

    Returns:
        `(generator, origin)`: the network, and what is known of its `recipe` and `steps`.

    Raises:
        ValueError: If there is no such model, or it is not a generator.
    """
    preset = preset_of(model)
    if preset:
        return _generator_of_preset(preset)
    path, origin = Path(model), {}
    _check_there(path)
    if path.is_dir():
        run = Run(path)
        path = run.path(GENERATOR)
        if not path.exists() and run.exists():
            every = run.read()[0].training.save_every
            raise ValueError(
                f"MODEL {model} has saved nothing yet: it does after {every} steps, or when it is "
                "stopped (Ctrl-C)"
            )
        if not path.exists():
            raise ValueError(
                f"MODEL {model} is a folder without {GENERATOR}, and neither a SavedModel's nor a "
                "preset's"
            )
        if run.exists():
            origin = {"recipe": run.read()[1].recipe, "steps": run.saved_step()}
    if path.suffix != ".keras":
        raise ValueError(
            f"MODEL {model} is neither a run's folder nor a .keras file nor a preset, nor (to "
            "render) an .onnx file, a SavedModel's folder or a server's address"
        )

    from locogan_keras.engines.keras_engine import load_generator

    return load_generator(path), origin


def _openvino_engine(model, precision):
    """An `OpenVinoEngine` of a MODEL as of `load_engine`."""
    path = isinstance(model, (str, os.PathLike, Preset)) and onnx_file(model)
    if not path:
        raise ValueError(
            "engine openvino runs .onnx files, and presets that have one; locogan export --to onnx "
            f"makes one. Received: MODEL {getattr(model, 'said', model)}"
        )
    _check_there(path)
    try:
        from locogan_keras.engines.openvino_engine import OpenVinoEngine
    except ModuleNotFoundError as error:
        raise ValueError(
            f"engine openvino needs {error.name}, which is not installed: pip install openvino"
        ) from None
    return OpenVinoEngine(path, precision)


def _engine_of_preset(preset):
    path = onnx_file(preset)
    if path:
        from locogan_keras.engines.onnx_engine import OnnxEngine

        return OnnxEngine(path)
    from locogan_keras.engines.keras_engine import KerasEngine

    generator, origin = _generator_of_preset(preset)
    return KerasEngine(generator, **origin)


def _generator_of_preset(preset):
    """As `load_trained`."""
    from locogan_keras.networks.generator import Generator

    return Generator.from_preset(preset), preset.origin


def _check_there(path):
    if not path.exists():
        raise ValueError(f"MODEL {path} does not exist")
    if not (path.is_file() or path.is_dir()):
        raise ValueError(f"MODEL {path} is a pipe or a device, which would be waited for")
