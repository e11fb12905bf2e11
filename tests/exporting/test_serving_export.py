"""What is exported for a server: the folder, its warm-up records, and the loader in C++."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import yaml
from conftest import PATIENCE, lively_generator, same_levels
from google.protobuf import text_format
from PIL import Image
from support.model_server import signatures
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog
from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

from locogan_keras.canvas.views import make_view
from locogan_keras.engines.keras_engine import KerasEngine
from locogan_keras.exporting.deployable import deployable
from locogan_keras.exporting.graph_rendering import REQUEST
from locogan_keras.exporting.serving_export import WARMUP, save_serving
from locogan_keras.rendering.render import render

C_API_CLIENT = Path(__file__).parents[1] / "support" / "c_api_client.py"


def test_the_folder_is_complete(kit):
    files = {path.name for path in kit.folder.iterdir()}
    assert files == {
        *("gravel", "models.config", "batching.config", "monitoring.config"),
        *("Dockerfile", "compose.yaml", "kubernetes.yaml", "README.md"),
    }
    assert kit.savedmodel == kit.folder / "gravel" / "1"
    for path in kit.folder.iterdir():
        if path.is_file():
            assert not re.search(r"\$\w|\$\{", path.read_text()), f"{path.name} has a gap"


def test_the_configuration_names_the_model(kit):
    config = text_format.Parse((kit.folder / "models.config").read_text(), ModelServerConfig())
    (model,) = config.model_config_list.config
    assert (model.name, model.base_path) == ("gravel", "/models/gravel")
    assert model.model_platform == "tensorflow"


def test_batching_and_monitoring_are_what_the_server_reads(kit):
    """By the names in its protocol buffers, which are in no package."""
    text = {
        name: re.sub("#.*", "", (kit.folder / f"{name}.config").read_text())
        for name in ("batching", "monitoring")
    }
    assert set(re.findall(r"^(\w+)", text["batching"], re.M)) == {
        *("max_batch_size", "batch_timeout_micros", "max_enqueued_batches", "num_batch_threads"),
        "pad_variable_length_inputs",
    }
    assert re.fullmatch(
        r'\s*prometheus_config \{\s*enable: true\s*path: "/monitoring/prometheus/metrics"\s*\}\s*',
        text["monitoring"],
    )
    for name in ("compose.yaml", "kubernetes.yaml"):
        argument = "--monitoring_config_file=/models/monitoring.config"
        assert argument in (kit.folder / name).read_text()


def test_compose_serves_this_machine_only(kit):
    (service,) = yaml.safe_load((kit.folder / "compose.yaml").read_text())["services"].values()
    assert service["image"] == "tensorflow/serving:2.21.0"
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert "--model_config_file=/models/models.config" in service["command"]
    assert service["user"].split(":")[0] != "0"
    assert "--enable_batching" not in service["command"]


def test_kubernetes_probes_the_model_and_limits_the_server(kit):
    documents = yaml.safe_load_all((kit.folder / "kubernetes.yaml").read_text())
    deployment, service = documents
    assert (deployment["kind"], service["kind"]) == ("Deployment", "Service")
    pod = deployment["spec"]["template"]
    (container,) = pod["spec"]["containers"]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"] == {"path": "/v1/models/gravel", "port": "rest"}
    assert set(container["resources"]["requests"]) == {"cpu", "memory"}
    assert set(container["resources"]["limits"]) == {"cpu", "memory"}
    assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
    labels = deployment["spec"]["selector"]["matchLabels"]
    assert service["spec"]["selector"] == labels == pod["metadata"]["labels"]
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    assert {port["targetPort"]: port["port"] for port in service["spec"]["ports"]} == ports


def test_the_health_check_tells_a_server_that_is_ready(kit, served):
    (service,) = yaml.safe_load((kit.folder / "compose.yaml").read_text())["services"].values()
    command = service["healthcheck"]["test"][1:]
    ready = [part.replace("8501", str(served.rest_port)) for part in command]
    assert subprocess.run(ready, timeout=PATIENCE, check=False).returncode == 0
    other = [part.replace("/gravel", "/sand") for part in ready]
    assert subprocess.run(other, timeout=PATIENCE, check=False).returncode != 0


def test_the_warmup_records_run(kit):
    loaded = tf.saved_model.load(str(kit.savedmodel))
    seen = {}
    for record in tf.data.TFRecordDataset(str(kit.savedmodel / WARMUP)):
        request = PredictionLog.FromString(record.numpy()).predict_log.request
        assert request.model_spec.name == "gravel"
        inputs = {name: tf.constant(tf.make_ndarray(t)) for name, t in request.inputs.items()}
        seen[request.model_spec.signature_name] = loaded.signatures[
            request.model_spec.signature_name
        ](**inputs)
    assert seen["serving_default"]["image"].shape == (1, 256, 256, 3)
    picture = tf.io.decode_png(seen["render"]["image_bytes"][0]).numpy()
    assert picture.shape[:2] == kit.engine.description.frame
    assert same_levels(picture, render(kit.engine, make_view(kit.engine.description)))


def test_the_readme_goes_from_the_folder_to_a_picture(kit, served, tmp_path):
    readme = (kit.folder / "README.md").read_text()
    blocks = re.findall(r"```sh\n(.*?)```", readme, flags=re.DOTALL)
    script = "set -e\n" + "".join(blocks).replace(":8501/", f":{served.rest_port}/")
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert '"state": "AVAILABLE"' in done.stdout
    picture = np.asarray(Image.open(tmp_path / "picture.png"))
    assert same_levels(picture, render(kit.engine, make_view(kit.engine.description, seed=7)))


@pytest.mark.parametrize("name", ["", "a/b", "..", "-a", "a b", "a:1", "é", "a" * 51])
def test_a_name_that_no_server_takes_is_refused(name, tmp_path):
    generator = lively_generator(width=2)
    with pytest.raises(ValueError, match="name"):
        save_serving(deployable(generator), KerasEngine(generator).description, tmp_path, name)
    assert not any(tmp_path.iterdir())


def test_the_loader_in_c_runs_both_signatures(kit, rng, tmp_path):
    requests, inputs, expected = [], {}, []

    def add(signature, arrays):
        definition = signatures(kit.savedmodel)[signature]
        (output,) = definition.outputs.values()
        keys = {}
        for name, array in arrays.items():
            keys[definition.inputs[name].name] = key = f"{len(requests)}-{name}"
            inputs[key] = array
        requests.append({"inputs": keys, "output": output.name})

    for batch, rows, columns in ((1, 9, 9), (2, 8, 13)):
        latent = rng.normal(size=(batch, rows, columns, 18)).astype(np.float32)
        positions = rng.uniform(-1, 1, size=(batch, rows, columns, 2)).astype(np.float32)
        add("serving_default", {"latent": latent, "positions": positions})
        expected.append(kit.engine(latent, positions))
    for request in ({"seed": 5}, {"seed": 2**32 - 1, "top": -37, "left": 10**6, "height": 53}):
        fields = {name: np.array([request.get(name, 0)], np.int64) for name in REQUEST}
        add("render", fields)
        expected.append(render(kit.engine, make_view(kit.engine.description, **request)))

    tmp_path.joinpath("requests.json").write_text(json.dumps(requests))
    np.savez(tmp_path / "inputs.npz", **inputs)
    paths = [str(tmp_path / name) for name in ("requests.json", "inputs.npz", "outputs.npz")]
    done = subprocess.run(
        [
            *(sys.executable, str(C_API_CLIENT), f"{tf.sysconfig.get_lib()}/libtensorflow_cc.so.2"),
            *(str(kit.savedmodel), *paths),
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    print("seconds to load, and MiB:", done.stdout.split())
    outputs = np.load(tmp_path / "outputs.npz")
    for index, value in enumerate(expected):
        output = outputs[str(index)]
        if value.dtype == np.float32:
            np.testing.assert_allclose(output, value, atol=1e-5)
        else:
            picture = tf.io.decode_png(output.item()).numpy()
            assert same_levels(picture, value)
