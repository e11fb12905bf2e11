"""All that precedes the first step: the pictures, the run's folder, and the model to begin with."""

import dataclasses
import itertools
import sys

import keras
import numpy as np
import tensorflow as tf

from locogan_keras.canvas.maps.names import channel_count, places
from locogan_keras.data.crops import Pictures, load_pictures
from locogan_keras.engines.keras_engine import load_keras
from locogan_keras.networks.discriminator import build_discriminator
from locogan_keras.networks.generator import Generator, build_generator
from locogan_keras.networks.optimizers import reference_adam
from locogan_keras.networks.pretrained.feature_discriminator import build_feature_discriminator
from locogan_keras.storage.fine_tuning import check_begins_from
from locogan_keras.storage.preset_files import WEIGHTS, Preset
from locogan_keras.storage.run import Origin, Run, version
from locogan_keras.storage.settings import Settings
from locogan_keras.training.locogan import LocoGAN


def prepare(source, out, settings, *, recipe="", preset=None, temporary_folder=None):
    """A run with the pictures that it is to learn from; nothing is written to its folder.

    Args:
        source, out, settings, recipe, preset: As of `train`.
        temporary_folder: As of `load_pictures`.

    Returns:
        A `Prepared`.

    Raises:
        ValueError: If the source cannot be used, or not with the preset.
    """
    if preset:
        check_begins_from(preset, settings)
    pictures = load_pictures(
        source,
        encoding=settings.model.encoding,
        frame=settings.model.frame,
        temporary_folder=temporary_folder,
        **dataclasses.asdict(settings.data),
    )
    origin = Origin(str(source), pictures.fingerprint, str(recipe), version())
    if preset:
        _check_maps(preset, source, pictures.maps)
        weights = preset.metadata["files"].get(WEIGHTS, "")[:16]
        origin = dataclasses.replace(origin, preset=preset.said, preset_weights=weights)
    return Prepared(settings, pictures, Run(out), origin, preset)


def _check_maps(preset, source, maps):
    """A refusal of pictures with other channels than a preset's; bits do not matter."""
    theirs = preset.settings
    with preset.refusing():
        there = _said_of_channels(theirs.get("maps", ()), theirs.get("image_channels", 3))
    here = _said_of_channels(maps, channel_count(maps) if maps else 3)
    if there != here:
        raise ValueError(f"SOURCE {source} is of {here}, --from {preset.said} of {there}")


def _said_of_channels(maps, count):
    return ", ".join(name for name, _ in maps) or f"pictures of {count} channels"


@dataclasses.dataclass(frozen=True)
class Prepared:
    """A run with its pictures, before its first step or the next one.

    Args:
        settings: The `Settings`.
        pictures: The `Pictures`.
        run: The `Run`.
        origin: The `Origin`.
        preset: The `Preset` to begin from, if any.
    """

    settings: Settings
    pictures: Pictures
    run: Run
    origin: Origin
    preset: Preset | None = None

    def check(self, fresh=False):
        """A refusal, with `ValueError`, of a folder that cannot hold this run; see `Run.check`."""
        self.run.check(self.settings, self.origin, fresh)

    def new_model(self, strategy=None):
        """A compiled `LocoGAN` with the weights of the preset, or random ones.

        Args:
            strategy: The `tf.distribute.Strategy` that it is to be trained with, if any.
        """
        statistics = pixel_statistics(self.pictures, self.settings.training)
        with (strategy or tf.distribute.get_strategy()).scope():
            model = build(self.settings, self.pictures.frame, statistics, self.pictures.maps)
            if self.preset:
                weights = Generator.from_preset(self.preset).get_weights()
                model.generator.set_weights(weights)
                model.ema_generator.set_weights(weights)
            return model

    def saved_model(self, strategy):
        """The `LocoGAN` of the newest checkpoint that is whole, or None if none was ever written.

        Raises:
            ValueError: If every checkpoint is damaged.
        """
        checkpoint = self.run.checkpoints.newest_whole(lambda line: print(line, file=sys.stderr))
        if checkpoint is None:
            if self.run.saved_step():
                raise ValueError(
                    f"every checkpoint of {self.run.folder} is damaged, the last one is of step "
                    f"{self.run.saved_step()}; --fresh starts over"
                )
            return None
        with strategy.scope():
            model = load_keras(checkpoint.path, "LocoGAN", compile=True)
            # Rates may change from one part of a run to the next.
            training = self.settings.training
            model.generator_optimizer.learning_rate = training.generator_learning_rate
            model.discriminator_optimizer.learning_rate = training.discriminator_learning_rate
            model.take_learning_rates()
        return model


