"""`locogan gallery`: all figures that a model can make, with captions and a page."""

import argparse
import shlex

from locogan_keras.cli.arguments import add_model
from locogan_keras.cli.edit import add_edit
from locogan_keras.cli.render import add_render
from locogan_keras.engines.quiet import load_engine


def add_gallery(commands):
    """The command `locogan gallery`, added."""
    gallery = commands.add_parser(
        "gallery",
        help="make all figures that a model can make",
        description="Makes all figures that a model can make, each by one command that its caption "
        "gives, and an index.html that shows them.",
    )
    gallery.set_defaults(command=_gallery)
    add_model(gallery)
    gallery.add_argument("--out", metavar="DIR", required=True, help="the folder to make")


def _gallery(options):
    from locogan_keras.storage.files.atomic import replacing_folder

    # Before the model is loaded: a folder that is there is refused at once.
    with replacing_folder(options.out) as folder:
        write_gallery(folder, options.model, load_engine(options.model))
    print(f"{options.out} is written. Next: open {options.out}/index.html in a browser")


def write_gallery(folder, model, engine):
    """A folder filled with figures, their captions (`.txt`) and `index.html`.

    Args:
        folder: A `Path`.
        model: MODEL, for the commands in the captions.
        engine: An `Engine`, such as `load_engine` gives.
    """
    from PIL import Image
    from tqdm import tqdm

    from locogan_keras.evaluation.gallery import figures, tile_of
    from locogan_keras.evaluation.gallery_page import page

    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers()
    add_render(commands)
    add_edit(commands)
    shown = []
    for figure in tqdm(figures(engine.description), unit="figure", disable=None):
        picture = folder / f"{figure.name}.png"
        *command, out = _command(figure, model, tile_of(engine.description), picture.name)
        made = parser.parse_args([*command, str(picture)])
        made.quiet = True
        made.make(made, engine)
        caption = figure.caption
        if figure.name == "vary-local":
            caption += _influence(engine, tile_of(engine.description))
        line = shlex.join(["locogan", *command, out])
        (folder / f"{figure.name}.txt").write_text(
            f"{figure.title}\n\n{caption}\n\n{line}\n", encoding="utf-8"
        )
        with Image.open(picture, formats=["PNG"]) as image:
            shown.append((figure.name, figure.title, caption, line, image.size[::-1]))
    (folder / "index.html").write_text(
        page(f"What {model} makes", _facts(engine.description), shown), encoding="utf-8"
    )


def _command(figure, model, tile, out):
    """The command's arguments; the last is where to."""
    words = 2 if figure.arguments[0] == "edit" else 1
    name, rest = figure.arguments[:words], figure.arguments[words:]
    return [*name, model, *rest, "--tile", str(tile), "--out", out]


def _influence(engine, tile):
    from locogan_keras.canvas.views import make_view
    from locogan_keras.evaluation.plan_influence import plan_influence

    if not engine.description.global_channels:
        return ""
    local, master = plan_influence(engine, make_view(engine.description), tile=tile)
    ratio = f", {master / local:.3g} times as much" if local else ""
    return (
        " Mean squared difference of pixels, over 8 pictures of another seed: "
        f"{local:.4g} for another local plan, {master:.4g} for another master plan{ratio}."
    )


def _facts(description):
    height, width = description.frame
    return {
        "recipe": description.recipe or "unknown",
        "steps": "unknown" if description.steps is None else description.steps,
        "frame": f"{height} x {width} pixels",
        "positions": description.encoding,
        "latent": f"{description.global_channels} global and {description.local_channels} local "
        "channels",
        "parameters": f"{description.parameters:,}",
        "fingerprint": description.fingerprint,
    }
