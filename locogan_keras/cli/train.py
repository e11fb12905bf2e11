"""`locogan train`: a new run, or one that goes on."""

from pathlib import Path

from locogan_keras.cli.arguments import positive
from locogan_keras.engines.quiet import import_tensorflow


def add_train(commands):
    """The command `locogan train`, added."""
    train = commands.add_parser(
        "train", help="train on a picture or a folder", description="Trains, or goes on training."
    )
    train.set_defaults(command=_train)
    train.add_argument(
        "source",
        metavar="SOURCE",
        help="a picture, a folder tree of pictures, a folder of one material's maps, "
        "tfds:NAME[:SPLIT] (TensorFlow Datasets) or lmdb:PATH (LSUN's format)",
    )
    train.add_argument("--out", metavar="RUN", required=True, help="the run's folder")
    train.add_argument(
        "--recipe",
        metavar="NAME|FILE.toml",
        help="settings to begin with (default: RUN's if it holds a run; regular or irregular "
        "for a picture, by the lattice found in it; else aligned)",
    )
    train.add_argument(
        "--from",
        dest="preset",
        metavar="preset:NAME",
        help="begin with a preset's weights, of locogan presets or in a folder: with its model, "
        "and its recipe unless --recipe is given",
    )
    train.add_argument(
        "--set",
        dest="settings",
        metavar="KEY=VALUE",
        nargs="+",
        action="extend",
        default=[],
        help="change settings, such as training.batch_size=8",
    )
    bound = train.add_mutually_exclusive_group()
    bound.add_argument("--steps", type=positive(int), help="the run's steps in all")
    bound.add_argument("--minutes", type=positive(float), help="the run's minutes of steps in all")
    train.add_argument("--fresh", action="store_true", help="start over where RUN holds a run")
    train.add_argument(
        "--dry-run", action="store_true", help="say what the run would be and cost; write nothing"
    )
    train.add_argument("--verbose", action="store_true", help="show TensorFlow's own messages, too")


def _train(options):
    recipe, settings = _settings(options)
    if not options.verbose:
        import_tensorflow()
    if options.dry_run:
        options.prints = True
        from locogan_keras.training.preview import preview

        for line in preview(
            options.source,
            options.out,
            settings,
            options.minutes,
            options.fresh,
            options.preset,
        ):
            print(line, flush=True)
        return 0
    from locogan_keras.training.train import train

    model, received = train(
        options.source,
        options.out,
        settings,
        recipe=recipe,
        minutes=options.minutes,
        fresh=options.fresh,
        preset=options.preset,
    )
    step = int(model.step.numpy())
    if received:
        again = " without --fresh" if options.fresh else ""
        print(f"Interrupted and saved at step {step}. The same command{again} goes on from there.")
        # What a shell reports of a process that the signal ended.
        return 128 + received
    print(f"{options.out} has {step} steps.{_how_good(options.out, settings, step)}")
    print(f"Next: locogan render {options.out} --out {_out(model.generator.maps)}")
    return 0


def _out(maps):
    """What a first picture is: of a material a folder of all its maps."""
    return "material" if len(maps) > 1 else "picture.png"


def _how_good(out, settings, step):
    """The sentences that the run's evaluations give, with a space before each."""
    from locogan_keras.storage.run import BEST, Run

    run, training = Run(out), settings.training
    evaluations, best = run.evaluations, run.path(BEST)
    said = ""
    if evaluations.are_settled(training.patience, training.save_every, step):
        said += " The distance has stopped falling; --set training.patience=0 goes on all the same."
    if evaluations.times is not None:
        said += (
            f" Its patches are {evaluations.times:.2g} times as far from the photo's as other "
            "crops of the photo are; locogan evaluate says more."
        )
    if evaluations.has_fallen_apart and best.exists():
        said += f" It was better at step {evaluations.best}: render {best} instead."
    return said


def _settings(options):
    """The recipe's name, and the settings that it and the command give."""
    from locogan_keras.storage.config import load_config
    from locogan_keras.storage.run import CONFIG, Run

    changes = list(options.settings)
    if options.steps is not None:
        changes.append(f"training.steps={options.steps}")
    recipe, run = options.recipe, Run(options.out)
    if recipe is None and run.exists() and not options.fresh:
        return run.read()[1].recipe, load_config(run.path(CONFIG), changes)
    if recipe is not None:
        return recipe, load_config(recipe, changes)
    if options.preset is not None:
        return _settings_of_preset(options, changes)
    recipe, own, found = _kind_of(options.source, _max_pixels(changes))
    settings = load_config(recipe, [*own, *changes])
    scale = [] if own else [f"data.image_size={settings.data.image_size}"]
    # Not where errors go, which are one line.
    print(" ".join([f"{options.source}: {found}. Recipe {recipe}", *own, *scale]), flush=True)
    return recipe, settings


def _settings_of_preset(options, changes):
    """As `_settings`, of a new run that begins from a preset."""
    from locogan_keras.storage.config import load_config
    from locogan_keras.storage.fine_tuning import load_fine_tuning, recipe_of
    from locogan_keras.storage.presets import open_preset

    preset = open_preset(options.preset)
    recipe, own, found = recipe_of(preset), [], ""
    settings = load_fine_tuning(preset, changes)
    if settings.data.true_phase:
        # The lattice is the photo's own, and no weight knows of it.
        kind, changed, found = _kind_of(options.source, _max_pixels(changes))
        lattice = ("model.frame=", "data.image_size=")
        own = [change for change in changed if change.startswith(lattice)]
        # One along other axes is no lattice of theirs.
        is_alike = load_config(kind, changed).model.encoding == settings.model.encoding
        own = own if is_alike else ["data.true_phase=false"]
        settings = load_fine_tuning(preset, [*own, *changes])
        found = f": {found}"
    scale = [] if len(own) > 1 else [f"data.image_size={settings.data.image_size}"]
    said = f"{options.source}{found}. From {preset.said}, recipe {recipe}"
    print(" ".join([said, *own, *scale]), flush=True)
    return recipe, settings


def _max_pixels(changes):
    """The setting of that name, which is needed before there is a recipe."""
    from locogan_keras.storage.config import load_config

    names = ("max_pixels", "data.max_pixels")
    own = [change for change in changes if change.partition("=")[0].strip() in names]
    return load_config("aligned", own).data.max_pixels


def _kind_of(source, max_pixels):
    """The recipe for a source, the settings that are its own, and what was found."""
    from locogan_keras.data.materials import material_in

    material = material_in(source, max_pixels)
    if not material and not Path(source).is_file():
        return "aligned", [], "no single photo"

    from locogan_keras.data.patterns.kinds import kind_of
    from locogan_keras.data.pictures import read_picture
    from locogan_keras.storage.settings import toml_value

    photo = material.files["color"] if material else source
    kind = kind_of(read_picture(photo, max_pixels=max_pixels))
    own = [f"{key}={toml_value(value)}" for key, value in kind.changes]
    what = f"a material of {', '.join(material.files)}; " if material else ""
    return kind.recipe, own, what + kind.found
