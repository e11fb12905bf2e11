"""A preset's folder: the files in it, and their digests."""

import contextlib
import dataclasses
import functools
import hashlib
import json
import time
from importlib import metadata as distributions
from pathlib import Path

from locogan_keras.storage.failures import ModelError, in_one_line
from locogan_keras.storage.files.atomic import replacing, replacing_folder
from locogan_keras.storage.files.names import own_name
from locogan_keras.storage.run import version

CONFIG, METADATA = "config.json", "metadata.json"
WEIGHTS, ONNX = "model.weights.h5", "model.onnx"
SAMPLES, CARD = "samples", "README.md"
# What its metadata may say of it, in words.
ABOUT = ("title", "licence", "source", "author")

# The name that Keras knows the class by that a preset holds.
GENERATOR = "locogan_keras>Generator"

# What this version reads.
_FORMAT = 1
# Bytes of a text file. Those of ours are some thousands.
_LONGEST = 2**20


@dataclasses.dataclass(frozen=True)
class Preset:
    """A preset's folder. Each of its files is checked by its digest before it is read.

    Args:
        folder: Its path.
        said: How it was asked for: what errors call it.
        package: The name of the package that brought it, or None.
    """

    folder: Path
    said: str
    package: str | None = None

    @property
    def name(self):
        """The folder's name."""
        return own_name(self.folder)

    @functools.cached_property
    def metadata(self):
        """What `metadata.json` says, with keys that this version does not know.

        Raises:
            ValueError: If it cannot be read, is none of a preset, or is of a newer version.
        """
        values = self._json(METADATA)
        files = values.get("files")
        is_table = isinstance(files, dict) and all(isinstance(each, str) for each in files.values())
        if type(values.get("format")) is not int or not is_table:
            raise ModelError(self.said, f"is no preset: its {METADATA} has no format and files")
        if values["format"] > _FORMAT:
            raise ModelError(
                self.said,
                f"is from a newer version: format {values['format']}, this version reads {_FORMAT}",
            )
        return values

    @property
    def origin(self):
        """What is known of its `recipe` and `steps`.

        Raises:
            ValueError: If its description is none.
        """
        if "description" not in self.metadata:
            return {}
        # NumPy comes with it, which a list of presets does without.
        from locogan_keras.canvas.description import Description

        with self.refusing("has no good description"):
            described = Description.from_json(json.dumps(self.metadata["description"]))
        return {"recipe": described.recipe, "steps": described.steps}

    @property
    def settings(self):
        """The generator's settings in `config.json`, as of its `get_config`.

        Raises:
            ValueError: If they are those of something else.
        """
        self.path(CONFIG)
        serialized = self._json(CONFIG)
        held = serialized.get("registered_name")
        if held != GENERATOR or not isinstance(serialized.get("config"), dict):
            raise ModelError(self.said, f"holds {held}, not a LocoGAN generator")
        return serialized["config"]

    def has(self, name):
        """Whether there is a file of this name, whole or not."""
        return (Path(self.folder) / name).is_file()

    def path(self, name):
        """The path of a file that is whole.

        Raises:
            ValueError: If it is missing, or not the one that was saved.
        """
        path = Path(self.folder) / name
        if not path.is_file():
            raise ModelError(self.said, f"is not whole: {name} is missing")
        if name not in self.metadata["files"]:
            raise ModelError(self.said, f"is not whole: its {METADATA} has no digest of {name}")
        if _digest(path) != self.metadata["files"][name]:
            raise ModelError(
                self.said, f"is damaged: {name} is not the file that was saved, by its digest"
            )
        return path

    def refusing(self, what="cannot be loaded"):
        """A block in which whatever goes wrong is one line that names this preset."""
        return in_one_line(self.said, what)

    def _json(self, name):
        path = Path(self.folder) / name
        with self.refusing(f"has a {name} that cannot be read"):
            if path.stat().st_size > _LONGEST:
                raise ValueError(f"it has over {_LONGEST} bytes")
            values = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(values, dict):
            raise ModelError(self.said, f"has a {name} that is no object of JSON")
        return values


@contextlib.contextmanager
def new_preset(folder, serialized, **about):
    """A new preset's folder to write weights to, in the place of which it is moved when whole.

    Args:
        folder: Its path. There must be nothing.
        serialized: The network for `config.json`, as of `keras.saving.serialize_keras_object`.
        **about: As of `write_metadata`.

    Yields:
        The `Path` to write to. When the block succeeds, the metadata is added.

    Raises:
        ValueError: If there is something at `folder`.
        OSError: If it cannot be written.
    """
    with replacing_folder(folder) as temporary:
        (temporary / CONFIG).write_text(_json_text(serialized), encoding="utf-8")
        yield temporary
        write_metadata(temporary, **about)


def write_metadata(folder, **about):
    """`metadata.json` in a preset's folder, made or renewed: the digests of its files.

    Args:
        folder: The folder, with its other files.
        **about: More keys, such as `title`, `licence`, `source` and `author`; others stay.
    """
    path = Path(folder) / METADATA
    values = {
        "format": _FORMAT,
        "keras_version": distributions.version("keras"),
        "locogan_keras_version": version(),
        "date_saved": time.strftime("%Y-%m-%d@%H:%M:%S", time.gmtime()),
    }
    if path.exists():
        values = Preset(Path(folder), str(folder)).metadata
    files = (CONFIG, WEIGHTS, ONNX)
    present = {name: Path(folder) / name for name in files if (Path(folder) / name).exists()}
    digests = {name: _digest(file) for name, file in present.items()}
    with replacing(path) as temporary:
        temporary.write_text(_json_text({**values, **about, "files": digests}), encoding="utf-8")


def _json_text(values):
    return f"{json.dumps(values, indent=2, ensure_ascii=False)}\n"


def _digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
