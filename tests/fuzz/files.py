"""The folder that a case meets, and whether what a command has left there is whole."""

import hashlib
import os
import shutil
import struct
import zipfile

import onnx
from damage import GOLDEN, original
from google.protobuf.message import DecodeError
from PIL import Image


def lay_out(folder, changes):
    """A folder as `hostile.PATHS` names what is in it.

    Args:
        folder: A path, of nothing yet.
        changes: The files that are others: contents by path, or None for one that is not there.
    """
    folder.mkdir()
    for name in ("empty", "empty.png", "empty.onnx", "empty.keras"):
        (folder / name).write_bytes(b"")
    for suffix in (".png", ".onnx", ".keras", ".toml"):
        (folder / f"text{suffix}").write_text("words\n")
        os.mkfifo(folder / f"pipe{suffix}")
    os.mkfifo(folder / "pipe")
    for name in ("folder", "folder.onnx", "folder.keras", "folder.png"):
        (folder / name).mkdir()
        (folder / name / "text").write_text("words\n")
    for name, target in (("dangling", "no"), ("dangling.png", "no"), ("loop.png", "loop.png")):
        (folder / name).symlink_to(target)
    for name in ("run", "preset"):
        shutil.copytree(GOLDEN / name, folder / name)
    shutil.copytree(GOLDEN / "kit" / "kit" / "1", folder / "savedmodel")
    shutil.copy(GOLDEN / "source.png", folder / "photo.png")
    Image.new("L", (48, 32), 255).save(folder / "mask.png")
    for name in ("torus.onnx", "linear.keras", "settings.toml"):
        (folder / name).write_bytes(original(name))
    for name, content in changes.items():
        (folder / name).unlink(missing_ok=True)
        if content is not None:
            (folder / name).write_bytes(content)


def contents(folder):
    """A digest of each file in a folder, by its path; of what is no file, None."""
    return {
        path.relative_to(folder): hashlib.sha256(path.read_bytes()).hexdigest()
        if path.is_file()
        else None
        for path in folder.rglob("*")
    }


def is_partial(path):
    """Whether a path is named as unfinished work is."""
    return any(part.startswith(".") and ".partial" in part for part in path.parts)


def is_whole(path):
    """Whether a file or a folder is all of what its name says, by other readers than ours."""
    if path.is_dir():
        # What is written last into a gallery, and what a SavedModel cannot be without.
        models = path.rglob("variables")
        return all((each / "variables.index").is_file() for each in models) and (
            (path / "index.html").is_file() or not (path / "plane.png").exists()
        )
    try:
        if path.suffix.lower() in (".png", ".gif"):
            with Image.open(path) as image:
                image.load()
        elif path.suffix.lower() == ".onnx":
            onnx.checker.check_model(onnx.load(path))
        elif path.suffix == ".keras":
            return zipfile.ZipFile(path).testzip() is None
    except (OSError, SyntaxError, ValueError, DecodeError, struct.error, zipfile.BadZipFile):
        return False
    except onnx.checker.ValidationError:
        return False
    return path.stat().st_size > 0
