"""The maps of a material: colour, normals, height and what else a renderer wants, in one image."""

import dataclasses
import reprlib

# Bits of a file's channels that a map can come from.
DEPTHS = (8, 16)


@dataclasses.dataclass(frozen=True)
class Map:
    """A map of a material.

    Args:
        channels: How many of an image's it takes.
        suffix: Of its file's name, as ambientCG has it.
        others: How its file's name may end as well, in small letters: Poly Haven's words.
        neutral: Its value, 0 to 1, in a material that has none.
    """

    channels: int
    suffix: str
    others: tuple[str, ...] = ()
    neutral: float = 1.0


# In the order in which an image has them. Normals are vectors (x, y, z) with y up, as of OpenGL.
MAPS = {
    "color": Map(3, "Color", ("diff", "diffuse", "albedo", "basecolor")),
    "normal": Map(3, "NormalGL", ("nor_gl",)),
    "height": Map(1, "Displacement", ("disp", "height"), neutral=0.5),
    "roughness": Map(1, "Roughness", ("rough",)),
    "ambient_occlusion": Map(1, "AmbientOcclusion", ("ao",)),
    "metalness": Map(1, "Metalness", ("metal",), neutral=0.0),
    "opacity": Map(1, "Opacity", ("alpha",)),
}
# The smallest set: one transparent picture, its colour multiplied by its opacity, which is last.
CUTOUT = "cutout"
_CHANNELS = {**{name: each.channels for name, each in MAPS.items()}, CUTOUT: 4}


def places(maps):
    """`{name: slice of an image's channels}` of `(name, bits)` pairs."""
    found, done = {}, 0
    for name, _ in maps:
        found[name] = slice(done, done + _CHANNELS[name])
        done += _CHANNELS[name]
    return found


def channel_count(maps):
    """How many channels the maps have together."""
    return sum(_CHANNELS[name] for name, _ in maps)


def picture_channels(maps, image_channels):
    """How many channels the picture has that shows an image: of a material, those of its colour."""
    return _CHANNELS[maps[0][0]] if maps else image_channels


def checked_maps(maps, image_channels):
    """Maps as a tuple of `(name, bits)`.

    Args:
        maps: Pairs of a map's name and the bits of the file that it was learned from. None, or a
            `cutout` alone, or some of `MAPS` in their order with `color` first.
        image_channels: Of the image that has them.

    Raises:
        ValueError: If they are anything else, or have not so many channels.
    """
    received = f"Received: maps={reprlib.repr(maps)}, image_channels={image_channels}"
    if not isinstance(maps, (list, tuple)) or not all(map(_is_map, maps)):
        names = ", ".join(_CHANNELS)
        raise ValueError(
            f"`maps` must be pairs of a name ({names}) and the bits, 8 or 16. {received}"
        )
    names = [name for name, _ in maps]
    in_order = [name for name in MAPS if name in names]
    if names not in ([], [CUTOUT]) and (names != in_order or names[0] != "color"):
        raise ValueError(f"`maps` must begin with color and be in their order. {received}")
    if maps and channel_count(maps) != image_channels:
        raise ValueError(f"`maps` must have as many channels as the image. {received}")
    return tuple((name, bits) for name, bits in maps)


def _is_map(pair):
    if not isinstance(pair, (list, tuple)) or len(pair) != 2:
        return False
    name, bits = pair
    return isinstance(name, str) and name in _CHANNELS and type(bits) is int and bits in DEPTHS
