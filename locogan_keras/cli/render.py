"""`locogan render`, and what the commands that make pictures have in common."""

import functools
import shlex

from locogan_keras.cli import arguments
from locogan_keras.cli.arguments import add_model, add_out, add_view, view_of
from locogan_keras.engines.quiet import load_engine


def add_render(commands):
    """The command `locogan render`, added."""
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
    _add_wang(render)
    add_view(render)
    add_out(render)


def run(options):
    """The pictures that a command with `add_out`'s arguments asks for, made and written."""
    if getattr(options, "wang", None):
        _run_wang(options)
        return

    from locogan_keras.rendering.formats import format_of
    from locogan_keras.storage.files.atomic import check_writable

    # Refuses what cannot be written before the model is loaded.
    format_of(options.out, options.several or getattr(options, "seeds", None) is not None)
    check_writable(options.out)
    options.make(options, load_engine(options.model))
    print(
        f"{options.out} is written. Next: another seed, locogan edit, or all that the model can "
        f"do: locogan gallery {shlex.quote(options.model)} --out gallery"
    )


def write_out(options, engine, views, origin, names=None):
    """Pictures written as `--out` says.

    Args:
        options: With `out`, `tile` and `quiet`.
        engine, views, origin, names: As of `rendering.outputs.write`.
    """
    from tqdm import tqdm

    from locogan_keras.rendering.outputs import write

    # None: where there is no terminal, no progress is shown.
    progress = functools.partial(tqdm, unit="tile", disable=options.quiet)
    write(
        options.out,
        engine,
        views,
        names=names,
        tile=options.tile,
        origin=origin,
        progress=progress,
    )


def _make(options, engine):
    if options.seeds is None:
        view = view_of(options, engine.description, options.seed)
        write_out(options, engine, view, {"seed": options.seed})
        return
    views = [view_of(options, engine.description, seed) for seed in options.seeds]
    names = [f"seed-{seed}" for seed in options.seeds]
    write_out(options, engine, views, {"seeds": options.seeds}, names)


def _add_wang(render):
    render.add_argument(
        "--wang",
        type=arguments.colors,
        metavar="HxW",
        help="a complete set of Wang tiles, with so many colours (1 to 4) of top and bottom edges, "
        "and of left and right ones: a folder. A tile is --height x --width",
    )


# What a set of Wang tiles has no use for.
_NOT_OF_WANG = ("seeds", "top", "left", "frame", "periodic", "period")


def _run_wang(options):
    from pathlib import Path

    from tqdm import tqdm

    from locogan_keras.rendering.wang.tile_set import write_wang_tiles
    from locogan_keras.storage.files.atomic import check_writable

    out = options.out
    for name in _NOT_OF_WANG:
        if getattr(options, name) not in (None, 0, (0, 0)):
            raise ValueError(
                f"--wang takes --height, --width and --seed of a tile alone: leave out --{name}"
            )
    if Path(out).suffix:
        raise ValueError(f"--out must be a folder, without a suffix, of --wang. Received: {out}")
    check_writable(out)
    write_wang_tiles(
        out,
        load_engine(options.model),
        options.wang,
        height=options.height,
        width=options.width,
        seed=options.seed,
        tile=options.tile,
        progress=functools.partial(tqdm, unit="tile", disable=options.quiet),
    )
    print(f"{out} is written. Next: look at {out}/preview.png, or open {out}/preview.tmj in Tiled")
