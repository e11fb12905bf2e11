"""`docs/gallery.md`: each figure of the paper by a preset, with nothing picked.

    make gallery
    python docs/make_gallery.py --out elsewhere bricks=runs/bricks   # of a run instead of a preset

Seeds are those of `locogan gallery`; what is wrong is what the presets' cards say.
"""

import argparse
import re
import tempfile
from pathlib import Path

from PIL import Image

from locogan_keras import load_engine
from locogan_keras.cli import main as locogan
from locogan_keras.storage.presets import preset_of

HERE = Path(__file__).parent
PAGE, PICTURES = "gallery.md", "gallery"
_QUALITY = 90
# Of each preset, the figures that it is the one to show; names as of `locogan gallery`.
SHOWN = {
    "faces": (
        "samples",
        "vary-local",
        "transplant-soft",
        "sizes",
        "interpolate",
        "mix-x",
        "ramp-x",
        "stretch-part-y",
        "extend-x",
    ),
    "sunset": ("samples", "repeats-x", "sizes"),
    "bricks": ("samples", "plane", "semi-periodic", "brick"),
    "gravel": ("plane", "half-drop", "transplant"),
    "sand": ("plane", "ramp-x", "stretch-y"),
}
_BEGINNING = """# What came out

Each figure of the paper, and more, each by a preset and one command. Nothing was picked: seeds are
the commands'. `make gallery` makes this page, and `locogan gallery preset:NAME --out FOLDER` all
figures of any preset.
"""


def main(arguments=None):
    """The page, made; gives the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", metavar="NAME=MODEL", help="instead of preset:NAME")
    parser.add_argument("--out", type=Path, default=HERE, metavar="DIR", help="(default: docs)")
    options = parser.parse_args(arguments)
    models = {name: f"preset:{name}" for name in SHOWN}
    for text in options.models:
        name, equals, model = text.partition("=")
        if name not in SHOWN or not equals:
            parser.error(f"NAME=MODEL must be of {', '.join(SHOWN)}: {text}")
        models[name] = model
    with tempfile.TemporaryDirectory() as folder:
        sections = []
        for name, model in models.items():
            figures = Path(folder) / name
            status = locogan(["gallery", model, "--out", str(figures)])
            if status:
                return status
            sections.append(_Section(name, model, figures))
        pictures = options.out / PICTURES
        pictures.mkdir(parents=True, exist_ok=True)
        for name in SHOWN:
            for before in pictures.glob(f"{name}-*.jpg"):
                before.unlink()
        parts = [_BEGINNING, _table(sections), *(section.text(pictures) for section in sections)]
        (options.out / PAGE).write_text("\n".join([*parts, ""]), encoding="utf-8")
    return 0


class _Section:
    """What the page shows of one preset.

    Args:
        name: The preset's.
        model: MODEL, the preset's or what stands for it.
        folder: What `locogan gallery` has made of it.
    """

    def __init__(self, name, model, folder):
        self.name, self.folder = name, folder
        preset = preset_of(model)
        self.metadata = preset.metadata if preset else {}
        self.title = self.metadata.get("title") or name.capitalize()
        self.description = load_engine(model).description
        self.figures = {
            figure: _caption(folder / f"{figure}.txt", model, name)
            for figure in SHOWN[name]
            if (folder / f"{figure}.txt").exists()
        }

    def text(self, pictures):
        """The section in Markdown; its pictures go to a folder."""
        parts = [f"\n## {self.title}\n", self._facts()]
        for figure, (title, caption, command) in self.figures.items():
            file = f"{self.name}-{figure}.jpg"
            with Image.open(self.folder / f"{figure}.png") as picture:
                picture.convert("RGB").save(pictures / file, quality=_QUALITY, subsampling=0)
            parts.append(f"\n**{title}.** {caption}\n\n![{title}]({PICTURES}/{file})\n")
            parts.append(f"`{command}`")
        flaws = self.metadata.get("flaws") or ["nobody has looked at it yet."]
        return "\n".join([*parts, "\nWhat is wrong with it:\n", *(f"- {each}" for each in flaws)])

    def _facts(self):
        training, description = self.metadata.get("training") or {}, self.description
        minutes = training.get("minutes")
        facts = [
            f"`preset:{self.name}`",
            f"recipe `{description.recipe}`",
            f"{description.steps:,} steps" if description.steps else None,
            f"{minutes:g} minutes of steps" if minutes else None,
            training.get("machine"),
            f"{description.parameters:,} parameters",
            self._learned_from(),
        ]
        return "; ".join(fact for fact in facts if fact) + "."

    def _learned_from(self):
        said = (self.metadata.get(key) for key in ("source", "author", "licence"))
        said = ", ".join(each for each in said if each)
        return f"learned from {said}" if said else None


def _caption(path, model, name):
    """(title, caption, command) of a figure, of which the command says the preset."""
    title, caption, command = path.read_text(encoding="utf-8").strip().split("\n\n")
    return title, caption, command.replace(f" {model} ", f" preset:{name} ")


def _table(sections):
    """Which figure of the paper is where."""
    found = {}
    for section in sections:
        for title, caption, _ in section.figures.values():
            for numbers in re.findall(r"Figures? ([\d, and]*\d)", caption):
                for number in map(int, re.findall(r"\d+", numbers)):
                    found.setdefault(number, []).append(f"{title.lower()} ({section.name})")
    rows = [f"| {number} | {'; '.join(places)} |" for number, places in sorted(found.items())]
    return "\n".join(["| figure of the paper | here |", "|---|---|", *rows])


if __name__ == "__main__":
    raise SystemExit(main())
