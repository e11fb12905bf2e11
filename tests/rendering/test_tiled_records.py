"""Pictures in tiles that were interrupted, damaged, copied or are of another plan."""

import builtins
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
import zarr
from conftest import PATIENCE
from support.tiled import SUFFIXES, job_of, picture_of, read_levels, small_engine, whole, written

from locogan_keras.rendering.gigapixel import records as records_module
from locogan_keras.storage.files import room

SIZE = {"height": 150, "width": 200}


@pytest.fixture(scope="module")
def engine():
    return small_engine()


@pytest.fixture(scope="module")
def picture(engine):
    return picture_of(engine, **SIZE)


@pytest.fixture(scope="module")
def undisturbed(picture, tmp_path_factory):
    """A finished picture in each format, not to be changed: `{suffix: (folder, Written)}`."""
    made = {}
    for suffix in SUFFIXES:
        folder = tmp_path_factory.mktemp("whole")
        made[suffix] = folder, written(folder / f"a{suffix}", picture)
    return made


@pytest.fixture(params=SUFFIXES)
def finished(request, undisturbed, tmp_path):
    """A copy of one with its records: its path and its `Written`."""
    folder, result = undisturbed[request.param]
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    return tmp_path / f"a{request.param}", result


def pixel_files(out):
    """The files that hold a picture's pixels, in order."""
    if out.suffix == ".btf":
        return [out]
    folder = out if out.suffix == ".zarr" else out.with_name("a_files")
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".json")


def contents(out):
    return {path.name: path.read_bytes() for path in pixel_files(out)}


class Killed(BaseException):
    """What ends a process, as seen from within."""


def test_the_same_call_has_nothing_left_to_do(finished, picture):
    out, result = finished
    before = contents(out)
    again = written(out, picture, verify=True)
    assert (again.root, again.made, again.damaged) == (result.root, 0, ())
    assert contents(out) == before


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_crash_at_any_step_loses_nothing(
    undisturbed, picture, tmp_path, monkeypatch, rng, suffix
):
    """A crash before some file is brought to the disk or put into its place, many times."""
    folder, result = undisturbed[suffix]
    out, left, crashes = tmp_path / f"a{suffix}", 0, 0

    def counted(function):
        def counting(*arguments):
            nonlocal left
            left -= 1
            if left < 0:
                raise Killed
            return function(*arguments)

        return counting

    for name in ("fsync", "replace"):
        monkeypatch.setattr(os, name, counted(getattr(os, name)))
    # One unit at least is made before most of them.
    most = {".dzi": 200, ".zarr": 90, ".btf": 30}[suffix]
    while True:
        left = int(rng.integers(4, most))
        try:
            root = written(out, picture).root
        except Killed:
            crashes += 1
        else:
            break
    assert crashes > 2
    assert root == result.root
    left = 10**6
    assert written(out, picture, verify=True).damaged == ()
    assert contents(out) == contents(folder / f"a{suffix}")
    assert not list((tmp_path / f"a{suffix}.records" / "aside").iterdir())


