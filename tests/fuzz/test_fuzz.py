"""The fuzzer finds what there is to find, reaches every argument, and finds nothing."""

import argparse
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from cases import make_case
from command_lines import COMMANDS, actions_of, command_line
from conftest import PATIENCE
from support.commands import python

from locogan_keras.cli.program import _parser

FOLDER = Path(__file__).parent
# Each with what is done in the place of a command, and the kinds of faults that it has.
FAULTS = {
    "raise KeyError('a')": ["tracebacks"],
    "time.sleep(60)": ["hangs"],
    "os.kill(os.getpid(), signal.SIGSEGV)": ["other statuses"],
    "os._exit(7)": ["not one or two lines", "other statuses"],
    "return 2": ["not one or two lines"],
    "print('a\\nb\\nc', file=sys.stderr); return 2": ["not one or two lines"],
    "print('\\x1b[31m', file=sys.stderr); return 2": ["unprintable"],
    "print('refused', file=sys.stderr); return 2": [],
    "return 0": [],
    "open('new.png', 'w').write('half'); return 0": ["partial files"],
    "open('new', 'w').write('whole'); return 0": [],
    "open('new', 'w').write('whole'); print('but', file=sys.stderr); return 2": ["partial files"],
    "open('photo.png', 'w').write(''); print('no', file=sys.stderr); return 2": ["partial files"],
    "os.remove('photo.png'); print('no', file=sys.stderr); return 2": ["partial files"],
    "open('.new.1.partial.png', 'w').write('a'); return 0": ["partial files"],
    "open(tempfile.gettempdir() + '/a', 'w').write('a'); return 0": ["partial files"],
}
JUDGED = """
import json, os, signal, sys, tempfile, time
sys.path.insert(0, sys.argv[1])
import judge
from cases import Case

judge.SECONDS = 1
for body in json.loads(sys.argv[2]):
    names = {}
    exec(f"def run():\\n    {body}", globals(), names)
    print(json.dumps(sorted(judge.judged(Case("", ["info"], {}), names["run"]).faults)))

# Killed on the way: first nothing, then a file that has its name and is half.
for body in ("pass", "open('new.png', 'w').write('half')"):
    exec(f"def run():\\n    {body}; time.sleep(30)", globals(), names)
    verdict = judge.judged(Case("", ["info"], {}, 0.5), names["run"])
    print(json.dumps([verdict.status, sorted(verdict.faults)]))

# Killed before it has begun.
exec("def run():\\n    time.sleep(0.5); return 0", globals(), names)
verdict = judge.judged(Case("", ["info"], {}, 0), names["run"])
print(json.dumps([verdict.status, sorted(verdict.faults)]))
"""


@pytest.mark.slow
def test_what_is_wrong_is_found():
    result = python(JUDGED, str(FOLDER), json.dumps(list(FAULTS)))
    assert result.returncode == 0, result.stderr
    *found, killed, half, at_once = map(json.loads, result.stdout.splitlines())
    assert dict(zip(FAULTS, found, strict=True)) == FAULTS
    # The same "command" takes too long when it is not killed.
    assert killed == [-9, ["hangs", "other statuses"]]
    assert half == [-9, ["partial files"]]
    assert at_once == [-9, []]


def test_every_argument_of_every_command_is_tried():
    assert {names[0] for names in COMMANDS} == set(_commands(_parser()))
    assert {names[1] for names in COMMANDS if len(names) > 1} == set(
        _commands(_commands(_parser())["edit"])
    )
    lines = [command_line(random.Random(number))[1] for number in range(4000)]
    for names in COMMANDS:
        own = [line for line in lines if tuple(line[: len(names)]) == names]
        used = {word.partition("=")[0] for line in own for word in line}
        for action in actions_of(names):
            assert set(action.option_strings) <= used, (names, action.dest)


def _commands(parser):
    (commands,) = (each for each in parser._actions if isinstance(each, argparse._SubParsersAction))
    return commands.choices


def test_a_case_is_a_function_of_its_number():
    cases = [make_case(1, number) for number in range(100)]
    assert cases == [make_case(1, number) for number in range(100)]
    assert cases[0] != make_case(2, 0)


@pytest.mark.slow
def test_nothing_is_found_in_300_cases():
    result = subprocess.run(
        [sys.executable, str(FOLDER), "12", "300"],
        capture_output=True,
        text=True,
        timeout=5 * PATIENCE,
    )
    assert result.returncode == 0, result.stderr + result.stdout
    assert "| all | 300 |" in result.stdout
