"""The command `locogan`: arguments only. What is heavy is imported by the command that needs it."""

import argparse
import contextlib
import os
import signal
import sys
from pathlib import Path

from locogan_keras.cli.edit import add_edit
from locogan_keras.cli.gallery import add_gallery
from locogan_keras.cli.render import add_model, add_render
from locogan_keras.cli.train import add_train
from locogan_keras.engines.quiet import import_tensorflow, load_engine, standard_error_muted
from locogan_keras.engines.server_requests import ServerError
from locogan_keras.storage.atomic import remove_unfinished

INTERRUPTED = 130
SERVER_ERROR = 3
USAGE_ERROR = 2


def main(arguments=None):
    """Runs `locogan`.

    Args:
        arguments: Those after the command's name; the process's own unless given. If they are not
            given, a signal ends the process; else signals are the caller's.

    Returns:
        The exit status.
    """
    options = _parser().parse_args(arguments)
    signals = (signal.SIGINT, signal.SIGTERM) if arguments is None else ()
    try:
        with _leaving_at(*signals):
            return options.command(options) or 0
    except KeyboardInterrupt:
        print("locogan: interrupted", file=sys.stderr)
        return INTERRUPTED
    except MemoryError as error:
        return _fail(f"not enough memory: {error}")
    except OSError as error:
        reason = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        return _fail(reason)
    except ValueError as error:
        return _fail(str(error))
    except ServerError as error:
        return _fail(str(error), SERVER_ERROR)


@contextlib.contextmanager
def _leaving_at(*numbers):
    """Lets signals end the process at once, with nothing half-written where a user would find it.

    An exception would not do: Keras and TensorFlow have bare `except`s that swallow it.
    """

    def leave(number, _):
        remove_unfinished()
        if number == signal.SIGINT:
            os.write(2, b"locogan: interrupted\n")
        os._exit(128 + number)

    # What is ignored, as in the background of a script, stays so.
    heard = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, leave) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _fail(reason, status=USAGE_ERROR):
    print(f"locogan: error: {' '.join(reason.split())}", file=sys.stderr)
    return status


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message):
        self.exit(USAGE_ERROR, f"{self.prog}: error: {message}\n")


def _parser():
    parser = _Parser(
        prog="locogan",
        description="LocoGAN: train on one photo or a folder, render pictures of any size.",
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    add_train(commands)
    add_render(commands)
    add_edit(commands)
    add_gallery(commands)
    _add_export(commands)
    _add_info(commands)
    return parser


def _add_export(commands):
    export = commands.add_parser(
        "export",
        help="write a model for other runtimes",
        description="Writes a model for other runtimes, compared with the original first.",
    )
    export.set_defaults(command=_export)
    export.add_argument("model", metavar="MODEL", help="a run's folder, or a .keras file")
    export.add_argument("--to", choices=("savedmodel", "onnx", "serving"), required=True)
    export.add_argument("--out", metavar="PATH", required=True, help="the file or folder to write")
    export.add_argument(
        "--opset", type=int, metavar="N", help="ONNX operator set, 15 to 18 (default: 18)"
    )
    export.add_argument(
        "--precision", choices=("float32", "float16", "int8"), help="of ONNX (default: float32)"
    )


def _add_info(commands):
    info = commands.add_parser(
        "info", help="say what a model is", description="Says what a model is."
    )
    info.set_defaults(command=_info)
    add_model(info)


def _export(options):
    settings = {"opset": options.opset, "precision": options.precision}
    settings = {name: value for name, value in settings.items() if value is not None}
    if options.to == "onnx":
        if Path(options.out).suffix.lower() != ".onnx":
            raise ValueError(f"--out must end in .onnx. Received: --out {options.out}")
    elif settings:
        name, value = next(iter(settings.items()))
        raise ValueError(f"--{name} is for --to onnx. Received: --{name} {value} --to {options.to}")
    import_tensorflow()
    from locogan_keras.exporting.export import export

    with standard_error_muted():
        export(options.model, options.to, options.out, **settings)
    return 0


def _info(options):
    from locogan_keras.storage.run import GENERATOR, Run

    lines = {}
    run = Run(options.model)
    if run.exists():
        config, origin = run.read()
        lines |= {"recipe": origin.recipe, "source": origin.source, "steps": run.saved_step()}
        lines |= {"width": config.model.width, "begun with version": origin.version}
        if not run.path(GENERATOR).exists():
            lines["generator"] = "not saved yet"
    if "generator" not in lines:
        model = load_engine(options.model).description
        height, width = model.frame
        axes = [axis for axis, repeats in zip("yx", model.periodic, strict=True) if repeats]
        periods = [
            str(length) if repeats else "none"
            for length, repeats in zip(model.frame, model.periodic, strict=True)
        ]
        if not run.exists():
            lines |= {"recipe": model.recipe or "unknown"}
            lines |= {"steps": "unknown" if model.steps is None else model.steps}
        lines |= {
            "frame": f"{height} x {width} pixels",
            "encoding": model.encoding,
            "repeats in": " and ".join(axes) or "no direction",
            "period": " x ".join(periods),
            "latent": f"{model.global_channels} global + {model.local_channels} local channels",
            "parameters": f"{model.parameters:,}",
            "fingerprint": model.fingerprint,
        }
    for name, value in lines.items():
        print(f"{name + ':':<20}{value}")