_CHILD = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from support.tiled import picture_of, small_engine, written
picture = picture_of(small_engine(), height=150, width=200)
print("ready", flush=True)
print(written(Path(sys.argv[1]), picture).root, flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_sigkill_at_20_moments_gives_the_undisturbed_picture(undisturbed, tmp_path, rng, suffix):
    folder, result = undisturbed[suffix]
    out = tmp_path / f"a{suffix}"
    command = [sys.executable, "-c", _CHILD, str(out), str(Path(__file__).parents[1])]
    kills, roots, longest = 0, set(), 0.3
    while kills < 20:
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout.readline() == "ready\n"
            start = time.monotonic()
            try:
                process.wait(timeout=float(rng.uniform(0, longest)))
            except subprocess.TimeoutExpired:
                process.kill()
            root = process.stdout.read().strip()
        if process.returncode == -signal.SIGKILL:
            kills += 1
            continue
        assert process.returncode == 0
        roots.add(root)
        # It was too quick to be killed: once more from the beginning, and sooner.
        longest = min(longest, 2 * (time.monotonic() - start))
        for path in tmp_path.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    process = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    roots.add(process.stdout.split()[-1])
    assert roots == {result.root}
    assert contents(out) == contents(folder / f"a{suffix}")


_LARGE = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from support.tiled import picture_of, small_engine
from locogan_keras.rendering.files.formats import FORMATS
from locogan_keras.rendering.gigapixel.job import Job
from locogan_keras.rendering.gigapixel.records import Record

out = Path(sys.argv[1])
picture = picture_of(small_engine(), height=65536, width=65536, tile=256)
form = FORMATS[out.suffix]
job = Job(out, picture, form.store, form.pixels(3))
with job.records:
    job.look()
    job.begin()
    units = [unit for units in job.missing() for unit in units]
    first, *others, last_below, last = units
    top = job.records.keep_top
    for unit in (first, last_below):
        job.note(unit, job.make(unit))
    for unit in others:
        digest = top(unit, job.records.top(first))
        job.note(unit, Record("0" * 64, "0" * 64, 0, digest))
    job.note(last, job.make(last))
    job.finish()
# Of this program alone; what getrusage says is at least what the process had that began it.
status = Path("/proc/self/status").read_text()
print(len(units), int(status.partition("VmHWM:")[2].split()[0]) // 1024)
"""


@pytest.mark.slow
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_65536_pixels_a_side_take_less_than_a_gigabyte(tmp_path, suffix):
    """The first units and the last ones made, and those between them marked as done."""
    out, tests = tmp_path / f"a{suffix}", Path(__file__).parents[1]
    command = [sys.executable, "-c", _LARGE, str(out), str(tests)]
    process = subprocess.run(command, capture_output=True, text=True, timeout=5 * PATIENCE)
    assert process.returncode == 0, process.stderr
    units, megabytes = map(int, process.stdout.split())
    assert units == 257
    assert megabytes < 1000
    if suffix == ".zarr":
        level, most = zarr.open_group(out, mode="r")["0"], 65536
        assert level.shape == (3, most, most)
        place = {"top": most - 40, "left": most - 50}
        corner = picture_of(small_engine(), tile=256, height=40, width=50, **place)
        found = level[:, most - 40 :, most - 50 :].transpose(1, 2, 0)
        np.testing.assert_array_equal(found, whole(corner))


def test_a_torn_file_is_found_without_being_asked_for(finished, picture):
    out, result = finished
    before = contents(out)
    victim = pixel_files(out)[len(pixel_files(out)) // 2]
    os.truncate(victim, victim.stat().st_size - 1)
    again = written(out, picture)
    assert 1 <= again.made < result.units
    assert re.search(r"the unit \d-\d-\d \(rows .*\) has \d+ of \d+ bytes", again.damaged[0])
    assert again.root == result.root
    assert contents(out) == before


def test_a_missing_file_is_named(finished, picture):
    out, result = finished
    before = contents(out)
    victim = pixel_files(out)[0]
    victim.unlink()
    again = written(out, picture)
    assert f"{victim} is missing" in again.damaged[0]
    assert again.root == result.root
    assert contents(out) == before


def test_a_flipped_byte_is_found_when_asked_for(finished, picture):
    out, result = finished
    before = contents(out)
    victim = pixel_files(out)[-1]
    with open(victim, "r+b") as file:
        file.seek(-5, os.SEEK_END)
        (byte,) = file.read(1)
        file.seek(-5, os.SEEK_END)
        file.write(bytes([byte ^ 1]))
    # Nobody looked.
    assert written(out, picture).damaged == ()
    again = written(out, picture, verify=True)
    assert again.made == 1
    (damage,) = again.damaged
    assert damage.endswith("does not match its digest")
    assert again.root == result.root
    assert contents(out) == before


def test_what_readers_look_at_first_is_compared(finished, picture):
    out, _ = finished
    header = out / "zarr.json" if out.suffix == ".zarr" else out
    before = header.read_bytes()
    with open(header, "r+b") as file:
        file.seek(20)
        file.write(b"?")
    again = written(out, picture)
    assert again.damaged == (f"{header} is not what was written",)
    assert header.read_bytes() == before


def test_a_picture_copied_over_another_one_is_found(finished, engine, picture, tmp_path):
    out, result = finished
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / out.name
    written(other, picture_of(engine, **SIZE, top=16))
    for path in [out, *([out.with_name("a_files")] if out.suffix == ".dzi" else [])]:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        (tmp_path / "other" / path.name).rename(path)
    with pytest.raises(
        ValueError, match=r"is of another plan than .*records: something was copied"
    ):
        written(out, picture)
    # Without that page, each unit is compared.
    if out.suffix == ".dzi":
        out.unlink()
        again = written(out, picture, verify=True)
        assert again.made == result.units == len(again.damaged)
        assert again.root == result.root


def test_a_picture_without_records_is_not_touched(finished, picture):
    out, _ = finished
    shutil.rmtree(f"{out}.records")
    before = contents(out)
    with pytest.raises(
        ValueError, match=r"is there already, and .*plan.json.* is not: remove it or"
    ):
        written(out, picture)
    assert contents(out) == before
    assert not Path(f"{out}.records").exists()


def test_a_copy_with_its_records_goes_on(finished, picture, tmp_path):
    out, result = finished
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    for path in tmp_path.glob("a*"):
        shutil.move(path, moved)
    again = written(moved / out.name, picture, verify=True)
    assert (again.root, again.made) == (result.root, 0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"seed": 4}, r"seeds is \[3, 3\] there and \[4, 4\] here"),
        ({"left": 16}, r"window is \[0, 0, 150, 200\] there and \[0, 16, 150, 200\] here"),
        ({"tile": 64}, "tile is 32 there and 64 here"),
        ({"periodic": "xy"}, r"period is \[0, 0\] there and \[64, 96\] here"),
        ({"width": 201}, r"size is \[150, 200\] there and \[150, 201\] here"),
    ],
)
def test_another_plan_is_refused_by_name(undisturbed, engine, change, said):
    folder, _ = undisturbed[".dzi"]
    before = contents(folder / "a.dzi")
    with pytest.raises(ValueError, match=r"has another plan \(.*plan.json\): .*" + said):
        written(folder / "a.dzi", picture_of(engine, **{**SIZE, **change}))
    assert contents(folder / "a.dzi") == before


def test_another_engine_or_version_is_another_plan(finished, picture, monkeypatch):
    out, _ = finished
    monkeypatch.setattr(type(picture.engine), "precision", "bfloat16", raising=False)
    with pytest.raises(ValueError, match="precision is float32 there and bfloat16 here"):
        written(out, picture)
    monkeypatch.undo()
    monkeypatch.setattr("locogan_keras.rendering.gigapixel.plan.version", lambda: "0.2.0")
    with pytest.raises(ValueError, match=r"version is \S+ there and 0\.2\.0 here"):
        written(out, picture)
    monkeypatch.undo()
    monkeypatch.setattr(records_module, "FORMAT", 2)
    with pytest.raises(ValueError, match="is of format 1, and this version goes on with 2"):
        written(out, picture)


def test_a_damaged_plan_is_refused(finished, picture):
    out, _ = finished
    file = Path(f"{out}.records") / "plan.json"
    for text in (file.read_text().replace('"tile": 32', '"tile": 33'), "{", "[]"):
        file.write_text(text)
        with pytest.raises(ValueError, match=r"plan\.json is damaged"):
            written(out, picture)


@pytest.mark.parametrize(
    "facts",
    [
        "[]",
        "{}",
        '{"unit": ["..", "..", "plan.json"], "pixels": "", "stored": "", "bytes": 0, "top": null}',
        '{"unit": [0, 9999, 0], "pixels": "", "stored": "", "bytes": 0, "top": null}',
        '{"unit": [0, 0, 0], "pixels": "not hex", "stored": "", "bytes": 0, "top": null}',
        '{"unit": [0, 0, 0], "pixels": "", "stored": "", "bytes": "many", "top": null}',
        '{"unit": [0, 0, 0], "pixels": "", "stored": "", "bytes": 0, "top": 1}',
    ],
)
def test_a_forged_line_of_the_journal_is_a_damaged_one(finished, picture, facts):
    """A checksum is no signature: who forges a line can compute it."""
    out, result = finished
    records = Path(f"{out}.records")
    digest = json.loads((records / "plan.json").read_text())["sha256"]
    checksum = zlib.crc32(facts.encode(), zlib.crc32(digest.encode()))
    journal = records / "journal"
    journal.write_bytes(f"{checksum:08x} {facts}\n".encode() + journal.read_bytes())
    again = written(out, picture)
    assert again.damaged == (f"line 1 of {journal} is damaged",)
    assert (again.made, again.root) == (0, result.root)


@pytest.mark.parametrize("name", ["journal", "tops", "aside", ""])
def test_records_that_are_links_are_refused(finished, picture, tmp_path, name):
    out, _ = finished
    path = Path(f"{out}.records", name)
    theirs = tmp_path / "theirs"
    path.rename(theirs)
    path.symlink_to(theirs)

    def found():
        files = (each for each in [theirs, *theirs.rglob("*")] if each.is_file())
        return {each: each.read_bytes() for each in files}

    before = found()
    with pytest.raises(ValueError, match="is a link: remove it"):
        written(out, picture)
    assert found() == before


def test_a_damaged_journal_costs_its_units(finished, picture):
    out, result = finished
    journal = Path(f"{out}.records") / "journal"
    lines = journal.read_bytes().splitlines(keepends=True)
    assert len(lines) == result.units > 4
    half = lines[-1][: len(lines[-1]) // 2]
    damaged = lines[1].replace(b'"pixels": "', b'"pixels": "f')
    journal.write_bytes(b"".join([lines[0], damaged, *lines[2:-1], half]))
    again = written(out, picture)
    assert again.damaged == (f"line 2 of {journal} is damaged",)
    assert (again.made, again.root) == (2, result.root)
    # Of a unit without a record nobody knows what those above it were made of.
    journal.write_bytes(b"".join(lines[1:]))
    again = written(out, picture)
    assert (again.made, again.root) == (2, result.root)
    # A line that was appended to half a line would be none.
    assert written(out, picture).made == 0


def test_a_journal_of_another_plan_counts_for_nothing(undisturbed, engine, tmp_path):
    folder, result = undisturbed[".zarr"]
    other = picture_of(engine, **SIZE, top=16)
    expected = written(tmp_path / "b" / "a.zarr", other).root
    out = tmp_path / "a.zarr"
    with job_of(out, other):
        pass
    shutil.copy(folder / "a.zarr.records" / "journal", tmp_path / "a.zarr.records" / "journal")
    shutil.copytree(folder / "a.zarr", out)
    (out / "zarr.json").unlink()
    for level in out.glob("*/zarr.json"):
        level.unlink()
    again = written(out, other)
    assert len(again.damaged) == again.made == result.units
    assert again.root == expected


def test_a_lost_top_is_made_again(finished, picture):
    out, result = finished
    top = sorted((Path(f"{out}.records") / "tops").iterdir())[1]
    data = bytearray(top.read_bytes())
    data[7] ^= 1
    top.write_bytes(data)
    again = written(out, picture)
    (damage,) = again.damaged
    assert "has lost what the level above it is made of" in damage
    assert (again.made, again.root) == (1, result.root)


def test_a_unit_of_other_pixels_takes_those_above_with_it(finished, engine, picture, monkeypatch):
    """As another processor makes them: the levels stay means of one another."""
    out, result = finished
    with job_of(out, picture) as job:
        unit = next(job.plan.units())
        job._before[unit] = job.records.done.pop(unit)
        monkeypatch.setattr(
            "locogan_keras.rendering.gigapixel.units.render",
            lambda engine, view, *_: np.zeros((*view.size, 3), np.uint8),
        )
        job.note(unit, job.make(unit))
        (above,) = [unit for units in job.missing() for unit in units]
        assert above == job.plan.above(unit)
    # Killed before that was made.
    again = written(out, picture)
    assert again.made == 1
    assert again.damaged == (f"{job.plan.said(above)} is not of what is below it now",)
    assert again.root != result.root
    levels = read_levels(out)
    assert not levels[0][:64, :64].any()
    assert not levels[2][:16, :16].any()
    np.testing.assert_array_equal(levels[0][64:], whole(picture)[64:])


def test_two_processes_do_not_work_at_one(picture, tmp_path):
    with (
        job_of(tmp_path / "a.dzi", picture),
        pytest.raises(ValueError, match="another process is making it"),
    ):
        written(tmp_path / "a.dzi", picture)


def test_a_disk_too_small_is_said_before_it_starts(finished, picture, tmp_path, monkeypatch):
    out, _ = finished
    monkeypatch.setattr(room.shutil, "disk_usage", lambda _: type("", (), {"free": 1000})())
    # What is there needs no more room.
    written(out, picture)
    with pytest.raises(ValueError, match=r"height=150, width=200.*would need about .* on the disk"):
        written(tmp_path / f"b{out.suffix}", picture)
    assert not list(tmp_path.glob("b*"))


def test_a_full_disk_is_named_and_the_same_call_goes_on(
    picture, tmp_path, monkeypatch, undisturbed
):
    left = 30

    def full(*arguments, **options):
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError(28, "No space left on device", str(arguments[0]))
        return opened(*arguments, **options)

    opened = builtins.open
    monkeypatch.setattr("locogan_keras.rendering.gigapixel.store.open", full, raising=False)
    out = tmp_path / "a.dzi"
    with pytest.raises(OSError, match=r"No space left.*the same command goes on.*a\.dzi"):
        written(out, picture)
    monkeypatch.undo()
    assert not out.exists()
    assert written(out, picture).root == undisturbed[".dzi"][1].root


def test_records_lie_beside_and_say_the_plan(finished):
    out, _ = finished
    assert {path.name for path in out.parent.iterdir()} == {
        out.name,
        f"{out.name}.records",
        *(["a_files"] if out.suffix == ".dzi" else []),
    }
    plan = json.loads((Path(f"{out}.records") / "plan.json").read_text())["plan"]
    assert plan["seeds"] == [3, 3]
