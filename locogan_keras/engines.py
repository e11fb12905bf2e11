"""The contract behind one small interface: `image = engine(latent, positions)`."""

import dataclasses
import hashlib
import json
import zipfile
from pathlib import Path

from locogan_keras.positions import PERIODIC_AXES
from locogan_keras.runs import GENERATOR, Run


@dataclasses.dataclass(frozen=True)
class Description:
    """What has to be known of a generator to call it.

    Args:
        frame: (height, width) in pixels.
        encoding: Of positions.
        global_channels, local_channels: Of the latent.
        fingerprint: 16 hexadecimal digits that tell its architecture and weights from others.
        parameters: How many weights it has.
    """

    frame: tuple[int, int]
    encoding: str
    global_channels: int
    local_channels: int
    fingerprint: str
    parameters: int

    @property
    def periodic(self):
        """Whether the model repeats in (y, x)."""
        return PERIODIC_AXES[self.encoding]


class KerasEngine:
    """Runs a Keras `Generator`.

    Args:
        generator: The network.

    Call arguments:
        latent, positions: As in `Generator`, NumPy float32.

    Returns:
        image, NumPy float32 in [-1, 1].
    """

    def __init__(self, generator):
        import tensorflow as tf

        self.description = Description(
            frame=generator.frame,
            encoding=generator.encoding,
            global_channels=generator.global_channels,
            local_channels=generator.local_channels,
            fingerprint=fingerprint(generator),
            parameters=generator.count_params(),
        )
        signature = [tf.TensorSpec(tensor.shape, tf.float32) for tensor in generator.inputs]

        @tf.function(input_signature=signature)
        def run(latent, positions):
            return generator([latent, positions], training=False)

        self._run = run

    def __call__(self, latent, positions):
        return self._run(latent, positions).numpy()


def fingerprint(generator):
    """16 hexadecimal digits that tell a generator's architecture and weights from others."""
    config = {key: value for key, value in generator.get_config().items() if key != "name"}
    digest = hashlib.sha256(json.dumps(config, sort_keys=True).encode())
    for weight in generator.get_weights():
        digest.update(weight.tobytes())
    return digest.hexdigest()[:16]


def load_engine(model):
    """The engine for a MODEL: a run folder or a `.keras` file.

    Args:
        model: The path.

    Returns:
        An engine: callable on (latent, positions), with a `description`.

    Raises:
        ValueError: If there is no such model, or it is not a generator.
    """
    path = Path(model)
    if path.is_dir():
        path = Run(path).path(GENERATOR)
        if not path.exists():
            raise ValueError(f"MODEL {model} is a folder without {GENERATOR}")
    if not path.exists():
        raise ValueError(f"MODEL {model} does not exist")
    if path.suffix != ".keras":
        raise ValueError(f"MODEL {model} is neither a run folder nor a .keras file")
    return KerasEngine(load_generator(path))


def load_generator(path):
    """A `Generator` from a `.keras` file, in Keras's safe mode."""
    from locogan_keras.networks import Generator

    generator = load_keras(path, compile=False)
    if not isinstance(generator, Generator):
        raise ValueError(f"MODEL {path} is a {type(generator).__name__}, not a LocoGAN generator")
    return generator


def load_keras(path, compile):
    """What a `.keras` file holds, in Keras's safe mode.

    Args:
        path: The file.
        compile: Whether to compile it as it was.

    Raises:
        ValueError: If it is damaged or not such a file.
    """
    import keras

    try:
        return keras.saving.load_model(path, compile=compile, safe_mode=True)
    except (ValueError, TypeError, KeyError, OSError, zipfile.BadZipFile) as error:
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise ValueError(f"{path} cannot be loaded: {reason}") from None
