"""Colours of pictures as sRGB: the same colours written in other spaces."""

import io

import numpy as np
import pytest
from PIL import Image, ImageCms
from support.icc_profiles import ADOBE, P3, SRGB, color_profile, grey_profile, ink_profile

from locogan_keras.data.picture_files import pillow_quiet
from locogan_keras.data.pictures import decode, read_mask, read_picture

# Colours of sRGB, and the same in other spaces as CSS Color 4 and Adobe's specification have them.
RED = {"srgb": (255, 0, 0), "p3": (234, 51, 35), "adobe": (219, 0, 0)}
GREEN = {"srgb": (0, 255, 0), "p3": (117, 251, 76), "adobe": (144, 255, 60)}
GREY = {"srgb": (128, 128, 128), "p3": (128, 128, 128), "adobe": (127, 127, 127)}
PROFILES = {"p3": color_profile(P3), "adobe": color_profile(ADOBE, 2.19921875)}


def saved(tmp_path, picture, name="picture.png", **options):
    picture.save(tmp_path / name, **options)
    return read_picture(tmp_path / name)


@pytest.mark.parametrize("kind", ["png", "jpg", "webp", "tif", "avif"])
@pytest.mark.parametrize("space", ["p3", "adobe"])
@pytest.mark.parametrize("color", [RED, GREEN, GREY])
def test_colours_of_phones_and_cameras_are_converted(tmp_path, kind, space, color):
    picture = Image.new("RGB", (32, 32), color[space])
    options = {"jpg": {"quality": 100, "subsampling": 0}, "webp": {"lossless": True}}.get(kind, {})
    options = {"quality": 100} if kind == "avif" else options
    ours = saved(tmp_path, picture, f"a.{kind}", icc_profile=PROFILES[space], **options)
    # Near black, one level of another space is up to three of sRGB.
    tolerance = 8 if kind in ("jpg", "avif") else 4
    np.testing.assert_allclose(ours[8, 8], color["srgb"], atol=tolerance)
    # Without the profile the levels are what they are.
    plain = saved(tmp_path, picture, f"b.{kind}", **options)
    np.testing.assert_allclose(plain[8, 8], color[space], atol=3)


def test_a_profile_that_swaps_red_and_green(tmp_path):
    red, green, blue = SRGB
    picture = Image.new("RGB", (4, 4), (200, 40, 90))
    ours = saved(tmp_path, picture, icc_profile=color_profile((green, red, blue)))
    np.testing.assert_allclose(ours[0, 0], (40, 200, 90), atol=1)


def test_what_is_srgb_stays_as_it_is_to_the_bit(tmp_path, rng):
    levels = rng.integers(0, 256, size=(40, 50, 3)).astype(np.uint8)
    pillows = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for profile in (pillows, color_profile(SRGB)):
        ours = saved(tmp_path, Image.fromarray(levels), icc_profile=profile)
        np.testing.assert_array_equal(ours, levels)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "I;16", "1"])
def test_every_mode_has_a_profile(tmp_path, mode):
    grey = mode in ("L", "LA", "I;16", "1")
    profile = grey_profile(1.0) if grey else PROFILES["p3"]
    if mode == "I;16":
        picture = Image.fromarray(np.full((4, 4), 257 * 55, np.uint16))
    elif mode == "P":
        picture = Image.new("P", (4, 4), 1)
        picture.putpalette([0, 0, 0, *RED["p3"]])
    else:
        color = {"L": 55, "LA": (55, 128), "RGBA": (*RED["p3"], 0), "1": 1}[mode]
        picture = Image.new(mode, (4, 4), color)
    ours = saved(tmp_path, picture, icc_profile=profile)[0, 0]
    # Linear light of 55 is sRGB's 128; half of that over white, and a clear pixel is white.
    expected = {
        "L": (128,) * 3,
        "I;16": (128,) * 3,
        "LA": (191,) * 3,
        "P": RED["srgb"],
        "RGBA": (255,) * 3,
        "1": (255,) * 3,
    }
    np.testing.assert_allclose(ours, expected[mode], atol=2)


