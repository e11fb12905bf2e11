import contextlib
import threading

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from locogan_keras.data.crops import load_pictures

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


def load(source, encoding, frame, image_size=4096, **options):
    return load_pictures(source, image_size=image_size, encoding=encoding, frame=frame, **options)


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


def test_a_crop_keeps_its_place_in_a_lattice(source):
    crops, windows = draw(load(source, "torus", (32, 48), true_phase=True))
    taken = places(crops)
    np.testing.assert_allclose(windows[:, :2] * [32, 48], taken % [32, 48], atol=1e-4)
    np.testing.assert_allclose(windows[:, 2:], np.broadcast_to([64 / 32, 64 / 48], (320, 2)))
    assert len(np.unique(taken[:, 1])) > 150


@pytest.mark.parametrize("true_phase", [False, True])
def test_packed_crops_share_their_window_and_no_more(source, true_phase):
    pictures = load(source, "torus", (32, 48), true_phase=true_phase)
    crops, windows = draw(pictures, packed=2)
    np.testing.assert_array_equal(windows[::2], windows[1::2])
    taken = places(crops)
    assert np.mean(taken[::2, 1] == taken[1::2, 1]) < 0.3
    if true_phase:
        np.testing.assert_array_equal(taken[::2] % [32, 48], taken[1::2] % [32, 48])
    # As anywhere as crops by themselves are.
    assert len(np.unique(taken[:, 1])) > 150
    assert np.abs(taken[:, 1].mean() - 128) < 15


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
    assert pictures.decoded.sizes.tolist() == [[66, 70]] * 3
    crops, _ = draw(pictures, batches=40)
    levels = np.rint((crops[:, 0, 0, 0] + 1) * 127.5)
    counts = [np.mean(np.abs(levels - level) < 5) for level in (0, 100, 200)]
    np.testing.assert_allclose(counts, 1 / 3, atol=0.08)


def test_the_shorter_edge_is_scaled_first(source):
    assert load(source, "linear", "picture", image_size=64).frame == (64, 160)
    # On an axis that repeats the frame has to be whole cells.
    assert load(source, "cylinder", "picture", image_size=70).frame == (70, 160)


@pytest.fixture
def mixed(tmp_path):
    """A folder of pictures of different sizes, whose pixels say where they are."""
    for name, size in (("a", (70, 320)), ("b", (64, 64)), ("c", (200, 90)), ("d", (80, 128))):
        Image.fromarray(coordinates(*size)).save(tmp_path / f"{name}.png")
    return tmp_path


def test_each_picture_has_positions_of_its_own(mixed):
    pictures = load(mixed, "linear", "picture")
    crops, windows = draw(pictures)
    # The extents tell the pictures apart.
    sizes = np.rint(CROP / windows[:, 2:]).astype(int)
    assert {(70, 320), (64, 64), (200, 90), (80, 128)} == set(map(tuple, sizes.tolist()))
    np.testing.assert_allclose(windows[:, :2] * sizes, places(crops), atol=1e-4)
    assert (places(crops) + CROP <= sizes).all()
    for height, width in set(map(tuple, sizes.tolist())):
        of_this = (sizes == (height, width)).all(axis=1)
        assert 1 / 8 < of_this.mean() < 3 / 8
        reached = places(crops)[of_this].max(axis=0) + CROP
        assert (reached >= 0.9 * np.array([height, width])).all()


def test_the_frame_of_different_pictures_is_their_median(mixed):
    assert load(mixed, "linear", "picture").frame == (70, 90)
    # On an axis that repeats every picture is whole cells, and so is the frame.
    panoramas = load(mixed, "cylinder", "picture")
    assert panoramas.decoded.sizes[:, 1].tolist() == [320, 64, 80, 128]
    assert panoramas.frame == (70, 80)


def test_a_pattern_is_taken_from_pictures_of_any_size(mixed):
    crops, windows = draw(load(mixed, "torus", (192, 192)))
    taken = places(crops)
    assert (taken.max(axis=0) > [125, 250]).all()
    assert (windows[:, 2:] == np.float32(64 / 192)).all()
    assert windows[:, :2].max() > 0.95


@pytest.mark.parametrize("stride", [1, 4, 16])
def test_crops_lie_a_stride_apart(mixed, stride):
    _, windows = draw(load(mixed, "linear", "picture", stride=stride), batches=60)
    sizes = np.rint(CROP / windows[:, 2:]).astype(int)
    assert not (sizes % stride).any()
    phases = np.rint(windows[:, :2] * sizes).astype(int) % 16
    assert np.unique(phases).tolist() == list(range(0, 16, stride))
    # What lies at the far edges is seen too.
    assert (windows[:, :2] + windows[:, 2:])[sizes > 150].max() > 0.98


