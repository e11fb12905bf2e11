"""One picture's file, opened for its rows: what all that write pictures use."""

import contextlib
import itertools
import json

from locogan_keras.rendering.files.formats import format_of, is_file
from locogan_keras.rendering.files.levels import to_levels
from locogan_keras.storage.files.atomic import replacing


@contextlib.contextmanager
def open_picture(out, size, channels, metadata=None, **how):
    """A file of one picture, in the format that its suffix says; whole or not at all.

    Args:
        out: A path, at which all stays as it was if the block fails; or an open binary file, to
            which a PNG is written as it is made.
        size: (height, width) in pixels.
        channels: 1, 3 or 4.
        metadata: A dict that the file keeps as JSON, if any.
        how: `bits`, `quality` and `is_color`, as of `Format.pixels`.

    Yields:
        A function that writes the next rows: `(rows, width, channels)`, float values in [-1, 1], or
        levels of the type that the file has.

    Raises:
        ValueError: If the format cannot have such a picture, or the rows do not make it up.
        OSError: If the file cannot be written; it names `out`.
    """
    form = format_of(out, several=False)
    pixels = form.pixels(channels, **how)
    form.check(size, pixels)
    text = None if metadata is None else json.dumps(metadata)
    target = contextlib.nullcontext(out) if is_file(out) else replacing(out)
    (height, width), done = size, 0
    with target as file, form.begin(file, size, pixels, text) as write_levels:

        def write(rows):
            nonlocal done
            is_known = rows.dtype == pixels.dtype or rows.dtype.kind == "f"
            if rows.shape[1:] != (width, channels) or not is_known:
                raise ValueError(
                    f"rows must be (rows, {width}, {channels}) {pixels.dtype} or float. "
                    f"Received: {rows.shape} {rows.dtype}"
                )
            done += len(rows)
            if done <= height:
                write_levels(to_levels(rows, pixels.dtype))

        yield write
        if done != height:
            raise ValueError(f"rows must be {height} in all. Received: {done} rows")


def write_picture(out, size, bands, metadata=None, **how):
    """A picture written.

    Args:
        out, size, metadata, how: As of `open_picture`.
        bands: What it writes, from top to bottom: one array of rows, or more.

    Raises:
        ValueError, OSError: As of `open_picture`.
    """
    bands = iter(bands)
    first = list(itertools.islice(bands, 1))
    channels = first[0].shape[-1] if first else 3
    with open_picture(out, size, channels, metadata, **how) as write:
        for band in itertools.chain(first, bands):
            write(band)
