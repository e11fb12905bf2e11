"""`locogan presets`: the presets that are installed."""

import json

from locogan_keras.engines.quiet import load_engine
from locogan_keras.storage.failures import printable

_COLUMNS = ("name", "title", "size", "licence", "package")


def add_presets(commands):
    """The command `locogan presets`, added."""
    presets = commands.add_parser(
        "presets",
        help="list the trained models that are installed",
        description="Lists the presets that are installed: models for MODEL, as preset:NAME.",
    )
    presets.set_defaults(command=_presets, prints=True)
    presets.add_argument(
        "--out", metavar="FILE", help="a sheet with a picture of each, too: .png, .jpg, .webp, .tif"
    )
    presets.add_argument("--json", action="store_true", help="print JSON")


def _presets(options):
    from locogan_keras.storage.presets import installed_presets

    presets = installed_presets()
    if options.out is not None:
        if not presets:
            raise ValueError(f"--out {options.out} would be empty: no preset is installed")
        _write_sheet(options.out, presets)
    facts = [_facts(preset) for preset in presets]
    if options.json:
        print(json.dumps(facts, indent=2))
        return
    for line in _table(facts):
        print(line)
    if not presets:
        print("No preset is installed; the package locogan-presets has some.")
    elif options.out is not None:
        print(f"{options.out} is written. Next: locogan render preset:NAME --out picture.png")


def _facts(preset):
    from locogan_keras.storage.preset_files import ABOUT

    told = {name: str(preset.metadata.get(name) or "") for name in ABOUT}
    files = [path for path in preset.folder.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    return {"name": preset.name, **told, "bytes": size, "package": preset.package}


def _table(facts):
    """A line for each preset, in columns."""
    facts = [{**each, "size": f"{each['bytes'] / 1e6:.1f} MB"} for each in facts]
    rows = [[printable(each[name]) or "-" for name in _COLUMNS] for each in facts]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def _write_sheet(out, presets):
    from tqdm import tqdm

    from locogan_keras.rendering.files.formats import format_of
    from locogan_keras.rendering.files.opening import write_picture
    from locogan_keras.rendering.thumbnails import captioned_sheet, thumbnail
    from locogan_keras.storage.files.atomic import check_writable

    # Refuses what cannot be written before anything is made.
    format_of(out, several=False).pixels(3)
    check_writable(out)
    progress = tqdm(presets, unit="preset", disable=None)
    pictures = {preset.name: thumbnail(load_engine(preset)) for preset in progress}
    sheet = captioned_sheet(pictures)
    write_picture(out, sheet.shape[:2], [sheet])
