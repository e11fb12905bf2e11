"""`locogan render`, and what the commands that make pictures have in common."""

import contextlib
import functools
import os
import shlex
import sys
from fractions import Fraction

from locogan_keras.cli import arguments
from locogan_keras.cli.arguments import add_model, add_out, add_size, add_view, view_of
from locogan_keras.cli.workers import add_workers
from locogan_keras.engines.quiet import load_engine
from locogan_keras.storage.failures import printable

_STDOUT = 1
# Lines about what was damaged.
_SAID = 20


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
        help="several, such as 0,1,4-6: a sheet, an animation (.gif) or a folder",
    )
    _add_wang(render)
    add_view(render)
    add_size(render)
    add_out(render, more="; of several seeds also .gif or no suffix, a folder")
    render.add_argument(
        "--verify",
        action="store_true",
        help="of a picture in tiles, compare what is there with its digests, and make again what "
        "differs",
    )
    add_workers(render)


def run(options):
    """The pictures that a command with `add_out`'s arguments asks for, made and written."""
    if getattr(options, "wang", None):
        _run_wang(options)
        return

    from locogan_keras.rendering.files.formats import format_of
    from locogan_keras.rendering.materials.packs import load_packs
    from locogan_keras.storage.files.atomic import check_writable

    # Refuses what cannot be written before the model is loaded.
    several = options.several or getattr(options, "seeds", None) is not None
    with _target(options.out) as out:
        options.target = out
        options.packs = load_packs(options.pack) if options.pack else ()
        # A material's folder, if the model's is one: only then it is known.
        form = format_of(out, several or not os.path.splitext(options.out)[1])
        # Of so many channels files of each format can be.
        form.pixels(form.channels[-1], options.bits, quality=options.quality)
        if out == options.out:
            check_writable(out)
        engine = load_engine(options.model, options.engine, options.precision)
        options.make(options, engine)
    said = options.said + _depth(options.bits, engine.description.maps)
    said += _shown(options.out, engine.description)
    # Where standard output is the picture, there is no room for words.
    if out == options.out:
        print(
            f"{options.out} is written.{said} Next: another seed, locogan edit, or all that the "
            f"model can do: locogan gallery {shlex.quote(options.model)} --out gallery"
        )
    elif said:
        print(f"locogan:{said}", file=sys.stderr)


def _depth(bits, maps):
    """A sentence about bits that the model did not learn, with a space before it."""
    if not bits or bits <= 8:
        return ""
    of_8 = [name for name, learned in maps if learned == 8]
    if maps and not of_8:
        return ""
    what = f" of {', '.join(of_8)}" if maps else ""
    return f" Its {bits} bits{what} are the model's, which was trained on levels of 8."


def _shown(out, description):
    """A sentence about maps that a picture does not show, with a space before it."""
    if description.picture_channels == description.image_channels or not os.path.splitext(out)[1]:
        return ""
    return (
        f" It shows the color of {len(description.maps)} maps; a folder, without suffix, has all."
    )


@contextlib.contextmanager
def _target(out):
    """What `--out` names: a path as it is, or standard output as an open file."""
    if out != "-":
        yield out
        return
    if os.isatty(_STDOUT):
        raise ValueError("--out - is standard output, which is a terminal: name a file or a pipe")
    sys.stdout.flush()
    try:
        with open(_STDOUT, "wb", closefd=False) as file:
            yield file
    except BrokenPipeError:
        # Who reads no further has read enough.
        return
    except OSError as error:
        if error.filename is not None:
            raise
        raise OSError(error.errno, error.strerror, "standard output") from error


def write_out(options, engine, views, origin, names=None):
    """Pictures written as `--out` says.

    Args:
        options: With `target` or `out`, `bits`, `quality`, `packs`, `normals`, `tile` and `quiet`.
        engine, views, origin, names: As of `rendering.outputs.write`.
    """
    from tqdm import tqdm

    from locogan_keras.canvas.views import View
    from locogan_keras.rendering.outputs import write

    options.said = _said_of_stretch(engine, views if isinstance(views, View) else views[0])

    # None: where there is no terminal, no progress is shown.
    progress = functools.partial(tqdm, unit="tile", disable=options.quiet)
    written = write(
        options.target or options.out,
        engine,
        views,
        names=names,
        tile=options.tile,
        origin=origin,
        progress=progress,
        bits=options.bits,
        quality=options.quality,
        packs=options.packs,
        normals=options.normals,
        verify=options.verify,
        workers=options.workers,
    )
    if written:
        options.said += _said_of_tiles(written)


def _said_of_tiles(written):
    """How a picture in tiles was made, in sentences; what was damaged is said at once."""
    for damage in written.damaged[:_SAID]:
        print(f"locogan: made again: {printable(damage)}", file=sys.stderr)
    if more := len(written.damaged[_SAID:]):
        print(f"locogan: made again: {more} more", file=sys.stderr)
    return (
        f" {written.made} of its {written.units} units were made now. Root digest of its pixels: "
        f"{written.root}."
    )


def _said_of_stretch(engine, view):
    """By how much frames are longer than the trained ones, to fit the period; in a sentence."""
    fits = [
        f"{100 * float(frame / trained - 1):+.1f} % in {axis}"
        for axis, frame, trained in zip("yx", view.frame, engine.description.frame, strict=True)
        if isinstance(frame, Fraction)
    ]
    period = " x ".join(str(length) for length in view.period)
    if not fits:
        return ""
    return f" Its pattern is stretched so that whole repeats fill {period}: {', '.join(fits)}."


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
        "and of left and right ones: a folder. A tile is --size, or --height x --width",
    )


# What a set of Wang tiles has no use for.
_NOT_OF_WANG = ("seeds", "top", "left", "frame", "periodic", "period", "quality", "pack", "normals")
_NOT_OF_WANG += ("verify", "workers")


def _run_wang(options):
    from pathlib import Path

    from tqdm import tqdm

    from locogan_keras.rendering.wang.tile_set import write_wang_tiles
    from locogan_keras.storage.files.atomic import check_writable

    out = options.out
    for name in _NOT_OF_WANG:
        if getattr(options, name) not in (None, 0, (0, 0), "gl"):
            raise ValueError(
                f"--wang takes the size, --seed and --bits of tiles alone: leave out --{name}"
            )
    height, width = options.height, options.width
    if options.size is not None:
        if height or width:
            raise ValueError("--size is both of --height and --width: leave those out")
        height = width = options.size
    if Path(out).suffix or out == "-":
        raise ValueError(f"--out must be a folder, without a suffix, of --wang. Received: {out}")
    check_writable(out)
    write_wang_tiles(
        out,
        load_engine(options.model, options.engine, options.precision),
        options.wang,
        height=height,
        width=width,
        seed=options.seed,
        bits=options.bits,
        tile=options.tile,
        progress=functools.partial(tqdm, unit="tile", disable=options.quiet),
    )
    print(f"{out} is written. Next: look at {out}/preview.png, or open {out}/preview.tmj in Tiled")
