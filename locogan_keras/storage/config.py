"""Settings of a training run: recipes in TOML, checked key by key."""

import dataclasses
import difflib
import tomllib
from importlib import resources
from pathlib import Path

from locogan_keras.canvas.positions import CROP, INJECTIONS, PERIODIC_AXES, check_frame
from locogan_keras.storage.toml import parse_toml, toml_value

# Pixels between the places of crops: a cell is a whole number of them, and so is every circle.
STRIDES = (1, 2, 4, 8, 16)

PRECISIONS = ("float32", "mixed_float16", "mixed_bfloat16")


def _setting(default, meaning, choices=None, least=None, most=None):
    metadata = {"meaning": meaning, "choices": choices, "least": least, "most": most}
    return dataclasses.field(default=default, metadata=metadata)


@dataclasses.dataclass(frozen=True)
class Model:
    """The networks; see `build_generator`."""

    width: int = _setting(32, "channels of the narrowest layers", least=1)
    encoding: str = _setting("linear", "of positions", choices=tuple(PERIODIC_AXES))
    inject: str = _setting("every_layer", "where positions go", choices=INJECTIONS)
    global_channels: int = _setting(16, "of the master plan", least=0)
    local_channels: int = _setting(2, "of the local plan", least=1)
    frame: tuple[int, int] | str = _setting(
        "picture", "[height, width] in pixels of a pattern's frame; or the whole picture"
    )


@dataclasses.dataclass(frozen=True)
class Data:
    """How the source is read."""

    image_size: int = _setting(128, "the shorter edge is scaled down to this", least=CROP)
    # Measured on one panorama (width 8, 2,000 steps of batch 8, two seeds): with 1, patches came
    # nearer the photo's than with 16: sliced distance 6.0 and 5.9 against 8.9 and 8.3, at the size
    # trained at and stretched. With 16 there are only 80 different crops of it.
    stride: int = _setting(
        1,
        "pixels between the possible places of crops: 1 is the paper's wording, 16 keeps the phase "
        "of the latent grid",
        choices=STRIDES,
    )
    # More than half damaged is more likely a wrong SOURCE than a bad one.
    max_rejected: float = _setting(
        0.5, "share of the pictures that may be damaged or too small", least=0.0, most=1.0
    )


@dataclasses.dataclass(frozen=True)
class Training:
    """How the networks are trained; see `LocoGAN.compile`."""

    steps: int = _setting(10_000, "generator steps in all", least=1)
    batch_size: int = _setting(16, "crops in a step, on all devices together", least=1)
    loss: str = _setting("bce", "adversarial loss", choices=("bce", "hinge"))
    standardize: bool = _setting(
        False, "whether the discriminator sees images at the pictures' mean and deviation"
    )
    generator_learning_rate: float = _setting(2e-4, "Adam's", least=0.0, most=1.0)
    discriminator_learning_rate: float = _setting(2e-4, "Adam's", least=0.0, most=1.0)
    beta_1: float = _setting(0.5, "Adam's", least=0.0, most=0.9999)
    discriminator_steps: int = _setting(1, "for each generator step", least=1)
    ema_decay: float = _setting(0.999, "of the averaged generator", least=0.0, most=0.999999)
    seed: int = _setting(0, "of weights, crops and latents", least=0, most=2**32 - 1)
    strategy: str = _setting(
        "auto",
        "single, mirrored (all GPUs), multiworker (all of TF_CONFIG), auto (mirrored if it can be)",
        choices=("auto", "single", "mirrored", "multiworker"),
    )
    precision: str = _setting(
        "float32", "of training; what is saved is float32", choices=PRECISIONS
    )
    # The default makes a run the same on any number of devices.
    synchronized_batch_normalization: bool = _setting(
        True, "whether all devices normalise by the statistics of the whole batch"
    )
    deterministic: bool = _setting(
        False, "whether every operation gives the same bits each time, at some cost in speed"
    )
    save_every: int = _setting(500, "steps between checkpoints and sample sheets", least=1)
    tensorboard: bool = _setting(False, "whether losses and sample sheets are for TensorBoard, too")
    keep: int = _setting(2, "checkpoints of the last saves; the best one stays, too", least=1)


@dataclasses.dataclass(frozen=True)
class Config:
    """All settings of a run, in the sections of its TOML file."""

    model: Model = Model()
    data: Data = Data()
    training: Training = Training()

    def __post_init__(self):
        if self.model.frame == "picture":
            return
        check_frame(self.model.frame, self.model.encoding)
        if self.model.encoding == "linear":
            raise ValueError(
                'model.frame must be "picture" with model.encoding=linear: only patterns that '
                f"repeat have a frame of their own. Received: model.frame={list(self.model.frame)}"
            )
        if min(self.model.frame) < CROP:
            raise ValueError(
                f"model.frame must be at least one crop, {CROP} x {CROP}. "
                f"Received: model.frame={list(self.model.frame)}"
            )

    def to_toml(self):
        """The settings as TOML."""
        lines = []
        for section in dataclasses.fields(self):
            lines += ["", f"[{section.name}]"] if lines else [f"[{section.name}]"]
            values = dataclasses.asdict(getattr(self, section.name))
            lines += [f"{key} = {toml_value(value)}" for key, value in values.items()]
        return "\n".join([*lines, ""])


