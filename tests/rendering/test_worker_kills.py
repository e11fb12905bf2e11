"""Processes that make one picture together, killed at random moments; and a disk that is full."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from conftest import PATIENCE
from distributed import LocalCluster
from support.commands import refusal
from support.tiled import MODEL, SUFFIXES, picture_of, small_engine, written

TESTS = str(Path(__file__).parents[1])
SIZE = {"height": 640, "width": 960}
# Each kind of end so many times; more by hand.
KILLS = int(os.environ.get("LOCOGAN_KILLS", "2"))
_MASTER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from support.tiled import picture_of, small_engine, written
if __name__ == "__main__":
    picture = picture_of(small_engine(), height=640, width=960)
    result = written(Path(sys.argv[1]), picture, workers=int(sys.argv[3]))
    print(result.root, result.made, flush=True)
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """The root digest of the undisturbed picture, by one process."""
    out = tmp_path_factory.mktemp("whole") / "a.zarr"
    return written(out, picture_of(small_engine(), **SIZE)).root


@contextlib.contextmanager
def begun(tmp_path, workers=2):
    """A process with workers, which has noted a unit: its `Popen` and their numbers."""
    program = tmp_path / "master.py"
    program.write_text(_MASTER)
    out = tmp_path / "a.zarr"
    command = [sys.executable, str(program), str(out), TESTS, str(workers)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        journal = Path(f"{out}.records") / "journal"
        before = journal.stat().st_size if journal.exists() else 0
        deadline = time.monotonic() + PATIENCE
        while process.poll() is None and not (journal.exists() and journal.stat().st_size > before):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        try:
            yield process, workers_of(process)
        finally:
            process.kill()


def workers_of(process):
    """The numbers of the processes that make units, without what looks after shared resources."""
    with contextlib.suppress(psutil.NoSuchProcess):
        children = psutil.Process(process.pid).children(recursive=True)
        return [child.pid for child in children if "spawn_main" in " ".join(child.cmdline())]
    return []


def have_ended(workers):
    """Whether processes end by themselves, soon."""
    deadline = time.monotonic() + PATIENCE
    while any(map(psutil.pid_exists, workers)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not any(map(psutil.pid_exists, workers))


def ended(process):
    out, error = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, error.decode()
    return out.decode().split()


@pytest.mark.slow
def test_a_worker_that_is_killed_costs_nothing(tmp_path, root, rng):
    kills = 0
    for number in range(KILLS):
        folder = tmp_path / str(number)
        folder.mkdir()
        with begun(folder) as (process, workers):
            assert len(workers) == 2
            time.sleep(float(rng.uniform(0, 0.6)))
            kills += process.poll() is None
            with contextlib.suppress(ProcessLookupError):
                os.kill(workers[number % 2], signal.SIGKILL)
            # All units, each once: 150, 12 above them, and one.
            assert ended(process) == [root, "163"]
    # At work, and not when all was done.
    assert kills
    print(kills, "kills of workers")


@pytest.mark.slow
def test_a_master_that_is_killed_takes_its_workers_with_it(tmp_path, root, rng):
    kills = 0
    for _ in range(KILLS):
        with begun(tmp_path) as (process, workers):
            time.sleep(float(rng.uniform(0, 0.3)))
            kills += process.poll() is None
            process.kill()
            process.communicate()
        assert have_ended(workers)
    assert kills
    print(kills, "kills of masters")
    with begun(tmp_path) as (process, _):
        assert ended(process)[0] == root


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_all_is_one_line(tmp_path, number):
    """As Ctrl-C is to a terminal's whole group."""
    command = [sys.executable, "-m", "locogan_keras", "render", MODEL, "--workers", "2"]
    command += ["--out", "a.zarr", "--height", "8192", "--width", "8192", "--periodic", "none"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=tmp_path, start_new_session=True, **pipes) as process:
        deadline = time.monotonic() + PATIENCE
        # Made when the workers are there.
        while not (tmp_path / "a.zarr.records" / "plan.json").exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(0.5)
        workers = workers_of(process)
        assert len(workers) == 2
        os.killpg(process.pid, number)
        out, error = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (128 + number, "")
    assert re.fullmatch(
        r"locogan: interrupted; \d of 5 units of a.zarr are there, and the same command goes on\n",
        error,
    )
    assert have_ended(workers)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [[], ["--workers", "2"]])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_disk_that_is_full_is_one_line_and_the_same_command_goes_on(tmp_path, suffix, workers):
    """A real one, of 256 KB and then 4 MB, where this may be mounted."""
    disk = tmp_path / "disk"
    disk.mkdir()

    def mount(options):
        return subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", disk]).returncode

    if not shutil.which("mount") or mount("size=256k") != 0:
        pytest.skip("no file system may be mounted here")
    try:
        out = disk / f"a{suffix}"
        command = [sys.executable, "-m", "locogan_keras", "render", MODEL, "--out", out]
        command += ["--height", "500", "--width", "700", "--periodic", "none"]
        asked = subprocess.run([*command, *workers], capture_output=True, text=True)
        # What is estimated is refused at once: something else fills the disk meanwhile.
        assert asked.returncode == 2
        assert re.search("would need about .* on the disk", asked.stderr)
        assert not list(disk.iterdir())
        assert mount("remount,size=4m") == 0
        full = """
import sys
from locogan_keras.storage.files import room
room.shutil.disk_usage = lambda _: type("", (), {"free": 10**9})()
from locogan_keras.cli import main
if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
"""
        program = tmp_path / "full.py"
        program.write_text(full)
        (disk / "other").write_bytes(bytes(2**22 - 3 * 2**16))
        result = subprocess.run(
            [sys.executable, program, *command[3:], *workers], capture_output=True, text=True
        )
        assert result.returncode == 2
        assert result.stderr == (
            f"locogan: error: {out}: No space left on device; what is there stays, and the same "
            "command goes on\n"
        )
        assert not out.exists() or suffix == ".zarr"
        assert not (out / "zarr.json").exists()
        (disk / "other").unlink()
        done = subprocess.run([*command, *workers], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert "Root digest" in done.stdout
        whole = tmp_path / f"a{suffix}"
        command[command.index(out)] = whole
        other = subprocess.run(command, capture_output=True, text=True)
        assert done.stdout.split("digest of its pixels: ")[1].split()[0] in other.stdout
    finally:
        subprocess.run(["umount", disk])


@pytest.mark.slow
@pytest.mark.parametrize("package", ["locogan_keras", "onnxruntime"])
def test_a_worker_of_another_version_is_refused_by_name(tmp_path, capfd, package):
    name = package.replace("_", "-")
    facts = tmp_path / "packages" / f"{package}-0.0.1.dist-info"
    facts.mkdir(parents=True)
    (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.0.1\n")
    cluster = LocalCluster(n_workers=0, host="127.0.0.1", dashboard_address="127.0.0.1:0")
    with cluster:
        address = cluster.scheduler_address
        command = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--no-nanny"]
        command += ["--nthreads", "1", "--no-dashboard", "--local-directory", tmp_path]
        environment = {**os.environ, "PYTHONPATH": str(tmp_path / "packages")}
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        with subprocess.Popen(command, cwd=tmp_path, env=environment, **quiet) as worker:
            try:
                out = tmp_path / "a.zarr"
                line = refusal(capfd, "render", MODEL, "--out", out, "--scheduler", address)
            finally:
                worker.kill()
    assert re.search(rf"the worker tcp://.* would make other pixels: {name} is 0.0.1 there", line)
    assert not out.exists()


@pytest.mark.slow
def test_a_unit_that_kills_its_workers_is_one_line(tmp_path):
    """As too little memory does: Dask tries it on three more, and then says no."""
    program = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from support.deadly import DeadlyEngine
from support.tiled import MODEL, picture_of, written
if __name__ == "__main__":
    out = Path(sys.argv[1])
    try:
        written(out, picture_of(DeadlyEngine(MODEL), height=150, width=200), workers=1)
    except OSError as error:
        print(error.filename == str(out), error.strerror)
"""
    (tmp_path / "master.py").write_text(program)
    command = [sys.executable, tmp_path / "master.py", tmp_path / "a.zarr", TESTS]
    result = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    assert re.fullmatch(
        r"True the unit 0-\d-\d .* was at hand in several workers that have died, one by one; what "
        r"is there stays, and the same command goes on\n",
        result.stdout,
    ), result
    assert not (tmp_path / "a.zarr").exists()
