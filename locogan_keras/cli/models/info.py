"""`locogan info`: the facts of a model."""

from locogan_keras.cli.arguments import add_model
from locogan_keras.engines.quiet import load_engine
from locogan_keras.storage.failures import printable


def add_info(commands):
    """The command `locogan info`, added."""
    info = commands.add_parser(
        "info", help="say what a model is", description="Says what a model is."
    )
    info.set_defaults(command=_info, prints=True)
    add_model(info)


def _info(options):
    from locogan_keras.storage.preset_files import ABOUT
    from locogan_keras.storage.presets import preset_of
    from locogan_keras.storage.run import GENERATOR, Run

    lines = {}
    preset = preset_of(options.model)
    if preset:
        told = {name: preset.metadata.get(name) for name in ABOUT}
        lines |= {name: value for name, value in told.items() if value}
    run = Run(options.model)
    if run.exists():
        settings, origin = run.read()
        lines |= {"recipe": origin.recipe, "source": origin.source, "steps": run.saved_step()}
        if origin.preset:
            lines["begun from"] = origin.preset
        lines |= {"width": settings.model.width, "begun with version": origin.version}
        if not run.path(GENERATOR).exists():
            lines["generator"] = "not saved yet"
    if "generator" not in lines:
        description = load_engine(preset or options.model).description
        height, width = description.frame
        axes = [axis for axis, repeats in zip("yx", description.periodic, strict=True) if repeats]
        periods = [
            str(length) if repeats else "none"
            for length, repeats in zip(description.frame, description.periodic, strict=True)
        ]
        if not run.exists():
            lines |= {"recipe": description.recipe or "unknown"}
            lines |= {"steps": "unknown" if description.steps is None else description.steps}
        lines |= {
            "frame": f"{height} x {width} pixels",
            "encoding": description.encoding,
            "repeats in": " and ".join(axes) or "no direction",
            "period": " x ".join(periods),
            "latent": f"{description.global_channels} global + {description.local_channels} local "
            f"channels{_lines(description.line_channels)}",
            "image": f"{description.image_channels} channels{_maps(description.maps)}",
            "parameters": f"{description.parameters:,}",
            "fingerprint": description.fingerprint,
        }
    for name, value in lines.items():
        print(f"{name + ':':<20}{printable(str(value))}")


def _lines(counts):
    """What is said of the channels that rows and columns have, if there are any."""
    rows, columns = counts
    return f", {rows} of rows and {columns} of columns" if any(counts) else ""


def _maps(maps):
    """What is said of maps, if there are any."""
    names = ", ".join(f"{name} (of {bits} bits)" for name, bits in maps)
    return f": {names}" if names else ""
