"""The description of a generator: what has to be known to call it, wherever it runs."""

import dataclasses
import json
import re
import reprlib

import numpy as np

from locogan_keras.canvas.latents import BORDER, CELL, SCHEME
from locogan_keras.canvas.maps.names import checked_maps, picture_channels
from locogan_keras.canvas.positions import CROP, PERIODIC_AXES, check_frame

# What this version reads. A text says the lowest format that its reader must know: raised when a
# reader of an older one would go wrong.
FORMAT = 4
# Later fields: the format that they came with, and what their absence means.
ADDED = {"image_channels": (2, 3), "line_channels": (3, [0, 0]), "maps": (4, [])}
# Channels of the images that a picture file can hold: grey, RGB and RGBA.
PICTURE_CHANNELS = (1, 3, 4)
# Characters of a description's text, and of a name in it: a recipe's may be a path.
_LONGEST_TEXT, _LONGEST_NAME = 2**16, 2**12
# Pixels. One repeat of a lattice is a few cells; a picture of it would be the same few for ever.
_LATTICE_SHOWN = 256


def _whole(least, most=2**63 - 1):
    """What a whole number must be, in words, and a check."""
    return (
        f"a whole number, {least} to {most}",
        lambda value: type(value) is int and least <= value <= most,
    )


def _or_null(said, fits):
    return f"null or {said}", lambda value: value is None or fits(value)


# What each field of a text must be, the format first. Whoever has a description may rely on that.
_FIELDS = {
    "format": _whole(1),
    "frame": ("two numbers", lambda value: isinstance(value, list) and len(value) == 2),
    "global_channels": _whole(0, 2**16),
    "local_channels": _whole(1, 2**16),
    "image_channels": _whole(1, 2**10),
    "line_channels": (
        "two whole numbers, at least 0",
        lambda value: (
            isinstance(value, list)
            and [type(each) for each in value] == [int, int]
            and min(value) >= 0
        ),
    ),
    "fingerprint": (
        "16 hexadecimal digits",
        lambda value: isinstance(value, str) and re.fullmatch("[0-9a-f]{16}", value),
    ),
    "parameters": _whole(0),
    "recipe": _or_null(
        f"text of at most {_LONGEST_NAME} characters",
        lambda value: isinstance(value, str) and len(value) <= _LONGEST_NAME,
    ),
    "steps": _or_null(*_whole(0)),
}
# What this version can do.
_POSSIBLE = {
    "latents": (SCHEME,),
    "encoding": tuple(PERIODIC_AXES),
    "cell": (CELL,),
    "border": (BORDER,),
}


def _values(text):
    """The values of a text's fields, each what it must be; of a newer format that is not known."""
    if len(text) > _LONGEST_TEXT:
        raise ValueError(f"it is over {_LONGEST_TEXT} characters long")
    values = {**{name: absent for name, (_, absent) in ADDED.items()}, **json.loads(text)}
    for name, (said, fits) in _FIELDS.items():
        if not fits(values[name]):
            value = reprlib.repr(values[name])
            raise ValueError(f"{name} must be {said}. Received: {name}={value}")
        if name == "format" and values[name] > FORMAT:
            return values
    if missing := _POSSIBLE.keys() - values.keys():
        raise KeyError(min(missing))
    return values


