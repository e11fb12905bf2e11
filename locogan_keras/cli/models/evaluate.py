"""`locogan evaluate`: how good a model is, beside what is reachable and what is useless."""

import argparse
import dataclasses
import json
import math
import re

from locogan_keras.canvas.maps.names import CUTOUT
from locogan_keras.cli.arguments import add_model, path, positive
from locogan_keras.engines.quiet import import_tensorflow, load_engine

# More pictures of a folder would only take longer.
_MOST = 256
# Bytes of a pixel: its levels, and as numbers, of which halves are made and noise like them.
_COPIES = 64
# Bytes of each place of a lattice: how well 64 x 64 displacements match there, in four forms.
_PLACE = 4 * 64 * 64 * 16


def add_evaluate(commands):
    """The command `locogan evaluate`, added."""
    evaluate = commands.add_parser(
        "evaluate",
        help="say how good a model is",
        description="Compares pictures of a model with what it was trained on, by several metrics. "
        "Each stands beside the same of two halves of the photo, which is reachable, and of noise "
        "in its colours, which is useless.",
    )
    evaluate.set_defaults(command=_evaluate, prints=True)
    add_model(evaluate)
    evaluate.add_argument(
        "source", metavar="SOURCE", help="the photo, or what else the model was trained on"
    )
    evaluate.add_argument(
        "--period",
        type=_period,
        metavar="HxW",
        help="pixels after which a regular pattern repeats, of any fraction; 0: never (default: "
        "the model's frame, where the photo repeats after it)",
    )
    evaluate.add_argument(
        "--image-size",
        type=positive(int),
        metavar="PX",
        help="the shorter edge that SOURCE is scaled down to (default: the run's)",
    )
    evaluate.add_argument(
        "--inception",
        metavar="FILE",
        type=path,
        help="Keras's weights of InceptionV3 without top, for the FID; takes half an hour on a CPU",
    )
    evaluate.add_argument("--json", action="store_true", help="print JSON")


def _period(text):
    match = re.fullmatch(r"(\d{1,9}(?:\.\d+)?)x(\d{1,9}(?:\.\d+)?)", text)
    if not match:
        raise argparse.ArgumentTypeError(f"must be HEIGHTxWIDTH in pixels: {text}")
    period = float(match[1]), float(match[2])
    # Pixels hold no waves shorter than two of them.
    if any(0 < length <= 2 for length in period):
        raise argparse.ArgumentTypeError(f"must be 0 or more than 2 pixels each: {text}")
    return period


def _evaluate(options):
    engine = load_engine(options.model)
    _, photos = read_photos(options, engine.description)
    from locogan_keras.evaluation.evaluate import evaluate

    scores = evaluate(engine, photos, options.period, options.inception)
    print(_json(scores) if options.json else _table(scores))


def read_photos(options, description):
    """What a model is to be compared with, read as for its training.

    Args:
        options: With `model`, `source`, `image_size` and `period`.
        description: The model's.

    Returns:
        `(pictures, photos)`: the `Pictures`, and those of them that are compared, a list of arrays.
    """
    reading = _reading(options, description)
    import_tensorflow()
    from locogan_keras.data.crops import load_pictures
    from locogan_keras.storage.files.room import check_memory

    pictures = load_pictures(options.source, **reading)
    _check_maps(options, pictures.maps, description.maps)
    decoded = pictures.decoded
    count = min(len(decoded), _MOST)
    needed = _COPIES * int(decoded.sizes[:count].prod(axis=1).sum())
    check_memory(needed, f"{count} pictures of SOURCE {options.source}")
    if options.period:
        places = math.prod(
            1 + length / step
            for length, step in zip(decoded.sizes[0], options.period, strict=True)
            if step
        )
        check_memory(_PLACE * places, f"--period {'x'.join(map('{:g}'.format, options.period))}")
    return pictures, [decoded[number] for number in range(count)]


def _check_maps(options, found, trained):
    """A refusal of a SOURCE with other maps than the model was trained on; bits do not matter."""
    there, here = ([name for name, _ in maps] for maps in (found, trained))
    if there != here:
        said = (", ".join(names) or "a picture" for names in (there, here))
        raise ValueError("SOURCE {} is of {}, the model of {}".format(options.source, *said))


def _reading(options, description):
    """The settings by which SOURCE is read, as for training."""
    from locogan_keras.storage.run import Run

    run = Run(options.model)
    if run.exists():
        settings, _ = run.read()
        reading = dataclasses.asdict(settings.data)
        reading |= {"encoding": settings.model.encoding, "frame": settings.model.frame}
    else:
        reading = {"encoding": description.encoding, "frame": description.frame}
        reading["alpha"] = "keep" if CUTOUT in dict(description.maps) else "drop"
    if options.image_size:
        reading["image_size"] = options.image_size
    if "image_size" not in reading:
        raise ValueError(
            "--image-size is needed where MODEL is not a run's folder. Received: "
            f"MODEL={options.model}"
        )
    return reading


def _json(scores):
    return json.dumps(
        {name: dataclasses.asdict(each) | {"times": each.times} for name, each in scores.items()},
        indent=2,
    )


def _table(scores):
    """A line for each metric."""
    from locogan_keras.evaluation.scores import METRICS

    rows = [("metric", "value", "two halves", "useless", "times halves", "")]
    for name, each in scores.items():
        values = (f"{value:.4g}" for value in (each.value, each.halves, each.useless))
        times = "-" if each.times is None else f"{each.times:.3g}"
        rows.append((name.replace("_", " "), *values, times, METRICS[name]))
    lines = [
        f"{row[0]:<18}" + "".join(f"{word:<13}" for word in row[1:-1]) + row[-1] for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines)
