"""Requests to the tile server's application, as an ASGI server would hand them on."""

import asyncio
import types
from urllib.parse import unquote


async def asked(application, path, method="GET", left=None, **headers):
    """An answer: its `status`, `headers` by small name and `body`.

    Args:
        left: An event that is set when the client leaves; it stays unless given.
    """
    raw = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
    scope = {"type": "http", "method": method, "path": unquote(path), "headers": raw}
    scope["raw_path"] = path.encode()
    scope["client"] = ("192.0.2.1", 5)
    received, sent = [{"type": "http.request", "body": b"", "more_body": False}], []

    async def receive():
        if received:
            return received.pop()
        await (left or asyncio.Event()).wait()
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    await application(scope, receive, send)
    start, *bodies = sent
    return types.SimpleNamespace(
        status=start["status"],
        headers={name.decode(): value.decode() for name, value in start["headers"]},
        body=b"".join(each["body"] for each in bodies),
    )


def ask(application, path, method="GET", **headers):
    """The same of one request by itself."""
    return asyncio.run(asked(application, path, method, **headers))
