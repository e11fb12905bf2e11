"""The kinds of SOURCE, each read from one that is made here."""

import io
import os
import shutil
import sys

import lmdb
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from PIL import Image
from support.icc_profiles import P3, color_profile

from locogan_keras.data.crops import load_pictures
from locogan_keras.data.sources import open_source
from locogan_keras.data.usable import said_of, said_of_alpha


def flat(level, size=(70, 66)):
    return Image.new("RGB", size, (level,) * 3)


def encoded(picture, kind):
    file = io.BytesIO()
    picture.save(file, kind, lossless=True)
    return file.getvalue()


def load(source, **options):
    settings = {"image_size": 4096, "encoding": "linear", "frame": "picture"}
    return load_pictures(source, **settings | options)


def levels(pictures):
    """The first level of each picture, in order."""
    return [int(pictures.decoded[index][0, 0, 0]) for index in range(len(pictures.decoded))]


def names(source):
    return [name for name, _ in open_source(source).files]


def test_a_folder_is_read_at_any_depth(tmp_path):
    paths = ["b.png", "a/z.WEBP", "a/deep/er/x.tif", "c/y.bmp", "c/y.jpeg", "d.png/e.tiff"]
    for index, path in enumerate(paths):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        flat(40 * index, (70 + index, 66)).save(tmp_path / path, lossless=True)
    for path in ("a/notes.txt", ".thumbnails/b.png", "a/._z.webp"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text("not read")
    assert names(tmp_path) == sorted([*paths, "a/notes.txt"])
    pictures = load(tmp_path)
    assert levels(pictures) == [80, 40, 0, 120, 160, 200]
    assert pictures.rejected == (("a/notes.txt", "is not a picture"),)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.jfif", "JPEG"),
        ("b.avif", "AVIF"),
        ("c.gif", "GIF"),
        ("d.mpo", "MPO"),
        ("e.jp2", "JPEG2000"),
        ("f.PPM", "PPM"),
        ("photo", "JPEG"),
        ("photo.jpg.bak", "PNG"),
    ],
)
def test_pictures_are_found_by_their_content(tmp_path, name, kind):
    flat(120).save(tmp_path / name, kind, **({"save_all": True} if kind == "MPO" else {}))
    pictures = load(tmp_path)
    np.testing.assert_allclose(levels(pictures), [120], atol=4)
    assert pictures.rejected == ()


def test_what_is_left_out_is_named_and_only_pictures_count_as_damaged(tmp_path):
    for name, data in {
        "a.txt": b"notes",
        "b.csv": b"1,2",
        "c.csv": b"",
        "d": b"\0" * 100,
        "e.png": b"no picture",
        "f.psd": b"8BPS" + bytes(40),
        "g.JPG": encoded(flat(9), "JPEG")[:300],
    }.items():
        (tmp_path / name).write_bytes(data)
    flat(80).save(tmp_path / "h.bin", "PNG")
    # Two of the three pictures are damaged; five files are none.
    with pytest.raises(ValueError, match=r"2 of 3 pictures cannot be used.*the first: e\.png is"):
        load(tmp_path)
    pictures = load(tmp_path, max_rejected=0.7)
    assert levels(pictures) == [80]
    assert [name for name, _ in pictures.rejected] == [
        *("a.txt", "b.csv", "c.csv", "d", "e.png", "f.psd", "g.JPG")
    ]
    assert said_of(pictures.rejected) == (
        "7 left out (2 .csv, 1 .txt, 1 without a suffix, 1 .png, 1 .psd, ...)"
    )
    (tmp_path / "h.bin").unlink()
    (tmp_path / "e.png").unlink()
    (tmp_path / "g.JPG").unlink()
    with pytest.raises(ValueError, match=r"has no pictures; 5 left out \(2 \.csv, 1 \.txt"):
        load(tmp_path)


def test_heic_without_its_package_is_called_so_and_not_damaged(tmp_path, monkeypatch):
    """Whatever it is named; the reason is what `rejected.csv` has."""
    heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"
    for name in ("a.heic", "b.jpg", "c"):
        (tmp_path / name).write_bytes(heic)
    for name in "defg":
        flat(80).save(tmp_path / f"{name}.png")
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "pillow_heif", None)
        pictures = load(tmp_path)
    assert [name for name, _ in pictures.rejected] == ["a.heic", "b.jpg", "c"]
    for _, reason in pictures.rejected:
        assert reason.startswith("is a HEIC or AVIF picture, which is read where pillow-heif is")
        assert "damaged" not in reason
        assert "magick photo.heic photo.png" in reason
    said = said_of(pictures.rejected)
    assert "HEIC is read after pip install pillow-heif; or convert it to PNG or JPEG" in said
    # Where the package is, there is something wrong with the files.
    pictures = load(tmp_path)
    assert {reason for _, reason in pictures.rejected} == {"is a damaged HEIC or AVIF picture"}


