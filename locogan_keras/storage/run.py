"""A run's folder: what lies in it, and whether a command may use it."""

import contextlib
import csv
import dataclasses
import re
import reprlib
from importlib import metadata
from pathlib import Path

from locogan_keras.storage.checkpoints import Checkpoints
from locogan_keras.storage.config import parse_toml, settings_from
from locogan_keras.storage.evaluations import Evaluations
from locogan_keras.storage.files.atomic import replacing
from locogan_keras.storage.files.unfinished import is_partial, sweep
from locogan_keras.storage.settings import toml_value

CONFIG = "config.toml"
METRICS = "metrics.csv"
CHECKPOINTS = "checkpoints"
EVALUATIONS = "evaluations.csv"
GENERATOR = "generator.keras"
# That of the save that was best by the evaluation.
BEST = "best.keras"
SAMPLES = "samples"
BOARD = "tensorboard"
REJECTED = "rejected.csv"
LATTICE = "lattice.png"

# What may change from one part of a run to the next.
_CHANGEABLE = {
    ("training", "steps"),
    ("training", "save_every"),
    ("training", "keep"),
    ("training", "patience"),
    ("training", "strategy"),
    ("training", "tensorboard"),
    ("training", "generator_learning_rate"),
    ("training", "discriminator_learning_rate"),
    ("data", "max_rejected"),
    ("data", "max_pixels"),
}


# What is told of an origin even where it is empty.
_ALWAYS = ("source", "pictures", "recipe", "version")


def version():
    """The installed version of this package."""
    return metadata.version("locogan-keras")


@dataclasses.dataclass(frozen=True)
class Origin:
    """The origin of a run, the section `run` of its `config.toml`.

    Args:
        source: SOURCE as it was given.
        pictures: The fingerprint of the pictures read from it.
        recipe: The recipe's name.
        version: Of this package when the run was last trained.
        preset: The preset that it began from, as it was given; empty where it began from nothing.
        preset_weights: The digest of that one's weights, 16 hexadecimal digits.
        machine: The kinds of machines that it was trained on; empty if that is not known.
    """

    source: str
    pictures: str
    recipe: str
    version: str
    preset: str = ""
    preset_weights: str = ""
    machine: str = ""


