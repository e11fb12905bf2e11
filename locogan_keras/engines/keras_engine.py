"""The engine that runs a Keras `Generator`, and the reading of `.keras` files."""

import hashlib
import json
import zipfile

import keras
import tensorflow as tf

from locogan_keras.canvas.description import Description

# Imported for Keras to know the layers of the files it loads.
from locogan_keras.networks.discriminator import Discriminator as _Discriminator  # noqa: F401
from locogan_keras.networks.feature_discriminator import FeatureDiscriminator as _Features  # noqa: F401
from locogan_keras.networks.generator import Generator as _Generator  # noqa: F401

_GENERATOR = "locogan_keras>Generator"


class KerasEngine:
    """An engine that runs a Keras `Generator`.

    Args:
        generator: The network.
        **origin: `recipe` and `steps` of its `description`.

    Call arguments:
        latent, positions: As in `Generator`, NumPy float32.

    Returns:
        image, NumPy float32 in [-1, 1]. Inputs of other shapes raise `ValueError`.
    """

    def __init__(self, generator, **origin):
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
    name = _registered_name(path)
    if name != _GENERATOR:
        raise ValueError(f"MODEL {path} holds {name}, not a LocoGAN generator")
    return load_keras(path, compile=False)


def load_keras(path, compile):
    """What a `.keras` file holds, in Keras's safe mode.

    Args:
        path: The file.
        compile: Whether to compile it as it was.

    Raises:
        ValueError: If it is damaged or not such a file.
    """
    try:
        return keras.saving.load_model(path, compile=compile, safe_mode=True)
    except (ValueError, TypeError, KeyError, OSError, zipfile.BadZipFile) as error:
        raise _damaged(path, error) from None


def _registered_name(path):
    """What a `.keras` file says it holds; nothing of it is built."""
    try:
        with zipfile.ZipFile(path) as archive:
            config = json.loads(archive.read("config.json"))
        return config.get("registered_name") or config["class_name"]
    except (ValueError, TypeError, KeyError, AttributeError, zipfile.BadZipFile) as error:
        raise _damaged(path, error) from None


def _damaged(path, error):
    reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
    return ValueError(f"{path} cannot be loaded: {reason}")
