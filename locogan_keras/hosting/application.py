"""The server's answers, as an ASGI application: what any such server calls for each request."""

import asyncio
import re
import time
from typing import NamedTuple

from locogan_keras.engines.servers.server_requests import ServerError
from locogan_keras.hosting.bounded_queue import BoundedQueue, Full
from locogan_keras.hosting.metrics import TYPE, Metrics
from locogan_keras.hosting.tiles import NoTile, tile_at
from locogan_keras.storage.failures import printable

_TEXT = "text/plain; charset=utf-8"
# A year: a tile's address has all that it depends on, but for the model and the version.
_FOR_GOOD = "public, max-age=31536000, immutable"
# A page's script and style are its own, and it asks nobody but this server.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'"
)

# Counted where nobody hears it: the client has left. As of nginx.
_LEFT = 499


class Answer(NamedTuple):
    """An answer: its status, body (bytes, or None where it is not made), and headers."""

    status: int
    body: bytes | None = b""
    headers: tuple = ()


class Application:
    """The answers to GET and HEAD of tiles, the page, `/healthz` and `/metrics`.

    Args:
        canvas: The `Canvas`.
        page: The page at `/`, bytes.
        limit: Of the queue: the area of the tiles that wait and are made, in tiles of full size.
        report: Called with a line about each request; None for none.
        complain: Called with a line about each tile that the model failed to give.

    Call arguments:
        scope, receive, send: ASGI 3's, of the protocol `http`.
    """

    def __init__(self, canvas, page, limit, report=None, complain=print):
        self._canvas, self._page = canvas, page
        self._report, self._complain = report, complain
        self._metrics = Metrics()
        self._queue = BoundedQueue(canvas.png, limit, canvas.at_once)

    async def __call__(self, scope, receive, send):
        begun = time.perf_counter()
        method, path = scope["method"], scope["path"]
        try:
            answer, is_made = await self._answer(scope, receive)
        except asyncio.CancelledError:
            # The server ends, and does not wait any longer.
            answer, is_made = _said(503, "the server ends"), False
        seconds = time.perf_counter() - begun
        # Before it is sent: who has the answer finds it counted.
        self._metrics.count(answer.status, seconds if is_made else None)
        if self._report:
            host = (scope.get("client") or "-")[0]
            size = len(answer.body or b"")
            line = f"{host} {method} {path} {answer.status} {size} bytes {seconds:.3f} s"
            self._report(printable(line))
        headers = [*answer.headers, ("X-Content-Type-Options", "nosniff")]
        if answer.body is not None and answer.status != 304:
            headers.append(("Content-Length", str(len(answer.body))))
        raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
        await send({"type": "http.response.start", "status": answer.status, "headers": raw})
        body = b"" if method == "HEAD" else answer.body or b""
        await send({"type": "http.response.body", "body": body})

    def close(self):
        """The queue ended."""
        self._queue.close()

    async def _answer(self, scope, receive):
        """The `Answer`, and whether it has a tile that was made for it."""
        method, path = scope["method"], scope["path"]
        # As it was written: an escaped letter would be another address of the same tile.
        path = scope.get("raw_path", path.encode()).decode("latin-1")
        path = _origin_form(path)
        if method not in ("GET", "HEAD"):
            return _said(405, "GET and HEAD are answered", ("Allow", "GET, HEAD")), False
        try:
            tile = tile_at(path)
            if tile is not None:
                self._canvas.window(tile)
                return await self._tile(tile, scope, receive)
        except ValueError as error:
            return _said(400, str(error)), False
        except NoTile as error:
            return _said(404, str(error)), False
        if path == "/":
            policy = ("Content-Security-Policy", _POLICY)
            kinds = ("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-cache")
            return Answer(200, self._page, (*kinds, policy)), False
        if path == "/healthz":
            return _said(200, "ok"), False
        if path == "/metrics":
            return _said(200, self._metrics.text(self._queue.length), kind=TYPE), False
        return _said(404, "there are /, /SEED/Z/X/Y.png, /healthz and /metrics"), False

    async def _tile(self, tile, scope, receive):
        tag = self._canvas.tag(tile)
        known = ("ETag", tag), ("Cache-Control", _FOR_GOOD)
        if _has(tag, scope["headers"]):
            return Answer(304, b"", known), False
        known = (("Content-Type", "image/png"), *known)
        if scope["method"] == "HEAD":
            # Its length is only known of one that is made.
            return Answer(200, None, known), False
        left = asyncio.ensure_future(_left(receive))
        try:
            made = await self._queue.made(tile, tile.area, left)
            return (Answer(200, made, known), True) if made else (Answer(_LEFT), False)
        except Full as full:
            wait = ("Retry-After", str(full.seconds))
            return _said(503, f"busy: again in {full.seconds} seconds", wait), False
        except Exception as error:  # noqa: BLE001 - whatever a runtime raises is the model's fault
            # What the model's files are called is nobody's business.
            self._complain(printable(f"{tile}: {error}"))
            status = 502 if isinstance(error, ServerError) else 500
            return _said(status, "the model did not give this tile"), False
        finally:
            left.cancel()


def _origin_form(path):
    """The path of a request's target, which may name this server, too (RFC 9112, 3.2.2)."""
    return re.sub("^https?://[^/]+/?", "/", path, flags=re.IGNORECASE)


async def _left(receive):
    """A wait for the client to leave; what it has sent is nothing that is asked for."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _said(status, text, *headers, kind=_TEXT):
    """An answer of text, which no cache keeps."""
    text = text if text.endswith("\n") else f"{text}\n"
    own = (("Content-Type", kind), ("Cache-Control", "no-store"))
    return Answer(status, text.encode(), (*own, *headers))


def _has(tag, headers):
    """Whether a request says that it has what an entity tag names (RFC 9110, 13.1.2)."""
    given = b",".join(value for name, value in headers if name == b"if-none-match").decode(
        "latin-1"
    )
    opaque = tag.removeprefix("W/")
    return any(
        each.strip() == "*" or each.strip().removeprefix("W/") == opaque
        for each in given.split(",")
    )