def test_a_phones_photo_is_upright_and_in_srgb(tmp_path):
    """Stored on its side in Display P3: its corners as they are seen, by CSS Color 4's table."""
    seen = {
        (0, 0): (255, 0, 0),
        (0, -1): (0, 255, 0),
        (-1, 0): (128, 128, 128),
        (-1, -1): (0, 0, 0),
    }
    in_p3 = {(255, 0, 0): (234, 51, 35), (0, 255, 0): (117, 251, 76)}
    upright = np.zeros((384, 288, 3), np.uint8)
    for (row, column), color in seen.items():
        half = upright[192 if row else 0 :, 144 if column else 0 :]
        half[:192, :144] = in_p3.get(color, color)
    exif = Image.Exif()
    # To be turned clockwise.
    exif[0x0112] = 6
    how = {"exif": exif, "icc_profile": color_profile(P3), "quality": 98, "subsampling": 0}
    Image.fromarray(np.rot90(upright)).save(tmp_path / "phone.jpg", **how)
    with Image.open(tmp_path / "phone.jpg") as stored:
        assert stored.size == (384, 288)
    pictures = load(tmp_path / "phone.jpg", image_size=144)
    assert pictures.decoded.sizes.tolist() == [[192, 144]]
    for (row, column), color in seen.items():
        found = pictures.decoded[0][-40 if row else 40, -40 if column else 40]
        np.testing.assert_allclose(found, color, atol=8)


def test_transparent_pictures_are_counted(tmp_path):
    Image.new("RGBA", (70, 66), (0, 0, 0, 128)).save(tmp_path / "a.png")
    Image.new("RGBA", (70, 66), (0, 0, 0, 255)).save(tmp_path / "b.png")
    pictures = load(tmp_path)
    assert pictures.transparent == 1
    assert said_of_alpha(pictures.transparent, 2) == (
        "1 of 2 pictures are transparent in places; these are laid over white "
        "(data.alpha=keep keeps them)"
    )
    assert levels(pictures) == [127, 0]


def test_a_folder_has_one_order_on_every_file_system(tmp_path, monkeypatch):
    for name in "cab":
        (tmp_path / name).mkdir()
        flat(ord(name)).save(tmp_path / name / "x.png")
    before, walk = load(tmp_path).fingerprint, os.walk
    monkeypatch.setattr(os, "walk", lambda path, **_: reversed(list(walk(path))))
    assert load(tmp_path).fingerprint == before


@pytest.fixture(scope="module")
def data_sets(tmp_path_factory):
    """A data folder of TensorFlow Datasets with `little` and `texts`."""
    folder = tmp_path_factory.mktemp("tfds")
    images = tfds.features.Image(shape=(None, None, 3), encoding_format="png")
    features = {"image": images, "label": tfds.features.ClassLabel(num_classes=3)}

    def store(name, features, splits):
        tfds.dataset_builders.store_as_tfds_dataset(
            name,
            "1.2.3",
            features=tfds.features.FeaturesDict(features),
            split_datasets=splits,
            data_dir=folder,
            disable_shuffling=True,
        )

    def examples(first, count):
        def generate():
            for index in range(first, first + count):
                image = np.full((66, 70 + index, 3), 40 * index, np.uint8)
                yield {"image": image, "label": index % 3}

        image = tf.TensorSpec((None, None, 3), tf.uint8)
        signature = {"image": image, "label": tf.TensorSpec((), tf.int64)}
        return tf.data.Dataset.from_generator(generate, output_signature=signature)

    store("little", features, {"train": examples(0, 4), "test": examples(4, 2)})
    texts = tf.data.Dataset.from_tensors({"text": "none"})
    store("texts", {"text": tfds.features.Text()}, {"train": texts})
    tfds.core.add_data_dir(folder)
    return folder


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("tfds:little", [0, 40, 80, 120]),
        ("tfds:little:test", [160, 200]),
        ("tfds:little:train[1:3]", [40, 80]),
        ("tfds:little:1.2.3:train[:50%]+test", [0, 40, 160, 200]),
    ],
)
def test_a_tfds_data_set_is_read_in_its_order(data_sets, source, expected):
    pictures = load(source)
    assert levels(pictures) == expected
    assert pictures.decoded.sizes[:, 1].tolist() == [70 + level // 40 for level in expected]
    assert load(source).fingerprint == pictures.fingerprint


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("tfds:little:validation", "tfds:little:validation cannot be loaded: .*'validation'"),
        ("tfds:none_of_them", "tfds:none_of_them cannot be loaded: Dataset none_of_them not found"),
        ("tfds:texts", r"no feature `image` .*\['text'\]"),
        ("tfds:", "must be tfds:NAME"),
    ],
)
def test_tfds_data_sets_that_cannot_be_used_are_named(data_sets, source, reason):
    with pytest.raises(ValueError, match=reason) as caught:
        load(source)
    assert len(str(caught.value).splitlines()) == 1


