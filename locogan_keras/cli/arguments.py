"""What arguments of the command line look like, as types for `argparse`."""

import argparse
import re

# Of pictures in one sheet, animation or folder.
MOST = 1000


def positive(kind):
    """A positive number of a kind, `int` or `float`."""

    def parse(text):
        value = kind(text)
        if not 0 < value <= 1e12:
            raise argparse.ArgumentTypeError(f"must be positive: {text}")
        return value

    parse.__name__ = kind.__name__
    return parse


def size(text):
    """`HEIGHTxWIDTH` as two integers."""
    match = re.fullmatch(r"(\d+)x(\d+)", text)
    if not match:
        raise argparse.ArgumentTypeError(f"must be HEIGHTxWIDTH in pixels: {text}")
    return int(match[1]), int(match[2])


def seed(text):
    """A seed, 0 to 2^32 - 1."""
    if not re.fullmatch(r"\d{1,10}", text) or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"must be 0 to {2**32 - 1}: {text}")
    return int(text)


def seeds(text):
    """Seeds and ranges of them, such as `0,1,4-6`, as a list."""
    found = []
    for part in text.split(","):
        match = re.fullmatch(r"(\d{1,10})(?:-(\d{1,10}))?", part)
        if not match:
            raise argparse.ArgumentTypeError(f"must be seeds such as 0,1,4-6: {text!r}")
        first, last = int(match[1]), int(match[2] or match[1])
        if last >= 2**32:
            raise argparse.ArgumentTypeError(f"must be 0 to {2**32 - 1} each: {text}")
        if last < first:
            raise argparse.ArgumentTypeError(f"{part} runs backwards: {text}")
        if len(found) + last - first >= MOST:
            raise argparse.ArgumentTypeError(f"must be at most {MOST} seeds: {text}")
        found.extend(range(first, last + 1))
    return found


def frames(text):
    """A number of pictures, 1 to 1000."""
    if not re.fullmatch(r"\d{1,9}", text) or not 1 <= int(text) <= MOST:
        raise argparse.ArgumentTypeError(f"must be 1 to {MOST}: {text}")
    return int(text)


def sized_seed(text):
    """`SEED:HEIGHTxWIDTH` as a seed and two integers."""
    match = re.fullmatch(r"([^:]*):([^:]*)", text)
    if not match:
        raise argparse.ArgumentTypeError(f"must be SEED:HEIGHTxWIDTH: {text}")
    return seed(match[1]), size(match[2])


def part(text):
    """`START:STOP` as two integers."""
    match = re.fullmatch(r"(\d+):(\d+)", text)
    if not match:
        raise argparse.ArgumentTypeError(f"must be START:STOP in pixels: {text}")
    return int(match[1]), int(match[2])


def region(text):
    """`TOP,LEFT,HEIGHT,WIDTH` as four integers, or the path of a mask as it is."""
    if not re.fullmatch(r" *-?\d+ *(, *-?\d+ *)*", text):
        return text
    numbers = tuple(map(int, text.split(",")))
    if len(numbers) != 4:
        raise argparse.ArgumentTypeError(
            f"must be TOP,LEFT,HEIGHT,WIDTH in pixels, or a mask picture: {text}"
        )
    return numbers
