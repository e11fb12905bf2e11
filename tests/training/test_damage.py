"""Damaged pictures: what is wrong with each is said, and no run stops for them."""

import csv
import io
import os
import struct
import zlib

import numpy as np
import pytest
from conftest import TINY
from PIL import Image
from support.png_files import png_file

from locogan_keras.cli import main
from locogan_keras.data.crops import load_pictures
from locogan_keras.data.pictures import read_picture
from locogan_keras.storage.run import Run


def encoded(picture, kind, **options):
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def noise(mode="RGB", size=(70, 66)):
    pixels = np.random.default_rng(0).integers(0, 256, (*size[::-1], len(mode)))
    return Image.fromarray(pixels.astype(np.uint8), mode if mode == "CMYK" else None)


def half(kind):
    data = encoded(noise(), kind)
    return data[: len(data) // 2]


def bad_checksum():
    data = bytearray(encoded(noise(), "PNG"))
    data[data.index(b"IDAT") + 500] ^= 0xFF
    return bytes(data)


def bad_stream():
    """A PNG whose checksums are right, and whose pixels are not compressed data."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", 70, 66, 8, 2, 0, 0, 0)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", b"nonsense" * 20) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


# Contents of a file, and what is said of it.
DAMAGED = {
    "half.png": (half("PNG"), "is damaged"),
    "half.jpg": (half("JPEG"), "is damaged: .*truncated"),
    "half.webp": (half("WEBP"), "is "),
    "half.tif": (half("TIFF"), "is "),
    "half.bmp": (half("BMP"), "is damaged"),
    "empty.png": (b"", "is not a picture"),
    "zeros.jpg": (bytes(5000), "is not a picture"),
    "text.png": (b"<html>404 Not Found</html>", "is not a picture"),
    # Pillow would hand it to Ghostscript.
    "program.png": (encoded(noise(), "EPS"), "is not a picture"),
    "header.png": (encoded(noise(), "PNG")[:20], "is "),
    "checksum.png": (bad_checksum(), "is damaged"),
    "stream.png": (bad_stream(), "is damaged"),
    "bomb.png": (
        png_file(40_000, 40_000, 8, 2, b""),
        "has more pixels than data.max_pixels=89",
    ),
    "small.png": (encoded(noise(size=(63, 90)), "PNG"), "is 90 x 63 pixels .* smaller than one"),
    "float.tif": (encoded(Image.new("F", (70, 66)), "TIFF"), "floating-point"),
}


def exif(data):
    return {"exif": b"Exif\x00\x00" + data}


# Nothing is wrong with these pictures' pixels.
SOUND = {
    "jpeg.png": encoded(noise(), "JPEG"),
    "tail.jpg": encoded(noise(), "JPEG") + b"more",
    "cmyk.jpg": encoded(noise("CMYK"), "JPEG"),
    "exif.jpg": encoded(noise(), "JPEG", **exif(b"MM\x00\x2a\xff\xff\xff\xff")),
    "exif.png": encoded(noise(), "PNG", **exif(b"II\x2a\x00\x08\x00\x00\x00\xff\xff\x12")),
    "exif.webp": encoded(noise(), "WEBP", **exif(b"nonsense")),
}


def fill(folder, files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)


def load(source, **options):
    return load_pictures(source, image_size=128, encoding="linear", frame="picture", **options)


@pytest.fixture
def folder(tmp_path):
    """A folder with all of `DAMAGED`, what is no file at all, and as many sound pictures."""
    fill(tmp_path / "pictures" / "damaged", {name: data for name, (data, _) in DAMAGED.items()})
    os.mkfifo(tmp_path / "pictures" / "pipe.png")
    (tmp_path / "pictures" / "link.png").symlink_to("nowhere")
    (tmp_path / "pictures" / "folder.png").mkdir()
    sound = [SOUND, {f"{index}.png": SOUND["exif.png"] for index in range(len(DAMAGED))}]
    for index, files in enumerate(sound):
        fill(tmp_path / "pictures" / f"sound {index}", files)
    return tmp_path / "pictures"


def test_damaged_pictures_are_left_out_and_listed(folder):
    pictures = load(folder)
    rejected = dict(pictures.rejected)
    assert rejected.pop("pipe.png") == "is not a file"
    assert rejected.pop("link.png") == "No such file or directory"
    assert set(rejected) == {f"damaged/{name}" for name in DAMAGED}
    assert len(pictures.decoded) == len(SOUND) + len(DAMAGED)
    crops, _ = next(iter(pictures.crops(4)))
    assert np.isfinite(crops.numpy()).all()


@pytest.mark.parametrize("name", DAMAGED)
def test_the_reason_is_given_in_a_list_and_alone(tmp_path, name):
    data, reason = DAMAGED[name]
    fill(tmp_path, {name: data, "sound.png": SOUND["exif.png"]})
    (rejection,) = load(tmp_path).rejected
    assert rejection[0] == name
    with pytest.raises(ValueError, match=reason) as caught:
        load(tmp_path / name)
    assert str(caught.value) == f"{tmp_path / name} {rejection[1]}"


@pytest.mark.parametrize("name", SOUND)
def test_what_is_only_odd_is_read(tmp_path, name):
    fill(tmp_path, {name: SOUND[name]})
    assert read_picture(tmp_path / name).shape == (66, 70, 3)


def test_cmyk_has_the_colours_of_its_inks(tmp_path):
    for ink, level in [((0, 0, 0, 0), 255), ((0, 0, 0, 255), 0), ((0, 0, 0, 128), 127)]:
        data = encoded(Image.new("CMYK", (8, 8), ink), "JPEG", quality=95)
        # Its marker says that the file's inks are inverted, as in all of Photoshop's.
        assert b"Adobe" in data
        fill(tmp_path, {"ink.jpg": data})
        np.testing.assert_allclose(read_picture(tmp_path / "ink.jpg"), level, atol=3)


def test_a_folder_mostly_damaged_is_refused_unless_asked_for(tmp_path):
    fill(tmp_path, {f"{index}.png": b"damaged" for index in range(3)})
    fill(tmp_path, {"sound.png": SOUND["exif.png"]})
    with pytest.raises(ValueError, match=r"3 of 4 .*max_rejected=0\.5.*; the first: 0\.png is not"):
        load(tmp_path)
    assert len(load(tmp_path, max_rejected=0.75).decoded) == 1
    fill(tmp_path, {"two.png": SOUND["exif.png"], "three.png": SOUND["exif.png"]})
    assert len(load(tmp_path).rejected) == 3
    with pytest.raises(ValueError, match="3 of 6"):
        load(tmp_path, max_rejected=0.4)
    fill(tmp_path / "none", {"a.png": b"damaged"})
    with pytest.raises(ValueError, match="1 of 1"):
        load(tmp_path / "none", max_rejected=1.0)


@pytest.mark.slow
def test_a_run_lists_what_it_could_not_use(folder, tmp_path, capsys):
    run = tmp_path / "run"
    arguments = ["train", str(folder), "--out", str(run), "--steps", "1", "--set", *TINY]
    assert main([*arguments, "data.max_rejected=0.4"]) == 2
    assert "17 of 38 pictures cannot be used" in capsys.readouterr().err
    assert not run.exists()
    assert main([*arguments, "data.max_rejected=0.5"]) == 0
    shown = capsys.readouterr().out
    assert "21 pictures, 17 left out (11 .png, 2 .tif, 2 .jpg, 1 .bmp, 1 .webp); see " in shown
    assert str(run / "rejected.csv") in shown
    with open(run / "rejected.csv", newline="") as file:
        header, *rejected = csv.reader(file)
    assert header == ["file", "reason"]
    assert tuple(map(tuple, rejected)) == load(folder).rejected
    # Pictures that were never used may go; new ones make another run.
    (folder / "link.png").unlink()
    assert main([*arguments, "data.max_rejected=1"]) == 0
    fill(folder, {"new.png": SOUND["exif.png"]})
    assert main(arguments) == 2
    assert "other pictures" in capsys.readouterr().err


def test_the_list_goes_when_nothing_is_left_to_list(tmp_path):
    run = Run(tmp_path)
    run.write_rejected([(os.fsdecode(b"\xff.png"), "is not a picture")])
    assert b"\\udcff.png" in (tmp_path / "rejected.csv").read_bytes()
    run.write_rejected([])
    assert not list(tmp_path.iterdir())
