"""The discriminator of what a trained network sees in crops."""

import itertools

import keras
from keras import layers, ops

from locogan_keras.networks.network import Network, check_whole
from locogan_keras.networks.pretrained.efficientnet import efficientnet, load_published
from locogan_keras.networks.spectral_normalization import SpectralNormalization

_WIDTH = 64
_COLOUR = ((0, 1, 2),)


def build_feature_discriminator(packed=1, pictures=_COLOUR):
    """A new `FeatureDiscriminator`: the published features, and random weights that judge them.

    Raises:
        ValueError: If the package with the published weights is missing.
    """
    discriminator = FeatureDiscriminator(packed, pictures=pictures)
    load_published(discriminator.features)
    return discriminator


@keras.saving.register_keras_serializable(package="locogan_keras")
class FeatureDiscriminator(Network):
    """A second discriminator, which looks at crops through a network that is not trained.

    A discriminator of pixels has to find out what joints, grains and stones look like from one
    photo, at every step anew as the generator changes. EfficientNet-Lite0 knows: a few layers that
    judge three of its stages tell the generator in a thousand steps what took many thousands
    ("projected GAN", Sauer et al., 2021, without their random projections). It overlooks what it
    was trained to overlook, such as stripes of two pixels: it does not replace the other one.

    Made by itself it has random eyes, which files fill; `build_feature_discriminator` gives it the
    published ones.

    Args:
        packed: How many crops of one place are judged together; as of `Discriminator`.
        dtype: Kept for the config; all layers are float32.
        pictures: Which three channels of an image are looked at as a picture; of several pictures
            the features are judged together, at each place.

    Call arguments:
        maps: As `maps` makes them of images.

    Returns:
        A list of logits of three stages, each `(batch / packed, rows, columns, 1)`, float32.

    Attributes:
        features: The network that is not trained, of images to maps of three stages. It is saved
            with the weights.

    Example:

        import numpy as np
        from locogan_keras import build_feature_discriminator

        discriminator = build_feature_discriminator(packed=2)
        maps = discriminator.maps(np.zeros((2, 64, 64, 3), "float32"))
        logits = discriminator(maps, training=False)
        print([tuple(each.shape[:3]) for each in logits])  # [(1, 14, 14), (1, 6, 6), (1, 2, 2)]
    """

    settings = ("packed", "pictures")
    absent = {"pictures": _COLOUR}

    def __init__(self, packed=1, dtype="float32", name=None, pictures=_COLOUR):
        check_whole(1, packed=packed)
        pictures = tuple(map(tuple, pictures))
        for channel in itertools.chain(*pictures):
            check_whole(0, pictures=channel)
        dtype = keras.dtype_policies.get(dtype)
        features = efficientnet(whole=False)
        maps = [
            keras.Input(
                (None, None, len(pictures) * packed * each.shape[-1]),
                dtype="float32",
                name=f"maps_{level}",
            )
            for level, each in enumerate(features.outputs)
        ]
        logits = list(map(_logits, maps))
        settings = {"packed": packed, "pictures": pictures}
        super().__init__(maps, logits, dtype=dtype, name=name, **settings)
        self.features = features

    @property
    def judging_variables(self):
        """What is trained, whoever has set `trainable`: never the eyes."""
        eyes = {id(variable) for variable in self.features.variables}
        return [each for each in self.trainable_variables if id(each) not in eyes]

    def maps(self, images):
        """What is judged: the images' features, `packed` neighbours in the batch as one.

        Args:
            images: `(batch, height, width, channels)` in [-1, 1], height and width >= 64.
        """
        pictures = [_picture(images, channels) for channels in self.pictures]
        together = ops.concatenate(pictures) if len(pictures) > 1 else pictures[0]
        return [
            ops.concatenate(
                [
                    each[first :: self.packed]
                    for each in ops.split(features, len(pictures))
                    for first in range(self.packed)
                ],
                axis=-1,
            )
            for features in self.features(together, training=False)
        ]


def _picture(images, channels):
    """Three channels of images, which may be all that there are."""
    if channels == tuple(range(images.shape[-1])):
        return images
    return ops.concatenate([images[..., each : each + 1] for each in channels], axis=-1)


def _logits(maps):
    """Of a stage's map, logits at every place where a 3 x 3 kernel fits."""
    for width, kernel in ((_WIDTH, 1), (_WIDTH, 3), (1, 1)):
        convolution = layers.Conv2D(width, kernel, kernel_initializer="he_normal", dtype="float32")
        maps = SpectralNormalization(convolution)(maps)
        if width > 1:
            maps = layers.LeakyReLU(0.2, dtype="float32")(maps)
    return maps
