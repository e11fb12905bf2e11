"""What a command says: what it cannot take and what to do instead, and what to do next."""

import os
import shutil
import sys
from pathlib import Path

import pytest
from conftest import TINY
from PIL import Image
from support.commands import refusal

from locogan_keras.cli import main

GOLDEN = Path(__file__).parent.parent / "golden"
ONNX, KERAS = GOLDEN / "torus.onnx", GOLDEN / "linear.keras"
SAVEDMODEL = GOLDEN / "kit" / "kit" / "1"
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"


@pytest.mark.parametrize("model", [ONNX, SAVEDMODEL, "http://localhost:1/v1/models/gravel"])
def test_what_is_exported_is_not_exported_again(model, tmp_path, capfd):
    error = refusal(capfd, "export", model, "--to", "onnx", "--out", tmp_path / "a.onnx")
    assert f"MODEL {model} is exported already" in error
    assert "a run's folder, a .keras file or a preset" in error


@pytest.mark.parametrize(
    "command",
    [
        ["render", "pipe", "--out", "a.png"],
        ["render", "run", "--out", "a.png"],
        ["info", "pipe"],
        ["gallery", "pipe", "--out", "gallery"],
        ["export", "pipe", "--to", "onnx", "--out", "a.onnx"],
        ["evaluate", ONNX, "pipe", "--image-size", "128"],
        ["evaluate", ONNX, "photo.png", "--inception", "pipe"],
        ["edit", "transplant", ONNX, "--out", "a.png", "--from", "1", "--to", "2"],
        ["train", "pipe", "--out", "new"],
        ["train", "lmdb:pipe", "--out", "new"],
        ["train", "photo.png", "--recipe", "pipe.toml", "--out", "new"],
    ],
    ids=lambda command: " ".join(map(str, command[:2])),
)
def test_a_pipe_is_refused_and_not_waited_for(command, tmp_path, photo, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    shutil.copy(photo, "photo.png")
    Path("run").mkdir()
    for pipe in ("pipe", "pipe.toml", "run/generator.keras"):
        os.mkfifo(pipe)
    before = set(tmp_path.rglob("*"))
    region = ["--region", "pipe"] if "transplant" in command else []
    error = refusal(capfd, *command, *region)
    assert "pipe" in error or "run/generator.keras" in error
    assert set(tmp_path.rglob("*")) == before


def test_sources_that_are_no_pictures_say_what_helps(tmp_path, monkeypatch, capfd):
    folder, heic = tmp_path / "pictures", tmp_path / "photo.HEIC"
    heic.write_bytes(HEIC)
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    train = ["train", heic, "--out", tmp_path / "run"]
    assert "photo.HEIC is a HEIC or AVIF picture" in (error := refusal(capfd, *train))
    assert "magick photo.heic photo.png" in error
    folder.mkdir()
    for name in ("a.txt", "b.txt", "c.pdf"):
        (folder / name).write_text("none")
    train[1] = folder
    assert "pictures has no pictures; 3 left out (2 .txt, 1 .pdf)" in refusal(capfd, *train)
    (folder / "d.heic").write_bytes(HEIC)
    error = refusal(capfd, *train)
    assert "1 of 1 pictures cannot be used" in error
    assert "the first: d.heic is a HEIC or AVIF picture" in error
    train[1] = "https://example.com/photo.png"
    assert "is an address: download it, and give the file" in refusal(capfd, *train)


@pytest.mark.slow
def test_a_dry_run_says_what_was_taken_and_what_was_left_out(tmp_path, photo, monkeypatch, capfd):
    folder = tmp_path / "pictures"
    folder.mkdir()
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    for name, data in (("a.heic", HEIC), ("notes.txt", b"notes"), ("more.txt", b"more")):
        (folder / name).write_bytes(data)
    shutil.copy(photo, folder / "photo.jfif")
    Image.new("RGBA", (80, 80), (9, 9, 9, 9)).save(folder / "z", "PNG")
    command = ["train", str(folder), "--out", str(tmp_path / "run"), "--dry-run", "--set", *TINY]
    assert main(command) == 0
    said = capfd.readouterr().out
    assert "no single photo. Recipe aligned data.image_size=128" in said
    assert "pictures:         2, 3 left out (2 .txt, 1 .heic); HEIC is read after pip" in said
    assert "pip install pillow-heif; or convert it to PNG or JPEG" in said
    assert "alpha:            1 of 2 pictures are transparent in places; these are laid" in said


@pytest.mark.slow
def test_a_transparent_photo_says_what_becomes_of_its_alpha(tmp_path, capfd):
    photo = tmp_path / "photo.png"
    Image.new("RGBA", (96, 80), (200, 100, 50, 90)).save(photo)
    small = ["--recipe", "irregular", "--steps", "1", "--set", *TINY, "feature_weight=0"]
    small += ["model.local_channels=102"]
    command = ["train", str(photo), "--out", str(tmp_path / "run"), *small]
    assert main([*command, "loss=bce", "gradient_penalty=0"]) == 0
    said = capfd.readouterr().out
    assert "photo.png: it is transparent in places; these are laid over white" in said


def test_what_cannot_be_written_is_found_before_the_work(tmp_path, monkeypatch, capfd):
    def unwanted(*_, **__):
        raise AssertionError

    for module in ("render", "gallery"):
        monkeypatch.setattr(f"locogan_keras.cli.{module}.load_engine", unwanted)
    monkeypatch.setattr("locogan_keras.cli.export.export", unwanted)
    (tmp_path / "file").write_text("mine")
    for folder in (tmp_path / "file", Path("/proc/locogan")):
        for command in (
            ["render", KERAS, "--out", folder / "a.png"],
            ["edit", "mix", KERAS, "--from", "1", "--to", "2", "--out", folder / "a.png"],
            ["gallery", KERAS, "--out", folder / "gallery"],
            ["export", KERAS, "--to", "onnx", "--out", folder / "a.onnx"],
            ["export", KERAS, "--to", "savedmodel", "--out", folder / "a"],
        ):
            error = refusal(capfd, *command)
            assert str(command[-1]) in error
            assert "cannot write" in error


def test_a_command_says_what_to_do_next(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["export", str(KERAS), "--to", "onnx", "--out", "my model.onnx"]) == 0
    assert "Next: locogan render 'my model.onnx' --out picture.png" in capsys.readouterr().out
    assert main(["render", "my model.onnx", "--out", "a.png", "--tile", "64"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("a.png is written. Next: ")
    assert "locogan gallery 'my model.onnx' --out gallery" in said
