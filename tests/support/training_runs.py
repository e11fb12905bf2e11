"""`locogan train` on tiny networks, and what lies in a run's folder."""

import csv
from pathlib import Path

from conftest import TINY

from locogan_keras.cli import main
from locogan_keras.storage.run import Run


def train(source, run, *arguments, settings=("model.frame=[64, 64]",)):
    if "--recipe" not in arguments and Path(source).is_file():
        arguments = ("--recipe", "pattern-torus", *arguments)
    return main(["train", str(source), "--out", str(run), *arguments, "--set", *TINY, *settings])


def rows(run):
    with open(run / "metrics.csv", newline="") as file:
        return list(csv.DictReader(file))


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def newest(run):
    return Run(run).checkpoints.all()[-1].path


def complaint(capsys):
    """The one line that was printed."""
    lines = [
        line for line in capsys.readouterr().err.splitlines() if line.strip() and "%|" not in line
    ]
    assert len(lines) == 1, lines
    return lines[0]
