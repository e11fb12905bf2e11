"""The engine that runs an exported SavedModel in TensorFlow."""

import tensorflow as tf

from locogan_keras.canvas.description import Description


class SavedModelEngine:
    """An engine that runs a SavedModel's `serving_default` signature.

    Args:
        folder: The SavedModel's.

    Attributes:
        signatures: By name; `render` makes PNG files, as `exporting.savedmodel_export` says.

    Call arguments:
        latent, positions: As in `Generator`, NumPy float32.

    Returns:
        image, NumPy float32 in [-1, 1]. Inputs of other shapes raise `ValueError`.

    Raises:
        ValueError: If it is damaged, or not a generator.
    """

    def __init__(self, folder):
        try:
            # Functions live as long as the object they were loaded with.
            self._loaded = tf.saved_model.load(str(folder))
        except (OSError, ValueError, KeyError, tf.errors.OpError) as error:
            reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
            raise ValueError(f"MODEL {folder} cannot be loaded: {reason}") from None
        self.signatures = signatures = self._loaded.signatures
        if not {"serving_default", "describe"} <= set(signatures):
            raise ValueError(
                f"MODEL {folder} is not a LocoGAN generator: its signatures are "
                f"{', '.join(sorted(signatures)) or 'none'}"
            )
        text = signatures["describe"](query=tf.zeros(1, tf.int64))["model_json"].numpy()[0]
        try:
            self.description = Description.from_json(text)
        except ValueError as error:
            raise ValueError(f"MODEL {folder} is {error}") from None
        self._serve = signatures["serving_default"]

    def __call__(self, latent, positions):
        self.description.check_inputs(latent, positions)
        image = self._serve(latent=tf.constant(latent), positions=tf.constant(positions))
        return image["image"].numpy()
