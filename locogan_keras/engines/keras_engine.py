"""The engine that runs a Keras `Generator`, and the reading of `.keras` files."""

import hashlib
import json
import warnings
import zipfile

import keras
import tensorflow as tf

from locogan_keras.canvas.description import Description

# Imported for Keras to know the layers of the files it loads.
from locogan_keras.networks.discriminator import Discriminator as _Discriminator  # noqa: F401
from locogan_keras.networks.generator import Generator as _Generator  # noqa: F401
from locogan_keras.networks.pretrained.feature_discriminator import (
    FeatureDiscriminator as _Features,  # noqa: F401
)
from locogan_keras.storage.failures import ModelError, in_one_line

_PACKAGE = "locogan_keras"
# Bytes. That of a training is some thousands.
_LARGEST_CONFIG = 2**20


class KerasEngine:
    """An engine that runs a Keras `Generator`.

    Args:
        generator: The network.
        **origin: `recipe` and `steps` of its `description`.

    Attributes:
        generator: The network.

    Call arguments:
        latent, positions: As in `Generator`, NumPy float32.

    Returns:
        image, NumPy float32 in [-1, 1]. Inputs of other shapes raise `ValueError`.
    """

    def __init__(self, generator, **origin):
        self.generator = generator
        self.description = describe(generator, **origin)
        signature = [tf.TensorSpec(tensor.shape, tf.float32) for tensor in generator.inputs]

        @tf.function(input_signature=signature, autograph=False)
        def run(latent, positions):
            return generator([latent, positions], training=False)

        self._run = run

    def __call__(self, latent, positions):
        self.description.check_inputs(latent, positions)
        return self._run(latent, positions).numpy()


def describe(generator, **origin):
    """The `Description` of a Keras `Generator`."""
    return Description(
        frame=generator.frame,
        encoding=generator.encoding,
        global_channels=generator.global_channels,
        local_channels=generator.local_channels,
        fingerprint=fingerprint(generator),
        parameters=generator.count_params(),
        image_channels=generator.image_channels,
        line_channels=generator.line_channels,
        maps=generator.maps,
        **origin,
    )


def fingerprint(generator):
    """16 hexadecimal digits that tell a generator's architecture and weights from others."""
    digest = hashlib.sha256(json.dumps(generator.architecture(), sort_keys=True).encode())
    for weight in generator.get_weights():
        digest.update(weight.tobytes())
    return digest.hexdigest()[:16]


def load_generator(path):
    """A `Generator` from a `.keras` file that holds one and nothing else.

    Raises:
        ValueError: If it is damaged, or holds other layers than this package's.
    """
    return load_keras(path, "Generator", compile=False)


def load_keras(path, kind, compile):
    """What a `.keras` file holds, in Keras's safe mode.

    Args:
        path: The file.
        kind: The name of one of this package's classes: what it must hold.
        compile: Whether to compile it as it was.

    Raises:
        ValueError: If it is damaged, not such a file, or holds something else.
    """
    with in_one_line(path):
        held = _registered_name(path)
        if held == f"{_PACKAGE}>{kind}":
            # Of layers without weights in the file Keras only warns, and leaves theirs to chance.
            with warnings.catch_warnings():
                warnings.filterwarnings("error", message="Skipping", category=UserWarning)
                return keras.saving.load_model(path, compile=compile, safe_mode=True)
    raise ModelError(path, f"holds {held}, not a LocoGAN {kind.lower()}")


def _registered_name(path):
    """What a `.keras` file says it holds; nothing of it is built."""
    with zipfile.ZipFile(path) as archive:
        if archive.getinfo("config.json").file_size > _LARGEST_CONFIG:
            raise ValueError(f"its config has over {_LARGEST_CONFIG} bytes")
        config = json.loads(archive.read("config.json"))
    return config.get("registered_name") or config["class_name"]
