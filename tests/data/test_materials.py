"""Folders of one material's maps: which file is which map, and what is read of it."""

import shutil
import sys

import numpy as np
import OpenEXR
import pytest
import tensorflow as tf
import tifffile
from PIL import Image
from support.materials import BRICKS, MAPS, save, stored

from locogan_keras.data.crops import load_pictures
from locogan_keras.data.materials import material_in, read_material

READING = {"image_size": 128, "encoding": "none", "frame": (16, 16)}


@pytest.fixture
def bricks(tmp_path):
    """A copy of the committed material, to be changed."""
    return shutil.copytree(BRICKS, tmp_path / "bricks")


@pytest.fixture
def folder(tmp_path):
    """Makes a folder with small files of these names, RGB where a map has colours or vectors."""

    def make(*names):
        for name in names:
            three = not any(word in name.lower() for word in ("rough", "disp", "ao", "metal"))
            size = (8, 8, 3) if three else (8, 8)
            save(tmp_path / name, np.random.default_rng(0).integers(0, 256, size, np.uint8))
        return tmp_path

    return make


@pytest.mark.parametrize(
    "names",
    [
        {
            "color": "Bricks076_1K-JPG_Color.jpg",
            "normal": "Bricks076_1K-JPG_NormalGL.jpg",
            "height": "Bricks076_1K-JPG_Displacement.jpg",
            "roughness": "Bricks076_1K-JPG_Roughness.jpg",
        },
        {
            "color": "red_brick_03_diff_1k.png",
            "normal": "red_brick_03_nor_gl_1k.png",
            "height": "red_brick_03_disp_1k.png",
            "roughness": "red_brick_03_rough_1k.png",
            "ambient_occlusion": "red_brick_03_ao_1k.png",
            "metalness": "red_brick_03_metal_1k.png",
        },
        {"color": "Color.png", "opacity": "Opacity.webp"},
        {"color": "leaf basecolor.tif", "normal": "leaf NORMALDX.bmp"},
    ],
)
def test_maps_are_known_by_their_names(names, folder):
    material = material_in(folder(*names.values()))
    assert {name: path.name for name, path in material.files.items()} == names
    assert list(material.files) == list(names)
    assert material.flipped == ("DX" in str(names))


@pytest.mark.parametrize(
    "names",
    [
        ("stone.png", "wood.png"),
        # One map, and no other.
        ("a_Color.png", "b_Color.png"),
        # A word within a word.
        ("autumncolor.png", "enough.png", "chaos.png"),
        # A folder of pictures of which two are called so by chance.
        *[("a_Color.png", "b_ao.png", *(f"photo-{number}.png" for number in range(3)))],
    ],
)
def test_other_folders_are_no_materials(names, folder):
    assert material_in(folder(*names)) is None


def test_a_material_is_read_as_one_picture_of_its_maps():
    """Roughness and height as they are stored, in 16 bits; normals as vectors."""
    material = material_in(BRICKS)
    assert material.maps == MAPS
    assert material.others == ()
    levels, _ = read_material(material)
    assert (levels.shape, levels.dtype) == ((128, 128, 9), np.uint16)
    files = {name: stored(path) for name, path in material.files.items()}
    np.testing.assert_array_equal(levels[..., 6], files["height"])
    assert len(np.unique(levels[..., 6])) > 5000
    np.testing.assert_array_equal(levels[..., 7], 257 * files["roughness"].astype(int))
    np.testing.assert_array_equal(levels[..., :3], 257 * files["color"].astype(int))
    vectors = levels[..., 3:6] / 32767.5 - 1
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=-1), 1, atol=3e-5)
    # A level of 8 bits is 1/127.5.
    np.testing.assert_allclose(vectors, files["normal"] / 127.5 - 1, atol=1 / 127.5)


