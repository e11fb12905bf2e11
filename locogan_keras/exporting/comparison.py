"""The comparison of an export with its generator, on inputs of the model's own kind."""

import itertools
import time

import numpy as np

from locogan_keras.canvas.latents import latent_field
from locogan_keras.canvas.positions import position_map

# Between engines, in [-1, 1]; and as many times what the last bit of its inputs changes in the
# picture of a generator that amplifies rounding. Measured: 0.2 to 1.7 times. At most an eighth of
# a level of 8 bits.
TOLERANCE = 1e-5
_ROUNDINGS, _MOST = 4, 1e-3
# Of 8-bit models: below, the difference can be seen.
LEAST_DECIBELS = 35.0
# Cells: square, not square, prime.
_SIZES = ((4, 4), (3, 6), (5, 7))
_BATCHES = (1, 3)


def samples(description, sizes=_SIZES, batches=_BATCHES):
    """Inputs of the model's own kind: latents and positions of every size and batch.

    Args:
        description: The model's.
        sizes: (height, width) in cells.
        batches: How many at once.

    Yields:
        `(latent, positions)`, as of `Generator`.
    """
    for (height, width), batch in itertools.product(sizes, batches):
        fields, maps = [], []
        for seed in range(batch):
            fields.append(latent_field(seed, 0, 0, height, width, **description.channels))
            maps.append(
                position_map(seed, -seed, height, width, description.frame, description.periodic)
            )
        yield np.stack(fields), np.stack(maps)


def verify(engine, keras_engine, report):
    """A check that an export is the generator.

    Args:
        engine: The export's.
        keras_engine: The generator's.
        report: Called with a line about how equal they are.

    Raises:
        ValueError: If it describes, shapes or computes something else.
    """
    if engine.description != keras_engine.description:
        raise ValueError("the export describes another generator; nothing was written")
    error, rounding = 0.0, 0.0
    for latent, positions in samples(keras_engine.description):
        image, expected = engine(latent, positions), keras_engine(latent, positions)
        if (image.shape, image.dtype) != (expected.shape, expected.dtype):
            raise ValueError(
                f"the export gives {image.shape} {image.dtype}, the generator {expected.shape} "
                f"{expected.dtype}; nothing was written"
            )
        # Not a number compares as nothing does: it must not pass.
        error = max(error, float(np.nan_to_num(np.abs(image - expected), nan=np.inf).max()))
        nearby = keras_engine(_last_bit_changed(latent), _last_bit_changed(positions))
        rounding = max(rounding, float(np.abs(nearby - expected).max()))
    tolerance = max(TOLERANCE, min(_ROUNDINGS * rounding, _MOST))
    if not error <= tolerance:
        raise ValueError(
            f"the export differs from the generator by {error:.1e}, over {tolerance:.0e}; "
            "nothing was written"
        )
    report(f"equal to the Keras generator to {error:.1e} in {len(_SIZES) * len(_BATCHES)} cases")


def _last_bit_changed(values):
    """Float32 values, each the next one up or down, in turns."""
    away = np.where(np.arange(values.size) % 2, np.inf, -np.inf).reshape(values.shape)
    return np.nextafter(values, away.astype(np.float32))


def compare(engine, exact, precision, report):
    """The report of what a precision costs and brings; a difference that can be seen is refused.

    Args:
        engine: The smaller model's.
        exact: The float32 model's.
        precision: Its name.
        report: Called with the line.

    Raises:
        ValueError: If the difference can be seen.
    """
    errors = [engine(*inputs) - exact(*inputs) for inputs in samples(exact.description)]
    squares = np.concatenate([np.square(error, dtype=np.float64).ravel() for error in errors])
    decibels = 10.0 * np.log10(4.0 / max(squares.mean(), 1e-12))
    if not decibels >= LEAST_DECIBELS:
        raise ValueError(
            f"{precision} differs from float32 by a PSNR of {decibels:.1f} dB, under "
            f"{LEAST_DECIBELS:.0f} dB; nothing was written"
        )
    faster = _speed(engine, exact)
    worth = "" if faster >= 1.5 or precision == "float16" else ", not worth it for speed"
    report(
        f"{precision} against float32: PSNR {decibels:.1f} dB, largest error "
        f"{np.sqrt(squares.max()):.1e}, {faster:.2f} times as fast here{worth}"
    )


def _speed(engine, exact, rounds=7):
    """The speed of one engine over that of another, timed in turns on one tile."""
    cells = 256 // exact.description.cell
    inputs = next(samples(exact.description, sizes=((cells, cells),), batches=(1,)))
    seconds = {engine: [], exact: []}
    for _ in range(rounds):
        for each, times in seconds.items():
            start = time.perf_counter()
            each(*inputs)
            times.append(time.perf_counter() - start)
    # The first round also allocates.
    return np.median(seconds[exact][1:]) / np.median(seconds[engine][1:])
