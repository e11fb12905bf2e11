"""What `load_engine` accepts, and what it refuses."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import types
import zipfile

import keras
import numpy as np
import onnx
import pytest
import tensorflow as tf
from conftest import PATIENCE, lively_generator
from PIL import Image
from support.clients import client_onnx
from tensorflow.core.protobuf import saved_model_pb2

from locogan_keras.canvas.description import FORMAT, Description
from locogan_keras.canvas.views import make_view
from locogan_keras.cli import main
from locogan_keras.engines.keras_engine import KerasEngine, describe
from locogan_keras.engines.loading import load_engine
from locogan_keras.engines.servers.server_requests import ServerError
from locogan_keras.engines.servers.serving_engine import ServingEngine
from locogan_keras.evaluation.gallery import tile_of
from locogan_keras.exporting.deployable import deployable
from locogan_keras.exporting.onnx_export import onnx_model, save_onnx
from locogan_keras.exporting.savedmodel_export import save_savedmodel
from locogan_keras.rendering.render import bands, render


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    """One generator in every form."""
    folder = tmp_path_factory.mktemp("exports")
    generator = lively_generator("torus", frame=(64, 96))
    generator.save(folder / "model.keras")
    network, description = deployable(generator), describe(generator)
    save_onnx(onnx_model(network, description), folder / "model.onnx")
    save_savedmodel(network, description, str(folder / "model"))
    return folder


@pytest.mark.parametrize("name", ["model.onnx", "model"])
def test_every_engine_renders_the_same_picture(name, exports):
    keras_engine = load_engine(exports / "model.keras")
    engine = load_engine(exports / name)
    view = make_view(engine.description, height=131, width=253, seed=5, top=-40, left=1001)
    pictures = [render(each, view, tile=64).astype(int) for each in (keras_engine, engine)]
    different = np.abs(pictures[0] - pictures[1])
    assert different.max() <= 1
    assert np.count_nonzero(different) <= max(1, different.size * 3 / 10_000)


def test_an_onnx_file_needs_neither_tensorflow_nor_keras(exports, tmp_path):
    code = (
        "import sys; from locogan_keras.cli import main; status = main(sys.argv[1:]); "
        "print({'tensorflow', 'keras', 'onnx', 'tf2onnx'} & set(sys.modules)); sys.exit(status)"
    )
    out = tmp_path / "picture.png"
    request = ["render", str(exports / "model.onnx"), "--out", str(out)]
    seconds, least = [], []
    for _ in range(3):
        begun = time.perf_counter()
        subprocess.run(
            [sys.executable, "-c", "import numpy, onnxruntime, PIL.Image"],
            check=True,
            timeout=PATIENCE,
        )
        least.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        result = subprocess.run(
            [sys.executable, "-c", code, *request, "--height", "256", "--width", "256"],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        seconds.append(time.perf_counter() - begun)
        assert (result.returncode, result.stdout.splitlines()[-1]) == (0, "set()")
    with Image.open(out) as picture:
        assert picture.size == (256, 256)
    # A second, where the machine has time: what cannot be done without takes a third of it.
    assert min(seconds) < max(1.0, 3 * min(least))


class Hostile(tf.Module):
    """A SavedModel with the signatures of an export, one of which does more."""

    def __init__(self, act):
        super().__init__()
        self.weight = tf.Variable([1.0])
        self._act = act

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.int64, name="query")])
    def describe(self, query):
        with tf.control_dependencies([self._act(self.weight)]):
            return {"model_json": tf.constant(["{}"])}


def write_file(weight, path):
    return tf.io.write_file(path, "here")


def save(weight, path):
    return tf.raw_ops.SaveV2(
        prefix=path, tensor_names=["weight"], shape_and_slices=[""], tensors=[weight]
    )


@pytest.mark.parametrize(("act", "operator"), [(write_file, "WriteFile"), (save, "SaveV2")])
def test_a_savedmodel_that_would_write_files_is_not_run(act, operator, tmp_path):
    written = str(tmp_path / "written")
    module = Hostile(lambda weight: act(weight, written))
    signatures = dict.fromkeys(("serving_default", "describe"), module.describe)
    tf.saved_model.save(module, str(tmp_path / "model"), signatures)
    with pytest.raises(ValueError, match=rf"no export has: {operator}; it was not run"):
        load_engine(tmp_path / "model")
    assert [each.name for each in tmp_path.iterdir()] == ["model"]


def go_round(_):
    return tf.while_loop(lambda count: count >= 0, lambda count: [count * 0], [tf.constant(0)])[0]


@pytest.mark.parametrize("hidden", [False, True])
def test_a_savedmodel_that_would_never_answer_is_not_run(hidden, tmp_path):
    module = Hostile(tf.function(go_round) if hidden else go_round)
    signatures = dict.fromkeys(("serving_default", "describe"), module.describe)
    tf.saved_model.save(module, str(tmp_path / "model"), signatures)
    with pytest.raises(ValueError, match="has a loop in serving_default, which no export has"):
        load_engine(tmp_path / "model")


def test_a_function_that_calls_itself_does_not_load(exports, tmp_path):
    shutil.copytree(exports / "model", tmp_path / "model")
    model, path = saved_model_pb2.SavedModel(), tmp_path / "model" / "saved_model.pb"
    model.ParseFromString(path.read_bytes())
    for function in model.meta_graphs[0].graph_def.library.function:
        node = function.node_def.add(name="again", op="StatefulPartitionedCall")
        node.attr["f"].func.name = function.signature.name
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ValueError, match="cannot be loaded"):
        load_engine(tmp_path / "model")


class Starts(tf.saved_model.experimental.TrackableResource):
    """What does something as it is loaded."""

    def _create_resource(self):
        return tf.constant(0)

    def _initialize(self):
        go_round(None)


def test_a_savedmodel_that_would_start_by_itself_is_not_run(tmp_path):
    module = Hostile(tf.identity)
    module.starts = Starts()
    signatures = dict.fromkeys(("serving_default", "describe"), module.describe)
    tf.saved_model.save(module, str(tmp_path / "model"), signatures)
    with pytest.raises(ValueError, match="it has what no export has: resource; it was not run"):
        load_engine(tmp_path / "model")


def test_a_function_with_an_operators_name_hides_nothing(exports, tmp_path):
    model = saved_model_pb2.SavedModel()
    model.ParseFromString((exports / "model" / "saved_model.pb").read_bytes())
    library = model.meta_graphs[0].graph_def.library.function
    library[0].node_def.add(name="act", op="WriteFile")
    library.add().signature.name = "WriteFile"
    (tmp_path / "saved_model.pb").write_bytes(model.SerializeToString())
    with pytest.raises(ValueError, match="no export has: WriteFile; it was not run"):
        load_engine(tmp_path)


def test_capitals_are_as_good(exports, tmp_path):
    path = tmp_path / "MODEL.ONNX"
    path.write_bytes((exports / "model.onnx").read_bytes())
    assert load_engine(path).description == load_engine(exports / "model.onnx").description


def test_what_a_model_says_of_itself_is_printable(exports, tmp_path, capsys):
    recipe = "\x1b]0;owned\x07\ngr\u00fcn"

    def change(model):
        entry = model.metadata_props[0]
        entry.value = json.dumps({**json.loads(entry.value), "recipe": recipe})

    assert main(["info", str(changed_onnx(exports, tmp_path / "model.onnx", change))]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(line.isprintable() for line in lines)
    assert lines[0] == r"recipe:             \x1b]0;owned\x07\ngr" + "\u00fcn"


def test_a_run_that_has_saved_nothing_says_when_it_will(trained_run, tmp_path):
    (tmp_path / "config.toml").write_bytes((trained_run / "config.toml").read_bytes())
    with pytest.raises(ValueError, match=r"saved nothing yet: it does after \d+ steps"):
        load_engine(tmp_path)


@pytest.mark.parametrize("suffix", [".onnx", ".keras"])
def test_a_pipe_is_not_waited_for(suffix, tmp_path):
    path = tmp_path / f"model{suffix}"
    os.mkfifo(path)
    with pytest.raises(ValueError, match=r"MODEL .* is a pipe or a device"):
        load_engine(path)


def test_descriptions_survive_json():
    described = Description((64, 96), "cylinder", 2, 16, "0123456789abcdef", 77, "mine", 500)
    assert Description.from_json(described.to_json()) == described
    assert described.period == (0, 96)


def changed_onnx(exports, path, change):
    model = onnx.load(exports / "model.onnx")
    change(model)
    onnx.save(model, path)
    return path


def newer(model):
    text = model.metadata_props[0].value
    model.metadata_props[0].value = json.dumps({**json.loads(text), "format": FORMAT + 1})


def other_latents(model):
    model.metadata_props[0].value = model.metadata_props[0].value.replace("threefry", "philox")


def larger_cells(model):
    model.metadata_props[0].value = model.metadata_props[0].value.replace(
        '"cell": 16', '"cell": 32'
    )


def smaller_border(model):
    model.metadata_props[0].value = re.sub(
        '"border": 3', '"border": 2', model.metadata_props[0].value
    )


def no_metadata(model):
    del model.metadata_props[:]


def not_json(model):
    model.metadata_props[0].value = "{"


def test_a_savedmodel_of_a_newer_version_is_named(exports, tmp_path, monkeypatch):
    description = load_engine(exports / "model").description
    network = deployable(lively_generator("torus", frame=(64, 96)))
    with monkeypatch.context() as patch:
        patch.setattr(Description, "to_json", lambda _: f'{{"format": {FORMAT + 1}}}')
        save_savedmodel(network, description, str(tmp_path / "model"))
    with pytest.raises(ValueError, match=r"^MODEL .*model is from a newer version: format 5, "):
        load_engine(tmp_path / "model")


def changed_keras(exports, path, change):
    """A copy of the `.keras` file with another config's text."""
    with zipfile.ZipFile(exports / "model.keras") as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, change(data.decode()) if name == "config.json" else data)
    return path