@dataclasses.dataclass(frozen=True)
class Description:
    """All that has to be known of a generator to call it.

    Args:
        frame: (height, width) in pixels.
        encoding: Of positions.
        global_channels, local_channels: Of the latent.
        fingerprint: 16 hexadecimal digits that tell its architecture and weights from others.
        parameters: How many weights it has.
        recipe: The name of the recipe it was trained with, if known.
        steps: Training steps, if known.
        image_channels: Of its images, positive.
        line_channels: How many of the local channels are one value for a row of cells, and how many
            for a column; see `Generator`.
        maps: What its images' channels are, `(name, bits)` pairs in their order as of
            `checked_maps`; none where they are grey, RGB or RGBA.
        cell: Pixels of the image along each axis that one cell of the inputs becomes.
        border: Cells on each side of the inputs that no pixel of the image belongs to.

    Example:

        from locogan_keras import Description, build_generator, load_engine

        description = load_engine(build_generator(width=2, encoding="torus")).description
        print(description.period)  # (128, 128)
        print(Description.from_json(description.to_json()) == description)  # True
    """

    frame: tuple[int, int]
    encoding: str
    global_channels: int
    local_channels: int
    fingerprint: str
    parameters: int
    recipe: str | None = None
    steps: int | None = None
    image_channels: int = 3
    line_channels: tuple[int, int] = (0, 0)
    maps: tuple[tuple[str, int], ...] = ()
    cell: int = CELL
    border: int = BORDER

    @property
    def channels(self):
        """The latent's channel counts, by the names that `latent_field` has for them."""
        names = ("global_channels", "local_channels", "line_channels")
        return {name: getattr(self, name) for name in names}

    @property
    def periodic(self):
        """Whether the model repeats in (y, x)."""
        return PERIODIC_AXES[self.encoding]

    @property
    def period(self):
        """(height, width) in pixels after which positions repeat; 0 on an axis where never."""
        return tuple(
            length if repeats else 0
            for length, repeats in zip(self.frame, self.periodic, strict=True)
        )

    @property
    def picture_channels(self):
        """Channels of a picture that shows an image: the colour's, where it has maps."""
        return picture_channels(self.maps, self.image_channels)

    @property
    def shown(self):
        """(height, width) in pixels of a picture that shows the model, and of the least it repeats.

        That is the frame; of a lattice, a frame smaller than a crop, as many as make 256 pixels.
        """
        return tuple(
            length if length >= CROP else -(-_LATTICE_SHOWN // length) * length
            for length in self.frame
        )

    def check_inputs(self, latent, positions):
        """A check that the generator can take these inputs.

        Raises:
            ValueError: If they are not `(batch, rows, columns, channels)` arrays of one size that
                holds a cell and its border.
        """
        channels = self.global_channels + self.local_channels
        for name, array, depth in (("latent", latent, channels), ("positions", positions, 2)):
            if len(array.shape) != 4 or array.shape[-1] != depth:
                raise ValueError(
                    f"{name} must be (batch, rows, columns, {depth}). Received: shape "
                    f"{tuple(array.shape)}"
                )
        if latent.shape[:3] != positions.shape[:3] or min(latent.shape[1:3]) <= 2 * self.border:
            raise ValueError(
                f"latent and positions must have one size, over {2 * self.border} cells. Received: "
                f"shapes {tuple(latent.shape)} and {tuple(positions.shape)}"
            )

    def checked_image(self, image, latent):
        """The image that an engine made of a latent, if it is one.

        Raises:
            ValueError: If it has another shape or type, or values that are not finite. Then the
                file is damaged, or not what its description says.
        """
        size = [self.cell * (length - 2 * self.border) for length in latent.shape[1:3]]
        shape = (len(latent), *size, self.image_channels)
        if image.shape != shape or image.dtype.kind != "f":
            raise ValueError(
                f"the model gives {image.dtype} {image.shape} where an image is float32 {shape}"
            )
        if not np.isfinite(image).all():
            raise ValueError("the model gives values that are no finite numbers: it is damaged")
        return image

    def to_json(self):
        """The text that exported models carry, enough to make their inputs."""
        shared = {"latents": SCHEME, "period": self.period}
        values = dataclasses.asdict(self)
        values |= {name: list(values[name]) for name in ("line_channels", "maps")}
        formats = [added for name, (added, absent) in ADDED.items() if values[name] != absent]
        return json.dumps({"format": max(formats, default=1), **values, **shared}, sort_keys=True)

    @classmethod
    def from_json(cls, text):
        """The description in `to_json`'s text.

        Raises:
            ValueError: If there is none, or it is of a model that this version cannot call.
        """
        try:
            values = _values(text)
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise ValueError(f"no description of a LocoGAN generator ({error})") from None
        if values["format"] > FORMAT:
            raise ValueError(
                f"from a newer version: format {values['format']}, this version reads {FORMAT}"
            )
        for name, possible in _POSSIBLE.items():
            value = values[name]
            if type(value) is not type(possible[0]) or value not in possible:
                raise ValueError(
                    f"of {name} {reprlib.repr(value)}, which this version cannot do; it can do "
                    f"{', '.join(map(str, possible))}"
                )
        frame = tuple(values["frame"])
        try:
            check_frame(frame, values["encoding"])
            maps = checked_maps(values["maps"], values["image_channels"])
        except ValueError as error:
            raise ValueError(f"no description of a LocoGAN generator ({error})") from None
        lines = tuple(values["line_channels"])
        if sum(lines) >= values["local_channels"]:
            raise ValueError(
                f"no description of a LocoGAN generator (line_channels {lines} of "
                f"{values['local_channels']} local_channels)"
            )
        known = {field.name: values[field.name] for field in dataclasses.fields(cls)}
        return cls(**{**known, "frame": frame, "line_channels": lines, "maps": maps})
