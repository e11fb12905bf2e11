"""The card of a preset, its `README.md`: all that its metadata says, for who is to use it."""

import re

from locogan_keras.evaluation.scores import METRICS

# What metadata may lack.
UNKNOWN = "not said"


def card(name, metadata, description, samples, size):
    """A preset's card, the same text for the same metadata.

    Args:
        name: The preset's.
        metadata: The dict of its `metadata.json`: `title`, `licence`, `source`, `author`,
            `parameter_count`, `locogan_keras_version`, `training` (a dict of `command`, `steps`,
            `minutes` and `machine`), `scores` (a dict of each metric's `value`, `halves` and
            `useless`) and `flaws` (a list of sentences). What is missing is said to be.
        description: The model's `Description`.
        samples: Pairs of the path of a picture, from the card, and its caption.
        size: (height, width) in pixels of the picture that its first command makes.

    Returns:
        Markdown.
    """
    shown = "\n\n".join(f"![{caption}]({path})\n\n{caption}" for path, caption in samples)
    parts = [
        f"# {_text(metadata.get('title') or name)}",
        f"{_kind(description)} A preset of LocoGAN for Keras; nothing here was picked.",
        shown,
        f"## Use it\n\n{_uses(name, description, size)}",
        f"## Where it is from\n\n{_origin(metadata, description)}",
        f"## How good it is\n\n{_scores(metadata.get('scores') or {})}",
        f"## What is wrong with it\n\n{_flaws(metadata.get('flaws') or [])}",
    ]
    return "\n\n".join(parts) + "\n"


def size_arguments(description, size):
    """The arguments of `locogan render` for a picture of this size that is one repeat."""
    if tuple(size) == description.shown:
        return ""
    if size[0] == size[1] and all(description.periodic):
        return f" --size {'1k' if size[0] == 1024 else size[0]}"
    pairs = zip(size, description.periodic, strict=True)
    period = "x".join(str(length * repeats) for length, repeats in pairs)
    return f" --height {size[0]} --width {size[1]} --period {period}"


def _kind(description):
    names = [name.replace("_", " ") for name, _ in description.maps]
    if len(names) > 1:
        return f"A material: {', '.join(names)}."
    if all(description.periodic):
        return "A texture that repeats in y and x without a seam."
    if any(description.periodic):
        axis = "yx"[description.periodic.index(True)]
        return f"Pictures that close in {axis} without a seam."
    return "Pictures of one kind, of any size."


def _uses(name, description, size):
    is_material = len(description.maps) > 1
    # What another run would learn from.
    other = "photo.png" if any(description.periodic) else "pictures"
    other = "material" if is_material else other
    lines = [
        "Pictures of any size; another `--seed` is another world.",
        "",
        "```sh",
        f"locogan render preset:{name} --out picture.png{size_arguments(description, size)}",
        *([f"locogan render preset:{name} --out {name}"] if is_material else []),
        f"locogan edit mix preset:{name} --from 1 --to 2 --axis x --ramp --out mixed.png",
        f"locogan export preset:{name} --to onnx --out {name}.onnx",
        f"locogan train {other} --from preset:{name} --out runs/mine",
        "```",
        "",
        "```python",
        "import locogan_keras",
        "",
        f'generator = locogan_keras.Generator.from_preset("{name}")  # Keras, to train further',
        f'engine = locogan_keras.load_engine("preset:{name}")  # ONNX Runtime, to render',
        "picture = locogan_keras.render(engine, locogan_keras.make_view(engine.description))",
        "```",
        "",
        f"Where it is not installed, the path of this folder stands for `preset:{name}`.",
    ]
    return "\n".join(lines)


def _origin(metadata, description):
    training = metadata.get("training") or {}
    height, width = description.frame
    minutes = training.get("minutes")
    rows = {
        "library": f"locogan-keras {metadata.get('locogan_keras_version', '')}, MIT licence",
        "learned from": metadata.get("source"),
        "by": metadata.get("author"),
        "its licence": metadata.get("licence"),
        "recipe": description.recipe,
        "steps": description.steps,
        "minutes of steps": None if minutes is None else f"{minutes:g}",
        "machine": training.get("machine"),
        "frame": f"{height} x {width} pixels, positions {description.encoding}",
        "parameters": f"{description.parameters:,}",
        "fingerprint": description.fingerprint,
    }
    if metadata.get("begun_from"):
        rows["begun from"] = f"{metadata['begun_from']}; its licence holds, too"
    lines = [f"| {key} | {_text(value, _CELL)} |" for key, value in rows.items()]
    licence = metadata.get("licence")
    allowed = (
        "Beyond the licence of what it has learned from nothing is asked for, of its weights or of "
        "pictures made with it."
        if licence
        else "The licence of what it has learned from is not said: ask before you give it, or "
        "pictures made with it, to others."
    )
    command = training.get("command")
    again = f"To train it again:\n\n```sh\n{command}\n```" if command else ""
    return "\n".join(["| | |", "|---|---|", *lines, "", allowed, "", again]).strip()


def _scores(scores):
    if not scores:
        return "It was not measured."
    lines = [
        "As `locogan evaluate` says it. Two halves of what it has learned from are as far from one "
        "another as can be reached; its pixels in random order are of no use.",
        "",
        "| metric | value | two halves | useless | times halves | |",
        "|---|---|---|---|---|---|",
    ]
    for name in METRICS:
        if name not in scores:
            continue
        value, halves, useless = (scores[name][key] for key in ("value", "halves", "useless"))
        times = f"{value / halves:.3g}" if halves > 0 else "-"
        cells = [name.replace("_", " "), *(f"{each:.4g}" for each in (value, halves, useless))]
        lines.append(f"| {' | '.join([*cells, times, METRICS[name]])} |")
    return "\n".join(lines)


def _flaws(flaws):
    if not flaws:
        return "Nobody has looked at it yet."
    return "\n".join(f"- {_text(flaw)}" for flaw in flaws)


_PLAIN = re.compile(r"([\\`*<>\[\]])")
_CELL = re.compile(r"([\\`*<>\[\]|])")


def _text(value, special=_PLAIN):
    """What somebody has written as Markdown that shows it as it is, in one line."""
    text = UNKNOWN if value in (None, "") else str(value)
    return special.sub(r"\\\1", " ".join(text.split()))
