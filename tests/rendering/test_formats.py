"""Formats of picture files: what other programs read from each, and what each refuses."""

import io
import json
import struct

import numpy as np
import OpenEXR
import pytest
import tensorflow as tf
import tifffile
from PIL import Image, ImageCms

from locogan_keras.rendering.files import format as formats
from locogan_keras.rendering.files.levels import to_levels
from locogan_keras.rendering.files.opening import open_picture, write_picture
from locogan_keras.rendering.files.tiff import begin_tiff

SIZE = (37, 53)
FACTS = {"seed": 3, "name": "größer"}


@pytest.fixture
def values(rng):
    """Float values in [-1, 1], as a model's, its ends and beyond them."""
    picture = rng.uniform(-1, 1, size=(*SIZE, 3)).astype(np.float32)
    picture[0, :4, 0] = [-1, 1, -1.5, 1.5]
    return picture


def written(path, picture, **how):
    write_picture(path, SIZE, np.split(picture, [1, 20]), FACTS, **how)
    return path


def chunks(path):
    data, place, found = path.read_bytes(), 8, {}
    while place < len(data):
        (length,) = struct.unpack(">I", data[place : place + 4])
        found.setdefault(data[place + 4 : place + 8], data[place + 8 : place + 8 + length])
        place += 12 + length
    return found


def test_levels_are_the_nearest_and_pass_unchanged(values):
    picture = values.astype(np.float64)
    for dtype, most in ((np.uint8, 255), (np.uint16, 65535)):
        levels = to_levels(values, dtype)
        assert levels.dtype == dtype
        assert np.abs(levels - np.clip((picture + 1) / 2, 0, 1) * most).max() < 0.51
        assert levels[0, :4, 0].tolist() == [0, most, 0, most]
        assert to_levels(levels, dtype) is levels
    assert to_levels(values, np.float32) is values


@pytest.mark.parametrize(("bits", "dtype"), [(8, "uint8"), (16, "uint16")])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_png_by_another_reader(tmp_path, rng, bits, dtype, channels):
    """TensorFlow's, which is libpng: Pillow has no colours of 16 bits."""
    picture = rng.uniform(-1, 1, size=(*SIZE, channels)).astype(np.float32)
    path = written(tmp_path / "a.png", picture, bits=bits)
    read = tf.io.decode_png(path.read_bytes(), dtype=getattr(tf, dtype)).numpy()
    np.testing.assert_array_equal(read, to_levels(picture, dtype))
    with Image.open(path) as ours:
        assert json.loads(ours.text["locogan"]) == FACTS


def test_colour_says_that_it_is_srgb_and_data_does_not(tmp_path, values):
    color, data = (
        chunks(written(tmp_path / f"{is_color}.png", values, is_color=is_color))
        for is_color in (True, False)
    )
    assert color.pop(b"sRGB") == b"\0"
    assert color == data
    # Before the pixels, as PNG demands.
    assert list(chunks(tmp_path / "True.png"))[:2] == [b"IHDR", b"sRGB"]


@pytest.mark.parametrize(("bits", "dtype"), [(8, "u1"), (16, "u2"), (32, "f4")])
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("suffix", ["tif", "TIFF"])
def test_tiff(tmp_path, rng, bits, dtype, channels, suffix):
    picture = rng.uniform(-1, 1, size=(*SIZE, channels)).astype(np.float32)
    path = written(tmp_path / f"a.{suffix}", picture, bits=bits)
    expected = to_levels(picture, dtype) if bits < 32 else (picture + 1) / 2
    with tifffile.TiffFile(path) as tiff:
        (page,) = tiff.pages
        assert json.loads(page.description) == FACTS
        np.testing.assert_array_equal(page.asarray().reshape(expected.shape), expected)
        assert (page.iccprofile is None) == (channels == 1)
    if bits == 8:
        with Image.open(path) as theirs:
            assert theirs.mode == {1: "L", 3: "RGB", 4: "RGBA"}[channels]
            np.testing.assert_array_equal(np.asarray(theirs).reshape(expected.shape), expected)


