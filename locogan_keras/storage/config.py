"""Recipes as settings: TOML, checked key by key."""

import contextlib
import dataclasses
import difflib
import tomllib
from importlib import resources
from pathlib import Path

from locogan_keras.storage.settings import Settings, toml_value


def recipe_names():
    """The names of the recipes that come with the package."""
    folder = resources.files("locogan_keras") / "recipes"
    return sorted(path.name.removesuffix(".toml") for path in folder.iterdir())


def load_config(recipe, settings=()):
    """The settings of a recipe, with single ones laid over it.

    Args:
        recipe: A name from `recipe_names()`, or a TOML file.
        settings: Strings `section.key=value`, the value in TOML; a bare word is a string. The
            section may be left out where only one has the key.

    Returns:
        `Settings`.

    Raises:
        ValueError: If the recipe, a key or a value is not known; it names the key and the value.
    """
    values = parse_toml(_recipe_text(recipe), recipe)
    # The `config.toml` of a run is a recipe too.
    values.pop("run", None)
    settings_from(values)
    for setting in settings:
        path, equals, text = setting.partition("=")
        if not equals:
            raise ValueError(f"--set takes SECTION.KEY=VALUE. Received: {setting!r}")
        section, key = _section_and_key(path.strip())
        _check_key(section, key)
        values.setdefault(section, {})[key] = _parse_value(text.strip())
    return settings_from(values)


def changes_from(recipe, settings):
    """What `load_config` lays over a recipe to give these settings.

    Args:
        recipe: As of `load_config`.
        settings: `Settings`.

    Returns:
        A list of strings `section.key=value`.
    """
    before = load_config(recipe)
    return [
        f"{section.name}.{key}={toml_value(value)}"
        for section in dataclasses.fields(settings)
        for key, value in dataclasses.asdict(getattr(settings, section.name)).items()
        if value != getattr(getattr(before, section.name), key)
    ]


def settings_from(values):
    """`Settings` of nested dictionaries `{section: {key: value}}`, as of `load_config`."""
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
    return Settings(**sections)


def parse_toml(text, name):
    """TOML text as a dictionary, or `ValueError` with the file's name."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name} is not valid TOML: {error}") from None


_KINDS = {int: "a whole number", float: "a number", str: "a string", bool: "true or false"}
_SECTIONS = {field.name: field.type for field in dataclasses.fields(Settings)}


def _recipe_text(recipe):
    if str(recipe).endswith(".toml"):
        # A pipe would be waited for.
        if Path(recipe).exists() and not Path(recipe).is_file():
            raise ValueError(f"--recipe {recipe} is not a file")
        try:
            # A byte order mark, which some editors write, is no part of it.
            return Path(recipe).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"--recipe {recipe} cannot be read: {error}") from None
    names = recipe_names()
    if recipe not in names:
        raise ValueError(f"--recipe {recipe} is not a .toml file or one of {', '.join(names)}")
    return (resources.files("locogan_keras") / "recipes" / f"{recipe}.toml").read_text("utf-8")


def _parse_value(text):
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        return text


def _section_and_key(path):
    """`(section, key)` of `section.key`, or of a `key` alone: no two sections share a key."""
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
        # One of 400 digits is none, and stays what it is.
        with contextlib.suppress(OverflowError):
            value = float(value)
    wanted = None
    if limits["form"]:
        said, fits = limits["form"]
        wanted = None if fits(value) else said
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
