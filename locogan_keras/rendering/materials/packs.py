"""Packs: several maps in the channels of one file, as game engines want them."""

import dataclasses
import tomllib
from importlib import resources
from pathlib import Path

import numpy as np

from locogan_keras.canvas.description import PICTURE_CHANNELS
from locogan_keras.canvas.maps.names import MAPS, places

_INVERTED = "1 - "


@dataclasses.dataclass(frozen=True)
class Pack:
    """A file of several maps.

    Args:
        suffix: Of its name.
        channels: What each is: a map's name, after `1 - ` if it is inverted, or a number.
    """

    suffix: str
    channels: tuple[str | float, ...]

    @property
    def count(self):
        """How many channels the file has."""
        names = [_map_of(channel)[0] for channel in self.channels]
        return sum(MAPS[name].channels if name else 1 for name in names)

    @property
    def is_color(self):
        """Whether the file shows colours, which come first, and not data."""
        return self.channels[0] == "color"

    def of(self, levels, maps):
        """The pack of a material.

        Args:
            levels: `(rows, columns, channels)` uint8 or uint16.
            maps: As of `checked_maps`.

        Returns:
            `(rows, columns, channels)`, of the same type.
        """
        where, white = places(maps), np.iinfo(levels.dtype).max
        parts = []
        for channel in self.channels:
            name, inverted = _map_of(channel)
            if name in where:
                part = levels[..., where[name]]
            else:
                value = MAPS[name].neutral if name else channel
                count = MAPS[name].channels if name else 1
                part = np.full((*levels.shape[:2], count), round(value * white), levels.dtype)
            parts.append(white - part if inverted else part)
        return np.concatenate(parts, axis=-1)


def load_packs(name):
    """The packs that `--pack` names.

    Args:
        name: One of those in `packs.toml`, or a file like it, of which all are meant.

    Returns:
        A list of `Pack`.

    Raises:
        ValueError: If there is none of this name, or the file has something else.
    """
    if not str(name).endswith(".toml"):
        if name not in BUILT_IN:
            raise ValueError(f"--pack {name} is not a .toml file or one of {', '.join(BUILT_IN)}")
        return [BUILT_IN[name]]
    if not Path(name).is_file():
        raise ValueError(f"--pack {name} is not a file")
    try:
        return list(_table(Path(name).read_text(encoding="utf-8-sig")).values())
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"--pack {name} cannot be read: {error}") from None


def _table(text):
    return {name: _checked(name, values) for name, values in tomllib.loads(text).items()}


def _checked(name, values):
    if not isinstance(values, dict) or values.keys() != {"suffix", "channels"}:
        raise ValueError(f"{name} must have a suffix and channels, nothing else")
    suffix, channels = values["suffix"], values["channels"]
    if not isinstance(suffix, str) or not suffix.isalnum():
        raise ValueError(f"the suffix of {name} must be letters and digits: {suffix!r}")
    if not isinstance(channels, list) or not all(map(_is_channel, channels)):
        raise ValueError(
            f"a channel of {name} must be a number from 0 to 1, or one of {', '.join(MAPS)}, or "
            f"one of these after {_INVERTED!r}: {channels!r}"
        )
    pack = Pack(suffix, tuple(channels))
    if pack.count not in PICTURE_CHANNELS:
        raise ValueError(f"{name} must have 1, 3 or 4 channels in all: {pack.count}")
    return pack


def _is_channel(channel):
    if isinstance(channel, str):
        return _map_of(channel)[0] in MAPS
    return type(channel) in (int, float) and 0 <= channel <= 1


def _map_of(channel):
    """The map that a channel is of, or None, and whether it is inverted."""
    if not isinstance(channel, str):
        return None, False
    return channel.removeprefix(_INVERTED), channel.startswith(_INVERTED)


BUILT_IN = _table((resources.files(__package__) / "packs.toml").read_text("utf-8"))