def test_tiff_of_colour_has_a_profile_and_of_data_none(tmp_path, values):
    color = written(tmp_path / "a.tif", values)
    again = written(tmp_path / "b.tif", values)
    data = written(tmp_path / "c.tif", values, is_color=False)
    assert color.read_bytes() == again.read_bytes()
    with Image.open(color) as ours, Image.open(data) as other:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(ours.info["icc_profile"]))
        assert "sRGB" in ImageCms.getProfileDescription(profile)
        assert "icc_profile" not in other.info


def test_webp_loses_nothing_unless_asked_to(tmp_path, values):
    path = written(tmp_path / "a.webp", values)
    with Image.open(path) as ours:
        np.testing.assert_array_equal(np.asarray(ours), to_levels(values))
        assert json.loads(ours.getexif()[0x010E]) == FACTS
    small = written(tmp_path / "b.webp", values, quality=20)
    assert small.stat().st_size < path.stat().st_size / 2


def test_jpeg_is_near_and_smaller_at_less_quality(tmp_path):
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    waves = np.stack([np.sin(x / 5), np.sin(y / 7), np.sin(x / 9 + y / 5)], axis=-1)
    sizes = []
    for name, quality in (("a.jpg", None), ("b.jpeg", 100), ("c.JPG", 20)):
        path = written(tmp_path / name, waves.astype(np.float32), quality=quality)
        sizes.append(path.stat().st_size)
        with Image.open(path) as ours:
            assert (ours.format, ours.mode) == ("JPEG", "RGB")
            # All three channels at all pixels.
            assert [layer[1:3] for layer in ours.layer] == [(1, 1)] * 3
            if quality is None:
                assert np.abs(np.asarray(ours) - to_levels(waves).astype(int)).mean() < 2
                assert json.loads(ours.getexif()[0x010E]) == FACTS
    assert sizes[2] < sizes[0] < sizes[1]


@pytest.mark.parametrize("quality", [90, 94, 95, 100])
def test_jpeg_of_grain_is_written_whole(tmp_path, rng, quality):
    size = (512, 512)
    grain = rng.uniform(-1, 1, size=(*size, 3)).astype(np.float32)
    path = tmp_path / "a.jpg"
    write_picture(path, size, [grain], quality=quality)
    with Image.open(path) as ours:
        assert np.abs(np.asarray(ours) - to_levels(grain).astype(int)).mean() < 8


@pytest.mark.parametrize(("edge", "is_big"), [(30_000, False), (40_000, True)])
def test_tiff_of_4_gib_and_more_has_longer_offsets(tmp_path, edge, is_big):
    path = tmp_path / "a.tif"
    # Nothing is written into it: a file system keeps no zeros.
    with begin_tiff(path, (edge, edge), formats.Pixels(3, 8, np.dtype(np.uint8))):
        pass
    with tifffile.TiffFile(path) as file:
        assert (file.is_bigtiff, file.pages[0].shape) == (is_big, (edge, edge, 3))
    path.unlink()


def test_exr_of_a_transparent_picture_is_light_times_opacity(tmp_path):
    picture = np.ones((*SIZE, 4), np.float32)
    picture[..., 3] = np.linspace(-1, 1, SIZE[1])
    with OpenEXR.File(str(written(tmp_path / "a.exr", picture, bits=32))) as file:
        read = file.channels()["RGBA"].pixels
    np.testing.assert_allclose(read[..., 0], read[..., 3], atol=1e-6)
    np.testing.assert_allclose(read[0, :, 3], np.linspace(0, 1, SIZE[1]), atol=1e-6)


@pytest.mark.parametrize(("bits", "tolerance"), [(None, 1e-3), (16, 1e-3), (32, 1e-6)])
def test_exr_of_colour_is_linear_light_and_of_data_0_to_1(tmp_path, values, bits, tolerance):
    color = written(tmp_path / "a.exr", values, bits=bits)
    data = written(tmp_path / "b.exr", values, bits=bits, is_color=False)
    levels = np.clip((values.astype(np.float64) + 1) / 2, 0, 1)
    with OpenEXR.File(str(data)) as file:
        read = file.channels()["RGB"].pixels
        assert read.dtype == (np.float32 if bits == 32 else np.float16)
        np.testing.assert_allclose(read, levels, atol=tolerance)
        assert json.loads(file.header()["locogan"]) == FACTS
    with OpenEXR.File(str(color)) as file:
        read = file.channels()["RGB"].pixels
        # What 8-bit sRGB's middle grey, 188 and white are in light: 0.5029 by IEC 61966-2-1.
        assert np.interp(188 / 255, np.sort(levels.ravel()), np.sort(read.ravel())) == (
            pytest.approx(0.5029, abs=2e-3)
        )
        assert (read.min(), read.max()) == (0, 1)


