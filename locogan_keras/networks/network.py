"""The base of both networks: a functional Keras model that its settings describe wholly."""

import inspect
import numbers

import keras

from locogan_keras.canvas.positions import INJECTIONS

if keras.backend.backend() != "tensorflow":
    raise ImportError(
        "locogan_keras needs the TensorFlow backend of Keras, which was imported with another: "
        f"{keras.backend.backend()}. Set KERAS_BACKEND=tensorflow before it is"
    )
# Whatever the user's default is: the kernels of saved models are of channels last.
keras.config.set_image_data_format("channels_last")

# Of any layer's settings. Larger numbers are a mistake, or meant to be one.
_MOST_CHANNELS = 2**16


class Network(keras.Model):
    """A functional model whose config is its settings.

    A subclass names its settings in `settings`; each is an argument of its constructor and an
    attribute of the same name.

    Args:
        inputs, outputs: Symbolic, as of `keras.Model`.
        dtype: The layers' `keras.DTypePolicy`.
        name: As of `keras.Model`.
        **settings: The values of `settings`.
    """

    settings = ()
    # Settings that files of older versions lack, and the value that their absence means: that of
    # the constructor, too.
    absent = {}

    def __init__(self, inputs, outputs, *, dtype, name, **settings):
        super().__init__(inputs=inputs, outputs=outputs, name=name)
        for setting in self.settings:
            setattr(self, setting, settings[setting])
        self.dtype_policy = dtype

    def get_config(self):
        config = {setting: getattr(self, setting) for setting in self.settings}
        return {"name": self.name, "dtype": self.dtype_policy.name, **config}

    def architecture(self):
        """A dict of what tells it from other networks of its class, weights apart.

        Neither its name nor the precision it is trained in changes what it computes. A setting that
        has the value which its absence means is left out, so that what is made of this, such as a
        fingerprint, is the same as before there was the setting.
        """
        return {
            setting: value
            for setting, value in self.get_config().items()
            if setting not in ("name", "dtype")
            and not (setting in self.absent and self.absent[setting] == value)
        }

    @classmethod
    def from_config(cls, config):
        # Keras would drop in silence what its own constructor does not know.
        parameters = inspect.signature(cls.__init__).parameters
        takes_all = any(each.kind is each.VAR_KEYWORD for each in parameters.values())
        unknown = sorted(config.keys() - parameters)
        if unknown and not takes_all:
            names = ", ".join(unknown)
            raise ValueError(f"unknown settings of {cls.__name__}, of a newer version? {names}")
        return cls(**config)


def check_settings(width, inject, image_channels):
    """A refusal, with `ValueError`, of settings that no network can be made of."""
    check_whole(1, width=width, image_channels=image_channels)
    if inject not in INJECTIONS:
        raise ValueError(
            f"`inject` must be one of {', '.join(INJECTIONS)}. Received: inject={inject!r}"
        )


def check_whole(least, most=_MOST_CHANNELS, **settings):
    """A refusal, with `ValueError`, of settings that are not whole numbers in a range."""
    for name, value in settings.items():
        if not isinstance(value, numbers.Integral) or not least <= value <= most:
            raise ValueError(
                f"`{name}` must be a whole number, {least} to {most}. Received: {name}={value!r}"
            )


def fine_latent_channels(fine_channels):
    """The number of the latent's channels that are noise at finer levels than the cells.

    Raises:
        ValueError: If `fine_channels` are not three counts.
    """
    if len(fine_channels) != 3:
        raise ValueError(
            f"`fine_channels` must be three counts. Received: fine_channels={fine_channels}"
        )
    for count in fine_channels:
        check_whole(0, fine_channels=count)
    return sum(4**level * count for level, count in enumerate(fine_channels, start=1))


def check_local_channels(local_channels, fine_channels, line_channels):
    """A check that the local channels are enough for what is made of them, and one more.

    Raises:
        ValueError: If not.
    """
    if len(line_channels) != 2:
        raise ValueError(
            f"`line_channels` must be two counts. Received: line_channels={line_channels}"
        )
    for count in line_channels:
        check_whole(0, line_channels=count)
    taken = fine_latent_channels(fine_channels) + sum(line_channels)
    if local_channels <= taken:
        raise ValueError(
            f"`local_channels` must be over {taken}, which finer noise and lines take. Received: "
            f"local_channels={local_channels}, fine_channels={fine_channels}, "
            f"line_channels={line_channels}"
        )


def normalization(name, dtype):
    """A function of features: batch normalisation and ReLU, `normalize_` and `relu_` of this name.

    Their initial weights are drawn here: seeds give the same networks as long as layers are made in
    the same order.
    """
    normalize = keras.layers.BatchNormalization(
        momentum=0.9,
        epsilon=1e-5,
        gamma_initializer=keras.initializers.RandomNormal(mean=1.0, stddev=0.02),
        dtype=dtype,
        name=f"normalize_{name}",
    )
    relu = keras.layers.ReLU(dtype=dtype, name=f"relu_{name}")
    return lambda features: relu(normalize(features))


def normal_kernel():
    """The initializer of the kernels, the paper's."""
    return keras.initializers.RandomNormal(stddev=0.02)
