"""Commands that are killed at any moment."""

# Each with the seconds that it takes here, and how often it comes.
COMMANDS = {
    "render torus.onnx --out new.png --height 1200 --width 1600": (0.5, 4),
    "render run --out new.png --height 64 --width 64": (0.5, 2),
    "edit vary-local torus.onnx --out new --local 0-9": (0.2, 2),
    "export run --to onnx --out new.onnx": (1.0, 4),
    "export run --to savedmodel --out new": (1.4, 4),
    "gallery torus.onnx --out new": (0.7, 4),
    "train photo.png --out run --recipe settings.toml --steps 62 --set save_every=1": (8, 2),
    "train photo.png --out new --recipe settings.toml --steps 2 --set save_every=1": (8, 2),
}


def killed(rng):
    """A kind, arguments, changes to files (none), and the seconds after which it is killed."""
    command = rng.choices(list(COMMANDS), [often for _, often in COMMANDS.values()])[0]
    seconds, _ = COMMANDS[command]
    arguments = command.split()
    return f"killed: {arguments[0]}", arguments, {}, rng.uniform(0, 1.2 * seconds)
