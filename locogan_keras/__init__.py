"""LocoGAN (Struski et al., arXiv 2002.07897) for Keras 3.

Importing this package imports neither TensorFlow nor Keras; the names below do when first used.
They are the public ones: everything else may change from one version to the next.
"""

import importlib
import os
from typing import TYPE_CHECKING

# ONNX Runtime reads it when it is imported: after that it has left an identity in the user's home.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

if TYPE_CHECKING:
    # Once more, for editors and type checkers; a test holds both lists equal.
    from locogan_keras.canvas.description import Description
    from locogan_keras.canvas.views import View, make_view
    from locogan_keras.data.crops import load_pictures
    from locogan_keras.engines.loading import load_engine
    from locogan_keras.evaluation.evaluate import evaluate
    from locogan_keras.evaluation.patch_distance import patch_distance
    from locogan_keras.exporting.export import export
    from locogan_keras.networks.discriminator import Discriminator, build_discriminator
    from locogan_keras.networks.generator import Generator, build_generator
    from locogan_keras.networks.layers import PositionInjection, PositionUpsampling
    from locogan_keras.networks.pretrained.feature_discriminator import (
        FeatureDiscriminator,
        build_feature_discriminator,
    )
    from locogan_keras.networks.spectral_normalization import SpectralNormalization
    from locogan_keras.networks.upsampling import UpsamplingConvolution
    from locogan_keras.rendering.edits import interpolate, mix, transplant, vary_local
    from locogan_keras.rendering.outputs import write
    from locogan_keras.rendering.render import bands, render
    from locogan_keras.rendering.stretching import stretch
    from locogan_keras.rendering.wang.tile_set import write_wang_tiles
    from locogan_keras.storage.config import load_config, recipe_names
    from locogan_keras.storage.run import version as __version__
    from locogan_keras.training.callbacks import RefuseDivergence
    from locogan_keras.training.locogan import LocoGAN
    from locogan_keras.training.train import train

_HOMES = {
    "Description": "canvas.description",
    "Discriminator": "networks.discriminator",
    "FeatureDiscriminator": "networks.pretrained.feature_discriminator",
    "Generator": "networks.generator",
    "LocoGAN": "training.locogan",
    "PositionInjection": "networks.layers",
    "PositionUpsampling": "networks.layers",
    "RefuseDivergence": "training.callbacks",
    "SpectralNormalization": "networks.spectral_normalization",
    "UpsamplingConvolution": "networks.upsampling",
    "View": "canvas.views",
    "bands": "rendering.render",
    "build_discriminator": "networks.discriminator",
    "build_feature_discriminator": "networks.pretrained.feature_discriminator",
    "build_generator": "networks.generator",
    "evaluate": "evaluation.evaluate",
    "export": "exporting.export",
    "interpolate": "rendering.edits",
    "load_config": "storage.config",
    "load_engine": "engines.loading",
    "load_pictures": "data.crops",
    "make_view": "canvas.views",
    "mix": "rendering.edits",
    "patch_distance": "evaluation.patch_distance",
    "recipe_names": "storage.config",
    "render": "rendering.render",
    "stretch": "rendering.stretching",
    "train": "training.train",
    "transplant": "rendering.edits",
    "vary_local": "rendering.edits",
    "write": "rendering.outputs",
    "write_wang_tiles": "rendering.wang.tile_set",
}

__all__ = ["__version__", *_HOMES]


def __getattr__(name):
    if name == "__version__":
        return importlib.import_module("locogan_keras.storage.run").version()
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__():
    return sorted([*globals(), *__all__])
