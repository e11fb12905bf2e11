"""`locogan export`: a model for other runtimes."""

import shlex
from pathlib import Path

from locogan_keras.cli.arguments import path
from locogan_keras.engines.quiet import import_tensorflow, standard_error_muted
from locogan_keras.exporting.export import KINDS, OPTIONS, PRECISIONS, export
from locogan_keras.exporting.web.runtime import ARCHIVE

# Bytes of a page without its model: nearly all of it is the runtime.
_PAGE = 12 * 10**6


def add_export(commands):
    """The command `locogan export`, added."""
    parser = commands.add_parser(
        "export",
        help="write a model for other runtimes",
        description="Writes a model for other runtimes, compared with the original first.",
    )
    parser.set_defaults(command=_export)
    parser.add_argument(
        "model",
        metavar="MODEL",
        type=path,
        help="a run's folder, a .keras file or a preset (preset:NAME or its folder); for a page an "
        ".onnx file, too",
    )
    parser.add_argument("--to", choices=tuple(KINDS), required=True)
    parser.add_argument("--out", metavar="PATH", required=True, help="the file or folder to write")
    parser.add_argument(
        "--opset", type=int, metavar="N", help="ONNX operator set, 15 to 18 (default: 18)"
    )
    parser.add_argument("--precision", choices=tuple(PRECISIONS), help="of ONNX (default: float32)")
    parser.add_argument(
        "--single-file",
        action="store_true",
        default=None,
        help="of a web page: one .html file that opens by double click, instead of a folder",
    )
    parser.add_argument(
        "--runtime",
        metavar="FILE",
        type=path,
        help=f"of a web page: {ARCHIVE}, as `npm pack` leaves it (default: it is fetched)",
    )


def _export(options):
    settings = {name: getattr(options, name) for name in OPTIONS}
    settings = {name: value for name, value in settings.items() if value is not None}
    for name, value in settings.items():
        if options.to != OPTIONS[name]:
            said = f"--{name.replace('_', '-')}"
            said_value = said if value is True else f"{said} {value}"
            raise ValueError(
                f"{said} is for --to {OPTIONS[name]}. Received: {said_value} --to {options.to}"
            )
    suffix = ".html" if options.single_file else {"onnx": ".onnx"}.get(options.to)
    if suffix and Path(options.out).suffix.lower() != suffix:
        raise ValueError(f"--out must end in {suffix}. Received: --out {options.out}")
    from locogan_keras.engines.loading import onnx_file
    from locogan_keras.storage.files.atomic import check_writable
    from locogan_keras.storage.files.room import check_disk
    from locogan_keras.storage.preset_files import WEIGHTS
    from locogan_keras.storage.presets import preset_of
    from locogan_keras.storage.run import GENERATOR

    preset, onnx = preset_of(options.model), onnx_file(options.model)
    if not preset and not (onnx and options.to == "web"):
        _check_model(options.model)
    check_writable(options.out)
    # What is exported is as large as the weights.
    files = (options.model, Path(options.model, GENERATOR))
    files = (preset.path(WEIGHTS),) if preset else files
    size = sum(Path(file).stat().st_size for file in files if Path(file).is_file())
    size += _PAGE if options.to == "web" else 0
    check_disk(options.out, size, f"--out {options.out}")
    if not (onnx and options.to == "web"):
        import_tensorflow()
    with standard_error_muted():
        export(preset or options.model, options.to, options.out, **settings)
    out = shlex.quote(options.out)
    following = f"locogan render {out} --out picture.png"
    if options.to == "serving":
        following = f"{options.out}/README.md says how to serve it"
    if options.to == "web":
        served = f"python -m http.server --directory {out}, and open http://localhost:8000"
        following = "open it in a browser" if options.single_file else served
    print(f"{options.out} is written. Next: {following}")


def _check_model(model):
    """A refusal of what has been exported: it cannot be exported again."""
    is_file = Path(model).suffix.lower() == ".onnx"
    if is_file or "://" in model or Path(model, "saved_model.pb").exists():
        raise ValueError(
            f"MODEL {model} is exported already; export takes what it was made from, a run's "
            "folder, a .keras file or a preset"
        )
