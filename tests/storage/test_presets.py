"""Presets: how they are found, and that what was changed is not read. Without a network."""

import json
import re
import shutil
import socket
import sys
import types

import pytest
from support.presets import package

from locogan_keras.storage import presets
from locogan_keras.storage.preset_files import (
    CONFIG,
    GENERATOR,
    METADATA,
    ONNX,
    WEIGHTS,
    Preset,
    new_preset,
    write_metadata,
)

SERIALIZED = {"registered_name": GENERATOR, "config": {"width": 1, "encoding": "torus"}}


@pytest.fixture
def folder(tmp_path):
    """A preset's folder, with files that no test here reads."""
    with new_preset(tmp_path / "made" / "stones", SERIALIZED, title="Stones") as temporary:
        (temporary / WEIGHTS).write_bytes(b"weights")
        (temporary / ONNX).write_bytes(b"graph")
    return tmp_path / "made" / "stones"


@pytest.fixture
def site(tmp_path, monkeypatch):
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(site)
    return site


def names():
    return [preset.name for preset in presets.installed_presets()]


def change(folder, **values):
    path = folder / METADATA
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def test_a_preset_is_found_by_the_entry_point_of_its_package(folder, site):
    before = names()
    package(site, "stone_presets", {"stones": folder, "sea.2": folder})
    (site / "stone_presets" / "no_preset").mkdir()
    assert names() == sorted([*before, "stones", "sea.2"])
    preset = presets.preset_of("preset:stones")
    assert preset.package == "stone_presets"
    assert preset.path(WEIGHTS).read_bytes() == b"weights"
    assert presets.open_preset("stones") == presets.open_preset("preset:stones") == preset


def test_a_name_that_is_not_there_is_refused_with_those_that_are(folder, site):
    package(site, "stone_presets", {"stones": folder, "sea": folder})
    for name in ("stone", "", "../stones", "stones/"):
        with pytest.raises(ValueError, match=r"^MODEL preset:.* is not there: there are .*stones"):
            presets.preset_of(f"preset:{name}")
    with pytest.raises(ValueError, match="MODEL preset:stone is not there"):
        presets.open_preset("stone")


def test_without_any_package_that_is_said(monkeypatch):
    monkeypatch.setattr(presets, "_packages", lambda: iter(()))
    assert names() == []
    with pytest.raises(ValueError, match="MODEL preset:stones is not there: none is installed"):
        presets.preset_of("preset:stones")


def test_two_packages_with_one_name_are_refused_by_their_names(folder, site):
    package(site, "first_presets", {"stones": folder, "sea": folder})
    package(site, "second_presets", {"stones": folder})
    said = "MODEL preset:stones is in several packages: (first|second)_presets and (first|second)"
    with pytest.raises(ValueError, match=said):
        presets.preset_of("preset:stones")
    with pytest.raises(ValueError, match=said):
        names()
    assert presets.preset_of("preset:sea").package == "first_presets"


def test_a_builtin_name_wins_over_nobody(folder, site, tmp_path, monkeypatch):
    shutil.copytree(folder, tmp_path / "locogan_keras" / "presets" / "stones")
    package(site, "stone_presets", {"stones": folder})
    found = presets._folder_of
    ours = {"locogan_keras": tmp_path / "locogan_keras"}
    monkeypatch.setattr(presets, "_folder_of", lambda name: ours.get(name) or found(name))
    with pytest.raises(ValueError, match="several packages: locogan-keras and stone_presets"):
        presets.preset_of("preset:stones")


def test_presets_may_lie_deeper_in_their_package(folder, site):
    package(site, "stone_presets", {}, module="stone_presets.of_rivers")
    shutil.copytree(folder, site / "stone_presets" / "of_rivers" / "pebbles")
    assert presets.preset_of("preset:pebbles").package == "stone_presets"


def test_a_package_without_the_folder_that_it_names_is_named(folder, site):
    package(site, "stone_presets", {"stones": folder}, module="sand_presets")
    with pytest.raises(ValueError, match="package stone_presets says that presets are in sand_pre"):
        names()


def test_a_folder_is_a_preset_by_what_it_holds(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path / "made")
    for asked in (folder, "stones", "./stones"):
        assert presets.preset_of(asked).metadata["title"] == "Stones"
        assert presets.open_preset(asked).name == "stones"
    (folder / CONFIG).unlink()
    assert presets.preset_of(folder) is None
    for asked in ("stones", "./pebbles", "a/b"):
        with pytest.raises(ValueError, match=f"MODEL {asked} is no preset's folder"):
            presets.open_preset(asked)


@pytest.mark.parametrize("name", [CONFIG, WEIGHTS, ONNX])
def test_a_file_that_was_changed_is_not_read(folder, name):
    path = folder / name
    read = {CONFIG: lambda preset: preset.settings}.get(name, lambda preset: preset.path(name))
    assert read(Preset(folder, "stones"))
    path.write_bytes(path.read_bytes().replace(b"g", b"h"))
    with pytest.raises(ValueError, match=f"MODEL stones is damaged: {name} is not the file"):
        read(Preset(folder, "stones"))
    path.unlink()
    with pytest.raises(ValueError, match=f"MODEL stones is not whole: {name} is missing"):
        read(Preset(folder, "stones"))


