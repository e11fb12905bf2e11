"""Engines for the command line, loaded without TensorFlow's start-up messages."""

import contextlib
import os

from locogan_keras.engines.choice import PRECISIONS


def load_engine(model, engine=None, precision=PRECISIONS[0]):
    """The engine of `loading.load_engine`; TensorFlow, if needed, is imported without messages."""
    from locogan_keras.engines import loading
    from locogan_keras.storage.presets import preset_of

    # A preset is looked for once.
    model = preset_of(model) or model
    loaded_without = engine or str(model).startswith(("http://", "https://"))
    if not loaded_without and not loading.onnx_file(model):
        import_tensorflow()
    return loading.load_engine(model, engine, precision)


def import_tensorflow():
    """TensorFlow imported without its start-up messages, which no setting of its own silences."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with standard_error_muted():
        import tensorflow  # noqa: F401


@contextlib.contextmanager
def standard_error_muted():
    """A context in which not even C++ writes to standard error."""
    kept = os.dup(2)
    with open(os.devnull, "w") as null:
        os.dup2(null.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