def test_normals_with_y_down_are_turned_up_and_never_mirrored_alone(bricks):
    """The same surface in both ways is the same; as if it were up, it is not."""
    expected, _ = read_material(material_in(BRICKS))
    up = stored(bricks / "bricks_NormalGL.png").copy()
    up[..., 1] = 255 - up[..., 1]
    save(bricks / "bricks_NormalDX.png", up)
    both = material_in(bricks)
    assert both.files["normal"].name == "bricks_NormalGL.png"
    assert both.others == (("bricks_NormalDX.png", "is left for the one with y up"),)
    (bricks / "bricks_NormalGL.png").unlink()
    np.testing.assert_array_equal(read_material(material_in(bricks))[0], expected)
    assert (2**15 - expected[..., 4].astype(int)).std() > 1000


def test_normals_are_the_same_however_many_rows_are_worked_on(monkeypatch):
    expected, _ = read_material(material_in(BRICKS))
    # Of 128 columns five rows, which do not divide 128, and less than one.
    for pixels in (640, 1):
        monkeypatch.setattr("locogan_keras.data.levels._PIECE", pixels)
        np.testing.assert_array_equal(read_material(material_in(BRICKS))[0], expected)


def test_normals_of_16_bits_keep_them_all(bricks, rng):
    """Of which Pillow reads the high ones only."""
    vectors = np.add(rng.normal(size=(128, 128, 3)), (0, 0, 3))
    vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)
    levels = np.uint16(np.rint((vectors + 1) * 32767.5))
    (bricks / "bricks_NormalGL.png").write_bytes(tf.io.encode_png(levels).numpy())
    material = material_in(bricks)
    assert dict(material.maps)["normal"] == 16
    found = read_material(material)[0][..., 3:6]
    assert np.abs(found.astype(int) - levels).max() <= 1


def write_exr(path, **channels):
    """An OpenEXR of half floats."""
    channels = {name: np.float16(values) for name, values in channels.items()}
    with OpenEXR.File({"type": OpenEXR.scanlineimage}, channels) as picture:
        picture.write(str(path))


def test_maps_may_be_openexr_as_poly_havens(tmp_path):
    """The committed material's values as floats, under Poly Haven's names."""
    expected, _ = read_material(material_in(BRICKS))
    for ours, theirs in (("NormalGL", "nor_gl"), ("Roughness", "rough"), ("Displacement", "disp")):
        levels = stored(BRICKS / f"bricks_{ours}.png")
        values = levels / np.iinfo(levels.dtype).max
        channels = {"NormalGL": {"RGB": values}, "Roughness": {"V": values}}
        write_exr(
            tmp_path / f"bricks_{theirs}_1k.exr", **channels.get(ours, {"RGBA": rgba(values)})
        )
    shutil.copy(BRICKS / "bricks_Color.png", tmp_path / "bricks_diff_1k.png")
    material = material_in(tmp_path)
    assert material.maps == (("color", 8), ("normal", 16), ("height", 16), ("roughness", 16))
    levels, _ = read_material(material)
    # Half floats have eleven bits.
    np.testing.assert_allclose(levels, expected[..., :8].astype(int), atol=40)


def rgba(values):
    """A grey picture as an opaque one with three equal channels."""
    return np.stack([*3 * [values], np.ones_like(values)], axis=-1)


@pytest.mark.parametrize(
    ("name", "channels", "reason"),
    [
        ("Displacement", {"Y": np.linspace(-3, 8, 16384)}, r"has values from -3 to 8: scale them"),
        ("Roughness", {"Y": np.full(16384, np.nan)}, "has values from nan to nan"),
        (
            "Roughness",
            {"Y": np.zeros(16384), "Z": np.ones(16384)},
            "has the channels Y, Z, and not",
        ),
        ("Roughness", {"Y": np.zeros(2**13)}, r"must have one size.*_Roughness.exr 64 x 128"),
        (
            "Color",
            {"Y": np.zeros(16384)},
            "is an OpenEXR, of which only a material's maps are read",
        ),
    ],
)
def test_an_openexr_that_is_no_map_is_refused_by_name(name, channels, reason, bricks):
    (bricks / f"bricks_{name}.png").unlink()
    rows = {channel: values.reshape(-1, 128) for channel, values in channels.items()}
    write_exr(bricks / f"bricks_{name}.exr", **rows)
    with pytest.raises(ValueError, match=reason) as caught:
        load_pictures(bricks, **READING)
    assert f"bricks_{name}.exr" in str(caught.value)


