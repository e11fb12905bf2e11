"""The manifest of a picture by many workers: what it says fits together, and its commands exist."""

from pathlib import Path

import pytest
import yaml
from distributed.cli import dask_scheduler, dask_worker

from locogan_keras.cli.program import _parser

FILE = Path(__file__).parents[2] / "export" / "gigapixel-kubernetes.yaml"


@pytest.fixture(scope="module")
def objects():
    """By kind and name."""
    documents = yaml.safe_load_all(FILE.read_text(encoding="utf-8"))
    return {(each["kind"], each["metadata"]["name"]): each for each in documents}


def container(objects, kind, name):
    (found,) = objects[kind, name]["spec"]["template"]["spec"]["containers"]
    return found


def test_pods_have_bounds_and_no_rights(objects):
    pods = [each for each in objects.values() if "template" in each["spec"]]
    assert len(pods) == 3
    images = set()
    for each in pods:
        pod = each["spec"]["template"]["spec"]
        (only,) = pod["containers"]
        images.add(only["image"])
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False
        assert only["securityContext"]["readOnlyRootFilesystem"] is True
        assert set(only["resources"]) == {"requests", "limits"}
        mounts = {mount["name"] for mount in only["volumeMounts"]}
        assert mounts == {volume["name"] for volume in pod["volumes"]}
    # Workers of another version are refused.
    assert len(images) == 1


def test_all_find_the_scheduler_and_nobody_else_does(objects):
    service = objects["Service", "locogan-scheduler"]
    scheduler = objects["Deployment", "locogan-scheduler"]
    labels = scheduler["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"] == scheduler["spec"]["selector"]["matchLabels"] == labels
    assert service["spec"]["type"] == "ClusterIP"
    address = f"tcp://{service['metadata']['name']}:{service['spec']['ports'][0]['port']}"
    assert address in container(objects, "Deployment", "locogan-worker")["args"]
    assert f"--scheduler={address}" in container(objects, "Job", "locogan-render")["args"]
    policy = objects["NetworkPolicy", "locogan"]["spec"]
    (rule,) = policy["ingress"]
    (source,) = rule["from"]
    assert source["podSelector"] == policy["podSelector"]
    for key, each in objects.items():
        if "template" in each["spec"]:
            found = each["spec"]["template"]["metadata"]["labels"]
            assert policy["podSelector"]["matchLabels"].items() <= found.items(), key


def test_the_commands_are_ones_that_there_are(objects):
    options = _parser().parse_args(container(objects, "Job", "locogan-render")["args"])
    assert options.workers == "tcp://locogan-scheduler:8786"
    claim = objects["Job", "locogan-render"]["spec"]["template"]["spec"]["volumes"][1]
    assert ("PersistentVolumeClaim", claim["persistentVolumeClaim"]["claimName"]) in objects
    for name, command in {"scheduler": dask_scheduler.main, "worker": dask_worker.main}.items():
        known = {option for each in command.params for option in each.opts + each.secondary_opts}
        args = container(objects, "Deployment", f"locogan-{name}")["args"]
        asked = {arg.partition("=")[0] for arg in args if arg.startswith("--")}
        assert asked
        assert asked <= known