def test_a_stride_places_patterns_in_the_frame_and_takes_them_anywhere(source):
    crops, windows = draw(load(source, "torus", (192, 128), stride=16), batches=60)
    placed = np.rint(windows[:, :2] * [192, 128]).astype(int)
    assert np.unique(placed[:, 0]).tolist() == list(range(0, 192, 16))
    assert np.unique(placed[:, 1]).tolist() == list(range(0, 128, 16))
    assert np.unique(places(crops) % 16).size == 16


def test_the_stream_ends_at_once(source):
    # TensorFlow's autotuning would be waited for, the longer the longer the stream has run.
    stream = load(source, encoding="torus", frame=(64, 64)).crops(2)
    assert not stream.options().autotune.enabled


def test_the_stream_is_the_same_for_any_number_of_threads(mixed, monkeypatch):
    def stream(threads):
        monkeypatch.setattr("os.cpu_count", lambda: threads)
        options = tf.data.Options()
        options.threading.private_threadpool_size = threads
        batches = load(mixed, "linear", "picture").crops(3, seed=9, first_step=5)
        batches = batches.with_options(options).take(40).as_numpy_iterator()
        return [np.concatenate(each) for each in zip(*batches, strict=True)]

    one = stream(1)
    for threads in (2, 7):
        for ours, expected in zip(stream(threads), one, strict=True):
            np.testing.assert_array_equal(ours, expected)


def test_the_pictures_are_the_same_for_any_number_of_decoding_threads(mixed, monkeypatch):
    fingerprints = set()
    for cores in (1, 2, 7):
        monkeypatch.setattr("os.cpu_count", lambda cores=cores: cores)
        fingerprints.add(load(mixed, "linear", "picture").fingerprint)
    assert len(fingerprints) == 1


def test_a_resumed_stream_of_different_sizes_goes_on_to_the_bit(mixed):
    crops, windows = draw(load(mixed, "linear", "picture"), batches=5)
    later_crops, later_windows = draw(load(mixed, "linear", "picture"), batches=2, first_step=3)
    np.testing.assert_array_equal(later_crops, crops[48:])
    np.testing.assert_array_equal(later_windows, windows[48:])


def test_decoded_pictures_leave_no_file(mixed, tmp_path_factory):
    folder = tmp_path_factory.mktemp("temporary")
    pictures = load(mixed, "linear", "picture", temporary_folder=folder)
    assert not list(folder.iterdir())
    np.testing.assert_array_equal(pictures.decoded[2], coordinates(200, 90))


def test_a_full_disk_is_named_and_leaves_no_thread(mixed, tmp_path, monkeypatch):
    threads = set(threading.enumerate())
    full = open("/dev/full", "wb")  # noqa: SIM115
    monkeypatch.setattr("tempfile.TemporaryFile", lambda dir: contextlib.nullcontext(full))
    with pytest.raises(OSError, match="cannot keep decoded pictures: No space left") as caught:
        load(mixed, "linear", "picture", temporary_folder=tmp_path)
    assert caught.value.filename == str(tmp_path)
    assert set(threading.enumerate()) <= threads
    with contextlib.suppress(OSError):
        full.close()


def test_fingerprints_tell_pictures_apart(source):
    one = load(source, "linear", "picture").fingerprint
    assert load(source, "torus", (192, 192)).fingerprint == one
    Image.fromarray(coordinates(128, 320)[:, ::-1]).save(source)
    assert load(source, "linear", "picture").fingerprint != one


def test_fingerprints_tell_pictures_of_different_sizes_apart(tmp_path):
    def fingerprint(*sizes):
        for name, (height, width) in zip("ab", sizes, strict=True):
            Image.new("RGB", (width, height)).save(tmp_path / f"{name}.png")
        return load(tmp_path, "linear", "picture").fingerprint

    prints = [
        fingerprint((64, 96), (96, 64)),
        fingerprint((96, 64), (64, 96)),
        fingerprint((64, 128), (64, 64)),
        fingerprint((64, 64), (64, 128)),
    ]
    assert len(set(prints)) == 4


def test_sources_that_cannot_be_used_are_named(tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    (tmp_path / "zero.png").touch()
    small = tmp_path / "small.png"
    Image.new("RGB", (63, 200)).save(small)
    for path, reason in [
        (tmp_path / "nothing", "does not exist"),
        (empty, "no pictures"),
        (tmp_path / "zero.png", "is not a picture"),
        (small, "200 x 63 pixels .* smaller than one crop"),
    ]:
        with pytest.raises(ValueError, match=reason):
            load(path, "linear", "picture")
