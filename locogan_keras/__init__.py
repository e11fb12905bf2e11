"""LocoGAN (Struski et al., arXiv 2002.07897) for Keras 3.

Importing this package imports neither TensorFlow nor Keras; the names below do when first used.
"""

import importlib

_HOMES = {
    "LocoGAN": "training.locogan",
    "Generator": "networks.generator",
    "Discriminator": "networks.discriminator",
    "build_generator": "networks.generator",
    "build_discriminator": "networks.discriminator",
    "PositionInjection": "networks.layers",
    "RefuseDivergence": "training.callbacks",
    "SpectralNormalization": "networks.spectral_normalization",
    "UpsamplingConvolution": "networks.layers",
    "interpolate": "rendering.edits",
    "load_config": "storage.config",
    "load_engine": "engines.loading",
    "load_pictures": "data.crops",
    "make_view": "canvas.views",
    "mix": "rendering.edits",
    "render": "rendering.render",
    "stretch": "rendering.stretching",
    "train": "training.train",
    "transplant": "rendering.edits",
    "vary_local": "rendering.edits",
}

__all__ = list(_HOMES)


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__():
    return sorted([*globals(), *_HOMES])