def with_settings(**settings):
    def change(text):
        config = json.loads(text)
        config["config"] |= settings
        return json.dumps(config)

    return change


@pytest.mark.parametrize(
    "change",
    [
        with_settings(frame=[-192, -192]),
        with_settings(frame=[float("inf"), 192], encoding="linear"),
        with_settings(frame=[0, 0]),
        with_settings(frame=[2**80, 96], encoding="linear"),
        with_settings(frame=[64.0, 96]),
        with_settings(frame=None),
        with_settings(frame=[64]),
        with_settings(encoding=["torus"]),
        with_settings(encoding={}),
        with_settings(width=2**80),
        with_settings(width="4"),
        with_settings(width=None),
        with_settings(width=-1),
        with_settings(global_channels=2**80),
        with_settings(global_channels="16"),
        with_settings(local_channels=float("nan")),
        with_settings(image_channels=2**80),
        with_settings(wide_levels="2"),
        with_settings(fine_channels=[2**80, 0, 0]),
        with_settings(fine_channels=["1", 0, 0]),
        with_settings(dtype="float99"),
        with_settings(dtype=[]),
        with_settings(inject=None),
        lambda text: "null",
        lambda text: "[]",
        lambda text: "[" * 100_000,
        lambda text: text.replace('"config"', '"other"', 1),
        lambda text: text.replace("locogan_keras>Generator", "\\u001b[2J"),
        lambda text: text + " " * 2**20,
    ],
)
def test_a_keras_file_whose_config_cannot_be_is_one_line(change, exports, tmp_path, capfd):
    path = changed_keras(exports, tmp_path / "model.keras", change)
    line = refusal(capfd, path, tmp_path / "picture.png")
    assert line.startswith(f"locogan: error: MODEL {path} ")
    assert line.isprintable()
    assert len(line) < 700


