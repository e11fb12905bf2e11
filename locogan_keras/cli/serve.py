"""`locogan serve`: a model's endless picture in tiles, over HTTP."""

import argparse
import functools
import re
import sys

from locogan_keras.cli.arguments import add_engine, add_model
from locogan_keras.engines.quiet import load_engine

# Tiles; one of the farthest level is computed from 16.
_QUEUE, _LEAST = 256, 16


def add_serve(commands):
    """The command `locogan serve`, added."""
    serve = commands.add_parser(
        "serve",
        help="serve tiles of a model's endless picture over HTTP",
        description="Answers GET /SEED/Z/X/Y.png with tiles of 256 x 256 pixels of a model's "
        "endless picture, Z (0 to 2) levels out, X to the right and Y down, both of any sign; and "
        "/ with a page that shows it. Ctrl-C and SIGTERM end it, after what was begun.",
    )
    serve.set_defaults(command=_serve)
    add_model(serve)
    add_engine(serve)
    serve.add_argument(
        "--port",
        type=functools.partial(_number, 0, 65535),
        default=8080,
        help="0 for any that is free (default: 8080)",
    )
    serve.add_argument(
        "--host",
        default="127.0.0.1",
        help="the address to answer at; 0.0.0.0 for every one of this machine (default: 127.0.0.1, "
        "for this machine alone)",
    )
    serve.add_argument(
        "--queue",
        type=functools.partial(_number, _LEAST, 2**16),
        default=_QUEUE,
        metavar="TILES",
        help="that wait at most, beyond which requests get status 503; one of Z=1 counts as 4, of "
        f"Z=2 as 16 (default: {_QUEUE})",
    )
    serve.add_argument(
        "--dry-run", action="store_true", help="make one tile, say what would be served, and end"
    )
    serve.add_argument("--verbose", action="store_true", help="a line for each request")


def _number(least, most, text):
    if not re.fullmatch("[0-9]{1,9}", text) or not least <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"must be {least} to {most}: {text}")
    return int(text)


def _serve(options):
    from locogan_keras.hosting.application import Application
    from locogan_keras.hosting.page import page
    from locogan_keras.hosting.server import address_of, bound_socket, check_installed, serve
    from locogan_keras.hosting.tiles import Canvas, Tile

    check_installed()
    # An address that cannot be had is refused before the model is loaded.
    with bound_socket(options.host, options.port) as bound:
        canvas = Canvas(load_engine(options.model, options.engine, options.precision))
        # A model that gives none is refused; and a first one takes longer than others.
        canvas.png(Tile(0, 0, 0, 0))
        address = address_of(bound)
        height, width = (length or "endless" for length in canvas.size)
        what = f"{options.model} (height {height}, width {width})"
        if options.dry_run:
            options.prints = True
            print(f"{address} would serve {what}. Next: the same without --dry-run")
            return
        say = functools.partial(print, file=sys.stderr, flush=True)
        application = Application(
            canvas,
            page(_title(options.model), canvas),
            options.queue,
            report=say if options.verbose else None,
            complain=lambda line: say(f"locogan: {line}"),
        )
        serve(
            application,
            bound,
            lambda: print(f"{address} serves {what}; Ctrl-C ends it", flush=True),
        )


def _title(model):
    """What the page calls a model: no more of a path than its last part."""
    return re.split(r"[/\\]", str(model).rstrip("/\\"))[-1].removeprefix("preset:")
