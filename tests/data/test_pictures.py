import struct
import sys

import numpy as np
import pytest
from PIL import EpsImagePlugin, Image, TiffImagePlugin
from support.png_files import png_file

from locogan_keras.data.picture_files import FORMATS
from locogan_keras.data.pictures import read_mask, read_picture, scaled


@pytest.fixture
def levels(rng):
    return rng.integers(0, 256, size=(7, 9, 3)).astype(np.uint8)


def saved(tmp_path, picture, name="picture.png", **options):
    picture.save(tmp_path / name, **options)
    return read_picture(tmp_path / name)


def deep_png(levels, color_type, transparency=None):
    height, width, _ = levels.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in levels)
    return png_file(height, width, 16, color_type, rows, transparency)


def test_rgb_is_read_as_it_is(tmp_path, levels):
    np.testing.assert_array_equal(saved(tmp_path, Image.fromarray(levels)), levels)


def test_grey_becomes_three_equal_channels(tmp_path, levels):
    grey = levels[..., 0]
    expected = np.repeat(grey[..., None], 3, axis=-1)
    np.testing.assert_array_equal(saved(tmp_path, Image.fromarray(grey)), expected)


def test_sixteen_bits_are_scaled_not_cut(tmp_path):
    deep = np.array([[0, 128, 129, 257, 25700, 65534, 65535]], np.uint16)
    ours = saved(tmp_path, Image.fromarray(deep))
    np.testing.assert_array_equal(ours[0, :, 0], [0, 0, 1, 1, 100, 255, 255])


@pytest.mark.parametrize(("color_type", "channels"), [(0, 1), (2, 3), (4, 2), (6, 4)])
def test_sixteen_bits_of_every_kind_are_within_a_level(tmp_path, color_type, channels, rng):
    deep = rng.integers(0, 65536, size=(5, 6, channels), dtype=np.uint16)
    if channels in (2, 4):
        deep[..., -1] = 65535
    (tmp_path / "deep.png").write_bytes(deep_png(deep, color_type))
    ours = read_picture(tmp_path / "deep.png")
    colors = deep[..., :3] if channels > 2 else deep[..., :1]
    assert np.abs(ours - colors / 257).max() <= 1


def test_the_transparent_level_of_sixteen_bits_is_laid_over_white(tmp_path):
    deep = np.array([[[0], [1000], [1001], [65535]]], np.uint16)
    (tmp_path / "deep.png").write_bytes(deep_png(deep, 0, transparency=struct.pack(">H", 1000)))
    assert read_picture(tmp_path / "deep.png")[0, :, 0].tolist() == [0, 255, 4, 255]


def test_the_transparent_colour_of_sixteen_bits_is_laid_over_white(tmp_path):
    deep = np.array([[[0x1234] * 3, [0x3412] * 3, [0, 0, 0]]], np.uint16)
    clear = struct.pack(">HHH", *[0x1234] * 3)
    (tmp_path / "deep.png").write_bytes(deep_png(deep, 2, transparency=clear))
    assert read_picture(tmp_path / "deep.png")[0, :, 0].tolist() == [255, 0x34, 0]


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
def test_transparency_is_laid_over_white(tmp_path, mode):
    color = {"LA": (0, 128), "RGBA": (0, 0, 0, 128)}[mode]
    picture = Image.new(mode, (3, 2), color)
    picture.putpixel((0, 0), (*color[:-1], 0))
    ours = saved(tmp_path, picture)
    assert ours[0, 0].tolist() == [255, 255, 255]
    assert ours[1, 1].tolist() == [127, 127, 127]


def test_palettes_are_looked_up(tmp_path):
    picture = Image.new("P", (2, 1))
    picture.putpalette([10, 20, 30, 200, 100, 50])
    picture.putpixel((1, 0), 1)
    assert saved(tmp_path, picture).tolist() == [[[10, 20, 30], [200, 100, 50]]]


def test_pictures_stand_upright(tmp_path, levels):
    exif = Image.Exif()
    exif[0x0112] = 6  # The camera was turned by a quarter.
    picture = Image.fromarray(levels)
    ours = saved(tmp_path, picture, "picture.png", exif=exif)
    np.testing.assert_array_equal(ours, np.rot90(levels, -1))


