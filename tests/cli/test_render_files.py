"""`locogan render` to files of every kind, to standard output, and squares of a size."""

import io
import itertools
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import PATIENCE
from PIL import Image
from support.commands import python, shell

from locogan_keras.canvas.description import Description
from locogan_keras.canvas.periods import square_period
from locogan_keras.canvas.views import make_view
from locogan_keras.cli import main

MODEL = str(Path(__file__).parent.parent / "golden" / "torus.onnx")


def rendered(tmp_path, name, *options):
    assert main(["render", MODEL, "--out", str(tmp_path / name), *options]) == 0
    return tmp_path / name


def test_16_bits_are_allowed_and_said_to_be_of_a_model_of_8(tmp_path, capsys):
    rendered(tmp_path, "a.png")
    assert " bits" not in capsys.readouterr().out
    path = rendered(tmp_path, "b.png", "--bits", "16")
    assert "b.png is written. Its 16 bits are the model's, which was trained on levels of 8." in (
        capsys.readouterr().out
    )
    assert path.read_bytes()[24] == 16


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--out", "a.jpg", "--bits", "16"], "bits of a JPEG must be 8. Received: bits=16"),
        (["--out", "a.png", "--bits", "12"], "argument --bits: invalid choice: 12"),
        (["--out", "a.png", "--quality", "90"], "quality of a PNG cannot be chosen"),
        (["--out", "a.jpg", "--quality", "101"], "must be 1 to 100. Received: quality=101"),
        (["--out", "a.bmp"], "--out must end in .png, .webp"),
        (["--out", "a.png", "--size", "1k", "--width", "64"], "leave --width"),
        (["--out", "a.png", "--size", "1K", "--period", "64x96"], "leave --period"),
        (["--out", "a.png", "--size", "0k"], "argument --size: must be 1k, 2k, 4k, 8k, 16k or"),
        (["--out", "a.png", "--size", "2kk"], "argument --size: must be 1k, 2k, 4k, 8k, 16k or"),
        (
            ["--out", "a.png", "--size", "144"],
            "size must be near whole frames of 64 x 96 pixels, and a multiple of 16; the "
            "nearest: 176. Received: size=144",
        ),
        (
            ["--out", "a.png", "--size", "1000"],
            "a multiple of 16; the nearest: 992 and 1008. Received: size=1000",
        ),
        (["--out", "a.png", "--size", "130", "--periodic", "x"], "multiple of the trained frame"),
    ],
)
def test_bad_input_is_one_line_and_nothing_is_written(
    tmp_path, monkeypatch, capsys, options, reason
):
    monkeypatch.chdir(tmp_path)
    try:
        status = main(["render", MODEL, *options])
    except SystemExit as error:
        status = error.code
    assert status == 2
    errors = capsys.readouterr().err
    assert reason in errors
    assert errors.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_square_is_seamless_and_of_that_size(tmp_path):
    path = rendered(tmp_path, "a.png", "--size", "192")
    with Image.open(path) as picture:
        assert picture.size == (192, 192)
        assert json.loads(picture.text["locogan"])["period"] == [192, 192]
    twice = rendered(tmp_path, "b.png", "--period", "192x192", "--height", "200", "--width", "400")
    once, again = (np.asarray(Image.open(each)) for each in (path, twice))
    np.testing.assert_array_equal(np.tile(once, (2, 3, 1))[:200, :400], again)


@pytest.mark.parametrize("frame", [(256, 256), (192, 192), (64, 128), (16, 16), (32, 48)])
@pytest.mark.parametrize("size", [1024, 2048, 4096, 8192, 16384])
def test_all_squares_of_a_power_of_two_can_be(frame, size):
    description = Description(frame, "torus", 0, 4, "0" * 16, 0)
    assert square_period(description, size) == (size, size)
    view = make_view(description, period=(size, size))
    for length, trained in zip(view.frame, frame, strict=True):
        assert length == trained if size % trained == 0 else abs(length / trained - 1) < 0.07
        # A whole number of frames, to the bit.
        assert (size / length) % 1 == 0


