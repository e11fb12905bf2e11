"""`locogan serve` as a process: under load, at its end, and what it refuses."""

import contextlib
import itertools
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time

import psutil
import pytest
from conftest import PATIENCE
from support.commands import refusal
from support.tile_server import COMMAND, Client, serving
from support.tiled import MODEL, small_engine

from locogan_keras.cli import main
from locogan_keras.hosting import server
from locogan_keras.hosting.tiles import Canvas, Tile

# Of the load; LOAD_SECONDS=60 is what README tells of.
SECONDS = float(os.environ.get("LOAD_SECONDS", "5"))
CLIENTS = 8


def path_of(tile):
    return "/{}/{}/{}/{}.png".format(*tile)


def mixed_requests():
    """100 requests: arguments of `Client.ask`, the status, and the bytes of a tile that is."""
    rng = random.Random(0)
    canvas = Canvas(small_engine())
    far = 2**27 - 2**12 - 8
    places = [(0, 0), (-1, 4), (far, -far), (2**20, -3)]
    tiles = [
        Tile(rng.randrange(2**32), z, x >> z, y >> z)
        for z, count in ((0, 12), (1, 3), (2, 1))
        for x, y in places
        for _ in range(count)
    ]
    requests = [((path_of(tile),), {}, 200, canvas.png(tile)) for tile in tiles]
    named = f"http://tiles.example{path_of(tiles[0])}"
    requests += [((named,), {}, 200, requests[0][3])]
    tags = {path_of(tile): canvas.tag(tile) for tile in tiles}
    requests += [((path,), {"If_None_Match": tag}, 304, b"") for path, tag in [*tags.items()][:12]]
    wrong = {"/7/3/0/0.png": 404, "/7/0/134217728/0.png": 404, "/a/0/0/0.png": 400, "/x": 404}
    wrong |= {"/1/0/-0/0.png": 400, "/4294967296/0/0/0.png": 400}
    requests += [((path,), {}, status, None) for path, status in wrong.items()]
    requests += [
        (("/1/0/0/0.png", "POST"), {}, 405, None),
        (("/1/0/0/0.png", "HEAD"), {}, 200, b""),
    ]
    every = [*requests, *itertools.repeat((("/healthz",), {}, 200, b"ok\n"), 100)][:98]
    return [*every, (("/",), {}, 200, None), (("/metrics",), {}, 200, None)]