@pytest.mark.parametrize(
    "profile",
    [b"", b"nonsense", PROFILES["p3"][:200], PROFILES["p3"][:-20], grey_profile(1.0), bytes(3000)],
)
def test_a_profile_that_is_damaged_or_of_other_pictures_is_passed_over(tmp_path, profile):
    ours = saved(tmp_path, Image.new("RGB", (4, 4), (200, 40, 90)), icc_profile=profile)
    assert ours[0, 0].tolist() == [200, 40, 90]


def test_masks_are_no_colours(tmp_path):
    picture = Image.new("L", (4, 4), 55)
    picture.save(tmp_path / "mask.png", icc_profile=grey_profile(1.0))
    np.testing.assert_allclose(read_mask(tmp_path / "mask.png", (4, 4)), 55 / 255)


def jpeg(picture, **options):
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=100, subsampling=0, **options)
    return file.getvalue()


def without_adobe(data):
    """A JPEG without the marker APP14."""
    place = data.index(b"\xff\xee")
    length = int.from_bytes(data[place + 2 : place + 4], "big")
    return data[:place] + data[place + 2 + length :]


def test_inks_with_and_without_adobes_marker(tmp_path):
    """Photoshop's files are inverted and marked so; others say 255 for full ink."""
    inks, colors = (0, 200, 255, 30), (225, 49, 0)
    marked = jpeg(Image.new("CMYK", (16, 16), inks))
    assert b"Adobe" in marked
    plain = without_adobe(jpeg(Image.new("CMYK", (16, 16), tuple(255 - ink for ink in inks))))
    assert b"Adobe" not in plain
    Image.new("CMYK", (16, 16), inks).save(tmp_path / "c.tif")
    for name, data in (("a.jpg", marked), ("b.jpg", plain)):
        (tmp_path / name).write_bytes(data)
    for name in ("a.jpg", "b.jpg", "c.tif"):
        np.testing.assert_allclose(read_picture(tmp_path / name)[8, 8], colors, atol=3)


def test_inks_have_the_colours_of_their_profile(tmp_path):
    """Cyan is printed as a red here, Lab (54, 81, 70) in bytes: no formula would guess it."""

    def color_of(c, m, y, k):
        return (0, 128, 128) if k else (138, 128 + 81, 128 + 70) if c else (255, 128, 128)

    profile = ink_profile(color_of)
    for inks, expected in (((255, 0, 0, 0), (255, 0, 0)), ((0, 0, 0, 0), (255, 255, 255))):
        picture = Image.new("CMYK", (16, 16), inks)
        for name in ("a.jpg", "a.tif"):
            options = {"quality": 100, "subsampling": 0} if name == "a.jpg" else {}
            ours = saved(tmp_path, picture, name, icc_profile=profile, **options)
            np.testing.assert_allclose(ours[8, 8], expected, atol=6)


def test_lab_is_read(tmp_path):
    picture = ImageCms.profileToProfile(
        Image.new("RGB", (4, 4), (200, 40, 90)),
        *(ImageCms.createProfile(space) for space in ("sRGB", "LAB")),
        outputMode="LAB",
    )
    ours = saved(tmp_path, picture, "lab.tif")
    np.testing.assert_allclose(ours[0, 0], (200, 40, 90), atol=3)


@pytest.mark.parametrize(("alpha", "is_transparent"), [(255, False), (254, True), (0, True)])
def test_transparency_is_noticed_where_it_shows(alpha, is_transparent):
    file = io.BytesIO()
    Image.new("RGBA", (4, 4), (10, 20, 30, alpha)).save(file, "PNG")
    file.seek(0)
    with pillow_quiet():
        assert decode(file)[1] == is_transparent
