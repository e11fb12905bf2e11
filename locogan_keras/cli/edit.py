"""`locogan edit`: interpolate, vary-local, stretch, mix and transplant."""

from locogan_keras.cli import arguments
from locogan_keras.cli.arguments import add_model, add_out, add_view, view_of
from locogan_keras.cli.render import run, write_out

_SEVERAL = ", a sheet; or .gif, an animation; or no suffix, a folder of PNG"
_SEED = {"type": arguments.seed, "metavar": "SEED"}
_AXES = {"y": 0, "x": 1}
# What a PNG does not keep of its command, or keeps elsewhere.
_ELSEWHERE = ("command", "make", "several", "quiet", "prints", "verbose", "model", "out", "tile")
_ELSEWHERE += ("target", "said", "bits", "quality", "pack", "packs", "normals", "verify", "workers")
_ELSEWHERE += ("engine", "precision")


def add_edit(commands):
    """The command `locogan edit`, added."""
    edit = commands.add_parser(
        "edit",
        help="change latents and positions",
        description="Makes pictures by changing latents and positions, never pixels.",
    )
    edits = edit.add_subparsers(metavar="EDIT", dest="edit", required=True)
    _add_interpolate(edits)
    _add_vary_local(edits)
    _add_stretch(edits)
    _add_mix(edits)
    _add_transplant(edits)


def _add(edits, name, make, what, several):
    parser = edits.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}.")
    parser.set_defaults(command=run, make=make, several=several)
    add_model(parser)
    add_out(parser, more=_SEVERAL if several else "")
    return parser


def _add_interpolate(edits):
    parser = _add(
        edits,
        "interpolate",
        _interpolate,
        "go from one seed and size to another (paper, Figure 6)",
        several=True,
    )
    end = {"type": arguments.sized_seed, "metavar": "SEED:HxW", "required": True}
    parser.add_argument("--from", dest="first", **end, help="seed and pixels of the first picture")
    parser.add_argument("--to", dest="last", **end, help="seed and pixels of the last one")
    parser.add_argument(
        "--frames", type=arguments.frames, default=8, metavar="N", help="pictures (default: 8)"
    )
    parser.add_argument("--local", **_SEED, help="one local plan for all (default: each seed's)")


def _add_vary_local(edits):
    parser = _add(
        edits,
        "vary-local",
        _vary_local,
        "lay one master plan over many local plans (paper, Figure 9)",
        several=True,
    )
    parser.add_argument("--seed", **_SEED, default=0, help="of the master plan (default: 0)")
    parser.add_argument(
        "--local",
        type=arguments.seeds,
        default=list(range(8)),
        metavar="LIST",
        help="of the local plans (default: 0-7)",
    )
    add_view(parser)


def _add_stretch(edits):
    parser = _add(
        edits,
        "stretch",
        _stretch,
        "stretch or extend each axis by itself, or stretch a part (paper, Figures 10 and 12)",
        several=False,
    )
    parser.add_argument("--seed", **_SEED, default=0, help="(default: 0)")
    parser.add_argument(
        "--from",
        dest="before",
        type=arguments.size,
        metavar="HxW",
        help="pixels of the picture before (default: the model's frame)",
    )
    parser.add_argument(
        "--to", type=arguments.size, metavar="HxW", required=True, help="pixels of the picture"
    )
    parser.add_argument(
        "--extend",
        choices=("x", "y", "xy"),
        default="",
        help="axes on which to show more of the scene, at its scale, instead of stretching it",
    )
    for axis in _AXES:
        parser.add_argument(
            f"--part-{axis}",
            type=arguments.part,
            metavar="START:STOP",
            help="pixels before: only this part is stretched, and the rest stays as it is",
        )


def _add_mix(edits):
    parser = _add(
        edits,
        "mix",
        _mix,
        "lay two pictures side by side or one above the other (paper, Figures 11 and 13)",
        several=False,
    )
    parser.add_argument("--from", dest="first", **_SEED, required=True, help="left, or upper")
    parser.add_argument("--to", **_SEED, required=True, help="right, or lower")
    parser.add_argument(
        "--axis", choices=_AXES, default="x", help="x: side by side, y: above (default: x)"
    )
    parser.add_argument("--ramp", action="store_true", help="change steadily, not half-way at once")
    parser.add_argument(
        "--local", **_SEED, help="one local plan, so that only master plans are mixed"
    )
    add_view(parser)


def _add_transplant(edits):
    parser = _add(
        edits,
        "transplant",
        _transplant,
        "give a region of one picture to others (paper, Figures 3 and 14)",
        several=True,
    )
    parser.add_argument(
        "--from", dest="first", **_SEED, required=True, help="the picture that gives"
    )
    parser.add_argument(
        "--to",
        type=arguments.seeds,
        metavar="LIST",
        required=True,
        help="which receive, such as 0,1,4-6",
    )
    parser.add_argument(
        "--region",
        type=arguments.region,
        metavar="TOP,LEFT,HEIGHT,WIDTH|MASK",
        required=True,
        help="pixels of the picture, or a picture that is white where the region is",
    )
    parser.add_argument(
        "--resize-mask", action="store_true", help="resize a MASK of another size than the picture"
    )
    parser.add_argument(
        "--soft",
        type=int,
        default=0,
        metavar="PX",
        help="pixels inside the region's edge over which it fades in (default: 0)",
    )
    add_view(parser)


def _interpolate(options, engine):
    from locogan_keras.rendering.edits import interpolate

    amounts = [frame / max(1, options.frames - 1) for frame in range(options.frames)]
    views = [
        interpolate(engine.description, options.first, options.last, amount, options.local)
        for amount in amounts
    ]
    names = [f"frame-{number:04}" for number in range(len(views))]
    write_out(options, engine, views, _origin(options), names)


def _vary_local(options, engine):
    from locogan_keras.rendering.edits import vary_local

    view = view_of(options, engine.description, options.seed)
    views = [vary_local(view, seed) for seed in options.local]
    names = [f"local-{seed}" for seed in options.local]
    write_out(options, engine, views, _origin(options), names)


def _stretch(options, engine):
    from locogan_keras.rendering.stretching import stretch

    view = stretch(
        engine.description,
        options.to,
        seed=options.seed,
        frame=options.before,
        extend=options.extend,
        parts=(options.part_y, options.part_x),
    )
    write_out(options, engine, view, _origin(options))


def _mix(options, engine):
    from locogan_keras.rendering.edits import mix

    view = view_of(options, engine.description, options.first)
    view = mix(view, options.to, _AXES[options.axis], not options.ramp, options.local)
    write_out(options, engine, view, _origin(options))


def _transplant(options, engine):
    from locogan_keras.data.pictures import read_mask
    from locogan_keras.rendering.edits import transplant

    views = [view_of(options, engine.description, seed) for seed in options.to]
    region = options.region
    if isinstance(region, str):
        region = read_mask(region, views[0].size, options.resize_mask)
    views = [transplant(view, options.first, region, options.soft) for view in views]
    names = [f"seed-{seed}" for seed in options.to]
    write_out(options, engine, views, _origin(options), names)


def _origin(options):
    return {name: value for name, value in vars(options).items() if name not in _ELSEWHERE}
