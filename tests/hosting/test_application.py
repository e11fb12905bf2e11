"""The server's answers: statuses, headers, what is rendered and what is refused."""

import asyncio
import re
import threading
import time

import pytest
from conftest import PATIENCE
from prometheus_client.parser import text_string_to_metric_families
from support.requests import ask, asked
from support.tiled import small_engine

from locogan_keras.engines.servers.server_requests import ServerError
from locogan_keras.hosting import bounded_queue
from locogan_keras.hosting.application import Application
from locogan_keras.hosting.page import page
from locogan_keras.hosting.tiles import Canvas, Tile

TILE = "/7/0/-3/12.png"


class Slow(Canvas):
    """A canvas whose tiles wait until they are let go, and that lists those that it was asked for.

    Args:
        fails: What is raised in the place of a tile, if anything.
    """

    def __init__(self, fails=None):
        super().__init__(small_engine())
        self.at_once = 1
        self.fails, self.let_go, self.made = fails, threading.Event(), []

    def png(self, tile):
        self.made.append(tile)
        if not self.let_go.wait(PATIENCE):
            raise TimeoutError
        if self.fails:
            raise self.fails
        return str(tile).encode()


@pytest.fixture
def made():
    """An application at rest whose tiles are made at once, and the list of those that were."""
    canvas = Slow()
    canvas.let_go.set()
    application = Application(canvas, page("<gravel>", canvas), 16)
    yield application, canvas.made
    application.close()


@pytest.fixture
def slow():
    """The same of a canvas that waits, with a queue of 16."""
    canvas = Slow()
    application = Application(canvas, b"", 16)
    yield application, canvas
    canvas.let_go.set()
    application.close()


def metrics(application):
    text = ask(application, "/metrics").body.decode()
    families = text_string_to_metric_families(text)
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def test_a_tile_is_a_png_to_be_kept_for_good():
    canvas = Canvas(small_engine())
    application = Application(canvas, b"", 16)
    answer = ask(application, TILE)
    application.close()
    assert answer.status == 200
    assert answer.body == canvas.png(Tile(7, 0, -3, 12))
    assert answer.headers == {
        "content-type": "image/png",
        "content-length": str(len(answer.body)),
        "cache-control": "public, max-age=31536000, immutable",
        "etag": canvas.tag(Tile(7, 0, -3, 12)),
        "x-content-type-options": "nosniff",
    }


@pytest.mark.parametrize("server", ["http://tiles.example:8080", "HTTPS://[::1]:8080"])
def test_a_target_may_name_the_server_as_to_a_proxy(made, server):
    application, _ = made
    assert ask(application, f"{server}{TILE}").body == ask(application, TILE).body
    assert ask(application, f"{server}/healthz").body == b"ok\n"
    assert ask(application, server).headers["content-type"].startswith("text/html")
    assert ask(application, f"/{server}{TILE}").status == 404


@pytest.mark.parametrize("form", ["{}", '"a", {}', '{},W/"b"', "*", " {} ", "opaque"])
def test_who_has_a_tile_gets_none(made, form):
    application, tiles = made
    tag = ask(application, TILE, "HEAD").headers["etag"]
    given = tag.removeprefix("W/") if form == "opaque" else form.format(tag)
    answer = ask(application, TILE, if_none_match=given)
    assert (answer.status, answer.body, tiles) == (304, b"", [])
    assert answer.headers["etag"] == tag
    assert answer.headers["cache-control"].endswith("immutable")


@pytest.mark.parametrize("given", ["", '"a"', 'W/""', "a, b", "\xff"])
def test_who_has_another_tile_gets_it(made, given):
    application, tiles = made
    assert ask(application, TILE, if_none_match=given).status == 200
    assert tiles == [Tile(7, 0, -3, 12)]


