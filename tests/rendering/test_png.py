"""The PNG writer, read back by Pillow."""

import numpy as np
import pytest
from PIL import Image

from locogan_keras.rendering.files.opening import write_picture


def random_picture(rng, height, width):
    return rng.integers(0, 256, size=(height, width, 3)).astype(np.uint8)


@pytest.mark.parametrize("size", [(1, 1), (1, 131), (131, 1), (7, 9), (101, 103), (1009, 401)])
def test_pillow_reads_the_same_pixels_and_metadata(tmp_path, rng, size):
    picture = random_picture(rng, *size)
    picture[: size[0] // 2] //= 255
    cuts = np.sort(rng.integers(0, size[0] + 1, size=3))
    metadata = {"seed": 3, "frame": (1, 2), "name": "größer"}
    path = tmp_path / "picture.png"
    write_picture(path, size, np.split(picture, cuts), metadata)
    with Image.open(path) as ours:
        # This checks the chunks' checksums, and leaves the picture unfit for reading.
        ours.verify()
    with Image.open(path) as ours:
        assert ours.mode == "RGB"
        assert ours.text == {
            "locogan": '{"seed": 3, "frame": [1, 2], "name": "gr\\u00f6\\u00dfer"}'
        }
        np.testing.assert_array_equal(np.asarray(ours), picture)


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB"), (4, "RGBA")])
def test_grey_and_transparent_pictures(tmp_path, rng, channels, mode):
    picture = rng.integers(0, 256, size=(101, 67, channels)).astype(np.uint8)
    write_picture(tmp_path / "picture.png", (101, 67), np.split(picture, [3, 50]))
    with Image.open(tmp_path / "picture.png") as ours:
        assert ours.mode == mode
        np.testing.assert_array_equal(np.asarray(ours).reshape(picture.shape), picture)


def test_metadata_can_be_left_out(tmp_path, rng):
    picture = random_picture(rng, 3, 5)
    write_picture(tmp_path / "picture.png", (3, 5), [picture])
    with Image.open(tmp_path / "picture.png") as ours:
        assert ours.text == {}
        np.testing.assert_array_equal(np.asarray(ours), picture)


def test_a_texture_is_made_smaller(tmp_path, rng):
    y, x = np.mgrid[0:256, 0:256]
    wave = 127 + 100 * np.sin(x / 17 + y / 23)[..., None] + rng.normal(size=(256, 256, 3))
    picture = np.rint(wave).astype(np.uint8)
    write_picture(tmp_path / "ours.png", (256, 256), [picture])
    Image.fromarray(picture).save(tmp_path / "theirs.png")
    ours, theirs = ((tmp_path / name).stat().st_size for name in ("ours.png", "theirs.png"))
    assert ours < 1.2 * theirs


@pytest.mark.parametrize(
    ("pieces", "reason"),
    [
        ([], "10 in all. Received: 0 rows"),
        ([(9, 4, 3)], "10 in all. Received: 9 rows"),
        ([(10, 4, 3), (1, 4, 3)], "10 in all. Received: 11 rows"),
        ([(10, 5, 3)], r"\(rows, 4, 3\) uint8 or float. Received: \(10, 5, 3\) uint8"),
        ([(5, 4, 3), (5, 4, 4)], r"\(rows, 4, 3\) uint8 or float. Received: \(5, 4, 4\) uint8"),
        ([(10, 4, 2)], r"1 \(grey\), 3 \(RGB\) or 4 \(RGBA\) channels. Received: .* 2 channels"),
        ([(10, 4)], r"Received: \(10, 4\) uint8"),
    ],
)
def test_a_wrong_picture_leaves_what_was_there(tmp_path, pieces, reason):
    path = tmp_path / "picture.png"
    path.write_bytes(b"old")
    with pytest.raises(ValueError, match=reason):
        write_picture(path, (10, 4), [np.zeros(shape, np.uint8) for shape in pieces])
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_other_kinds_of_values_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"Received: .* uint16"):
        write_picture(tmp_path / "picture.png", (2, 2), [np.zeros((2, 2, 3), np.uint16)])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("stop", [RuntimeError, KeyboardInterrupt])
def test_an_error_or_interruption_half_way_leaves_nothing(tmp_path, stop):
    def pieces():
        yield np.zeros((5, 4, 3), np.uint8)
        raise stop

    with pytest.raises(stop):
        write_picture(tmp_path / "picture.png", (10, 4), pieces())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [(0, 5), (5, 0), (2**31, 5), (5, 2**31)])
def test_sizes_that_png_does_not_have_are_refused_at_once(tmp_path, size):
    with pytest.raises(ValueError, match=f"height={size[0]}, width={size[1]}"):
        write_picture(tmp_path / "new" / "picture.png", size, [])
    assert list(tmp_path.iterdir()) == []
