"""Settings by experiment: candidates x photos x seeds at equal CPU time, one table, one sheet.

    python train/quality.py runs/quality train/candidates.toml photo.png other.png --minutes 4

A candidate is a section of the TOML file: a `recipe` ("auto" for what a bare `locogan train`
takes) and a list `set` of settings. Each job trains on one core until it has had its CPU-minutes,
is evaluated (`locogan evaluate`) and renders a picture. Killed, the same command goes on: what
has a row in `table.csv` is done, and a run goes on where it was. `table.md` is the table to keep,
the lost candidates, too; `sheet.png` shows them all, a row for each candidate, after the photos.
Rates do not fall here (`rate_decay`): no job knows its last step.
"""

import argparse
import csv
import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import numpy as np
from PIL import Image

from locogan_keras import load_pictures
from locogan_keras.cli import main as locogan

COLUMNS = ("candidate", "photo", "seed", "minutes", "steps")
METRICS = (
    "frechet_distance",
    "kernel_distance",
    "patch_distance",
    "grid",
    "frame_lock",
    "seam",
    "period_error",
    "copying",
    "diversity",
)
# Those shown as they are; of the others, how many times that of the photo's own halves.
ABSOLUTE = ("frame_lock", "seam", "period_error")
SHOWN = 256


def main(arguments=None):
    """The table, completed; the exit status."""
    options = _parser().parse_args(arguments)
    candidates = tomllib.loads(Path(options.candidates).read_text(encoding="utf-8"))
    done = {tuple(row[:4]): row for row in _rows(options.folder)}
    for photo in options.photos:
        for seed in options.seeds:
            for name, candidate in candidates.items():
                job = (name, Path(photo).stem, str(seed), f"{options.minutes:g}")
                if job not in done:
                    done[job] = [*job, *_result(options, job, candidate, photo)]
                    with open(options.folder / "table.csv", "a", newline="") as file:
                        csv.writer(file).writerow(done[job])
                    _show(options.folder, options.photos)
                    print(" ".join(done[job]), flush=True)
    return 0


def _parser():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="where runs, table and sheet are kept")
    parser.add_argument("candidates", help="a TOML file, a section for each candidate")
    parser.add_argument("photos", nargs="+")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--minutes", type=float, default=4, help="of CPU for each job")
    parser.add_argument("--core", type=int, default=0, help="that trains")
    return parser


def _result(options, job, candidate, photo):
    """The outcome of a job: steps and metrics, as texts."""
    folder = options.folder / "-".join(job)
    run = folder / "run"
    command = ["train", photo, "--out", str(run), "--steps", str(10**9)]
    if candidate.get("recipe", "auto") != "auto":
        command += ["--recipe", candidate["recipe"]]
    changes = [f"training.seed={job[2]}", "training.patience=0", *candidate.get("set", ())]
    folder.mkdir(parents=True, exist_ok=True)
    _train([*command, "--set", *changes], folder, 60 * options.minutes, options.core)
    scores = _scores(run, photo)
    view = ["--height", "512", "--width", "512", "--periodic", "none"]
    locogan(["render", str(run), "--out", str(folder / "picture.png"), *view])
    with open(run / "metrics.csv", newline="") as file:
        steps = list(csv.DictReader(file))[-1]["step"]
    values = (
        scores.get(name, {}).get("value" if name in ABSOLUTE else "times") for name in METRICS
    )
    return [steps, *("-" if value is None else f"{value:.3g}" for value in values)]


def _train(command, folder, seconds, core):
    """Training on one core until it has had its seconds of CPU, over all attempts."""
    spent = folder / "seconds.txt"
    before = float(spent.read_text()) if spent.exists() else 0.0
    if before >= seconds:
        return
    code = "import sys; from locogan_keras.cli import main; sys.exit(main(sys.argv[1:]))"
    threads = {"OMP_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
    with (
        open(folder / "log.txt", "a") as log,
        subprocess.Popen(
            [sys.executable, "-c", code, *command],
            stdout=log,
            stderr=log,
            env={**os.environ, **threads},
        ) as process,
    ):
        os.sched_setaffinity(process.pid, {core})
        used = 0.0
        while process.poll() is None:
            used = _cpu_seconds(process.pid) or used
            spent.write_text(f"{before + used:.1f}")
            if before + used >= seconds:
                # It saves what it has, and ends.
                process.send_signal(signal.SIGTERM)
                break
            time.sleep(0.2)
    if process.returncode not in (0, 128 + signal.SIGTERM):
        raise RuntimeError(f"{' '.join(command)} failed: see {folder / 'log.txt'}")


def _cpu_seconds(process):
    """The seconds of CPU that a process has had so far; None where that is not known."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _scores(run, photo):
    code = "import sys; from locogan_keras.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "evaluate", str(run), photo, "--json"]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _rows(folder):
    path = folder / "table.csv"
    if not path.exists():
        return []
    with open(path, newline="") as file:
        return [row for row in csv.reader(file) if len(row) == len(COLUMNS) + len(METRICS)]


def _show(folder, photos):
    """The table as Markdown, and all pictures as one sheet."""
    rows, names = _rows(folder), [name.replace("_", " ") for name in (*COLUMNS, *METRICS)]
    lines = [names, ["---"] * len(names), *rows]
    text = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    (folder / "table.md").write_text(f"{text}\n", encoding="utf-8")
    jobs = sorted({(row[1], row[2], row[3]) for row in rows})
    candidates = list(dict.fromkeys(row[0] for row in rows))
    sheet = np.full((SHOWN * (1 + len(candidates)), SHOWN * len(jobs), 3), 255, np.uint8)
    sources = {Path(photo).stem: photo for photo in photos}
    for column, job in enumerate(jobs):
        left = SHOWN * column
        folders = [folder / "-".join((name, *job)) for name in candidates]
        for row, each in enumerate(folders, start=1):
            if (each / "picture.png").exists():
                top = SHOWN * row
                with Image.open(each / "picture.png") as picture:
                    sheet[top : top + SHOWN, left : left + SHOWN] = _corner(picture)
                if job[0] in sources:
                    photo = _photo(sources[job[0]], each / "run")
                    sheet[:SHOWN, left : left + SHOWN] = _corner(photo)
    Image.fromarray(sheet).save(folder / "sheet.png")


def _corner(picture):
    return np.asarray(picture.convert("RGB").crop((0, 0, SHOWN, SHOWN)))


def _photo(path, run):
    """A photo at the scale that a run has it at."""
    settings = tomllib.loads((run / "config.toml").read_text(encoding="utf-8"))
    size = settings["data"]["image_size"]
    size = tuple(size) if isinstance(size, list) else size
    pictures = load_pictures(path, image_size=size, encoding="none", frame=(16, 16))
    return Image.fromarray(pictures.decoded[0])


if __name__ == "__main__":
    sys.exit(main())