# As it is outside of tests, where a warning is some lines on standard error.
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(
    "settings", [{"global_channels": 0}, {"width": 5}, {"fine_channels": None}]
)
def test_weights_that_a_keras_file_lacks_are_one_line(settings, exports, tmp_path, recwarn):
    path = changed_keras(exports, tmp_path / "model.keras", with_settings(**settings))
    with pytest.raises(ValueError, match=r"^MODEL .* cannot be loaded: "):
        load_engine(path)
    assert not [each for each in recwarn if each.category is UserWarning]


def test_a_keras_file_of_a_newer_version_is_named(exports, tmp_path):
    path = changed_keras(exports, tmp_path / "model.keras", with_settings(attention=True))
    with pytest.raises(
        ValueError, match=r"unknown settings of Generator, of a newer version\? attention$"
    ):
        load_engine(path)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (newer, "from a newer version: format 5, this version reads 4"),
        (other_latents, "latents 'philox"),
        (larger_cells, "of cell 32, which this version cannot do; it can do 16"),
        (smaller_border, "of border 2, which this version cannot do; it can do 3"),
        (no_metadata, "is not a LocoGAN generator: no metadata 'locogan'"),
        (not_json, "no description of a LocoGAN generator"),
    ],
)
def test_onnx_files_of_others_are_named(change, reason, exports, tmp_path):
    path = changed_onnx(exports, tmp_path / "model.onnx", change)
    with pytest.raises(ValueError, match=r"^MODEL .*model.onnx is") as raised:
        load_engine(path)
    assert reason in str(raised.value)


@pytest.mark.parametrize("field", ["cell", "border"])
def test_the_client_that_is_copied_out_names_them_too(field, exports, tmp_path, capsys):
    change = {"cell": larger_cells, "border": smaller_border}[field]
    path = changed_onnx(exports, tmp_path / "model.onnx", change)
    assert client_onnx.main([str(path), "--out", str(tmp_path / "picture.png")]) == 2
    assert re.search(rf"model.onnx is of {field} \d+; this client knows", capsys.readouterr().err)