def test_an_openexr_that_is_damaged_large_or_not_readable_says_so(bricks, monkeypatch):
    path = bricks / "bricks_Roughness.exr"
    (bricks / "bricks_Roughness.png").unlink()
    write_exr(path, Y=np.zeros((128, 128)))
    with pytest.raises(ValueError, match=r"more pixels than data\.max_pixels=9999 allows"):
        material_in(bricks, 9999)
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "OpenEXR", None)
        with pytest.raises(
            ValueError, match=r"Roughness\.exr is an OpenEXR, .*\(pip install OpenEXR"
        ):
            material_in(bricks)
    data = path.read_bytes()
    for length in (40, len(data) - 9):
        path.write_bytes(data[:length])
        with pytest.raises(ValueError, match=r"Roughness\.exr is damaged") as caught:
            load_pictures(bricks, **READING)
        assert "\n" not in str(caught.value)


def test_all_maps_are_cropped_and_scaled_together(bricks):
    """Where every map is one picture, every channel of a crop is the same."""
    color = stored(bricks / "bricks_Color.png")[..., 0]
    save(bricks / "bricks_Color.png", np.stack(3 * [color], axis=-1))
    for name in ("Displacement", "Roughness", "AmbientOcclusion"):
        save(bricks / f"bricks_{name}.png", color)
    (bricks / "bricks_NormalGL.png").unlink()
    for size in (128, 100):
        pictures = load_pictures(bricks, **{**READING, "image_size": size})
        crops, _ = next(iter(pictures.crops(4)))
        assert crops.shape == (4, 64, 64, 6)
        assert np.std(crops) > 0.05
        np.testing.assert_array_equal(crops, np.repeat(crops[..., :1], 6, axis=-1))


def test_crops_keep_16_bits_and_unit_normals_at_every_scale():
    for size in (128, 96):
        pictures = load_pictures(BRICKS, **{**READING, "image_size": size})
        assert pictures.maps == MAPS
        crops = next(iter(pictures.crops(4)))[0].numpy()
        assert np.abs(crops).max() <= 1
        np.testing.assert_allclose(np.linalg.norm(crops[..., 3:6], axis=-1), 1, atol=1e-4)
        # Of 8 bits, 255 times a height would be whole.
        heights = (crops[..., 6] + 1) * 127.5
        assert np.mean(np.abs(heights - np.rint(heights)) > 0.05) > 0.5


def test_maps_are_part_of_a_fingerprint(bricks):
    before = load_pictures(bricks, **READING).fingerprint
    assert load_pictures(BRICKS, **READING).fingerprint == before
    (bricks / "bricks_Roughness.png").rename(bricks / "bricks_Metalness.png")
    assert load_pictures(bricks, **READING).fingerprint != before


def test_what_is_none_of_the_maps_is_named(bricks):
    save(bricks / "preview.png", np.zeros((4, 4), np.uint8))
    (bricks / "bricks.blend").write_bytes(b"")
    pictures = load_pictures(bricks, **READING)
    assert ("preview.png", "is none of the maps that are read") in pictures.rejected


def test_a_transparent_colour_is_laid_over_white_and_said_so(bricks):
    path = bricks / "bricks_Color.png"
    with Image.open(path) as picture:
        clear = picture.convert("RGBA")
    clear.putalpha(0)
    clear.save(path)
    levels, is_transparent = read_material(material_in(bricks))
    assert is_transparent
    assert (levels[..., :3] == 65535).all()


def test_transparency_of_a_material_is_a_map(bricks):
    with pytest.raises(ValueError, match=r"data\.alpha=keep, SOURCE .*bricks"):
        load_pictures(bricks, **READING, alpha="keep")


