"""ONNX Runtime for browsers, pinned, from the npm package that it is published in."""

import hashlib
import io
from pathlib import Path

VERSION = "1.30.0"
ARCHIVE = f"onnxruntime-web-{VERSION}.tgz"
ADDRESS = f"https://registry.npmjs.org/onnxruntime-web/-/{ARCHIVE}"
SHA256 = "d2228df7e4616bc3348bf504ee888f3bec43789a273f0a63f3e68d203ce3bf71"
# What a page loads for each way to compute: the script, and the program that it starts.
ENGINES = {
    "wasm": ("ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"),
    "webgpu": ("ort.webgpu.bundle.min.mjs", "ort-wasm-simd-threaded.asyncify.wasm"),
}
# ONNX's own operators that exports compute with and that both can do (`docs/webgpu-operators.md` of
# the package). Convolutions that are transposed or padded by the graph are slow there.
_OPERATORS = """
Add Cast Clip Concat Conv Cos DepthToSpace Div Mul Neg Relu Reshape Sin Slice Split Squeeze Sub Tanh
Transpose Unsqueeze
"""
OPERATORS = frozenset(_OPERATORS.split())
# Bytes: the archive has 33,106,585.
_LARGEST = 2**26


def check_operators(graph):
    """A refusal, with `ValueError`, of a graph with operators that no page can be sure to have.

    Args:
        graph: An `onnx.GraphProto`.
    """
    names = {".".join(filter(None, (node.domain, node.op_type))) for node in graph.node}
    if refused := sorted(names - OPERATORS):
        raise ValueError(f"--to web: a browser may lack the model's operators {', '.join(refused)}")


def runtime_files(path=None, report=print):
    """The files of `ENGINES`, from the package.

    Args:
        path: The package's archive, as `npm pack` leaves it; fetched from npm's registry unless
            given.
        report: Called with a line before it is fetched.

    Returns:
        A dict of each name and its bytes.

    Raises:
        ValueError: If it is not the package, or cannot be fetched.
        OSError: If there is no such file.
    """
    archive = _fetched(report) if path is None else Path(path).read_bytes()
    found = hashlib.sha256(archive).hexdigest()
    if found != SHA256:
        where = ADDRESS if path is None else f"--runtime {path}"
        raise ValueError(f"{where} is not {ARCHIVE}: its SHA-256 is {found}, not {SHA256}")
    import tarfile

    with tarfile.open(fileobj=io.BytesIO(archive)) as package:
        return {
            name: package.extractfile(f"package/dist/{name}").read()
            for names in ENGINES.values()
            for name in names
        }


def _fetched(report):
    import urllib.request

    report(f"fetching {ADDRESS}, 33 MB; --runtime FILE takes it from a file")
    try:
        with urllib.request.urlopen(ADDRESS, timeout=60) as answer:
            return answer.read(_LARGEST)
    except OSError as error:
        reason = getattr(error, "reason", error)
        raise ValueError(
            f"{ADDRESS} cannot be fetched ({reason}): get it elsewhere, with `npm pack "
            f"onnxruntime-web@{VERSION}`, and name it with --runtime"
        ) from None