def test_who_calls_a_generator_asks_its_description():
    """This version makes one geometry; those who only call a generator know none."""
    described = Description((64, 96), "torus", 2, 1, "0" * 16, 7, cell=32, border=4)
    engine = types.SimpleNamespace(description=described)
    with pytest.raises(ValueError, match="positive multiple of 32"):
        bands(engine, None, tile=48)
    with pytest.raises(ValueError, match="over 8 cells"):
        described.check_inputs(np.zeros((1, 8, 8, 3)), np.zeros((1, 8, 8, 2)))
    server = types.SimpleNamespace(predict=lambda signature, inputs: [described.to_json()])
    with pytest.raises(ServerError, match="of cell 32"):
        ServingEngine("url", server)
    assert tile_of(described) == 96


@pytest.mark.parametrize("least", [64, 512])
def test_weights_in_other_files_are_refused(exports, tmp_path, monkeypatch, least):
    model = onnx.load(exports / "model.onnx")
    path = tmp_path / "model.onnx"
    onnx.save(model, path, save_as_external_data=True, location="weights", size_threshold=least)
    assert (tmp_path / "weights").exists()
    # Not even where the weights would be found.
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="cannot be loaded: it has weights in other files"):
        load_engine(path)


def refusal(capfd, model, out):
    assert main(["render", str(model), "--out", str(out)]) == 2
    assert not out.exists()
    (line,) = capfd.readouterr().err.splitlines()
    return line


def test_damaged_models_get_one_line(exports, tmp_path, capfd):
    out = tmp_path / "picture.png"
    onnx_file = tmp_path / "model.onnx"
    for kept in (0, 100, 0.5):
        data = (exports / "model.onnx").read_bytes()
        onnx_file.write_bytes(data[: int(kept * len(data)) if kept == 0.5 else kept])
        assert "cannot be loaded" in refusal(capfd, onnx_file, out)
    folder = tmp_path / "saved"
    folder.mkdir()
    data = (exports / "model" / "saved_model.pb").read_bytes()
    for kept in (0, len(data) // 2, len(data)):
        (folder / "saved_model.pb").write_bytes(data[:kept])
        assert f"MODEL {folder}" in refusal(capfd, folder, out)
    keras_file = tmp_path / "model.keras"
    keras_file.write_bytes((exports / "model.keras").read_bytes()[:1000])
    assert "cannot be loaded" in refusal(capfd, keras_file, out)
    assert "does not exist" in refusal(capfd, tmp_path / "none.onnx", out)
    other = tmp_path / "model.txt"
    other.write_text("x")
    assert "is neither a run's folder nor" in refusal(capfd, other, out)


def test_another_saved_model_is_named(tmp_path, capfd):
    module = tf.Module()
    module.double = tf.function(lambda x: 2 * x, input_signature=[tf.TensorSpec((None,))])
    tf.saved_model.save(module, str(tmp_path / "other"))
    line = refusal(capfd, tmp_path / "other", tmp_path / "picture.png")
    assert "is not a LocoGAN generator: its signatures are serving_default" in line


def test_foreign_layers_are_never_built(tmp_path, capfd):
    inputs = keras.Input((4,))
    built = keras.Model(inputs, keras.layers.Lambda(lambda x: x)(inputs))
    built.save(tmp_path / "lambda.keras")
    line = refusal(capfd, tmp_path / "lambda.keras", tmp_path / "picture.png")
    assert "holds Functional, not a LocoGAN generator" in line


def test_engines_describe_the_same_model(exports):
    described = {load_engine(exports / name).description for name in ("model.keras", "model.onnx")}
    described.add(load_engine(exports / "model").description)
    assert len(described) == 1


def test_a_generator_in_memory_is_an_engine():
    generator = lively_generator("linear")
    assert KerasEngine(generator, steps=3).description.steps == 3


@pytest.mark.parametrize("name", ["model.keras", "model.onnx", "model"])
@pytest.mark.parametrize(
    ("latent", "positions", "reason"),
    [
        ((1, 7, 7, 17), (1, 7, 7, 2), "latent must be (batch, rows, columns, 18)"),
        ((7, 7, 18), (1, 7, 7, 2), "latent must be"),
        ((1, 7, 7, 18), (1, 7, 7, 3), "positions must be (batch, rows, columns, 2)"),
        ((1, 7, 8, 18), (1, 7, 7, 2), "must have one size"),
        ((2, 7, 7, 18), (1, 7, 7, 2), "must have one size"),
        ((1, 7, 6, 18), (1, 7, 6, 2), "over 6 cells"),
    ],
)
def test_inputs_of_other_shapes_are_named(name, latent, positions, reason, exports):
    engine = load_engine(exports / name)
    with pytest.raises(ValueError, match=re.escape(reason)):
        engine(np.zeros(latent, np.float32), np.zeros(positions, np.float32))
