"""Who makes the units of a picture: this process, or workers of Dask's."""

import contextlib
import functools
import importlib.util

from locogan_keras.rendering.ahead import relayed


def makers(job, workers):
    """Those who make a job's units.

    Args:
        job: The `Job`, which has looked.
        workers: None for this process; how many processes of this machine; or the address of a
            Dask scheduler, `tcp://HOST:PORT`. Units and their records are written by this process.

    Returns:
        A context manager, of a function of the `Ticks`, which gives an iterator over `(unit,
        Record)`: those that are missing, each after those below it, and in any order beside that.

    Raises:
        ValueError: If the engine cannot be made elsewhere, `distributed` is not installed, or as
            `crew` does, from the context manager.
    """
    if workers is not None:
        if not hasattr(job.picture.engine, "elsewhere"):
            raise ValueError(
                "--workers and --scheduler are of ONNX Runtime, that is of models in ONNX and of "
                "presets that have one: locogan export MODEL --to onnx, and leave out --engine"
            )
        if not importlib.util.find_spec("distributed"):
            raise ValueError(
                "--workers and --scheduler need the package distributed: pip install "
                "locogan-keras[dask]"
            )
        if next(job.missing()):
            from locogan_keras.rendering.gigapixel.cluster.crew import crew

            return crew(job, workers)
    return contextlib.nullcontext(functools.partial(_alone, job))


def _alone(job, ticks):
    def pixels(unit):
        return job.pixels(unit, ticks.within(unit))

    for units in job.missing():
        yield from zip(units, relayed(pixels, job.store_pixels, units), strict=True)
