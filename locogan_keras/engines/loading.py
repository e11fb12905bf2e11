"""The contract behind one small interface: `image = engine(latent, positions)`.

An engine is callable on (latent, positions), NumPy float32 as in `Generator`, and returns image,
NumPy float32; its `description` is a `Description`. What it needs is imported when it is chosen.
"""

from pathlib import Path

from locogan_keras.storage.run import GENERATOR, Run


def load_engine(model):
    """The engine for a MODEL.

    Args:
        model: A run's folder, a `.keras` file, an `.onnx` file, a SavedModel's folder,
            `http://HOST:PORT/v1/models/NAME` or `grpc://HOST:PORT/NAME`.

    Returns:
        An engine.

    Raises:
        ValueError: If there is no such model, or it is not a generator.
        ServerError: If a server does not answer as it should.
    """
    model = str(model)
    if "://" in model:
        from locogan_keras.engines.serving_engine import connect

        return connect(model)
    path = Path(model)
    if not path.exists():
        raise ValueError(f"MODEL {model} does not exist")
    if path.suffix == ".onnx":
        from locogan_keras.engines.onnx_engine import OnnxEngine

        return OnnxEngine(path)
    if (path / "saved_model.pb").exists():
        from locogan_keras.engines.savedmodel_engine import SavedModelEngine

        return SavedModelEngine(path)

    from locogan_keras.engines.keras_engine import KerasEngine

    generator, origin = load_trained(path)
    return KerasEngine(generator, **origin)


def load_trained(model):
    """The Keras generator of a run's folder or a `.keras` file.

    Args:
        model: The path.

    Returns:
        `(generator, origin)`: the network, and what is known of its `recipe` and `steps`.

    Raises:
        ValueError: If there is no such model, or it is not a generator.
    """
    path, origin = Path(model), {}
    if not path.exists():
        raise ValueError(f"MODEL {model} does not exist")
    if path.is_dir():
        run = Run(path)
        path = run.path(GENERATOR)
        if not path.exists():
            raise ValueError(
                f"MODEL {model} is a folder without {GENERATOR}, and not a SavedModel's"
            )
        if run.exists():
            origin = {"recipe": run.read()[1].recipe, "steps": run.saved_step()}
    if path.suffix != ".keras":
        raise ValueError(
            f"MODEL {model} is neither a run's folder nor a .keras file, nor (to render) an .onnx "
            "file, a SavedModel's folder or a server's address"
        )

    from locogan_keras.engines.keras_engine import load_generator

    return load_generator(path), origin
