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
        help="a picture, a folder tree of pictures, tfds:NAME[:SPLIT] (TensorFlow Datasets) or "
        "lmdb:PATH (LSUN's format)",
    )
    train.add_argument("--out", metavar="RUN", required=True, help="the run's folder")
    train.add_argument(
        "--recipe",
        metavar="NAME|FILE.toml",
        help="settings to begin with (default: pattern-torus for a picture, else aligned)",
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
    from locogan_keras.storage.config import load_config

    recipe = options.recipe
    if recipe is None:
        recipe = "pattern-torus" if Path(options.source).is_file() else "aligned"
    changes = list(options.settings)
    if options.steps is not None:
        changes.append(f"training.steps={options.steps}")
    settings = load_config(recipe, changes)

    if not options.verbose:
        import_tensorflow()
    if options.dry_run:
        from locogan_keras.training.preview import preview

        for line in preview(options.source, options.out, settings, options.minutes, options.fresh):
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
    )
    step = int(model.step.numpy())
    if received:
        again = " without --fresh" if options.fresh else ""
        print(f"Interrupted and saved at step {step}. The same command{again} goes on from there.")
        # What a shell reports of a process that the signal ended.
        return 128 + received
    print(f"{options.out} has {step} steps. Next: locogan render {options.out} --out picture.png")
    return 0
