"""`locogan render`, and what the commands that make pictures have in common."""

import functools
from pathlib import Path

from locogan_keras.cli import arguments
from locogan_keras.cli.arguments import add_model, add_out, add_view, view_of
from locogan_keras.engines.quiet import load_engine


def add_render(commands):
    """Adds `locogan render`."""
    render = commands.add_parser(
        "render", help="make a picture of any size", description="Makes a picture of any size."
    )
    render.set_defaults(command=run, make=_make, several=False)
    add_model(render)
    seeds = render.add_mutually_exclusive_group()
    seeds.add_argument("--seed", type=int, default=0, help="0 to 4294967295 (default: 0)")
    seeds.add_argument(
        "--seeds",
        type=arguments.seeds,
        metavar="LIST",
        help="several, such as 0,1,4-6: a sheet (.png), an animation (.gif) or a folder",
    )
    add_view(render)
    add_out(render)


def run(options):
    """Makes what a command that `add_out` was called for asks."""
    check_out(options)
    options.make(options, load_engine(options.model))


def write_view(options, engine, view, origin):
    """Writes one picture as PNG while it is made.

    Args:
        options: With `out` and `tile`.
        engine: See `engines`.
        view: The `View`.
        origin: A dict that the PNG keeps, next to the view, the model and the version.
    """
    from locogan_keras.rendering.png import write_png
    from locogan_keras.rendering.render import bands

    pieces = bands(engine, view, options.tile, _progress(options))
    write_png(options.out, view.size, pieces, _metadata(options, engine, view, origin))


def write_views(options, engine, views, names, origin):
    """Writes pictures as `--out` says; one alone as PNG may have any size.

    Args:
        options, engine, origin: As of `write_view`.
        views: A list of `View`.
        names: Of the pictures, as files of a folder.
    """
    if len(views) == 1 and Path(options.out).suffix.lower() == ".png":
        write_view(options, engine, views[0], origin)
        return
    from locogan_keras.rendering.outputs import write_pictures
    from locogan_keras.rendering.render import bands, render

    # Refuses the tile before there is a folder.
    bands(engine, views[0], options.tile)
    pictures = (render(engine, view, options.tile, _progress(options)) for view in views)
    # In a folder each is one of the views, which its name tells.
    told = [{} if Path(options.out).suffix else {"picture": name} for name in names]
    metadata = [
        _metadata(options, engine, view, {**origin, **each})
        for view, each in zip(views, told, strict=True)
    ]
    write_pictures(options.out, names, pictures, metadata)


def check_out(options):
    """Refuses an `--out` that ends in something else than the command writes."""
    several = options.several or getattr(options, "seeds", None) is not None
    suffix = Path(options.out).suffix.lower()
    if suffix != ".png" and not (several and suffix in (".gif", "")):
        what = ".png (a sheet), .gif (an animation) or nothing (a folder)" if several else ".png"
        raise ValueError(f"--out must end in {what}. Received: --out {options.out}")


def _make(options, engine):
    if options.seeds is None:
        view = view_of(options, engine.description, options.seed)
        write_view(options, engine, view, {"seed": options.seed})
        return
    views = [view_of(options, engine.description, seed) for seed in options.seeds]
    names = [f"seed-{seed}" for seed in options.seeds]
    write_views(options, engine, views, names, {"seeds": options.seeds})


def _progress(options):
    from tqdm import tqdm

    # None: where there is no terminal, no progress is shown.
    return functools.partial(tqdm, unit="tile", disable=options.quiet)


def _metadata(options, engine, view, origin):
    from locogan_keras.canvas.latents import SCHEME
    from locogan_keras.storage.run import version

    shift = {"shift": view.shift} if any(view.shift) else {}
    return {
        **origin,
        "window": [*view.corner, *view.size],
        "frame": view.frame,
        "period": view.period,
        **shift,
        "tile": options.tile,
        "latents": SCHEME,
        "model": engine.description.fingerprint,
        "version": version(),
    }
