"""Trained generators as files for other runtimes, each compared with Keras before it is kept.

What is heavy is imported by the kind that needs it: the command line reads these tables.
"""

import json
from pathlib import Path

from locogan_keras.storage.files.atomic import replacing, replacing_folder, scratch_folder
from locogan_keras.storage.files.names import own_name


def export(
    model, to, out, *, opset=None, precision=None, single_file=None, runtime=None, report=print
):
    """An export of a generator, compared with it before it is moved into place.

    Args:
        model: A run's folder, a `.keras` file or a preset; for a page an `.onnx` file, too.
        to: One of `KINDS`: `"savedmodel"`, `"onnx"`, `"serving"`, `"web"` or `"preset"`.
        out: The file or folder to write. A file is replaced; a folder must not exist.
        opset: Of ONNX, 15 to 18; 18 unless given.
        precision: Of ONNX, one of `PRECISIONS`: `"float32"`, unless given, `"float16"` or `"int8"`.
        single_file: Of a page, whether it is one `.html` file instead of a folder.
        runtime: Of a page, the npm package of `web.runtime`; fetched unless given.
        report: Called with each line about what was measured.

    Raises:
        ValueError: If there is no such model, an argument is out of range, or the export differs
            from the generator. Then nothing is left behind.
    """
    options = {"opset": opset, "precision": precision}
    options |= {"single_file": single_file, "runtime": runtime}
    options = {name: value for name, value in options.items() if value is not None}
    _check_one_of("to", to, KINDS)
    for name, value in options.items():
        if to != OPTIONS[name]:
            raise ValueError(
                f"`{name}` is for to={OPTIONS[name]!r}. Received: {name}={value!r}, to={to!r}"
            )
    _check_one_of("precision", options.get("precision", "float32"), PRECISIONS)
    if to == "web":
        from locogan_keras.engines.loading import onnx_file
        from locogan_keras.exporting.web.export import export_web
        from locogan_keras.exporting.web.runtime import runtime_files

        options["runtime"] = runtime_files(runtime, report)
        path = onnx_file(model)
        if path:
            export_web(path, out, report=report, **options)
            return

    from locogan_keras.engines.keras_engine import KerasEngine
    from locogan_keras.engines.loading import load_trained
    from locogan_keras.exporting.deployable import deployable
    from locogan_keras.storage.preset_files import ABOUT
    from locogan_keras.storage.presets import preset_of

    preset = preset_of(model)
    if preset and to == "preset":
        # Its licence goes with it.
        options["about"] = {key: preset.metadata[key] for key in ABOUT if key in preset.metadata}
    generator, origin = load_trained(preset or model)
    keras_engine = KerasEngine(generator, **origin)
    KINDS[to](deployable(generator), keras_engine, out, report, **options)


def _check_one_of(name, value, table):
    if value not in table:
        raise ValueError(f"`{name}` must be one of {', '.join(table)}. Received: {name}={value!r}")


def _export_savedmodel(network, keras_engine, out, report):
    from locogan_keras.engines.savedmodel_engine import SavedModelEngine
    from locogan_keras.exporting.comparison import verify
    from locogan_keras.exporting.savedmodel_export import save_savedmodel

    with replacing_folder(out) as temporary:
        save_savedmodel(network, keras_engine.description, str(temporary))
        verify(SavedModelEngine(temporary), keras_engine, report)


def _export_serving(network, keras_engine, out, report):
    from locogan_keras.engines.savedmodel_engine import SavedModelEngine
    from locogan_keras.exporting.comparison import verify
    from locogan_keras.exporting.serving_export import save_serving

    name = own_name(out)
    with replacing_folder(out) as temporary:
        savedmodel = save_serving(network, keras_engine.description, temporary, name)
        verify(SavedModelEngine(savedmodel), keras_engine, report)


def _export_preset(network, keras_engine, out, report, about=None):
    from locogan_keras.engines.keras_engine import KerasEngine
    from locogan_keras.networks.pretrained.presets import saving_to_preset
    from locogan_keras.storage.preset_files import ONNX

    generator, described = keras_engine.generator, keras_engine.description
    # Presets are for others: where a recipe's file lay is not.
    recipe = described.recipe and Path(described.recipe).name
    engine = KerasEngine(generator, recipe=recipe, steps=described.steps)
    about = {**(about or {}), "description": json.loads(engine.description.to_json())}
    with saving_to_preset(generator, out, **about) as temporary:
        _export_onnx(network, engine, temporary / ONNX, report)


def _export_onnx(network, keras_engine, out, report, opset=18, precision="float32"):
    from locogan_keras.engines.onnx_engine import OnnxEngine
    from locogan_keras.exporting.comparison import compare, verify
    from locogan_keras.exporting.onnx_export import onnx_model, save_onnx

    with replacing(out) as path:
        model = onnx_model(network, keras_engine.description, opset)
        save_onnx(model, path)
        exact = OnnxEngine(path)
        verify(exact, keras_engine, report)
        if convert := PRECISIONS[precision]:
            save_onnx(convert(model, keras_engine.description), path)
            compare(OnnxEngine(path), exact, precision, report)


def _export_web(network, keras_engine, out, report, **options):
    from locogan_keras.exporting.web.export import export_web

    with scratch_folder() as folder:
        path = folder / "model.onnx"
        _export_onnx(network, keras_engine, path, report)
        export_web(path, out, report=report, **options)


def _to_float16(model, _):
    from locogan_keras.exporting.onnx_precision import to_float16

    return to_float16(model)


def _to_int8(model, description):
    from locogan_keras.exporting.comparison import samples
    from locogan_keras.exporting.onnx_precision import to_int8

    return to_int8(model, list(samples(description, sizes=((8, 8), (6, 12)), batches=(8,))))


# What can be exported, and what writes it from the deployable form.
KINDS = {
    "savedmodel": _export_savedmodel,
    "onnx": _export_onnx,
    "serving": _export_serving,
    "web": _export_web,
    "preset": _export_preset,
}
# What each option is for.
OPTIONS = {"opset": "onnx", "precision": "onnx", "single_file": "web", "runtime": "web"}
# Of ONNX, and what makes it from the float32 model and its description.
PRECISIONS = {"float32": None, "float16": _to_float16, "int8": _to_int8}