def build(settings, frame, statistics=None, maps=()):
    """A compiled `LocoGAN` with the random weights that the settings' seed gives.

    Args:
        settings: `Settings`.
        frame: (height, width) in pixels.
        statistics: See `Discriminator`.
        maps: Of the pictures; see `Generator`.
    """
    training = settings.training
    keras.utils.set_random_seed(training.seed)
    architecture = dataclasses.asdict(settings.model)
    channels = channel_count(maps) if maps else 3
    architecture |= {"frame": frame, "dtype": training.precision, "image_channels": channels}
    names = ("width", "encoding", "inject", "image_channels", "dtype")
    shared = {key: architecture[key] for key in names}
    discriminator = build_discriminator(
        **shared,
        statistics=statistics,
        spectral_normalization=training.spectral_normalization,
        packed=training.packed,
    )
    generator, features = build_generator(**architecture, maps=maps), None
    if training.feature_weight:
        features = build_feature_discriminator(training.packed, pictures_of(maps))
    model = LocoGAN(generator, discriminator, training.seed, features)
    model.compile(
        reference_adam(training.generator_learning_rate, training.beta_1),
        reference_adam(training.discriminator_learning_rate, training.beta_1),
        loss=training.loss,
        gradient_penalty=training.gradient_penalty,
        feature_weight=training.feature_weight,
        discriminator_steps=training.discriminator_steps,
        ema_decay=training.ema_decay,
        synchronized_batch_normalization=training.synchronized_batch_normalization,
    )
    return model


def pixel_statistics(pictures, training):
    """Mean and deviation of the pictures' pixels, from 256 crops; see `Discriminator`.

    Args:
        pictures: What the crops come from.
        training: The settings' section.

    Returns:
        `[mean, deviation]`, or None where the settings do not standardise. Maps have deviations
        of their own: one that is nearly flat would hardly be seen beside the others.
    """
    if not training.standardize:
        return None
    crops, _ = next(iter(pictures.crops(256, training.seed)))
    crops = crops.numpy().astype(np.float64)
    mean, deviations = crops.mean(axis=(0, 1, 2)), crops.std(axis=(0, 1, 2))
    # A picture of one colour has none; it can be learned all the same.
    if not pictures.maps:
        return [mean.tolist(), max(float(deviations.mean()), 1e-3)]
    for place in places(pictures.maps).values():
        deviations[place] = max(deviations[place].mean(), 1e-3)
    return [mean.tolist(), deviations.tolist()]


def pictures_of(maps):
    """The channels of maps that the feature discriminator looks at as pictures of three each.

    Colour, normals, and the others as grey or in threes. Of a brick wall after 1,000 steps with all
    of them, the registration of the maps was 0.07 off the photo's and roughness was crisp; with
    the colour alone it was 0.21, in four fifths of the time, and the colour was nearer.
    """
    if not maps:
        return ((0, 1, 2),)
    channels = [tuple(range(place.start, place.stop)) for place in places(maps).values()]
    greys = list(itertools.chain(*(each for each in channels if len(each) == 1)))
    found = [each[:3] for each in channels if len(each) > 1]
    for first in range(0, len(greys), 3):
        # Less than three are seen more than once.
        found.append(tuple(itertools.islice(itertools.cycle(greys[first : first + 3]), 3)))
    return tuple(found)