def database(path, entries, **options):
    opened = lmdb.open(str(path), map_size=2**20, **options)
    with opened as environment, environment.begin(write=True) as transaction:
        for key, value in entries.items():
            transaction.put(key, value)
    return f"lmdb:{path}"


ENTRIES = {
    b"0b": encoded(flat(80, (70, 66)), "WEBP"),
    b"0a": encoded(flat(40, (66, 90)), "WEBP"),
    b"\xff": encoded(flat(120), "PNG"),
    b"0c": b"no picture",
}


@pytest.mark.parametrize("subdir", [True, False])
def test_an_lmdb_is_read_by_key(tmp_path, subdir):
    source = database(tmp_path / "church_train_lmdb", ENTRIES, subdir=subdir)
    pictures = load(source)
    assert levels(pictures) == [40, 80, 120]
    assert pictures.decoded.sizes.tolist() == [[90, 66], [66, 70], [66, 70]]
    assert pictures.rejected == (("0c", "is not a picture"),)
    assert names(source)[-1] == "\\xff"


def test_an_lmdb_is_only_read(tmp_path):
    source = database(tmp_path / "images", ENTRIES)
    before = {path.name: path.read_bytes() for path in (tmp_path / "images").iterdir()}
    load(source)
    after = {path.name: path.read_bytes() for path in (tmp_path / "images").iterdir()}
    assert after == before


def test_lmdbs_that_cannot_be_used_are_named(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "text").write_text("no database")
    for path, reason in [
        ("nothing", "lmdb:.*nothing does not exist"),
        ("folder", "lmdb:.*folder cannot be opened"),
        ("text", "lmdb:.*text cannot be opened"),
    ]:
        with pytest.raises(ValueError, match=reason):
            load(f"lmdb:{tmp_path / path}")
    with pytest.raises(ValueError, match="empty has no pictures"):
        load(database(tmp_path / "empty", {}))


def test_damaged_lmdbs_are_named(tmp_path):
    many = {b"%04d" % index: encoded(flat(index), "PNG") for index in range(60)}
    source = database(tmp_path / "pages", many)
    file = tmp_path / "pages" / "data.mdb"
    data = file.read_bytes()
    for length in (len(data) // 2, 9000, 5000):
        file.write_bytes(data[:length])
        with pytest.raises(ValueError, match=r"lmdb:.*pages (is cut short|cannot be opened)"):
            load(source)
    # All pages but the first two, which say where the others are.
    file.write_bytes(data[:8192] + bytes(len(data) - 8192))
    with pytest.raises(ValueError, match=r"lmdb:.*pages is damaged"):
        load(source)


def test_a_damaged_tfds_record_is_named(data_sets, tmp_path):
    copy = tmp_path / "data_sets"
    shutil.copytree(data_sets, copy)
    (record,) = (copy / "little").rglob("*-train.tfrecord*")
    data = bytearray(record.read_bytes())
    data[len(data) // 2] ^= 0xFF
    record.write_bytes(data)
    builder = tfds.builder("little", data_dir=copy)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tfds, "builder", lambda name: builder)
        with pytest.raises(ValueError, match="tfds:little is damaged: corrupted record"):
            load("tfds:little")


def test_a_folder_that_cannot_be_listed_is_named(tmp_path, monkeypatch):
    def walk(path, onerror):
        onerror(PermissionError(13, "Permission denied", f"{path}/private"))
        yield from ()

    monkeypatch.setattr("os.walk", walk)
    with pytest.raises(OSError, match=r"Permission denied: .*private"):
        load(tmp_path)


def test_an_lmdb_without_its_package_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "lmdb", None)
    with pytest.raises(ValueError, match=r"needs the package lmdb: pip install lmdb"):
        load(f"lmdb:{tmp_path}")