def test_a_file_without_a_digest_is_not_read(folder):
    change(folder, files={})
    with pytest.raises(ValueError, match=f"not whole: its {METADATA} has no digest of {WEIGHTS}"):
        Preset(folder, "stones").path(WEIGHTS)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "has a metadata.json that cannot be read: "),
        ("[]", "has a metadata.json that is no object of JSON"),
        ("{}", "is no preset: its metadata.json has no format and files"),
        ('{"format": true, "files": {}}', "is no preset"),
        ('{"format": 1, "files": []}', "is no preset"),
        ('{"format": 1, "files": {"config.json": 1}}', "is no preset"),
        ('{"format": 2, "files": {}}', "is from a newer version: format 2, this version reads 1"),
        (" " * 2**20 + "{}", "over 1048576 bytes"),
    ],
)
def test_metadata_that_cannot_be_is_one_line(folder, text, said):
    (folder / METADATA).write_text(text)
    with pytest.raises(ValueError, match=said) as error:
        _ = Preset(folder, "stones").metadata
    assert str(error.value).startswith("MODEL stones ")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "held", [{"registered_name": "locogan_keras>LocoGAN", "config": {}}, {"config": {}}]
)
def test_what_is_no_generator_is_none(tmp_path, held):
    with new_preset(tmp_path / "other", held):
        pass
    with pytest.raises(ValueError, match=r"MODEL other holds .*, not a LocoGAN generator"):
        _ = Preset(tmp_path / "other", "other").settings


def test_a_description_that_is_none_is_refused(folder):
    change(folder, description={"format": 1})
    with pytest.raises(ValueError, match="MODEL stones has no good description"):
        _ = Preset(folder, "stones").origin


def test_metadata_says_what_is_there_and_nothing_of_this_machine(folder, tmp_path):
    text = (folder / METADATA).read_text()
    values = json.loads(text)
    assert list(values["files"]) == [CONFIG, WEIGHTS, ONNX]
    assert values["title"] == "Stones"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d@\d\d:\d\d:\d\d", values["date_saved"])
    assert str(tmp_path) not in text
    assert socket.gethostname() not in text


def test_metadata_is_renewed_with_what_others_have_added(folder):
    change(folder, of_others=[1])
    (folder / WEIGHTS).write_bytes(b"better")
    write_metadata(folder, licence="CC0")
    preset = Preset(folder, "stones")
    assert preset.path(WEIGHTS).read_bytes() == b"better"
    told = {name: preset.metadata[name] for name in ("title", "licence", "of_others")}
    assert told == {"title": "Stones", "licence": "CC0", "of_others": [1]}


def test_of_a_preset_that_cannot_be_made_nothing_is_left(folder, tmp_path):
    def fail(target):
        with new_preset(target, SERIALIZED) as temporary:
            (temporary / WEIGHTS).write_bytes(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail(tmp_path / "new" / "preset")
    assert not (tmp_path / "new").exists()
    with pytest.raises(ValueError, match="exists already"):
        fail(folder)
    assert Preset(folder, "stones").path(WEIGHTS)


def test_the_hub_needs_a_package_which_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ValueError, match=r"hf://me/stones needs .*: pip install huggingface_hub"):
        presets.preset_of("hf://me/stones")


def test_a_preset_of_the_hub_is_fetched_and_checked(folder, monkeypatch):
    asked = []

    def snapshot_download(repo_id, allow_patterns):
        asked.append((repo_id, allow_patterns))
        return str(folder)

    hub = types.SimpleNamespace(snapshot_download=snapshot_download)
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub)
    preset = presets.open_preset("hf://me/stones")
    assert asked == [("me/stones", [CONFIG, METADATA, WEIGHTS, ONNX])]
    (folder / WEIGHTS).write_bytes(b"worse")
    with pytest.raises(ValueError, match=r"MODEL hf://me/stones is damaged: model.weights.h5"):
        preset.path(WEIGHTS)
    (folder / METADATA).unlink()
    with pytest.raises(ValueError, match=r"MODEL hf://me/stones is no preset: it has no metadata"):
        presets.preset_of("hf://me/stones")
    for address in ("hf://stones", "hf://", "hf://a/b/c", "hf://a/b?"):
        with pytest.raises(ValueError, match=r"MODEL must be hf://USER/MODEL. Received: hf://"):
            presets.preset_of(address)
    assert len(asked) == 2


def test_what_goes_wrong_on_the_way_is_one_line(monkeypatch):
    def snapshot_download(*_, **__):
        raise ConnectionError("no route\nto host")

    hub = types.SimpleNamespace(snapshot_download=snapshot_download)
    monkeypatch.setitem(sys.modules, "huggingface_hub", hub)
    with pytest.raises(ValueError, match=r"MODEL hf://me/stones cannot be fetched: no route$"):
        presets.preset_of("hf://me/stones")
