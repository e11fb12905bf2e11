"""The figures of the paper, and more, that a model can make: each by one command."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Figure:
    """One picture of a gallery.

    Args:
        name: Of its files.
        title: What it is, in a line.
        caption: What to see, in sentences; the paper's figure if there is one.
        arguments: Of the command `locogan` that makes it, but MODEL and `--out`.
    """

    name: str
    title: str
    caption: str
    arguments: tuple[str, ...]


def figures(description):
    """The figures that a model can make.

    Args:
        description: The engine's.

    Returns:
        A list of `Figure`.
    """
    y_repeats, x_repeats = description.periodic
    found = [*_samples(description), *_sizes(description)]
    if x_repeats:
        found += _repeats(description)
    if x_repeats and y_repeats:
        found += _planes(description)
    return [*found, *_stretches(description), *_mixes(description), *_transplants(description)]


def tile_of(description):
    """A tile no larger than the frame needs, in pixels: small pictures cost a whole tile."""
    cell = description.cell
    return min(256, -(-max(description.shown) // cell) * cell)


def _figure(name, title, caption, command):
    return Figure(name, title, caption, tuple(command.split()))


def _sized(height, width):
    return f"--height {height} --width {width}"


def _grown(description, axis, factor):
    """The frame's length, longer by a factor: whole cells, so that it may repeat."""
    cell = description.cell
    return max(1, round(description.shown[axis] * factor / cell)) * cell


def _samples(description):
    yield _figure(
        "samples",
        "Samples",
        "One world for each of the seeds 0 to 7 (Figure 8).",
        "render --seeds 0-7",
    )
    yield _figure(
        "vary-local",
        "One master plan under eight local plans",
        "Only the local plan differs: details such as hair (Figure 9); in a texture, nearly all.",
        "edit vary-local --seed 3 --local 0-7",
    )


def _sizes(description):
    height, width = description.shown
    low, high = (
        [
            description.shown[axis]
            if description.periodic[axis]
            else _grown(description, axis, factor)
            for axis in range(2)
        ]
        for factor in (0.75, 1.5)
    )
    if not all(description.periodic):
        yield _figure(
            "sizes",
            "One picture at many sizes",
            "Seed 0 from wide to tall: the same scene at every size (Figures 1 and 15).",
            f"edit interpolate --from 0:{low[0]}x{high[1]} --to 0:{high[0]}x{low[1]} --frames 6",
        )
    yield _figure(
        "interpolate",
        "Between two seeds"
        + ("" if all(description.periodic) else ", and between two sizes at once"),
        "Master and local plan go from seed 1 to seed 2 in equal steps (Figure 6).",
        f"edit interpolate --from 1:{height}x{high[1]} --to 2:{high[0]}x{width} --frames 8",
    )


def _repeats(description):
    height, width = description.shown
    yield _figure(
        "repeats-x",
        "Two repeats side by side",
        "They join without a seam and are equal to the bit (Figure 7; of a panorama, it closes).",
        f"render --seed 1 {_sized(height, 2 * width)} --periodic x",
    )
    yield _figure(
        "semi-periodic",
        "Semi-periodic: two repeats of positions under a fresh local plan",
        "What depends on positions repeats, details do not (Figure 7, last rows).",
        f"render --seed 1 {_sized(height, 2 * width)} --periodic none",
    )


def _planes(description):
    height, width = description.shown
    yield _figure(
        "plane",
        "A plane of repeats",
        "Three by three repeats of one frame, equal to the bit (Figure 2).",
        f"render --seed 1 {_sized(3 * height, 3 * width)} --periodic xy",
    )
    yield _figure(
        "half-drop",
        "Half-drop",
        "Every second column of repeats lies half a repeat lower.",
        f"render --seed 1 {_sized(4 * height, 3 * width)} --periodic half-drop",
    )
    yield _figure(
        "brick",
        "Brick",
        "Every second row of repeats lies half a repeat farther to the right.",
        f"render --seed 1 {_sized(3 * height, 4 * width)} --periodic brick",
    )


def _stretches(description):
    before = f"{description.shown[0]}x{description.shown[1]}"
    for axis, name in enumerate("yx"):
        side = ("height", "width")[axis]
        length = description.shown[axis]
        sizes = list(description.shown)
        sizes[axis] = _grown(description, axis, 1.5)
        size = f"{sizes[0]}x{sizes[1]}"
        yield _figure(
            f"stretch-{name}",
            f"Stretched in {name}",
            f"The same frame, {before} pixels in training, over {size} (Figures 10 and 12).",
            f"edit stretch --seed 3 --to {size}",
        )
        if not description.periodic[axis]:
            yield _figure(
                f"extend-{name}",
                f"Extended in {name}",
                f"More frame at the same scale: past the {side} that training saw (Figures 10 and "
                "12).",
                f"edit stretch --seed 3 --to {size} --extend {name}",
            )
        # A part of a third of the picture, that becomes about twice as long.
        cell = description.cell
        start, stop = (round(length * third / 3 / cell) * cell for third in (1, 2))
        # Not of a lattice, of which many frames are shown.
        if start < stop and length == description.frame[axis]:
            sizes[axis] = length + stop - start
            yield _figure(
                f"stretch-part-{name}",
                f"A part stretched in {name}",
                f"Pixels {start} to {stop} are twice as long; the rest is as it was, to a level "
                "(Figure 10).",
                f"edit stretch --seed 3 --to {sizes[0]}x{sizes[1]} --part-{name} {start}:{stop}",
            )


def _mixes(description):
    for name, where in (("x", "left to right"), ("y", "top to bottom")):
        closing = ""
        if description.periodic["yx".index(name)]:
            closing = " It repeats, so seed 1 comes back."
        yield _figure(
            f"mix-{name}",
            f"Two pictures mixed in {name}",
            f"From {where}, seed 1 and seed 2; they meet half-way (Figure 11).{closing}",
            f"edit mix --from 1 --to 2 --axis {name}",
        )
        yield _figure(
            f"ramp-{name}",
            f"Two pictures mixed in {name}, along a ramp",
            f"From {where}, seed 1 becomes seed 2 (Figure 13).{closing}",
            f"edit mix --from 1 --to 2 --axis {name} --ramp",
        )


def _transplants(description):
    height, width = description.shown
    region = f"{height // 4},{width // 5},{height // 2},{width - 2 * (width // 5)}"
    for name, how, soft in (
        ("transplant", "", ""),
        ("transplant-soft", ", with a soft edge", " --soft 16"),
    ):
        yield _figure(
            name,
            f"A region of one picture in others{how}",
            f"The first is seed 4, whose region {region} (top, left, height, width) the others, "
            "seeds 0 to 3, have received (Figures 3 and 14).",
            f"edit transplant --from 4 --to 4,0-3 --region {region}{soft}",
        )