def recipe_names():
    """The recipes that come with the package."""
    folder = resources.files("locogan_keras") / "recipes"
    return sorted(path.name.removesuffix(".toml") for path in folder.iterdir())


def load_config(recipe, settings=()):
    """Reads a recipe and lays single settings over it.

    Args:
        recipe: A name from `recipe_names()`, or a TOML file.
        settings: Strings `section.key=value`, the value in TOML; a bare word is a string. The
            section may be left out where only one has the key.

    Returns:
        A `Config`.

    Raises:
        ValueError: If the recipe, a key or a value is not known; it names the key and the value.
    """
    values = parse_toml(_recipe_text(recipe), recipe)
    # The `config.toml` of a run is a recipe too.
    values.pop("run", None)
    config_from(values)
    for setting in settings:
        path, equals, text = setting.partition("=")
        if not equals:
            raise ValueError(f"--set takes SECTION.KEY=VALUE. Received: {setting!r}")
        section, key = _section_and_key(path.strip())
        _check_key(section, key)
        values.setdefault(section, {})[key] = _parse_value(text.strip())
    return config_from(values)


def config_from(values):
    """A `Config` of nested dictionaries `{section: {key: value}}`; see `load_config`."""
    sections = {}
    for section, settings in values.items():
        _check_key(section, None)
        if not isinstance(settings, dict):
            raise ValueError(f"{section} is a section. Received: {section}={settings!r}")
        kind = _SECTIONS[section]
        checked = {
            key: _checked(section, _check_key(section, key), value)
            for key, value in settings.items()
        }
        sections[section] = kind(**checked)
    return Config(**sections)


_KINDS = {int: "a whole number", float: "a number", str: "a string", bool: "true or false"}
_SECTIONS = {field.name: field.type for field in dataclasses.fields(Config)}


def _recipe_text(recipe):
    if str(recipe).endswith(".toml"):
        try:
            return Path(recipe).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"--recipe {recipe} cannot be read: {error}") from None
    names = recipe_names()
    if recipe not in names:
        raise ValueError(f"--recipe {recipe} is not a .toml file or one of {', '.join(names)}")
    return (resources.files("locogan_keras") / "recipes" / f"{recipe}.toml").read_text("utf-8")


def _parse_value(text):
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _section_and_key(path):
    """Of `section.key`, or of a `key` alone: no two sections have one of the same name."""
    section, dot, key = path.partition(".")
    if dot:
        return section, key
    keys = {
        field.name: name for name, kind in _SECTIONS.items() for field in dataclasses.fields(kind)
    }
    if path not in keys:
        close = difflib.get_close_matches(path, keys, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise ValueError(f"unknown key {path}{hint}")
    return keys[path], path


def _check_key(section, key):
    """The field that a key names, or None for a section alone."""
    if section not in _SECTIONS:
        raise ValueError(f"unknown section {section!r}; there are {', '.join(_SECTIONS)}")
    if key is None:
        return None
    fields = {field.name: field for field in dataclasses.fields(_SECTIONS[section])}
    if key not in fields:
        close = difflib.get_close_matches(key, fields, n=1)
        hint = (
            f"; did you mean {section}.{close[0]}?" if close else f"; there are {', '.join(fields)}"
        )
        raise ValueError(f"unknown key {section}.{key}{hint}")
    return fields[key]


def _checked(section, field, value):
    """The value in the field's type and range, or `ValueError`."""
    limits = field.metadata
    value = tuple(value) if isinstance(value, list) else value
    if field.type is float and type(value) is int:
        value = float(value)
    wanted = None
    if field.name == "frame":
        pair = isinstance(value, tuple) and [type(item) for item in value] == [int, int]
        wanted = None if pair or value == "picture" else '[HEIGHT, WIDTH] or "picture"'
    elif type(value) is not field.type:
        wanted = _KINDS[field.type]
    elif limits["choices"] and value not in limits["choices"]:
        wanted = f"one of {', '.join(map(str, limits['choices']))}"
    elif limits["least"] is not None and not value >= limits["least"]:
        wanted = f"at least {limits['least']}"
    elif limits["most"] is not None and not value <= limits["most"]:
        wanted = f"at most {limits['most']}"
    if wanted:
        shown = list(value) if isinstance(value, tuple) else value
        raise ValueError(
            f"{section}.{field.name} must be {wanted}. Received: {section}.{field.name}={shown!r}"
        )
    return value
