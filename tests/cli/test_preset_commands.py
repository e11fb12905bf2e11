"""`locogan presets`, and every command that takes MODEL with a preset."""

import json
import shutil

import pytest
from PIL import Image
from support.commands import refusal

from locogan_keras.cli import main
from locogan_keras.data.pictures import read_picture
from locogan_keras.storage import presets
from locogan_keras.storage.preset_files import ONNX, WEIGHTS, write_metadata


def test_presets_are_listed(installed, tmp_path, capsys):
    folder = presets.preset_of(installed).folder
    write_metadata(folder, title="Checkers\x1b[1m", licence="CC0", author="me", more=1)
    assert main(["presets"]) == 0
    said = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    size = sum(path.stat().st_size for path in folder.iterdir())
    words = said["checkered"].split()
    assert words[1:] == ["Checkers\\x1b[1m", f"{size / 1e6:.1f}", "MB", "CC0", "checkered_presets"]

    assert main(["presets", "--json"]) == 0
    (facts,) = (each for each in json.loads(capsys.readouterr().out) if each["name"] == "checkered")
    told = {"title": "Checkers\x1b[1m", "licence": "CC0", "source": "", "author": "me"}
    rest = {"name": "checkered", "bytes": size, "package": "checkered_presets"}
    assert facts == told | rest


def test_presets_are_shown_on_a_sheet(installed, tmp_path, capsys):
    out = tmp_path / "sheet.png"
    assert main(["presets", "--out", str(out)]) == 0
    assert f"{out} is written" in capsys.readouterr().out
    names = [preset.name for preset in presets.installed_presets()]
    row, column = divmod(names.index("checkered"), 4)
    with Image.open(out) as sheet:
        sheet.load()
    across = min(len(names), 4)
    assert sheet.size == (12 + 268 * across, 12 + 288 * -(-len(names) // 4))
    left, top = 12 + 268 * column, 12 + 288 * row
    window = tmp_path / "window.png"
    size = ["--height", "256", "--width", "256", "--periodic", "none"]
    assert main(["render", installed, "--out", str(window), *size]) == 0
    with Image.open(window) as picture:
        shown = sheet.crop((left, top, left + 256, top + 256))
        assert shown.tobytes() == picture.tobytes()
    # Its name, in black.
    caption = sheet.crop((left, top + 256, left + 256, top + 276)).convert("L")
    assert caption.getextrema() == (0, 255)


def test_without_presets_it_is_said_where_some_are(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(presets, "_packages", lambda: iter(()))
    assert main(["presets"]) == 0
    assert capsys.readouterr().out == (
        "No preset is installed; the package locogan-presets has some.\n"
    )
    assert main(["presets", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


@pytest.mark.parametrize("out", ["sheet", "sheet.txt", "sheet.gif"])
def test_a_sheet_that_is_no_picture_is_refused(installed, tmp_path, monkeypatch, capfd, out):
    monkeypatch.chdir(tmp_path)
    assert "--out must end in" in refusal(capfd, "presets", "--out", out)


@pytest.mark.slow
def test_every_command_takes_a_preset(installed, photo, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with Image.open(photo) as picture:
        picture.resize((160, 192)).save("photo.png")
    for command in (
        f"render {installed} --out a.png --height 32",
        f"edit stretch {installed} --out b.png --to 64x96",
        f"gallery {installed} --out gallery",
        f"evaluate {installed} photo.png --image-size 160",
        f"export {installed} --to onnx --out c.onnx",
        f"export {installed} --to preset --out d",
        "render d --out e.png --height 32",
        f"info {installed}",
    ):
        assert main(command.split()) == 0, command
    assert "recipe:             pattern-torus" in capsys.readouterr().out
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "e.png").read_bytes()
    assert (tmp_path / "c.onnx").read_bytes() == (tmp_path / "d" / ONNX).read_bytes()
    assert read_picture("b.png").shape == (64, 96, 3)
    assert installed in (tmp_path / "gallery" / "index.html").read_text()


def test_info_says_whose_it_is(installed, capsys):
    write_metadata(presets.preset_of(installed).folder, title="Checkers", licence="CC0")
    assert main(["info", installed]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[:2] == ["title:              Checkers", "licence:            CC0"]


@pytest.mark.parametrize(
    "command", ["render {} --out x.png", "info {}", "export {} --to preset --out x"]
)
def test_a_preset_that_is_not_there_or_damaged_is_one_line(
    command, installed, tmp_path, monkeypatch, capfd
):
    monkeypatch.chdir(tmp_path)
    line = refusal(capfd, *command.format("preset:checked").split())
    assert line.startswith("locogan: error: MODEL preset:checked is not there: there are ")
    folder = presets.preset_of(installed).folder
    for name in (ONNX, WEIGHTS):
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[:-1] + b"?")
    line = refusal(capfd, *command.format(installed).split())
    assert "MODEL preset:checkered is damaged: model." in line
    line = refusal(capfd, *command.format("hf://me/checkered").split())
    assert "pip install huggingface_hub" in line
    assert not list(tmp_path.glob("x*"))


def test_a_folder_that_is_there_is_no_place_for_a_preset(installed, trained_run, tmp_path, capfd):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "mine.txt").touch()
    line = refusal(capfd, "export", trained_run, "--to", "preset", "--out", tmp_path / "there")
    assert "there exists already" in line
    shutil.rmtree(tmp_path / "there")
