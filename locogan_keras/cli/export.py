"""`locogan export`: a model for other runtimes."""

from pathlib import Path

from locogan_keras.engines.quiet import import_tensorflow, standard_error_muted
from locogan_keras.exporting.export import KINDS, PRECISIONS, export


def add_export(commands):
    """The command `locogan export`, added."""
    parser = commands.add_parser(
        "export",
        help="write a model for other runtimes",
        description="Writes a model for other runtimes, compared with the original first.",
    )
    parser.set_defaults(command=_export)
    parser.add_argument("model", metavar="MODEL", help="a run's folder, or a .keras file")
    parser.add_argument("--to", choices=tuple(KINDS), required=True)
    parser.add_argument("--out", metavar="PATH", required=True, help="the file or folder to write")
    parser.add_argument(
        "--opset", type=int, metavar="N", help="ONNX operator set, 15 to 18 (default: 18)"
    )
    parser.add_argument("--precision", choices=tuple(PRECISIONS), help="of ONNX (default: float32)")


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
    with standard_error_muted():
        export(options.model, options.to, options.out, **settings)
    return 0