@dataclasses.dataclass(frozen=True)
class Run:
    """The folder of one training run.

    Args:
        folder: A path.
    """

    folder: Path

    def path(self, name):
        """The path of one of the run's files."""
        return Path(self.folder) / name

    def exists(self):
        """Whether the folder holds a run."""
        return self.path(CONFIG).is_file()

    def read(self):
        """The run's `(Settings, Origin)`.

        Raises:
            ValueError: If the folder holds no run, or its `config.toml` cannot be understood or is
                of a newer version.
        """
        path = self.path(CONFIG)
        try:
            values = parse_toml(path.read_text(encoding="utf-8"), path)
            about = dict(values.pop("run", {}))
            # First of all: a newer version may have settings that this one does not know.
            if _numbers(str(about.get("version"))) > _numbers(version()):
                raise ValueError(
                    f"{self.folder} is from a newer version: {about['version']}, this one is "
                    f"{version()}"
                )
            origin = Origin(**about)
            if not all(isinstance(value, str) for value in about.values()):
                raise TypeError(f"[run] must be strings. Received: {reprlib.repr(about)}")
        except FileNotFoundError:
            raise ValueError(f"{self.folder} is not a run: it has no {CONFIG}") from None
        except (AttributeError, TypeError, UnicodeDecodeError) as error:
            raise ValueError(f"{path} is not a run's: {error}") from None
        return settings_from(values), origin

    def write(self, settings, origin):
        """The folder, made if need be, and a new `config.toml` in it."""
        # Older versions know of no preset, and need not.
        told = {key: value for key, value in vars(origin).items() if value or key in _ALWAYS}
        lines = [f"{key} = {toml_value(value)}" for key, value in told.items()]
        with replacing(self.path(CONFIG)) as temporary:
            text = "\n".join([settings.to_toml(), "[run]", *lines, ""])
            temporary.write_text(text, encoding="utf-8")

    def write_rejected(self, rejected):
        """A list of the pictures that could not be used, `rejected.csv`; no file if there are none.

        Args:
            rejected: Pairs of a picture's name and the reason.
        """
        path = self.path(REJECTED)
        if not rejected:
            path.unlink(missing_ok=True)
            return
        with (
            replacing(path) as temporary,
            # A file's name need not be text.
            open(temporary, "w", newline="", encoding="utf-8", errors="backslashreplace") as file,
        ):
            csv.writer(file).writerows([("file", "reason"), *rejected])

    def check(self, settings, origin, fresh=False):
        """A check that the folder can hold this run.

        Args:
            settings: The run's `Settings`.
            origin: The run's `Origin`.
            fresh: Whether to start over, whatever run it holds.

        Raises:
            ValueError: If it holds another run (naming the first setting that differs), or
                anything else.
        """
        folder = Path(self.folder)
        if not folder.exists():
            return
        if not folder.is_dir():
            raise ValueError(f"--out {folder} is not a folder")
        if not self.exists():
            if any(not is_partial(path) for path in folder.iterdir()):
                raise ValueError(f"--out {folder} is not empty and holds no run")
            return
        old_settings, old_origin = self.read()
        if fresh:
            return
        for section in dataclasses.fields(settings):
            old, new = (vars(getattr(each, section.name)) for each in (old_settings, settings))
            for key in old:
                if old[key] != new[key] and (section.name, key) not in _CHANGEABLE:
                    raise ValueError(
                        f"--out {folder} belongs to another run: {section.name}.{key} is "
                        f"{old[key]!r} there, {new[key]!r} here. To go on with it give the "
                        f"settings of its {CONFIG}; --fresh starts over"
                    )
        if origin.preset and old_origin.preset_weights != origin.preset_weights:
            began = f"it began from {old_origin.preset or 'random weights'}"
            raise ValueError(
                f"--out {folder} belongs to another run: {began}, not from {origin.preset}; leave "
                "out --from to go on with it; --fresh starts over"
            )
        if old_origin.pictures != origin.pictures:
            raise ValueError(
                f"--out {folder} belongs to another run: its source was {old_origin.source}, with "
                f"other pictures than {origin.source}; --fresh starts over"
            )

    @property
    def checkpoints(self):
        """The run's `Checkpoints`."""
        return Checkpoints(self.path(CHECKPOINTS))

    @property
    def evaluations(self):
        """The run's `Evaluations`."""
        return Evaluations.read(self.path(EVALUATIONS))

    def saved_step(self):
        """The step of the last checkpoint; 0 before the first."""
        return max((checkpoint.step for checkpoint in self.checkpoints.all()), default=0)

    def saved_seconds(self):
        """The seconds that the steps until the last checkpoint took; None if that is not known."""
        path, step = self.path(METRICS), self.saved_step()
        if not path.is_file():
            return None
        with open(path, newline="", encoding="utf-8", errors="replace") as file:
            rows = (row for row in csv.DictReader(file) if row.get("step") == str(step))
            seconds = next((row.get("seconds") or "" for row in rows), "")
        return float(seconds) if re.fullmatch(r"\d{1,12}(\.\d+)?", seconds) else None

    def clear(self):
        """The run's files removed, and nothing else."""
        for name in (METRICS, EVALUATIONS, GENERATOR, BEST, REJECTED, LATTICE):
            self.path(name).unlink(missing_ok=True)
        for path in self.path(SAMPLES).glob("step-*.png"):
            path.unlink()
        for path in self.path(BOARD).glob("events.out.tfevents.*"):
            path.unlink()
        for checkpoint in self.checkpoints.all():
            checkpoint.path.unlink()
        self.sweep()
        for name in (SAMPLES, BOARD, CHECKPOINTS):
            with contextlib.suppress(OSError):
                self.path(name).rmdir()
        # Last, so that what a kill leaves is still known as a run.
        self.path(CONFIG).unlink(missing_ok=True)

    def sweep(self):
        """The unfinished files removed that killed processes have left."""
        for folder in (".", SAMPLES, CHECKPOINTS):
            sweep(self.path(folder))


def _numbers(text):
    """A version's numbers, to compare; what follows them does not count."""
    return [int(number) for number in re.findall(r"\d+", text)[:3]]