def test_lattices_of_every_size_have_squares_from_1k_on():
    for rows, columns in itertools.product(range(16, 225, 16), repeat=2):
        description = Description((rows, columns), "torus", 0, 4, "0" * 16, 0)
        assert square_period(description, 1024) == (1024, 1024)


def test_a_stretched_pattern_is_said_to_be(tmp_path, capsys):
    path = rendered(tmp_path, "a.png", "--size", "1k")
    said = capsys.readouterr().out
    assert "stretched so that whole repeats fill 1024 x 1024: -3.0 % in x." in said
    with Image.open(path) as picture:
        assert picture.size == (1024, 1024)
        told = json.loads(picture.text["locogan"])
        assert (told["frame"], told["period"]) == ([64, 1024 / 11], [1024, 1024])
    rendered(tmp_path, "b.png", "--size", "192")
    assert "pattern is stretched" not in capsys.readouterr().out


def test_squares_of_models_that_do_not_repeat_are_refused():
    for encoding, axis in (("linear", "y"), ("cylinder", "y")):
        description = Description((64, 64), encoding, 0, 4, "0" * 16, 0)
        with pytest.raises(ValueError, match=f"does not repeat in {axis}.*size=1024"):
            square_period(description, 1024)
        assert square_period(description, 1024, "x") == (0, 1024)
        assert square_period(description, 1024, "none") == (0, 0)


def test_standard_output_is_a_png_and_nothing_else(tmp_path, capfdbinary):
    path = rendered(tmp_path, "a.png", "--seed", "3")
    capfdbinary.readouterr()
    assert main(["render", MODEL, "--out", "-", "--seed", "3"]) == 0
    said = capfdbinary.readouterr()
    assert said.out == path.read_bytes()
    assert main(["render", MODEL, "--out", "-", "--seeds", "0,1", "--bits", "16"]) == 0
    said = capfdbinary.readouterr()
    assert b"trained on levels of 8" in said.err
    with Image.open(io.BytesIO(said.out)) as sheet:
        assert sheet.size == (2 * 96 + 4, 64)


def test_standard_output_as_a_shell_has_it(tmp_path):
    assert shell("> " + str(tmp_path / "a.png"), "render", MODEL, "--out", "-") == (0, "", "")
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.size == (96, 64)
    assert shell("> /dev/full", "render", MODEL, "--out", "-")[::2] == (
        2,
        "locogan: error: standard output: No space left on device\n",
    )
    # Of a reader that has read enough no more is made: a picture of that size takes minutes.
    large = ("render", MODEL, "--out", "-", "--height", "100000", "--width", "100000")
    assert shell("| head -c 8 | tail -c 3", *large)[:2] == (0, "\n\x1a\n")


def test_a_terminal_is_spared():
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "locogan_keras", "render", MODEL, "--out", "-"]
    result = subprocess.run(command, stdout=theirs, stderr=subprocess.PIPE, timeout=PATIENCE)
    os.close(theirs)
    os.close(ours)
    assert result.returncode == 2
    assert b"--out - is standard output, which is a terminal" in result.stderr


def test_formats_are_loaded_when_they_are_written():
    """TIFF's library takes a tenth of a second, OpenEXR need not be there."""
    code = (
        "import sys, locogan_keras.cli, locogan_keras.rendering.outputs\n"
        "print({'tifffile', 'OpenEXR', 'tensorflow'} & set(sys.modules))"
    )
    assert python(code).stdout.strip() == "set()"


def test_a_link_is_followed(tmp_path):
    (tmp_path / "other").mkdir()
    target, link = tmp_path / "other" / "real.png", tmp_path / "link.png"
    target.write_bytes(b"old")
    link.symlink_to(target)
    rendered(tmp_path, "link.png")
    assert link.is_symlink()
    with Image.open(target) as picture:
        assert picture.size == (96, 64)
    assert [path.name for path in target.parent.iterdir()] == ["real.png"]