@pytest.mark.parametrize(
    ("picture", "how", "said"),
    [
        (np.zeros((128, 128, 3), np.uint16), {"photometric": "rgb"}, r"16 \+ 16 \+ 16 bits"),
        (np.zeros((128, 128), np.uint32), {"photometric": "minisblack"}, "32 bits"),
        (np.zeros((128, 128), np.uint16), {"photometric": "miniswhite"}, "16 bits"),
    ],
)
def test_a_tiff_that_would_lose_bits_is_refused(picture, how, said, bricks):
    (bricks / "bricks_Displacement.png").unlink()
    tifffile.imwrite(bricks / "bricks_Displacement.tif", picture, **how)
    with pytest.raises(ValueError, match=rf"Displacement\.tif is a TIFF of {said}, not all"):
        material_in(bricks)


def turn(path):
    """A file's EXIF says to turn it."""
    exif = Image.Exif()
    exif[0x0112] = 6
    with Image.open(path) as picture:
        picture.load()
    picture.save(path, exif=exif)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (
            lambda path: save(path / "bricks_Roughness.png", np.zeros((64, 128), np.uint8)),
            "maps must have one size. Received: bricks_Color.png 128 x 128, .*Roughness.png 64 x",
        ),
        (
            lambda path: shutil.copy(path / "bricks_Color.png", path / "bricks_diff.png"),
            "two files for color: bricks_Color.png and bricks_diff.png",
        ),
        (
            lambda path: shutil.copy(path / "bricks_Roughness.png", path / "bricks_NormalGL.png"),
            "bricks_NormalGL.png is grey: a normal map has three channels",
        ),
        (
            lambda path: save(path / "bricks_NormalGL.png", np.full((128, 128, 3), 128, np.uint8)),
            "bricks_NormalGL.png is grey",
        ),
        (lambda path: (path / "bricks_Color.png").unlink(), "no colour .*, only bricks_Ambient"),
        (
            lambda path: (path / "bricks_NormalGL.png").rename(path / "bricks_Normal.png"),
            "bricks_Normal.png does not say whether y is up or down",
        ),
        (
            lambda path: (path / "bricks_Roughness.png").write_bytes(b"none"),
            "bricks_Roughness.png is not a picture",
        ),
        (
            lambda path: (path / "bricks_Displacement.png").write_bytes(
                (BRICKS / "bricks_Displacement.png").read_bytes()[:9000]
            ),
            "bricks_Displacement.png is damaged",
        ),
        (lambda path: turn(path / "bricks_NormalGL.png"), "bricks_NormalGL.png is to be turned"),
    ],
)
def test_a_bad_set_is_refused_by_name(damage, reason, bricks):
    damage(bricks)
    with pytest.raises(ValueError, match=reason) as caught:
        load_pictures(bricks, **READING)
    assert "\n" not in str(caught.value)


@pytest.fixture
def cutout(tmp_path):
    """A picture that is opaque on the left, half so in the middle, and bright but not seen."""
    levels = np.full((96, 96, 4), (200, 100, 50, 255), np.uint8)
    levels[:, 32:64, 3] = 128
    levels[:, 64:] = (255, 255, 255, 0)
    save(tmp_path / "cutout.png", levels)
    return tmp_path / "cutout.png"


@pytest.mark.parametrize("size", [96, 72])
def test_a_cutout_is_learned_with_its_colour_times_its_opacity(size, cutout):
    pictures = load_pictures(cutout, **{**READING, "image_size": size}, alpha="keep")
    assert pictures.maps == (("cutout", 8),)
    levels = pictures.decoded[0] / 65535
    third = size // 3
    for column, opacity in ((third // 2, 1), (third + third // 2, 128 / 255), (size - 4, 0)):
        expected = [*(opacity * np.array([200, 100, 50]) / 255), opacity]
        np.testing.assert_allclose(levels[size // 2, column], expected, atol=0.002)
    # Nothing of what is not seen has come in from there.
    assert (levels[..., :3] <= levels[..., 3:] + 1e-3).all()


def test_alpha_is_dropped_over_white_unless_it_is_kept(cutout):
    pictures = load_pictures(cutout, **{**READING, "image_size": 96})
    assert pictures.maps == ()
    assert pictures.decoded[0][0, 90].tolist() == [255, 255, 255]
    opaque = load_pictures(BRICKS / "bricks_Color.png", **READING, alpha="keep")
    assert (opaque.decoded[0][..., 3] == 65535).all()
