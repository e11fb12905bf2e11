"""Pictures in tiles made by many workers: Dask's, which live in this process here."""

import contextlib
import dataclasses
import os
import re
import shutil
import socket

import numpy as np
import pytest
from conftest import lively_generator
from dask import config as settings
from distributed import Client, LocalCluster
from PIL import Image
from support.commands import refusal
from support.tiled import MODEL, SUFFIXES, picture_of, small_engine, written

from locogan_keras.cli import main
from locogan_keras.engines.keras_engine import KerasEngine
from locogan_keras.engines.onnx_engine import OnnxEngine
from locogan_keras.rendering.gigapixel.cluster import connection, crew, makers, work
from locogan_keras.rendering.gigapixel.job import Job
from locogan_keras.storage.files import room

SIZE = {"height": 150, "width": 200}


@pytest.fixture(scope="module")
def picture():
    return picture_of(small_engine(), **SIZE)


@contextlib.contextmanager
def cluster_of(workers):
    """A cluster in this process, whose workers have one thread each."""
    with LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        processes=False,
        protocol="tcp://",
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        silence_logs=60,
    ) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def scheduler():
    """The address of a scheduler with two workers."""
    with cluster_of(2) as cluster:
        yield cluster.scheduler_address


def files(folder):
    """What there is, but for the journal, whose order is that of the work."""
    paths = [path for path in folder.rglob("*") if path.is_file() and path.name != "journal"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_workers_make_the_same_files_as_one_process(picture, scheduler, tmp_path, suffix):
    one, several = tmp_path / "1" / f"a{suffix}", tmp_path / "2" / f"a{suffix}"
    result = written(one, picture)
    assert written(several, picture, workers=scheduler) == result
    assert result.made == 13
    assert files(several.parent) == files(one.parent)
    # Whichever makes it, the other one goes on.
    assert written(one, picture, workers=scheduler, verify=True).made == 0
    assert written(several, picture, verify=True).made == 0


@pytest.mark.parametrize("workers", [False, True])
def test_what_is_above_a_unit_that_was_lost_is_made_again(picture, scheduler, tmp_path, workers):
    # The last of the lowest: as long as it is at hand, what is above it seems to be there.
    out = tmp_path / "a.zarr"
    result = written(out, picture)
    journal = tmp_path / "a.zarr.records" / "journal"
    lines = journal.read_bytes().splitlines(keepends=True)
    lowest = [line for line in lines if b'"unit": [0,' in line]
    journal.write_bytes(b"".join(line for line in lines if line != lowest[-1]))
    again = written(out, picture, workers=scheduler if workers else None)
    assert (again.made, again.root) == (2, result.root)


def test_what_is_damaged_is_made_again_by_workers(picture, scheduler, tmp_path):
    out = tmp_path / "a.zarr"
    result = written(out, picture)
    before = files(tmp_path)
    (out / "0" / "c" / "0" / "1" / "2").write_bytes(b"?")
    again = written(out, picture, workers=scheduler)
    assert (again.made, again.root) == (1, result.root)
    assert "the unit 0-1-2 (rows 64 to 127, columns 128 to 191) has" in again.damaged[0]
    assert files(tmp_path) == before


def test_workers_of_this_machine_do_not_give_memory_back_at_once(scheduler, monkeypatch):
    """Dask's default for workers, by which 40 % of a picture's time was the system's."""
    found = []

    def here(count):
        found.append(dict(settings.get("distributed.nanny.pre-spawn-environ")))
        return contextlib.nullcontext(scheduler)

    monkeypatch.setattr(connection, "_here", here)
    with connection.connected(2):
        pass
    assert found[0]["MALLOC_TRIM_THRESHOLD_"] is None
    assert settings.get("distributed.nanny.pre-spawn-environ")["MALLOC_TRIM_THRESHOLD_"]


def test_an_engine_elsewhere_has_the_same_bits(picture, tmp_path):
    """On one thread, of bytes: no file has to be there."""
    path = shutil.copy(MODEL, tmp_path)
    engine = OnnxEngine(path)
    make = engine.elsewhere()
    os.remove(path)
    other = make()
    assert other.description == engine.description
    inputs = [each[None] for each in picture.view.inputs(0, 0, 8, 9)]
    np.testing.assert_array_equal(other(*inputs), engine(*inputs))


def test_units_are_at_hand_at_most_twice_a_thread(picture, scheduler, tmp_path, monkeypatch):
    """So that what waits to be written has a bound, however large the picture."""
    most, at_hand = 0, set()
    submit, put = Client.submit, Job.put

    def submitting(self, function, name, unit, **options):
        nonlocal most
        at_hand.add(unit)
        most = max(most, len(at_hand))
        return submit(self, function, name, unit, **options)

    def putting(self, unit, *others):
        at_hand.discard(unit)
        return put(self, unit, *others)

    monkeypatch.setattr(Client, "submit", submitting)
    monkeypatch.setattr(Job, "put", putting)
    written(tmp_path / "a.zarr", picture, workers=scheduler)
    assert most == 4


def test_the_progress_is_all_tiles(picture, scheduler, tmp_path):
    told = []

    def progress(tiles):
        for number in tiles:
            yield number
            told.append(number)

    shown = dataclasses.replace(picture, progress=progress)
    written(tmp_path / "a.zarr", shown, workers=scheduler)
    # Of the 12 units the last row's have one row of tiles, and the last column's one column.
    assert told == list(range((2 + 2 + 1) * (2 + 2 + 2 + 1)))


def test_a_worker_of_another_kind_is_refused_by_name(picture, scheduler, tmp_path, monkeypatch):
    kinds = iter(["x86_64 avx2", "x86_64 avx2 avx512f", "x86_64 avx2"])
    monkeypatch.setattr(work, "_processor", lambda: next(kinds))
    with pytest.raises(
        ValueError,
        match=r"the worker tcp://127\.0\.0\.1:\d+ would make other pixels: the processor is "
        r"x86_64 avx2 avx512f there and x86_64 avx2 here$",
    ):
        written(tmp_path / "a.zarr", picture, workers=scheduler)
    assert not list(tmp_path.iterdir())


def test_a_worker_that_comes_later_is_checked_too(picture, scheduler, tmp_path, monkeypatch):
    monkeypatch.setattr(work.Work, "facts", lambda self, engine: {"the model": "a"})
    made = work.Work.make

    def make(self, unit):
        return dataclasses.replace(made(self, unit), maker={"the model": "b"})

    monkeypatch.setattr(work.Work, "make", make)
    out = tmp_path / "a.zarr"
    with pytest.raises(ValueError, match=r"worker tcp://.*: the model is b there and a here"):
        written(out, picture, workers=scheduler)
    monkeypatch.undo()
    assert not out.exists()
    assert written(out, picture, workers=scheduler).made == 13


def test_versions_are_compared_before_anything_travels(picture, scheduler, tmp_path, monkeypatch):
    def versions(self, packages):
        found = dict.fromkeys(packages, "2")
        other = {**found, "onnxruntime": "1", "locogan-keras": None}
        return {"client": {"packages": found}, "workers": {"tcp://w:1": {"packages": other}}}

    monkeypatch.setattr(Client, "get_versions", versions)
    monkeypatch.setattr(Client, "register_plugin", None)
    with pytest.raises(
        ValueError,
        match="the worker tcp://w:1 would make other pixels: locogan-keras is missing there and 2 "
        "here, onnxruntime is 1 there and 2 here",
    ):
        written(tmp_path / "a.zarr", picture, workers=scheduler)
    assert not list(tmp_path.iterdir())


def test_what_a_worker_cannot_make_is_one_line(picture, scheduler, tmp_path, monkeypatch):
    def finest(*_):
        raise RuntimeError("no\nroom")

    monkeypatch.setattr(work, "finest", finest)
    out = tmp_path / "a.zarr"
    with pytest.raises(OSError, match=r"0-\d-\d .*: RuntimeError: no room; .* same command"):
        written(out, picture, workers=scheduler)
    monkeypatch.undo()
    assert not out.exists()
    assert written(out, picture, workers=scheduler).made == 13


def test_workers_that_have_gone_are_not_waited_for(picture, tmp_path, monkeypatch):
    monkeypatch.setattr(crew, "_LOOK", 0.1)
    with cluster_of(1) as cluster:
        note = Job.note

        def noting(self, unit, record):
            note(self, unit, record)
            cluster.scale(0)

        monkeypatch.setattr(Job, "note", noting)
        with pytest.raises(OSError, match=r"no worker has been there for 0\.2"):
            written(tmp_path / "a.zarr", picture, workers=cluster.scheduler_address)


def test_a_scheduler_that_does_not_answer_is_named(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(connection, "ANSWER", 0.5)
    out = ["--out", tmp_path / "a.zarr"]
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        # First nobody listens, and then nobody answers.
        for _ in range(2):
            address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
            line = refusal(capfd, "render", MODEL, *out, "--scheduler", address)
            assert (
                f"error: --scheduler {address} does not answer in 0.5 s, or is none of Dask's"
                in line
            )
            silent.listen()
    assert not list(tmp_path.iterdir())


def test_tls_without_certificates_is_refused(tmp_path, monkeypatch, capfd):
    command = ["render", MODEL, "--out", tmp_path / "a.zarr", "--scheduler"]
    line = refusal(capfd, *command, "tls://127.0.0.1:9")
    assert "error: --scheduler tls://127.0.0.1:9 needs certificates, by Dask's settings" in line
    files = ("ca-file", "client.cert", "client.key")
    missing = {f"distributed.comm.tls.{each}": str(tmp_path / "no.pem") for each in files}
    with settings.set(missing):
        line = refusal(capfd, *command, "tls://127.0.0.1:9")
    assert "error: --scheduler tls://127.0.0.1:9: a file of Dask's settings" in line
    assert "is of no use" in line
    line = refusal(capfd, *command, "tcp://a..b:9")
    assert "error: --scheduler tcp://a..b:9 is no address" in line
    assert not list(tmp_path.iterdir())


def test_workers_that_do_not_start_are_one_line(tmp_path, monkeypatch, capfd):
    def failing(count):
        raise RuntimeError("Nanny failed to start.")

    monkeypatch.setattr(connection, "_here", failing)
    line = refusal(capfd, "render", MODEL, "--out", tmp_path / "a.zarr", "--workers", 2)
    assert "error: workers=2 do not start: Nanny failed to start. A program that asks for" in line
    assert not list(tmp_path.iterdir())


def test_a_scheduler_without_workers_says_how_to_begin_one(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(connection, "FIRST", 0.2)
    with cluster_of(0) as cluster:
        address = cluster.scheduler_address
        out = tmp_path / "a.zarr"
        line = refusal(capfd, "render", MODEL, "--out", out, "--scheduler", address)
    assert f"{address} has no workers, and none came in 0.2 s: dask worker {address}" in line
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["a.png", "--workers", "2"], "workers is of pictures in tiles, such as a .dzi.*a.png"),
        (["a.tif", "--scheduler", "tcp://h:1"], "workers is of pictures in tiles.*a.tif"),
        (["a.zarr", "--workers", "0"], "argument --workers: must be 1 to 1000: 0"),
        (["a.zarr", "--workers", "1001"], "argument --workers: must be 1 to 1000: 1001"),
        (["a.zarr", "--workers", "two"], "argument --workers: must be 1 to 1000: two"),
        (["a.zarr", "--scheduler", "h:8786"], "argument --scheduler: must be tcp://HOST:PORT"),
        (["a.zarr", "--scheduler", "tcp://h:0"], "argument --scheduler: must be tcp://HOST:PORT"),
        (["a.zarr", "--scheduler", "tcp://h:1", "--workers", "1"], "not allowed with argument"),
        (["t", "--wang", "1x1", "--size", "64", "--workers", "2"], "leave out --workers"),
    ],
)
def test_what_is_not_for_workers_is_refused(tmp_path, monkeypatch, capfd, arguments, reason):
    monkeypatch.chdir(tmp_path)
    assert re.search(reason, refusal(capfd, "render", MODEL, "--out", *arguments))
    assert not list(tmp_path.iterdir())


