"""Sources of encoded pictures: a file, a folder tree, a TFDS data set or an LMDB."""

import dataclasses
import functools
import io
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path

_TFDS = re.compile(r"(?P<name>[^:\[\]]+(:(\d+|\*)\.(\d+|\*)\.(\d+|\*))?)(:(?P<split>.+))?")


@dataclasses.dataclass(frozen=True)
class Source:
    """Encoded pictures in an order that is always the same.

    Args:
        count: How many, damaged ones included; of a folder its files, pictures or not.
        files: Pairs of a picture's name and a function that opens it as a binary file. The
            function may be called in any thread, and raises `OSError` or `ValueError` if it cannot.
        is_picture: Whether SOURCE is one picture's file, or one material's folder.
        is_folder: Whether it is a folder, in which not all files need be pictures.
        others: Pairs of the names of files that are left out, and why.
    """

    count: int
    files: Iterable[tuple[str, Callable]]
    is_picture: bool = False
    is_folder: bool = False
    others: tuple[tuple[str, str], ...] = ()


def open_source(source):
    """The encoded pictures of a SOURCE.

    Args:
        source: One of
            a picture's file;
            a folder: its files at any depth, but those whose path has a hidden part, sorted by
            path; links to folders are not followed. What is a picture, its content says;
            `tfds:NAME[:SPLIT]`: a data set of TensorFlow Datasets with a feature `image`, NAME and
            SPLIT as in `tfds.load`, by default all of `train`;
            `lmdb:PATH`: an LMDB of encoded pictures by key, LSUN's own format.

    Returns:
        A `Source`.

    Raises:
        ValueError: If there is nothing to read; it names SOURCE and what is wrong.
    """
    text = str(source)
    for prefix, opened in (("tfds:", _tfds), ("lmdb:", _lmdb)):
        if text.startswith(prefix):
            found = opened(text, text.removeprefix(prefix))
            break
    else:
        if "://" in text and not Path(source).exists():
            raise ValueError(f"SOURCE {text} is an address: download it, and give the file")
        found = _path(Path(source))
    if not found.count:
        raise ValueError(f"SOURCE {text} has no pictures")
    return found


def _path(path):
    if path.is_file():
        return Source(1, [(str(path), functools.partial(open, path, "rb"))], is_picture=True)
    if not path.exists():
        raise ValueError(f"SOURCE {path} does not exist")
    if not path.is_dir():
        raise ValueError(f"SOURCE {path} is neither a picture nor a folder")
    found = sorted(_files(path))
    names = (str(file.relative_to(path)) for file in found)
    files = zip(names, (functools.partial(_open, file) for file in found), strict=True)
    return Source(len(found), files, is_folder=True)


def _files(path):
    """All files of a folder tree, but hidden ones."""
    for folder, subfolders, names in os.walk(path, onerror=_refuse):
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        yield from (Path(folder, name) for name in names if not name.startswith("."))


def _refuse(error):
    raise error


def _open(path):
    # Opening a named pipe would wait for ever.
    if path.exists() and not path.is_file():
        raise ValueError("is not a file")
    return open(path, "rb")


def _tfds(source, text):
    match = _TFDS.fullmatch(text)
    if not match:
        raise ValueError(f"SOURCE {source} must be tfds:NAME or tfds:NAME:SPLIT")
    import tensorflow_datasets as tfds

    name, split = match["name"], match["split"] or "train"
    try:
        builder = tfds.builder(name)
        builder.download_and_prepare()
        count = builder.info.splits[split].num_examples
    except (ValueError, AssertionError, ImportError) as error:
        # The rest lists every data set that there is.
        reason = str(error).partition("\n")[0]
        raise ValueError(f"SOURCE {source} cannot be loaded: {reason}") from None
    feature = dict(builder.info.features).get("image")
    if not isinstance(feature, tfds.features.Image) or feature.np_dtype not in ("uint8", "uint16"):
        raise ValueError(
            f"SOURCE {source} has no feature `image` of 8 or 16 bits. Received: "
            f"features={list(builder.info.features)}"
        )
    # Nothing is decoded here: damage and transparency are `decode`'s to see.
    only_images = tfds.decode.PartialDecoding(
        {"image": True}, {"image": tfds.decode.SkipDecoding()}
    )
    examples = builder.as_dataset(
        split=split, decoders=only_images, read_config=tfds.ReadConfig(try_autocache=False)
    )

    def files():
        import tensorflow as tf

        try:
            for number, example in enumerate(examples.as_numpy_iterator()):
                yield f"{split} {number}", functools.partial(io.BytesIO, example["image"])
        except tf.errors.OpError as error:
            # TensorFlow says where before what, and where again.
            reason = re.sub(r"^\{\{.*?\}\} *| *\[Op:.*", "", error.message.partition("\n")[0])
            raise ValueError(f"SOURCE {source} is damaged: {reason}") from None

    return Source(count, files())


def _lmdb(source, path):
    try:
        import lmdb
    except ImportError:
        raise ValueError(f"SOURCE {source} needs the package lmdb: pip install lmdb") from None
    if not Path(path).exists():
        raise ValueError(f"SOURCE {source} does not exist")
    if not (Path(path).is_file() or Path(path).is_dir()):
        raise ValueError(f"SOURCE {source} is neither a file nor a folder")
    try:
        environment = lmdb.open(
            path, subdir=Path(path).is_dir(), readonly=True, lock=False, readahead=False
        )
    except lmdb.Error as error:
        raise ValueError(f"SOURCE {source} cannot be opened: {error}") from None

    # LMDB maps the file: where that ends too early, reading would end the process.
    file = Path(path, "data.mdb") if Path(path).is_dir() else Path(path)
    length = (environment.info()["last_pgno"] + 1) * environment.stat()["psize"]
    if file.stat().st_size < length:
        environment.close()
        raise ValueError(
            f"SOURCE {source} is cut short: {file.stat().st_size} bytes of at least {length}"
        )

    def files():
        try:
            with environment, environment.begin() as transaction:
                for key, value in transaction.cursor():
                    name = key.decode("utf-8", "backslashreplace")
                    yield name, functools.partial(io.BytesIO, value)
        except lmdb.Error as error:
            raise ValueError(f"SOURCE {source} is damaged: {error}") from None

    return Source(environment.stat()["entries"], files())