def test_head_has_the_headers_and_makes_nothing(made):
    application, tiles = made
    answer = ask(application, TILE, "HEAD")
    assert (answer.status, answer.body, tiles) == (200, b"", [])
    assert {"etag", "cache-control", "content-type"} <= answer.headers.keys()
    page_ = ask(application, "/", "HEAD")
    assert page_.body == b""
    assert page_.headers["content-length"] == str(len(ask(application, "/").body))


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/7/3/0/0.png", 404, "z, the levels out, must be 0 to 2. Received: z=3"),
        ("/7/0/134217728/0.png", 404, "x is beyond the canvas of .*x=134217728"),
        ("/a/0/0/0.png", 400, "seed must be a whole number"),
        ("/4294967296/0/0/0.png", 400, "seed must be 0 to 4294967295"),
        (f"/1/0/{'9' * 10**5}/0.png", 400, "x must be a whole number"),
        ("/1/0/../0.png", 400, "x must be a whole number"),
        ("/0%2F0/0/0.png", 404, "there are /"),
        ("/%30/0/0/0.png", 400, "seed must be a whole number"),
        ("/nothing", 404, "there are /, /SEED/Z/X/Y.png, /healthz and /metrics"),
        ("/../../etc/passwd", 404, "there are /"),
        ("", 404, "there are /"),
        ("//", 404, "there are /"),
        ("/\x1b[31m", 404, "there are /"),
    ],
)
def test_what_is_not_there_is_said_in_a_line_and_nothing_is_made(made, path, status, said):
    application, tiles = made
    answer = ask(application, path, if_none_match="*")
    assert (answer.status, tiles) == (status, [])
    (line,) = answer.body.decode().splitlines()
    assert re.match(said, line)
    assert len(line) < 100
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "get", "A" * 1000])
def test_other_methods_are_refused(made, method):
    answer = ask(made[0], TILE, method)
    assert (answer.status, answer.headers["allow"], made[1]) == (405, "GET, HEAD", [])


def test_beyond_the_queue_it_says_when_to_come_again(slow):
    application, canvas = slow

    async def all_of_them():
        first = asyncio.ensure_future(asked(application, "/1/2/0/0.png"))
        await asyncio.sleep(0)
        refused = [await asked(application, f"/1/{z}/5/0.png") for z in (0, 2)]
        known = await asked(application, "/1/0/5/0.png", if_none_match="*")
        health = await asked(application, "/healthz")
        queue = await asked(application, "/metrics")
        canvas.let_go.set()
        return refused, known, health, queue, await first, await asked(application, "/1/0/5/0.png")

    refused, known, health, queue, first, following = asyncio.run(all_of_them())
    for answer in refused:
        assert answer.status == 503
        assert 1 <= int(answer.headers["retry-after"]) <= 60
        assert answer.headers["cache-control"] == "no-store"
    assert (known.status, health.status, health.body) == (304, 200, b"ok\n")
    assert b"\nlocogan_queue_tiles 16\n" in queue.body
    assert (first.status, following.status) == (200, 200)
    assert canvas.made == [Tile(1, 2, 0, 0), Tile(1, 0, 5, 0)]


def test_equal_requests_are_one_piece_of_work(slow):
    application, canvas = slow

    async def all_of_them():
        # Of level 2: two of them would not fit.
        work = [asyncio.ensure_future(asked(application, "/1/2/0/0.png")) for _ in range(5)]
        await asyncio.sleep(0.01)
        canvas.let_go.set()
        return await asyncio.gather(*work)

    answers = asyncio.run(all_of_them())
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1
    assert canvas.made == [Tile(1, 2, 0, 0)]


def test_for_who_has_left_nothing_is_begun(slow):
    application, canvas = slow

    async def all_of_them():
        left = asyncio.Event()

        def begin(path, **how):
            return asyncio.ensure_future(asked(application, path, **how))

        first = begin("/1/1/0/0.png")
        await asyncio.sleep(0.01)
        gone = begin("/1/1/1/0.png", left=left)
        # Of two that ask for one, one stays.
        shared = begin("/1/1/2/0.png", left=left), begin("/1/1/2/0.png")
        await asyncio.sleep(0.01)
        left.set()
        await asyncio.sleep(0.01)
        room = begin("/1/1/3/0.png")
        # Asked for again by somebody else.
        again = begin("/1/1/1/0.png")
        await asyncio.sleep(0.01)
        canvas.let_go.set()
        return [(await each).status for each in (first, gone, *shared, room, again)]

    assert asyncio.run(all_of_them()) == [200, 499, 499, 200, 200, 200]
    assert [tile.x for tile in canvas.made] == [0, 2, 3, 1]
    assert metrics(application)["locogan_queue_tiles",] == 0


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (ValueError("MODEL /home/me/secret.onnx does not run"), 500),
        (MemoryError(), 500),
        (RuntimeError("of the runtime"), 500),
        (ServerError("http://inside/v1/models/a", "is silent\x1b[31m"), 502),
    ],
)
def test_a_model_that_fails_is_said_to_who_serves_it(failure, status):
    canvas, said = Slow(failure), []
    canvas.let_go.set()
    application = Application(canvas, b"", 16, complain=said.append)
    answers = [ask(application, TILE) for _ in range(2)]
    assert [answer.status for answer in answers] == [status] * 2
    assert {answer.body for answer in answers} == {b"the model did not give this tile\n"}
    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}
    assert len(said) == 2
    assert said[0].startswith("Tile(seed=7, z=0, x=-3, y=12): ")
    assert said[0].isprintable()
    assert metrics(application)["locogan_queue_tiles",] == 0
    application.close()


