"""`locogan render` of growing pictures through ONNX Runtime: time and peak memory of the process.

    python export/benchmark.py

Each picture is a process of its own, from its start to the written PNG. The model has random
weights, which take as long as trained ones.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

SIZES = (1024, 2048, 4096, 8192)
_RENDER = "import sys; from locogan_keras.cli import main; sys.exit(main(sys.argv[1:]))"
_SAVE = """
import sys
from locogan_keras.engines.keras_engine import describe
from locogan_keras.exporting.deployable import deployable
from locogan_keras.networks.generator import build_generator
from locogan_keras.exporting.onnx_export import onnx_model, save_onnx

generator = build_generator(int(sys.argv[2]), "torus", frame=(192, 192))
save_onnx(onnx_model(deployable(generator), describe(generator)), sys.argv[1])
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--width", type=int, default=64, help="of the generator (default: 64)")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, metavar="PX")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model, out = Path(folder, "generator.onnx"), Path(folder, "picture.png")
        # Not in this process: a child begins with its parent's peak memory.
        subprocess.run([sys.executable, "-c", _SAVE, str(model), str(options.width)], check=True)
        print("| picture | seconds | seconds a megapixel | peak MB | PNG MB |")
        print("|---|---|---|---|---|", flush=True)
        for size in options.sizes:
            command = ["render", str(model), "--out", str(out), "--periodic", "none"]
            begun = time.perf_counter()
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-c",
                    _RENDER,
                    *command,
                    "--height",
                    str(size),
                    "--width",
                    str(size),
                ]
            )
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - begun
            if status:
                return 1
            print(
                f"| {size} x {size} | {seconds:.1f} | {seconds / size**2 * 1e6:.2f} "
                f"| {usage.ru_maxrss / 1e3:.0f} | {out.stat().st_size / 1e6:.0f} |",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
