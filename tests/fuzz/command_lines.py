"""Bad command lines: every argument of every command, as `argparse` knows them."""

import argparse
import functools

from hostile import PATHS, TOML_VALUES, WORDS

from locogan_keras.cli.program import _parser
from locogan_keras.storage.settings import Settings

# Commands that are right and take seconds at most, how often each comes, and what no case leaves
# out, or it would train, or serve.
COMMANDS = {
    ("render",): (4, "--out new.png --height 32 --width 48"),
    ("edit", "interpolate"): (2, "--out new.png --from 1:64x96 --to 2:64x96 --frames 2"),
    ("edit", "vary-local"): (2, "--out new.png --local 0,1"),
    ("edit", "stretch"): (2, "--out new.png --to 64x128"),
    ("edit", "mix"): (2, "--out new.png --from 1 --to 2"),
    ("edit", "transplant"): (2, "--out new.png --from 1 --to 2 --region 0,0,16,16"),
    ("gallery",): (1, "--out new"),
    ("evaluate",): (1, "photo.png --image-size 128"),
    ("export",): (2, "--to onnx --out new.onnx"),
    ("info",): (1, ""),
    ("presets",): (1, "--json"),
    ("serve",): (1, "--port 0"),
    ("card",): (1, "photo.png --out new"),
    ("train",): (1, "photo.png --out new --recipe pattern-torus --set model.width=1"),
}
MODELS = ("torus.onnx",) * 5 + ("preset", "linear.keras", "run", "savedmodel")
ALWAYS = {"train": ["--dry-run"], "serve": ["--dry-run"]}
# What commands take as a model that do not take all, and those that take none.
_OWN = {"export": ("linear.keras", "run", "preset"), "card": ("run",)}
_WITHOUT = ("train", "presets")
_PATHS = {"model", "preset", "source", "out", "recipe", "region", "inception"}


def command_line(rng):
    """A kind, arguments, and changes to files: none."""
    names = rng.choices(list(COMMANDS), [often for often, _ in COMMANDS.values()])[0]
    words = COMMANDS[names][1].split()
    if names[0] not in _WITHOUT:
        words.insert(0, rng.choice(_OWN.get(names[0], MODELS)))
    actions = actions_of(names)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        _spoil(words, actions, rng)
    return "command lines", [*names, *words, *ALWAYS.get(names[0], [])], {}


@functools.cache
def actions_of(names):
    """The arguments of a command, as `argparse` has them."""
    parser = _parser()
    for name in names:
        (commands,) = (
            each for each in parser._actions if isinstance(each, argparse._SubParsersAction)
        )
        parser = commands.choices[name]
    return [each for each in parser._actions if not isinstance(each, argparse._HelpAction)]


def _spoil(words, actions, rng):
    """One thing of a command line made wrong, or at least odd."""
    way = rng.random()
    if way < 0.06 and words:
        del words[rng.randrange(len(words))]
    elif way < 0.1:
        words.insert(rng.randint(0, len(words)), rng.choice(WORDS["text"]))
    else:
        action = rng.choice(actions)
        value = [] if action.nargs == 0 else [_value(action, rng)]
        if not action.option_strings:
            places = [place for place, word in enumerate(words) if not word.startswith("-")]
            words[(places or [0])[0] : (places or [0])[0] + 1] = value
        elif (option := rng.choice(action.option_strings)) in words and value:
            place = words.index(option) + 1
            words[place : place + 1] = value
        else:
            # A value that looks like an option is one only after "=".
            words += [f"{option}={value[0]}"] if value and rng.random() < 0.7 else [option, *value]


def _value(action, rng):
    if action.dest == "settings":
        return _setting(rng)
    if action.choices and rng.random() < 0.6:
        # A page's runtime would be fetched.
        return str(rng.choice([choice for choice in action.choices if choice != "web"]))
    if action.dest in _PATHS and rng.random() < 0.7:
        return rng.choice(PATHS)
    form = getattr(action.type, "__name__", "text")
    forms = list(WORDS) if rng.random() < 0.2 or form not in WORDS else [form]
    return rng.choice(WORDS[rng.choice(forms)])


def _setting(rng):
    """KEY=VALUE, of a key that there is or not."""
    if rng.random() < 0.15:
        return rng.choice(("", "=", "a", "model=1", "model.=1", ".=1", "a.b.c=1", "steps", "x=1"))
    section, key = rng.choice(setting_names())
    value = rng.choice((*TOML_VALUES, *WORDS["int"], *WORDS["text"]))
    return f"{section}.{key}={value}" if rng.random() < 0.5 else f"{key}={value}"


def setting_names():
    """(section, key) of all settings."""
    settings = Settings()
    return [
        (section, key) for section in vars(settings) for key in vars(getattr(settings, section))
    ]
