"""The settings of a run that begins from a preset."""

import dataclasses

from locogan_keras.storage.config import load_config, recipe_names, settings_from
from locogan_keras.storage.presets import open_preset
from locogan_keras.storage.run import Run
from locogan_keras.storage.settings import ModelSettings, toml_value

# Of presets that do not know a recipe of ours, by their encoding.
_RECIPES = {
    "none": "irregular",
    **dict.fromkeys(("torus", "rows", "columns"), "regular"),
    "cylinder": "pattern-cylinder",
    "linear": "aligned",
}
# The pictures' own to say: weights know of no frame.
_FREE = "frame"


def recipe_of(preset):
    """The name of the recipe that a preset was trained with, or of the one for what it is.

    Raises:
        ValueError: If the preset is none, or is damaged.
    """
    recipe = preset.origin.get("recipe")
    return recipe if recipe in recipe_names() else _RECIPES[_model_of(preset).encoding]


def load_fine_tuning(preset, changes=()):
    """The settings to go on from a preset with: its model's, and the others of its recipe.

    Args:
        preset: A `Preset`.
        changes: As `settings` of `load_config`.

    Returns:
        `Settings`.

    Raises:
        ValueError: As of `load_config`, `recipe_of` and `check_begins_from`.
    """
    recipe, model = recipe_of(preset), dataclasses.asdict(_model_of(preset))
    if load_config(recipe).model.frame == "picture":
        model["frame"] = "picture"
    own = [f"model.{key}={toml_value(value)}" for key, value in model.items()]
    settings = load_config(recipe, [*own, *changes])
    check_begins_from(preset, settings)
    return settings


def check_begins_from(preset, settings):
    """A check that a run of these settings can have a preset's weights.

    Raises:
        ValueError: If a setting of the model differs; it names the first.
    """
    theirs = _model_of(preset)
    for field in dataclasses.fields(ModelSettings):
        there, here = getattr(theirs, field.name), getattr(settings.model, field.name)
        if field.name != _FREE and there != here:
            raise ValueError(
                f"--from {preset.said} is another model: model.{field.name} is {there!r} there, "
                f"{here!r} here; leave out --recipe or --set model.{field.name}"
            )


def preset_to_begin_from(out, preset=None, fresh=False):
    """The preset that a run has its first weights from, or None.

    Args:
        out: The run's folder.
        preset: As of `open_preset`, if one is asked for. If not, a run that was stopped before
            anything of it was saved has the one that it began from.
        fresh: Whether to start over where `out` holds a run.

    Returns:
        A `Preset`, or None.

    Raises:
        ValueError: If it is not there.
    """
    run = Run(out)
    if preset is None and not fresh and run.exists() and not run.saved_step():
        preset = run.read()[1].preset
    return open_preset(preset) if preset else None


def _model_of(preset):
    """A preset's `ModelSettings`."""
    saved = preset.settings
    names = {field.name for field in dataclasses.fields(ModelSettings)}
    model = {name: value for name, value in saved.items() if name in names}
    if model.get("encoding", "linear") == "linear":
        model["frame"] = "picture"
    with preset.refusing():
        return settings_from({"model": model}).model
