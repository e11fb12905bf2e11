"""Arguments of a command whose pictures in tiles can be made by many workers."""

import argparse
import re

from locogan_keras.cli.arguments import MOST


def add_workers(parser):
    """The arguments --workers and --scheduler, of which one can be given, and --verbose, added."""
    crew = parser.add_mutually_exclusive_group()
    crew.add_argument(
        "--workers",
        type=_workers,
        metavar="N",
        help=f"of a picture in tiles, of a model in ONNX: 1 to {MOST} processes of this machine",
    )
    crew.add_argument(
        "--scheduler",
        dest="workers",
        type=_scheduler,
        metavar="tcp://HOST:PORT",
        help="the same by the workers of a Dask cluster, one that you trust",
    )
    parser.add_argument("--verbose", action="store_true", help="show Dask's own messages, too")


def _workers(text):
    if not re.fullmatch(r"\d{1,9}", text) or not 1 <= int(text) <= MOST:
        raise argparse.ArgumentTypeError(f"must be 1 to {MOST}: {text}")
    return int(text)


def _scheduler(text):
    match = re.fullmatch(r"(?:tcp|tls)://(?:[\w.-]+|\[[\da-fA-F:.]+\]):(\d{1,5})", text)
    if not match or not 1 <= int(match[1]) < 2**16:
        raise argparse.ArgumentTypeError(f"must be tcp://HOST:PORT or tls://HOST:PORT: {text}")
    return text