@pytest.mark.parametrize(
    ("name", "channels", "how", "reason"),
    [
        ("a.jpg", 3, {"bits": 16}, r"bits of a JPEG must be 8\. Received: bits=16"),
        ("a.png", 3, {"bits": 32}, r"bits of a PNG must be 8 or 16\. Received: bits=32"),
        ("a.exr", 3, {"bits": 8}, r"bits of an OpenEXR must be 16 or 32\. Received: bits=8"),
        ("a.webp", 3, {"quality": 0}, r"quality of a WebP must be 1 to 100\. Received: quality=0"),
        ("a.png", 3, {"quality": 9}, r"quality of a PNG cannot be chosen\. Received: quality=9"),
        ("a.jpg", 4, {}, r"a JPEG has 1 \(grey\) or 3 \(RGB\) channels\. .* 4 channels"),
        ("a.gif", 3, {}, r"must end in \.png, \.webp, \.jpg, \.jpeg, \.tif, \.tiff, .*or \.btf"),
    ],
)
def test_what_a_format_cannot_be_is_refused(tmp_path, name, channels, how, reason):
    with (
        pytest.raises(ValueError, match=reason),
        open_picture(tmp_path / name, SIZE, channels, **how),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "limit"), [("a.webp", 16383), ("a.jpg", 65500), ("a.png", 2**31 - 1)]
)
def test_sizes_beyond_a_format_are_refused_and_its_longest_can_be(tmp_path, name, limit):
    for size in ((16, limit + 1), (limit + 1, 16), (0, 16)):
        with (
            pytest.raises(ValueError, match=f"1 to {limit}. .* height={size[0]}, width={size[1]}"),
            open_picture(tmp_path / name, size, 3),
        ):
            pass
    if limit < 2**20:
        write_picture(tmp_path / name, (1, limit), [np.zeros((1, limit, 3), np.uint8)])
        with Image.open(tmp_path / name) as picture:
            assert picture.size == (limit, 1)


@pytest.mark.parametrize("name", ["a.webp", "a.jpg", "a.exr"])
def test_what_is_held_whole_must_fit_into_memory(tmp_path, monkeypatch, name):
    def refuse(needed, what):
        raise ValueError(f"{what} {needed}")

    monkeypatch.setattr(formats, "check_memory", refuse)
    with (
        pytest.raises(ValueError, match=r"of 9000 x 9000 pixels, which is held whole, [0-9]{10}"),
        open_picture(tmp_path / name, (9000, 9000), 3),
    ):
        pass


def test_exr_names_what_it_needs(tmp_path, monkeypatch):
    monkeypatch.setattr(formats.importlib.util, "find_spec", lambda name: None)
    with (
        pytest.raises(ValueError, match="an OpenEXR needs the package OpenEXR: pip install"),
        open_picture(tmp_path / "a.exr", SIZE, 3),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_an_open_file_gets_a_png_and_stays_open(values, tmp_path):
    file = io.BytesIO()
    write_picture(file, SIZE, [values], FACTS, bits=16)
    path = written(tmp_path / "a.png", values, bits=16)
    assert file.getvalue() == path.read_bytes()


def test_several_files_are_written_side_by_side(tmp_path, rng):
    """Maps of one material, from one pass over its tiles."""
    picture = rng.uniform(-1, 1, size=(*SIZE, 4)).astype(np.float32)
    with (
        open_picture(tmp_path / "color.png", SIZE, 3) as color,
        open_picture(tmp_path / "height.tif", SIZE, 1, bits=16, is_color=False) as height,
    ):
        for band in np.split(picture, [10, 11]):
            color(band[..., :3])
            height(band[..., 3:])
    with Image.open(tmp_path / "color.png") as read:
        np.testing.assert_array_equal(np.asarray(read), to_levels(picture[..., :3]))
    read = tifffile.imread(tmp_path / "height.tif")
    np.testing.assert_array_equal(read, to_levels(picture[..., 3], np.uint16))
