"""`locogan export`: a model for other runtimes."""

import shlex
from pathlib import Path

from locogan_keras.cli.arguments import path
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
    parser.add_argument(
        "model", metavar="MODEL", type=path, help="a run's folder, or a .keras file"
    )
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
    from locogan_keras.storage.files.atomic import check_writable
    from locogan_keras.storage.files.room import check_disk
    from locogan_keras.storage.run import GENERATOR

    _check_model(options.model)
    check_writable(options.out)
    # What is exported is as large as the weights.
    files = (options.model, Path(options.model, GENERATOR))
    size = sum(Path(file).stat().st_size for file in files if Path(file).is_file())
    check_disk(options.out, size, f"--out {options.out}")
    import_tensorflow()
    with standard_error_muted():
        export(options.model, options.to, options.out, **settings)
    out = shlex.quote(options.out)
    following = f"locogan render {out} --out picture.png"
    if options.to == "serving":
        following = f"{options.out}/README.md says how to serve it"
    print(f"{options.out} is written. Next: {following}")


def _check_model(model):
    """A refusal of what has been exported: it cannot be exported again."""
    is_file = Path(model).suffix.lower() == ".onnx"
    if is_file or "://" in model or Path(model, "saved_model.pb").exists():
        raise ValueError(
            f"MODEL {model} is exported already; export takes what it was made from, a run's "
            "folder or a .keras file"
        )
