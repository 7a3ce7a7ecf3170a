"""What stands before every page: headers for every answer, and limits on what requests bring, how slowly, how many at once.

Plain ASGI: nothing after it can forget a header, errors and streams included.
"""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 65_536
BODY_WITHIN_S = 10.0
MOST_ARRIVING = 100
"""Requests of which the body is not there yet. Anybody can begin such a one, and a browser sends a form in one go: of
more than these the oldest is let go of, which is nobody's who waits for an answer.
"""
MOST_AT_ONCE = 200
"""Requests under way, open streams among them. What did not arrive whole is none, nor a connection on which nothing was
asked.
"""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = (
    ("content-security-policy", POLICY),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
)
WHOLE_OR_UNCHANGED = (200, 304)
"""What may be kept under /static/: a file. Anything else there is a page, with somebody's name and token in it."""
TLS_HEADER = ("strict-transport-security", "max-age=31536000")
TOO_LARGE = b"The request is larger than a form of this console can be. Nothing was changed.\n"
TOO_SLOW = b"The request did not arrive in time. Nothing was changed.\n"
TOO_MANY = b"The console has too much to do at once. Nothing was changed; try again.\n"


class Guard:
    """Adds the headers; answers 413 to a body that is too large and 408 to one that is too slow, before anything has read it
    as a form, and 503 to what comes while too much is under way.
    """

    def __init__(self, app: ASGIApp, *, tls: bool) -> None:
        self._app = app
        headers = (*HEADERS, TLS_HEADER) if tls else HEADERS
        self._headers = [(name.encode(), value.encode()) for name, value in headers]
        self._under_way = 0
        self._arriving: dict[asyncio.Timeout, None] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            body = b"" if scope["method"] in ("GET", "HEAD") else await self._arrived(receive)
        except TimeoutError:
            await self._refuse(send, 408, TOO_SLOW)
            return
        if body is None:
            await self._refuse(send, 413, TOO_LARGE)
        elif self._under_way >= MOST_AT_ONCE:
            await self._refuse(send, 503, TOO_MANY)
        else:
            await self._serve(scope, _Given(body, receive), send)

    async def _arrived(self, receive: Receive) -> bytes | None:
        """Return a body like `_whole`. Raises `TimeoutError` for one that is too slow, and for the oldest of too many."""
        async with asyncio.timeout(BODY_WITHIN_S) as limit:
            self._arriving[limit] = None
            try:
                self._let_go_of_the_oldest()
                return await _whole(receive)
            finally:
                self._arriving.pop(limit, None)

    def _let_go_of_the_oldest(self) -> None:
        if len(self._arriving) > MOST_ARRIVING:
            oldest = next(iter(self._arriving))
            del self._arriving[oldest]
            if not oldest.expired():
                oldest.reschedule(asyncio.get_running_loop().time())

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._under_way += 1
        try:
            await self._app(scope, receive, self._adding(send, scope["path"]))
        finally:
            self._under_way -= 1

    def _adding(self, send: Send, path: str) -> Send:
        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                public = path.startswith("/static/") and message["status"] in WHOLE_OR_UNCHANGED
                caching = () if public else ((b"cache-control", b"no-store"),)
                message["headers"] = [*message["headers"], *self._headers, *caching]
            await send(message)

        return add

    async def _refuse(self, send: Send, status: int, words: bytes) -> None:
        own = (
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"cache-control", b"no-store"),
            (b"connection", b"close"),
        )
        await send({"type": "http.response.start", "status": status, "headers": [*self._headers, *own]})
        await send({"type": "http.response.body", "body": words})


class _Given:
    """A body that was read already, and after it what else the connection says: that it has ended."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


async def _whole(receive: Receive) -> bytes | None:
    """Return the body, None as soon as it is too large, or for one that will not come to its end."""
    parts = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts += message.get("body", b"")
        if len(parts) > MAX_BODY_BYTES:
            return None
        if not message.get("more_body", False):
            return bytes(parts)
