"""Training steps and rendering, as GFLOP/s and as a fraction of a matrix product in the same run.

    python train/benchmark.py

Each figure is taken in turns with `tf.matmul` of two 4096 x 4096 matrices, because the speed of a
shared machine drifts. The operations counted are those of the convolutions that are executed, twice
a multiplication and an addition, with border cells and position channels; everything else that the
step or the renderer does takes its time and counts nothing.
"""

import argparse
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

WIDTHS = (32, 64, 128)
BATCH = 16
CROP = 64
SIZE = 1024
TILE = 256
MATRIX = 4096


def measure(work, rounds):
    """Seconds of each of several functions, run in turns: {name: median}."""
    for run in work.values():
        run()
    times = {name: [] for name in work}
    for _ in range(rounds):
        for name, run in work.items():
            begun = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - begun)
    return {name: statistics.median(each) for name, each in times.items()}


def benchmark(width, what, rounds):
    """One row of the table, printed."""
    import tensorflow as tf

    from locogan_keras.canvas.views import make_view
    from locogan_keras.engines.keras_engine import KerasEngine
    from locogan_keras.rendering.render import render
    from locogan_keras.storage.config import settings_from
    from locogan_keras.training.costs import rendering_flops, training_flops
    from locogan_keras.training.prepare import build

    model = build(settings_from({"model": {"width": width, "encoding": "torus"}}), (192, 192))
    crops = tf.random.stateless_uniform((BATCH, CROP, CROP, 3), (0, 0), -1, 1)
    windows = tf.random.stateless_uniform((BATCH, 4), (0, 1), 0, 0.3)
    step = tf.function(model.train_step)
    matrix = tf.random.stateless_normal((MATRIX, MATRIX), (0, 2))
    product = tf.function(lambda: tf.reduce_sum(tf.matmul(matrix, matrix)))
    engine = KerasEngine(model.ema_generator)
    view = make_view(engine.description, height=SIZE, width=SIZE, periodic="none")
    if what == "onnx":
        engine = onnx_engine(model.ema_generator)
    names = {
        "step": f"training step, batch {BATCH}",
        "render": f"rendering {SIZE} x {SIZE}",
        "onnx": f"rendering {SIZE} x {SIZE}, ONNX Runtime",
    }
    work = {
        "step": lambda: float(step((crops, windows))["loss"]),
        "render": lambda: render(engine, view, TILE),
        "onnx": lambda: render(engine, view, TILE),
    }
    flops = {
        "step": lambda: training_flops(model, BATCH, CROP),
        "render": lambda: rendering_flops(model.generator, SIZE, TILE),
        "onnx": lambda: rendering_flops(model.generator, SIZE, TILE),
    }
    seconds = measure({"matmul": lambda: product().numpy(), "work": work[what]}, rounds)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    count = flops[what]() / 1e9
    matrix_rate, rate = 2 * MATRIX**3 / 1e9 / seconds["matmul"], count / seconds["work"]
    print(
        f"| {width} | {names[what]} | {count:.0f} | {seconds['work']:.2f} | {rate:.0f} "
        f"| {matrix_rate:.0f} | {rate / matrix_rate:.2f} | {peak:.1f} |",
        flush=True,
    )


def onnx_engine(generator):
    """The generator, exported and loaded again."""
    from locogan_keras.engines.keras_engine import describe
    from locogan_keras.engines.onnx_engine import OnnxEngine
    from locogan_keras.exporting.deployable import deployable
    from locogan_keras.exporting.onnx_export import onnx_model, save_onnx

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "generator.onnx")
        save_onnx(onnx_model(deployable(generator), describe(generator)), path)
        return OnnxEngine(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7, help="timed runs of each (default: 7)")
    parser.add_argument("--width", type=int, help="one width only")
    parser.add_argument(
        "--what", choices=("step", "render", "onnx"), help="one row only, in this process"
    )
    options = parser.parse_args()
    if options.what:
        benchmark(options.width or WIDTHS[0], options.what, options.rounds)
        return 0
    print(f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}")
    print("| width | what | GFLOP | seconds | GFLOP/s | matmul GFLOP/s | ratio | peak GiB |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    for width in [options.width] if options.width else WIDTHS:
        for what in ("step", "render", "onnx"):
            # A process of its own, so that its peak memory is its own.
            command = [sys.executable, __file__, "--width", str(width), "--what", what]
            subprocess.run([*command, "--rounds", str(options.rounds)], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