def test_what_is_not_a_picture_is_refused(tmp_path):
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(ValueError, match=r"text\.png is not a picture"):
        read_picture(tmp_path / "text.png")


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "webp", "bmp"])
def test_truncated_pictures_are_refused(tmp_path, suffix, rng):
    path = tmp_path / f"half.{suffix}"
    Image.fromarray(rng.integers(0, 256, size=(99, 99, 3)).astype(np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ValueError, match="half"):
        read_picture(path)


@pytest.mark.parametrize("edge", [10_000, 40_000])
def test_decompression_bombs_are_refused(tmp_path, edge):
    (tmp_path / "bomb.png").write_bytes(png_file(edge, edge, 8, 2, b""))
    with pytest.raises(ValueError, match=r"more pixels than data\.max_pixels=89478485 allows"):
        read_picture(tmp_path / "bomb.png")


def test_a_larger_picture_is_read_where_it_is_allowed(tmp_path, monkeypatch):
    """Of 10 million pixels, as Pillow sees one of 90 without its leave."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10**6)
    Image.new("L", (5000, 2000), 77).save(tmp_path / "large.png")
    path = tmp_path / "large.png"
    with pytest.raises(ValueError, match=r"more pixels than data\.max_pixels=9999999 allows"):
        read_picture(path, max_pixels=9_999_999)
    assert read_picture(path, max_pixels=10**7).shape == (2000, 5000, 3)
    # What others have set is theirs.
    assert Image.MAX_IMAGE_PIXELS == 10**6


@pytest.mark.parametrize("kind", ["JPEG", "MPO", "WEBP", "PNG", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 10))
def test_every_orientation_of_every_kind(tmp_path, kind, orientation):
    """The corner that is red as seen: EXIF's rows and columns of the sensor. 9 there is not."""
    levels = np.full((64, 96, 3), 255, np.uint8)
    levels[:32, :32] = (255, 0, 0)
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"save_all": True} if kind == "MPO" else {}
    Image.fromarray(levels).save(tmp_path / "a", kind, exif=exif, **options)
    ours = read_picture(tmp_path / "a")
    top, left = {1: (0, 0), 2: (0, 1), 3: (1, 1), 4: (1, 0), 5: (0, 0), 6: (0, 1), 7: (1, 1)}.get(
        orientation, (0, 0) if orientation == 9 else (1, 0)
    )
    assert ours.shape == ((64, 96, 3) if orientation in (1, 2, 3, 4, 9) else (96, 64, 3))
    corner = ours[-8 if top else 8, -8 if left else 8]
    np.testing.assert_allclose(corner, (255, 0, 0), atol=30)


def test_damage_in_a_cameras_notes_never_stops_and_does_not_turn(tmp_path, rng):
    """Its orientation is read, whatever else is wrong; Pillow's own way reads and writes all."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8769)[0x9003] = "2020:01:01 00:00:00"
    picture = Image.new("RGB", (70, 66))
    for kind in ("JPEG", "MPO", "WEBP", "PNG"):
        options = {"save_all": True} if kind == "MPO" else {}
        picture.save(tmp_path / "a", kind, exif=exif, **options)
        data = (tmp_path / "a").read_bytes()
        place = data.index(b"eXIf" if kind == "PNG" else b"EXIF" if kind == "WEBP" else b"Exif")
        for _ in range(100):
            damaged = bytearray(data)
            for _ in range(rng.integers(1, 9)):
                damaged[place + 8 + rng.integers(60)] = rng.integers(256)
            (tmp_path / "a").write_bytes(damaged)
            assert read_picture(tmp_path / "a").shape in ((66, 70, 3), (70, 66, 3))


def test_a_cameras_raw_file_is_no_small_picture(tmp_path):
    for tag, value in ((50706, b"\1\4\0\0"), (254, 1)):
        tags = TiffImagePlugin.ImageFileDirectory_v2()
        tags[tag] = value
        tags.tagtype[tag] = 1 if tag == 50706 else 4
        Image.new("RGB", (80, 70)).save(tmp_path / "a.dng", "TIFF", tiffinfo=tags)
        with pytest.raises(ValueError, match=r"a\.dng is a camera's raw file: develop it"):
            read_picture(tmp_path / "a.dng")


def test_a_phones_heic_is_read_where_its_package_is(tmp_path, monkeypatch):
    import pillow_heif

    pillow_heif.register_heif_opener()
    path = tmp_path / "photo.heic"
    Image.new("RGB", (80, 70), (200, 100, 50)).save(path, "HEIF", quality=95)
    np.testing.assert_allclose(read_picture(path)[30, 30], (200, 100, 50), atol=4)
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(ValueError, match=r"photo\.heic is a HEIC .*\(pip install pillow-heif\)"):
        read_picture(path)


def test_the_shorter_edge_is_scaled_down_only(levels):
    large = np.zeros((300, 200, 3), np.uint8)
    assert scaled(large, 100).shape == (150, 100, 3)
    assert scaled(levels, 100) is levels
    assert scaled(large, 100, multiple=(16, 1)).shape == (144, 100, 3)


def test_a_picture_that_repeats_is_scaled_across_its_seam():
    x = np.arange(256)
    wave = np.rint(127.5 + 100 * np.sin(2 * np.pi * x / 256)).astype(np.uint8)
    picture = np.repeat(np.repeat(wave[None, :, None], 64, axis=0), 3, axis=2)
    ours = scaled(picture, 16, wrap=(False, True))
    shifted = scaled(np.roll(picture, 128, axis=1), 16, wrap=(False, True))
    np.testing.assert_array_equal(np.roll(ours, 32, axis=1), shifted)


@pytest.mark.parametrize("kind", FORMATS)
def test_every_common_kind_is_read_whatever_its_name(tmp_path, levels, kind):
    path = tmp_path / "picture.png"
    Image.fromarray(np.kron(levels, np.ones((8, 8, 1), np.uint8))).save(path, kind)
    assert read_picture(path).shape == (56, 72, 3)


@pytest.mark.parametrize("kind", ["EPS", "PCX", "ICNS"])
def test_a_kind_that_may_be_a_program_is_no_picture(tmp_path, levels, kind, monkeypatch):
    """An EPS file named `.png` was handed to Ghostscript."""

    def never(*arguments, **options):
        raise RuntimeError("Ghostscript was called")

    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", never)
    path = tmp_path / "picture.png"
    Image.fromarray(levels).save(path, kind)
    for read in (read_picture, lambda path: read_mask(path, (7, 9))):
        with pytest.raises(ValueError, match=r"picture\.png is not a picture"):
            read(path)
