"""`locogan card`: a preset's whole folder, with pictures and the card that says what it is."""

import dataclasses
import os
import re
import shlex
from pathlib import Path

from locogan_keras.cli.arguments import path
from locogan_keras.cli.models.evaluate import read_photos
from locogan_keras.engines.quiet import load_engine, standard_error_muted
from locogan_keras.storage.files.names import own_name

# Of a picture of a card: no fault of it is to be seen, and a wheel holds many.
_QUALITY = 88
# What `metadata.json` says of a preset as it was given, and the options that give it.
_SAID = {"title": "title", "licence": "licence", "source": "origin", "author": "author"}


def add_card(commands):
    """The command `locogan card`, added."""
    card = commands.add_parser(
        "card",
        help="write a preset with its pictures and its card",
        description="Writes a run as a preset's folder for others: what `locogan export --to "
        "preset` writes, pictures in samples/, and README.md, which says what it draws and how "
        "well, where it is from, how to train it again and what is wrong with it.",
    )
    card.set_defaults(command=_card, period=None, image_size=None)
    card.add_argument("model", metavar="RUN", type=path, help="a run's folder")
    card.add_argument("source", metavar="PHOTO", help="the photo, or what else it was trained on")
    card.add_argument("--out", metavar="FOLDER", required=True, help="the folder to make")
    card.add_argument("--title", help="what it draws, in a line")
    card.add_argument("--licence", help="of what it was trained on, such as CC0")
    card.add_argument("--source", dest="origin", metavar="TEXT", help="where that is from")
    card.add_argument("--author", help="who made it")
    card.add_argument(
        "--machine",
        metavar="TEXT",
        help="what the run was trained on, such as '2 cores of AMD EPYC' (default: the run's own)",
    )
    card.add_argument(
        "--flaw",
        dest="flaws",
        metavar="TEXT",
        nargs="+",
        action="extend",
        default=[],
        help="what is wrong with it, seen by eye: a sentence each",
    )


def _card(options):
    from locogan_keras.storage.files.atomic import check_writable, replacing_folder
    from locogan_keras.storage.run import Run

    name = own_name(options.out)
    if not re.fullmatch(r"[\w.-]+", name):
        raise ValueError(
            f"--out must end in a name of letters, digits, _, . and -: others ask for preset:NAME. "
            f"Received: --out {options.out}"
        )
    run = Run(options.model)
    settings, origin = run.read()
    check_writable(options.out)
    with replacing_folder(options.out) as folder:
        pictures, photos = read_photos(options, load_engine(options.model).description)
        if pictures.fingerprint != origin.pictures:
            raise ValueError(
                f"PHOTO {options.source} is not what RUN {options.model} was trained on: that "
                f"was {origin.source}, with other pictures"
            )
        about = {name: getattr(options, said) for name, said in _SAID.items()}
        about = {name: value for name, value in about.items() if value is not None}
        about["training"] = _training(options, run, settings, origin)
        about["flaws"] = options.flaws
        if origin.preset:
            about["begun_from"] = f"{_shown(origin.preset)}, weights {origin.preset_weights}"
        _fill(folder, options, photos, about)
    print(
        f"{options.out} is written. Next: read {options.out}/README.md, look at its pictures, and "
        "say what is wrong with them by --flaw"
    )


def _fill(folder, options, photos, about):
    """A preset's folder, filled."""
    from locogan_keras.evaluation.cards.card import card
    from locogan_keras.evaluation.cards.samples import card_samples, large_size
    from locogan_keras.evaluation.evaluate import evaluate
    from locogan_keras.exporting.export import export
    from locogan_keras.rendering.files.opening import write_picture
    from locogan_keras.storage.preset_files import CARD, ONNX, SAMPLES, Preset, write_metadata

    # Not over `folder` itself, which is locked as long as this takes.
    exported = folder / "exported"
    with standard_error_muted():
        export(options.model, "preset", exported)
    for file in exported.iterdir():
        file.rename(folder / file.name)
    exported.rmdir()
    print("It is measured now, which takes a minute or some.", flush=True)
    # What is shown and measured is what others will have.
    engine = load_engine(str(folder / ONNX))
    scores = evaluate(engine, photos)
    about["scores"] = {name: dataclasses.asdict(each) for name, each in scores.items()}
    shown = []
    for sample in card_samples(engine, photos):
        path = f"{SAMPLES}/{sample.name}.jpg"
        size = sample.picture.shape[:2]
        write_picture(folder / path, size, [sample.picture], quality=_QUALITY)
        shown.append((path, sample.caption))
    write_metadata(folder, **about)
    name = own_name(options.out)
    metadata = Preset(folder, options.out).metadata
    size = large_size(engine.description)
    text = card(name, metadata, engine.description, shown, size)
    (folder / CARD).write_text(text, encoding="utf-8")


def _training(options, run, settings, origin):
    """What metadata says of how the run was trained, and can be again."""
    seconds = run.saved_seconds()
    return {
        "command": _command(options, run, settings, origin),
        "minutes": None if seconds is None else round(seconds / 60, 1),
        "machine": options.machine or origin.machine,
    }


def _command(options, run, settings, origin):
    """The command that trains the run again, from nothing of this machine's."""
    from locogan_keras.storage.config import changes_from, recipe_names

    changes = {name: changes_from(name, settings) for name in recipe_names()}
    # A recipe of the user's own is said as changes of the one that is nearest.
    nearest = min(changes, key=lambda name: (len(changes[name]), name))
    recipe = origin.recipe if origin.recipe in changes else nearest
    own = [each for each in changes[recipe] if not each.startswith("training.steps=")]
    training, step = settings.training, run.saved_step()
    # It ends by itself again where it has.
    if run.evaluations.are_settled(training.patience, training.save_every, step):
        step = training.steps
    words = ["train", _shown(options.source), "--out", f"runs/{own_name(options.out)}"]
    words += ["--recipe", recipe, "--steps", str(step)]
    words += ["--from", _shown(origin.preset)] if origin.preset else []
    words += ["--set", *own] if own else []
    return shlex.join(["locogan", *words])


def _shown(source):
    """What it was trained on, or began from, without the folders of this machine."""
    if source.startswith(("tfds:", "preset:", "hf:")):
        return source
    scheme = "lmdb:" if source.startswith("lmdb:") else ""
    path = source.removeprefix(scheme)
    is_own = os.path.isabs(path) or ".." in Path(path).parts
    return f"{scheme}{own_name(path) if is_own else path}"
