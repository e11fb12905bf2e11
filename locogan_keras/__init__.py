"""LocoGAN (Struski et al., arXiv 2002.07897) for Keras 3.

Importing this package imports neither TensorFlow nor Keras; the names below do when first used.
"""

import importlib

_HOMES = {
    "LocoGAN": "model",
    "Generator": "networks",
    "Discriminator": "networks",
    "build_generator": "networks",
    "build_discriminator": "networks",
    "PositionInjection": "layers",
    "RefuseDivergence": "callbacks",
    "SpectralNormalization": "spectral_normalization",
    "UpsamplingConvolution": "layers",
    "interpolate": "editing",
    "load_config": "config",
    "load_engine": "engines",
    "load_pictures": "data",
    "make_view": "views",
    "mix": "editing",
    "render": "rendering",
    "stretch": "stretching",
    "train": "training",
    "transplant": "editing",
    "vary_local": "editing",
}

__all__ = list(_HOMES)


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__():
    return sorted([*globals(), *_HOMES])
