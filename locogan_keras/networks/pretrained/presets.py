"""Generators from presets and as presets, by the verbs of KerasHub."""

import contextlib

import keras

from locogan_keras.storage.preset_files import WEIGHTS, new_preset
from locogan_keras.storage.presets import open_preset


class FromPreset:
    """What a network has that can be a preset."""

    @classmethod
    def from_preset(cls, preset, load_weights=True):
        """The network of a preset.

        Args:
            preset: A name such as `"gravel"`, of those that `locogan presets` lists; a folder; or
                `"hf://USER/MODEL"`, which alone needs a network, and the package huggingface_hub.
            load_weights: Whether it has the preset's weights, or random ones.

        Returns:
            A network of this class.

        Raises:
            ValueError: If there is no such preset, or one of its files is not the one that was
                saved.
        """
        preset = open_preset(preset)
        settings = preset.settings
        with preset.refusing():
            # Nothing else that a file may name is made.
            network = cls.from_config(settings)
        if load_weights:
            path = preset.path(WEIGHTS)
            with preset.refusing():
                network.load_weights(path)
        return network

    def save_to_preset(self, folder):
        """A preset's folder, with configuration, metadata and weights.

        `locogan_keras.export(model, "preset", folder)` adds an ONNX file, by which it is rendered
        without TensorFlow.

        Args:
            folder: Its path. There must be nothing.

        Raises:
            ValueError: If there is something.
            OSError: If it cannot be written. Then nothing is left of it.
        """
        with saving_to_preset(self, folder):
            pass


@contextlib.contextmanager
def saving_to_preset(network, folder, **about):
    """A new preset's folder with a network's configuration and weights, to add files to.

    Args:
        network: The network.
        folder, **about: As of `new_preset`.

    Yields:
        The `Path` to write to.
    """
    serialized = keras.saving.serialize_keras_object(network)
    about = {"parameter_count": network.count_params(), **about}
    with new_preset(folder, serialized, **about) as temporary:
        network.save_weights(temporary / WEIGHTS)
        yield temporary