def test_a_network_of_keras_is_refused(tmp_path):
    picture = picture_of(KerasEngine(lively_generator()), **SIZE)
    with pytest.raises(ValueError, match=r"of ONNX Runtime, .*locogan export MODEL --to onnx"):
        written(tmp_path / "a.zarr", picture, workers=1)
    assert not list(tmp_path.iterdir())


def test_a_missing_extra_is_named(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(makers.importlib.util, "find_spec", lambda _: None)
    line = refusal(capfd, "render", MODEL, "--out", tmp_path / "a.zarr", "--workers", "2")
    assert "need the package distributed: pip install locogan-keras[dask]" in line
    assert not list(tmp_path.iterdir())


def test_too_little_memory_for_the_workers_is_said(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(room, "free_memory", lambda: 10**10)
    line = refusal(capfd, "render", MODEL, "--out", tmp_path / "a.zarr", "--workers", "1000")
    assert "workers=1000 would need about 400.0 GB of memory, and 10.0 GB are free" in line
    assert not list(tmp_path.iterdir())


def test_a_picture_does_not_keep_who_made_it(tmp_path):
    out = tmp_path / "a.png"
    edit = ["edit", "mix", str(MODEL), "--from", "1", "--to", "2", "--out", str(out)]
    assert main([*edit, "--height", "32", "--width", "32"]) == 0
    with Image.open(out) as picture:
        assert "workers" not in picture.text["locogan"]