def test_the_end_does_not_wait_for_a_model_that_is_silent(monkeypatch):
    monkeypatch.setattr(bounded_queue, "_LAST_WAIT", 0.1)
    canvas = Slow()
    application = Application(canvas, b"", 16)

    async def ending():
        asking = [asyncio.ensure_future(asked(application, f"/1/0/{x}/0.png")) for x in (0, 1)]
        while not canvas.made:
            await asyncio.sleep(0.01)
        # As uvicorn does when its grace is over.
        for each in asking:
            each.cancel()
        return [(await each).status for each in asking]

    assert asyncio.run(ending()) == [503, 503]
    begun = time.perf_counter()
    application.close()
    assert time.perf_counter() - begun < PATIENCE / 4
    canvas.let_go.set()
    assert len(canvas.made) == 1


def test_a_title_that_is_no_text_is_a_title():
    canvas = Slow()
    assert b"<title>caf?.onnx</title>" in page("caf\udce9.onnx", canvas)


def test_prometheus_reads_what_was_counted(made):
    application, _ = made
    for path in (TILE, "/1/2/0/0.png", "/", "/nothing", "/a/0/0/0.png"):
        ask(application, path)
    ask(application, TILE, if_none_match="*")
    counted = metrics(application)
    requests = {
        status: counted["locogan_requests_total", status] for status in ("200", "304", "400", "404")
    }
    assert requests == {"200": 3, "304": 1, "400": 1, "404": 1}
    assert counted["locogan_tile_seconds_count",] == 2
    buckets = [value for key, value in counted.items() if key[0] == "locogan_tile_seconds_bucket"]
    assert buckets == sorted(buckets)
    assert counted["locogan_tile_seconds_bucket", "+Inf"] == 2
    assert 0 < counted["locogan_tile_seconds_sum",] < PATIENCE
    assert (
        ask(application, "/metrics").headers["content-type"].startswith("text/plain; version=0.0.4")
    )


def test_the_page_is_one_file_that_asks_nobody_else(made):
    answer = ask(made[0], "/")
    text = answer.body.decode()
    assert "<title>&lt;gravel&gt;</title>" in text
    assert '"size": [0, 0]' in text
    assert not re.findall(r"https?:|src=|@import|url\(", text)
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-cache"


def test_a_line_about_each_request_has_no_letters_for_the_terminal():
    canvas, said = Slow(), []
    application = Application(canvas, b"", 16, report=said.append)
    ask(application, "/\x1b[31m\n")
    application.close()
    (line,) = said
    assert re.fullmatch(r"192\.0\.2\.1 GET /\\x1b\[31m\\n 404 \d+ bytes \d\.\d{3} s", line)


def test_tiles_are_made_by_as_many_threads_as_the_engine_has_use_for():
    canvas = Slow()
    canvas.at_once = 2
    application = Application(canvas, b"", 16)

    async def three():
        work = [asyncio.ensure_future(asked(application, f"/1/0/{x}/0.png")) for x in range(3)]
        while len(canvas.made) < 2:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        begun = list(canvas.made)
        canvas.let_go.set()
        return begun, await asyncio.gather(*work)

    begun, answers = asyncio.run(three())
    application.close()
    assert sorted(begun) == [Tile(1, 0, 0, 0), Tile(1, 0, 1, 0)]
    assert [answer.status for answer in answers] == [200, 200, 200]