@pytest.mark.slow
def test_under_load_no_byte_is_wrong_and_memory_is_bounded():
    requests = mixed_requests()
    assert len(requests) == 100
    counts, faults, lock = {}, [], threading.Lock()

    def load(number, port, until):
        rng = random.Random(number)
        with Client(port) as client:
            while time.monotonic() < until:
                arguments, headers, status, body = rng.choice(requests)
                found, answered, given = client.ask(*arguments, **headers)
                is_busy = found == 503 and 1 <= int(answered["Retry-After"]) <= 60 and given
                is_right = found == status and body in (None, given)
                with lock:
                    counts[found] = counts.get(found, 0) + 1
                    if not (is_right or (is_busy and status == 200)):
                        faults.append((arguments, headers, found, given[:100]))

    with serving("--queue", "20") as served, Client(served.port) as client:
        memory = psutil.Process(served.process.pid)
        # What is allocated once has been.
        for arguments, headers, status, body in requests[::5]:
            found, _, given = client.ask(*arguments, **headers)
            assert (found, body in (None, given)) == (status, True)
        before, most = memory.memory_info().rss, 0
        until = time.monotonic() + SECONDS
        threads = [
            threading.Thread(target=load, args=(number, served.port, until))
            for number in range(CLIENTS)
        ]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            most = max(most, memory.memory_info().rss)
            time.sleep(0.05)
        served.process.send_signal(signal.SIGTERM)
        _, said = served.process.communicate(timeout=PATIENCE)
    print(f"{SECONDS} s: {counts}, {before / 1e6:.0f} MB before, {most / 1e6:.0f} MB at most")
    assert not faults
    assert counts.keys() >= {200, 503}
    assert most < before + 50e6
    assert (served.process.returncode, said) == (0, "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_after_what_was_begun(number):
    canvas = Canvas(small_engine())
    tiles = [Tile(seed, 1, 0, 0) for seed in range(CLIENTS)]
    found = {}
    # Slow enough for all of them to come before the first is made.
    slow = """
import sys, time
from locogan_keras.cli import main
from locogan_keras.hosting import tiles

png = tiles.Canvas.png
tiles.Canvas.png = lambda self, tile: time.sleep(1) or png(self, tile)
sys.exit(main())
"""

    def get(tile):
        with Client(served.port) as client:
            found[tile] = client.ask(path_of(tile))

    with (
        serving("--verbose", command=[sys.executable, "-c", slow, *COMMAND[3:]]) as served,
        Client(served.port) as idle,
        Client(served.port) as asking,
    ):
        assert idle.ask("/healthz")[0] == 200
        threads = [threading.Thread(target=get, args=(tile,)) for tile in tiles]
        for thread in threads:
            thread.start()
        while b"_queue_tiles 32\n" not in asking.ask("/metrics")[2]:
            time.sleep(0.001)
        served.process.send_signal(number)
        _, said = served.process.communicate(timeout=PATIENCE)
        for thread in threads:
            thread.join()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", served.port))
    assert served.process.returncode == 0
    assert {tile: answer[2] for tile, answer in found.items()} == {
        tile: canvas.png(tile) for tile in tiles
    }
    lines = [line for line in said.splitlines() if "metrics" not in line and "health" not in line]
    assert len(lines) == CLIENTS
    for line in lines:
        assert re.fullmatch(r"127\.0\.0\.1 GET /\d/1/0/0\.png 200 \d+ bytes \d+\.\d{3} s", line)


def test_a_second_signal_ends_it_at_once():
    stuck = """
import sys, time
from locogan_keras.cli import main
from locogan_keras.hosting import tiles

tiles.Canvas.png = lambda self, tile: time.sleep(600 * tile.seed)
sys.exit(main())
"""
    with (
        serving(command=[sys.executable, "-c", stuck, *COMMAND[3:]]) as served,
        Client(served.port) as client,
        socket.create_connection(("127.0.0.1", served.port)) as asking,
    ):
        asking.sendall(b"GET /1/0/0/0.png HTTP/1.1\r\nHost: a\r\n\r\n")
        while b"_queue_tiles 1\n" not in client.ask("/metrics")[2]:
            time.sleep(0.01)
        served.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(ConnectionError):
            while True:
                socket.create_connection(("127.0.0.1", served.port)).close()
        assert served.process.poll() is None
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(PATIENCE) == 128 + signal.SIGTERM


def test_a_dry_run_says_what_would_be_served(capsys):
    assert main(["serve", str(MODEL), "--port", "0", "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert re.fullmatch(
        r"http://127\.0\.0\.1:\d+/ would serve .*torus\.onnx \(height endless, width endless\)\. "
        r"Next: the same without --dry-run\n",
        said,
    )


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--port", "65536"], "argument --port: must be 0 to 65535: 65536"),
        (["--port", "-1"], "argument --port: must be 0 to 65535: -1"),
        (["--port", "٣"], "argument --port: must be 0 to 65535"),
        (["--queue", "15"], "argument --queue: must be 16 to 65536: 15"),
        (["--host", ""], "--host is empty; 0.0.0.0 is every address"),
        (
            ["--host", "192.0.2.1"],
            "--host 192.0.2.1 --port 8080 cannot be served at: Cannot assign",
        ),
        (["--host", "a b"], "--host a b --port 8080 cannot be served at"),
        (["--host", "a\0b"], "cannot be served at: "),
        (["--host", "é" * 300], "cannot be served at: "),
        (["--host", "\udcff"], "cannot be served at: "),
    ],
)
def test_an_address_that_cannot_be_is_refused(capfd, options, reason):
    assert re.search(reason, refusal(capfd, "serve", MODEL, *options))


def test_a_port_of_another_is_refused_before_the_model_is_loaded(capfd):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        line = refusal(capfd, "serve", "missing.onnx", "--port", port)
    assert f"--host 127.0.0.1 --port {port} cannot be served at: Address already in use" in line


def test_a_port_of_the_system_is_refused(capfd, monkeypatch):
    def refused(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(server.socket, "create_server", refused)
    line = refusal(capfd, "serve", MODEL, "--port", "80")
    assert "--host 127.0.0.1 --port 80 cannot be served at: Permission denied" in line


def test_models_that_give_no_tile_are_refused(capfd, tmp_path):
    options = ["--port", "0", "--dry-run"]
    assert "MODEL missing.onnx does not exist" in refusal(capfd, "serve", "missing.onnx", *options)
    damaged = tmp_path / "a.onnx"
    content = bytearray(MODEL.read_bytes())
    damaged.write_bytes(content[: len(content) // 2])
    assert f"MODEL {damaged} cannot be loaded" in refusal(capfd, "serve", damaged, *options)


def test_a_library_that_is_missing_is_named(capfd, monkeypatch):
    monkeypatch.setattr(server.importlib.util, "find_spec", lambda name: None)
    line = refusal(capfd, "serve", MODEL)
    assert line == ("locogan: error: locogan serve needs the package uvicorn: pip install uvicorn")


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_an_address_of_version_6_has_its_brackets():
    try:
        bound = server.bound_socket("::1", 0)
    except ValueError:
        pytest.skip("this machine has no IPv6")
    with bound:
        assert re.fullmatch(r"http://\[::1\]:\d+/", server.address_of(bound))


def test_nothing_of_tensorflow_is_loaded():
    code = (
        "import sys; from locogan_keras.cli import main; "
        "main(['serve', sys.argv[1], '--port', '0', '--dry-run']); "
        "print({'tensorflow', 'keras'} & set(sys.modules))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, str(MODEL)], capture_output=True, text=True, timeout=PATIENCE
    )
    assert result.stdout.endswith("\nset()\n")
