"""`locogan render` of pictures in tiles: what it says, goes on with and refuses."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import PATIENCE
from support.commands import refusal

from locogan_keras.cli import main
from locogan_keras.storage.files import room

MODEL = str(Path(__file__).parent.parent / "golden" / "torus.onnx")
SIZE = ["--height", "200", "--width", "300", "--periodic", "none"]


def render(out, *options):
    return main(["render", MODEL, "--out", str(out), *SIZE, *options])


def test_formats_have_one_root_digest_and_the_same_command_goes_on(tmp_path, capsys):
    roots = []
    for name in ("a.dzi", "a.zarr", "a.btf", "b.dzi"):
        assert render(tmp_path / name, *(["--quality", "80"] if name == "b.dzi" else [])) == 0
        said = capsys.readouterr().out
        assert "1 of its 1 units were made now." in said
        roots += re.findall("Root digest of its pixels: ([0-9a-f]{64})", said)
    assert len(roots) == 4
    assert len(set(roots)) == 1
    assert render(tmp_path / "a.dzi") == 0
    assert f"0 of its 1 units were made now. Root digest of its pixels: {roots[0]}." in (
        capsys.readouterr().out
    )


def test_what_is_damaged_is_said_and_mended(tmp_path, capsys):
    assert render(tmp_path / "a.dzi") == 0
    tile = tmp_path / "a_files" / "9" / "0_0.png"
    before = tile.read_bytes()
    tile.write_bytes(before[:-1] + b"?")
    capsys.readouterr()
    assert render(tmp_path / "a.dzi", "--verify") == 0
    result = capsys.readouterr()
    assert result.err == (
        "locogan: made again: the unit 0-0-0 (rows 0 to 199, columns 0 to 299) does not match its "
        "digest\n"
    )
    assert "1 of its 1 units were made now" in result.out
    assert tile.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--out", "a.dzi", "--seed", "4"], "another plan .*seeds is .0, 0. there and .4, 4. here"),
        (["--out", "a.dzi", "--quality", "101"], "quality of a Deep Zoom must be 1 to 100"),
        (["--out", "b.dzi", "--bits", "16"], "bits of a Deep Zoom must be 8. Received: bits=16"),
        (["--out", "b.zarr", "--quality", "9"], "quality of an OME-Zarr cannot be chosen"),
        (["--out", "b.dzi", "--tile", "17"], "tile must be a positive multiple of 16"),
        (["--out", "b.dzi", "--seeds", "1,2"], "--out must end in .png .a sheet.*b.dzi"),
        (["--out", "b.png", "--verify"], "verify is of pictures in tiles.*b.png"),
        (["--out", "c.dzi"], "c.dzi is there already, and .*plan.json.*remove it or name another"),
        (["--out", "d.dzi"], "d_files is there already, and"),
        (["--out", "e.zarr"], "e.zarr is there already, and"),
        (["--out", "f.btf"], "f.btf.records is not a folder"),
        (["--out", "no/way\0.dzi"], "null byte"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path, monkeypatch, capfd, arguments, reason):
    monkeypatch.chdir(tmp_path)
    assert render("a.dzi") == 0
    for name in ("c.dzi", "d_files", "e.zarr", "f.btf.records"):
        Path(name).write_text("of somebody else")
    capfd.readouterr()
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    assert re.search(reason, refusal(capfd, "render", MODEL, *SIZE, *arguments))
    after = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    assert after == before


def test_an_ordinary_picture_does_not_take_the_place_of_one_in_tiles(tmp_path, capfd):
    (tmp_path / "a.tif.records").mkdir()
    (tmp_path / "a.tif.records" / "plan.json").write_text("{}")
    out = tmp_path / "a.tif"
    line = refusal(capfd, "render", MODEL, "--out", out, "--height", 32, "--width", 32)
    assert f"--out {out} is of a picture in tiles: remove {out}.records" in line
    assert not out.exists()


def test_what_was_saved_over_is_made_again(tmp_path, capsys):
    """Another header, as an editor would write one: then no pixel is believed either."""
    assert render(tmp_path / "a.btf") == 0
    before = (tmp_path / "a.btf").read_bytes()
    changed = bytearray(before)
    changed[60] ^= 1
    changed[-1] ^= 1
    (tmp_path / "a.btf").write_bytes(changed)
    assert render(tmp_path / "a.btf") == 0
    assert "1 of its 1 units were made now" in capsys.readouterr().out.splitlines()[-1]
    assert (tmp_path / "a.btf").read_bytes() == before


def test_a_disk_too_small_is_said_with_the_size(tmp_path, monkeypatch, capfd):
    free = type("", (), {"free": 10**10})()
    monkeypatch.setattr(room.shutil, "disk_usage", lambda _: free)
    size = ["--height", "131072", "--width", "131072", "--periodic", "none"]
    line = refusal(capfd, "render", MODEL, "--out", tmp_path / "a.btf", *size)
    assert "height=131072, width=131072" in line
    assert "would need about 68.7 GB on the disk" in line
    assert not list(tmp_path.iterdir())


def test_what_an_edit_has_blended_is_refused(tmp_path, capfd):
    edit = ["edit", "mix", MODEL, "--from", "1", "--to", "2", *SIZE]
    line = refusal(capfd, *edit, "--out", tmp_path / "a.dzi")
    assert ".dzi is of pictures of one seed" in line
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_says_that_the_same_command_goes_on(tmp_path, number):
    code = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
from locogan_keras.cli import main
from locogan_keras.rendering.gigapixel import job

def waiting(*_):
    print("now", flush=True)
    time.sleep(600)

job.finest = waiting
sys.exit(main())
"""
    command = [sys.executable, "-c", code, "render", MODEL, "--out", "a.dzi", *SIZE]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=tmp_path, **pipes) as process:
        assert process.stdout.readline() == "now\n"
        process.send_signal(number)
        _, error = process.communicate(timeout=PATIENCE)
    assert process.returncode == 128 + number
    assert error == (
        "locogan: interrupted; 0 of 1 units of a.dzi are there, and the same command goes on\n"
    )
    assert not (tmp_path / "a.dzi").exists()
    assert render(tmp_path / "a.dzi") == 0


def test_an_interruption_in_the_same_process_says_so(tmp_path, monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("locogan_keras.rendering.gigapixel.job.finest", interrupted)
    assert render(tmp_path / "a.zarr") == 130
    assert re.search("0 of 1 units of .*a.zarr are there, and the same", capsys.readouterr().err)
