"""Presets: trained generators as folders, found by name in whatever packages bring some."""

import importlib.util
import os
import re
from importlib import metadata as distributions
from pathlib import Path

from locogan_keras.storage.failures import ModelError, in_one_line
from locogan_keras.storage.preset_files import CONFIG, METADATA, ONNX, WEIGHTS, Preset

# How a MODEL begins that is a preset by name, or one on the Hugging Face Hub.
NAMED, HUB = "preset:", "hf://"
# Entry points of this group name packages whose folder holds folders of presets.
GROUP = "locogan_keras.presets"

# The package that has presets in a folder of its own.
_OURS = "locogan-keras"


def preset_of(model):
    """The preset that a MODEL is, or None if it is something else.

    Args:
        model: `preset:NAME`, `hf://USER/MODEL` (the only one that needs a network), a preset's
            folder, or any other MODEL.

    Raises:
        ValueError: If there is no preset of that name, or several; or it cannot be fetched.
    """
    if isinstance(model, Preset):
        return model
    text = os.fspath(model)
    if text.startswith(NAMED):
        return named_preset(text.removeprefix(NAMED))
    if text.startswith(HUB):
        return Preset(_fetched(text), text)
    preset = Preset(Path(text), text)
    return preset if preset.has(METADATA) and preset.has(CONFIG) else None


def open_preset(preset):
    """The preset of a name, with `preset:` or without, of a folder or of `hf://USER/MODEL`.

    Raises:
        ValueError: If there is none.
    """
    if isinstance(preset, Preset):
        return preset
    text = os.fspath(preset)
    if text in _found():
        return named_preset(text)
    found = preset_of(text)
    if found is None and (os.path.exists(text) or not re.fullmatch(r"[\w.-]+", text)):
        raise ModelError(text, f"is no preset's folder, which has {METADATA} and {CONFIG}")
    return found or named_preset(text)


def named_preset(name):
    """The installed preset of a name.

    Raises:
        ValueError: If there is none, or two packages have one.
    """
    found = _found()
    if name not in found:
        there = f"there are {', '.join(found)}" if found else "none is installed"
        raise ModelError(f"{NAMED}{name}", f"is not there: {there}")
    return _only(found[name])


def installed_presets():
    """All presets that are installed, by name.

    Raises:
        ValueError: If two packages have one of the same name.
    """
    return [_only(presets) for presets in _found().values()]


def _found():
    """The presets of all packages, in lists by their names."""
    found = {}
    for package, folder in _packages():
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if (path / METADATA).is_file():
                preset = Preset(path, f"{NAMED}{path.name}", package)
                found.setdefault(path.name, []).append(preset)
    return dict(sorted(found.items()))


def _only(presets):
    if len(presets) > 1:
        packages = " and ".join(str(preset.package) for preset in presets)
        raise ModelError(presets[0].said, f"is in several packages: {packages}; uninstall one")
    return presets[0]


def _packages():
    """The name of each package that has presets, and the folder where they are."""
    yield _OURS, _folder_of("locogan_keras") / "presets"
    for point in distributions.entry_points(group=GROUP):
        folder = _folder_of(point.module)
        if folder is None:
            raise ValueError(
                f"the package {point.dist.name} says that presets are in {point.module}, which is "
                "not there: install it again, or uninstall it"
            )
        yield point.dist.name, folder


def _folder_of(package):
    """The folder of an installed package, of which nothing is run; None if there is none."""
    outermost, *inner = package.split(".")
    spec = importlib.util.find_spec(outermost)
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(spec.submodule_search_locations[0], *inner)
    return folder if folder.is_dir() else None


def _fetched(address):
    """The local folder of what is at `hf://USER/MODEL`."""
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", address.removeprefix(HUB)):
        raise ValueError(f"MODEL must be {HUB}USER/MODEL. Received: {address}")
    try:
        from huggingface_hub import snapshot_download
    except ImportError:
        raise ModelError(
            address, "needs the package huggingface_hub: pip install huggingface_hub"
        ) from None
    wanted = [CONFIG, METADATA, WEIGHTS, ONNX]
    with in_one_line(address, "cannot be fetched"):
        folder = Path(snapshot_download(address.removeprefix(HUB), allow_patterns=wanted))
    if not (folder / METADATA).is_file():
        raise ModelError(address, f"is no preset: it has no {METADATA}")
    return folder
