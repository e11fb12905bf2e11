import numpy as np
import pytest
from PIL import Image

from locogan_keras.data import load_pictures

CROP = 64


def coordinates(height, width):
    """A picture whose pixels say where they are."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([y, x, (y // 256) * 16 + x // 256], axis=-1).astype(np.uint8)


def places(crops):
    """(batch, 2) first pixels of the crops of a `coordinates` picture."""
    levels = np.rint((crops + 1) * 127.5).astype(int)
    return levels[:, 0, 0, :2] + 256 * np.stack(
        [levels[:, 0, 0, 2] // 16, levels[:, 0, 0, 2] % 16], axis=-1
    )


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "photo.png"
    Image.fromarray(coordinates(128, 320)).save(path)
    return path


def draw(pictures, batches=20, **options):
    stream = pictures.crops(16, **options).take(batches).as_numpy_iterator()
    crops, windows = zip(*stream, strict=True)
    return np.concatenate(crops), np.concatenate(windows)


def load(source, encoding, frame, image_size=4096):
    return load_pictures(source, image_size=image_size, encoding=encoding, frame=frame)


def test_crops_are_pieces_of_the_picture(source):
    crops, _ = draw(load(source, "linear", "picture"), batches=3)
    assert crops.shape == (48, CROP, CROP, 3)
    picture = coordinates(128, 320)
    for crop, (top, left) in zip(crops, places(crops), strict=True):
        piece = picture[top : top + CROP, left : left + CROP]
        np.testing.assert_allclose(crop, piece / 127.5 - 1, atol=1e-6)


def test_on_linear_axes_positions_are_true_and_inside(source):
    pictures = load(source, "linear", "picture")
    assert pictures.frame == (128, 320)
    crops, windows = draw(pictures)
    np.testing.assert_allclose(windows[:, :2] * [128, 320], places(crops), atol=1e-4)
    np.testing.assert_allclose(windows[:, 2:] - [64 / 128, 64 / 320], 0, atol=1e-7)
    lowest, highest = places(crops).min(axis=0), places(crops).max(axis=0)
    assert lowest[0] <= 3
    assert highest[0] >= 61
    assert highest[0] <= 64
    assert highest[1] <= 256


def test_a_panorama_wraps_in_x_at_its_true_place(source):
    pictures = load(source, "cylinder", "picture")
    crops, windows = draw(pictures)
    assert places(crops)[:, 0].max() <= 64
    assert places(crops)[:, 1].max() > 300
    np.testing.assert_allclose(windows[:, :2] * [128, 320], places(crops), atol=1e-4)
    seam = np.flatnonzero(places(crops)[:, 1] > 300)[0]
    columns = (places(crops)[seam, 1] + np.arange(CROP)) % 320
    expected = coordinates(128, 320)[places(crops)[seam, 0], columns, 1] / 127.5 - 1
    np.testing.assert_allclose(crops[seam, 0, :, 1], expected, atol=1e-6)


def test_a_pattern_is_placed_on_the_whole_circle_wherever_it_was_taken(source):
    crops, windows = draw(load(source, "torus", (192, 128)), batches=60)
    taken, placed = places(crops), windows[:, :2] * [192, 128]
    assert taken.max(axis=0).tolist() == [64, 256]
    assert placed.min() < 3
    assert (placed.max(axis=0) > [188, 124]).all()
    correlation = np.corrcoef(taken[:, 1], placed[:, 1])[0, 1]
    assert abs(correlation) < 0.1


def test_a_strip_stays_inside_its_frame_where_it_does_not_repeat(source):
    _, windows = draw(load(source, "cylinder", (64, 192)))
    assert np.all(windows[:, 0] == 0)
    assert np.all(windows[:, 2] == 1)
    assert windows[:, 1].max() > 0.95


def test_a_batch_depends_on_the_seed_and_its_step_alone(source):
    pictures = load(source, "torus", (192, 192))
    crops, windows = draw(pictures, batches=5)
    later_crops, later_windows = draw(pictures, batches=2, first_step=3)
    np.testing.assert_array_equal(later_crops, crops[48:])
    np.testing.assert_array_equal(later_windows, windows[48:])
    other, _ = draw(pictures, batches=5, seed=1)
    assert np.abs(other - crops).max() > 0.1


def test_a_folder_is_drawn_from_evenly(tmp_path):
    for name, level in (("a.png", 0), ("b.jpg", 100), ("c.PNG", 200)):
        Image.new("RGB", (70, 66), (level,) * 3).save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("not read")
    pictures = load(tmp_path, "linear", "picture")
    assert pictures.pixels.shape == (3, 66, 70, 3)
    crops, _ = draw(pictures, batches=40)
    levels = np.rint((crops[:, 0, 0, 0] + 1) * 127.5)
    counts = [np.mean(np.abs(levels - level) < 5) for level in (0, 100, 200)]
    np.testing.assert_allclose(counts, 1 / 3, atol=0.08)


def test_the_shorter_edge_is_scaled_first(source):
    assert load(source, "linear", "picture", image_size=64).frame == (64, 160)
    # On an axis that repeats the frame has to be whole cells.
    assert load(source, "cylinder", "picture", image_size=70).frame == (70, 160)


def test_fingerprints_tell_pictures_apart(source, tmp_path):
    one = load(source, "linear", "picture").fingerprint
    assert load(source, "torus", (192, 192)).fingerprint == one
    Image.fromarray(coordinates(128, 320)[:, ::-1]).save(source)
    assert load(source, "linear", "picture").fingerprint != one


def test_sources_that_cannot_be_used_are_named(tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    (tmp_path / "zero.png").touch()
    small = tmp_path / "small.png"
    Image.new("RGB", (63, 200)).save(small)
    two = tmp_path / "two"
    two.mkdir()
    Image.new("RGB", (64, 64)).save(two / "a.png")
    Image.new("RGB", (64, 70)).save(two / "b.png")
    for path, reason in [
        (tmp_path / "nothing", "does not exist"),
        (empty, "no pictures"),
        (tmp_path / "zero.png", "is not a picture"),
        (small, "200 x 63 pixels .* smaller than one crop"),
        (two, "b.png is 70 x 64 pixels .* before it 64 x 64"),
    ]:
        with pytest.raises(ValueError, match=reason):
            load(path, "linear", "picture")
