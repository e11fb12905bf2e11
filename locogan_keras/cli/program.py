"""The command `locogan`: arguments only. What is heavy is imported by the command that needs it."""

import argparse
import contextlib
import errno
import io
import logging
import os
import signal
import sys

import locogan_keras
from locogan_keras.cli.edit import add_edit
from locogan_keras.cli.export import add_export
from locogan_keras.cli.gallery import add_gallery
from locogan_keras.cli.models.card import add_card
from locogan_keras.cli.models.evaluate import add_evaluate
from locogan_keras.cli.models.info import add_info
from locogan_keras.cli.models.presets import add_presets
from locogan_keras.cli.render import add_render
from locogan_keras.cli.serve import add_serve
from locogan_keras.cli.train import add_train
from locogan_keras.engines.servers.server_requests import ServerError
from locogan_keras.storage.failures import printable
from locogan_keras.storage.files.atomic import ENDING, heard, last_words, remove_unfinished

INTERRUPTED = 130
SERVER_ERROR = 3
USAGE_ERROR = 2


def main(arguments=None):
    """One run of `locogan`.

    Args:
        arguments: Those after the command's name; the process's own unless given. If they are not
            given, a signal ends the process; else signals and standard streams are the caller's.

    Returns:
        The exit status.
    """
    stream = _own_streams() if arguments is None else None
    options = _parser().parse_args(arguments)
    # The networks are TensorFlow's, whatever the user's Keras is set to for other work.
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = "tensorflow"
    if arguments is None and not options.verbose:
        # What TensorFlow and absl log, whatever the user has set for other work.
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
        logging.disable()
    signals = ENDING if arguments is None else ()
    try:
        with _leaving_at(*signals):
            status = options.command(options) or 0
            if stream and options.prints:
                stream.check()
            return status
    except KeyboardInterrupt as stopped:
        print(f"locogan: {stopped if stopped.args else 'interrupted'}", file=sys.stderr)
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


class _Stream(io.FileIO):
    """A standard stream that may be closed or full: what is not said is no work that failed.

    Args:
        number: Of the file.
    """

    def __init__(self, number):
        super().__init__(number, "w", closefd=False)
        self._lost = None

    def write(self, data):
        try:
            return super().write(data)
        except OSError as error:
            self._lost = error
            return len(data)

    def check(self):
        """A check of what was the work itself; a reader that has left has read enough."""
        sys.stdout.flush()
        if self._lost and self._lost.errno != errno.EPIPE:
            raise OSError(self._lost.errno, self._lost.strerror, "standard output")


def _own_streams():
    """The standard streams of the process made such as these; gives that of standard output.

    A number that is free, as a daemon's are, would be that of the next file to be opened.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    streams = [_Stream(1), _Stream(2)]
    sys.stdout, sys.stderr = (
        io.TextIOWrapper(
            io.BufferedWriter(stream),
            encoding=getattr(before, "encoding", "utf-8"),
            # A file may be named in letters that the terminal does not have.
            errors="backslashreplace",
            line_buffering=True,
        )
        for stream, before in zip(streams, (sys.stdout, sys.stderr), strict=True)
    )
    return streams[0]


@contextlib.contextmanager
def _leaving_at(*numbers):
    """A block in which signals end the process at once, with nothing half-written left to find.

    An exception would not do: Keras and TensorFlow have bare `except`s that swallow it.
    """

    def leave(number, _):
        remove_unfinished()
        words = last_words() or ("interrupted" if number == signal.SIGINT else None)
        if words:
            with contextlib.suppress(OSError):
                os.write(2, f"locogan: {printable(words)}\n".encode())
        os._exit(128 + number)

    before = {number: signal.signal(number, leave) for number in heard(numbers)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _fail(reason, status=USAGE_ERROR, prog="locogan"):
    print(f"{prog}: error: {printable(' '.join(reason.split()))}", file=sys.stderr)
    return status


class _Parser(argparse.ArgumentParser):
    """A parser that says in one line what is wrong."""

    def parse_known_args(self, args=None, namespace=None):
        for word in args if args is not None else sys.argv[1:]:
            # Of Python 3.11's argparse, the value would be an empty list.
            if word.startswith("--") and word.endswith("=--"):
                self.error(f"argument {word[:-3]}: expected one argument")
        return super().parse_known_args(args, namespace)

    def error(self, message):
        self.exit(_fail(message, prog=self.prog))


class _Version(argparse.Action):
    """An option that prints the version, read only when it is asked for."""

    def __call__(self, parser, namespace, values, option_string=None):
        print(f"locogan {locogan_keras.__version__}")
        parser.exit()


def _parser():
    parser = _Parser(
        prog="locogan",
        description="LocoGAN: train on one photo or a folder, render pictures of any size.",
    )
    parser.add_argument(
        "--version", action=_Version, nargs=0, default=argparse.SUPPRESS, help="print it and exit"
    )
    parser.set_defaults(prints=False, verbose=False)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    add_train(commands)
    add_render(commands)
    add_edit(commands)
    add_gallery(commands)
    add_serve(commands)
    add_evaluate(commands)
    add_export(commands)
    add_info(commands)
    add_presets(commands)
    add_card(commands)
    return parser
