"""Serving the console: as a component of an agency's node, in a thread of its own, or alone until told to stop."""

import errno
import logging
import socket
import threading
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass

import structlog
import uvicorn
from starlette.types import ASGIApp

from casebus.console.app import create
from casebus.console.connections import PromptConnection
from casebus.errors import Conflict, UsageError
from casebus.node import Component, Late
from casebus.roles import Installation
from casebus.settings import ConsoleSettings

NAME = "console"
STOP_WITHIN_S = 1
"""How long an open stream may hold up the end: a browser asks again by itself."""


def settings_of(installation: Installation, agency: str) -> ConsoleSettings | None:
    """Return how an agency's console is served, None where casebus.toml does not say."""
    return installation.settings.console.get(agency)


def component(installation: Installation, agency: str, settings: ConsoleSettings, stack: ExitStack) -> Component:
    """Return the console as a part of a running node: what is wrong with it holds up nothing else there."""

    def build() -> tuple[Server]:
        server = served(installation, agency, settings)
        stack.callback(server.close)
        return (server,)

    return Component(NAME, installation.role(agency).lock(NAME), (Late(build),))


async def _no_streams() -> None:
    return


@dataclass(frozen=True, slots=True)
class Application:
    """What is served, and what lets its open streams end by themselves."""

    app: ASGIApp
    end_streams: Callable[[], Awaitable[None]] = _no_streams


class _EndsStreamsFirst(uvicorn.Server):
    """Ends open streams before it waits for what is under way: cut off, each would be an exception and cost the wait."""

    def __init__(self, config: uvicorn.Config, end_streams: Callable[[], Awaitable[None]]) -> None:
        super().__init__(config)
        self._end_streams = end_streams

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop serving."""
        await self._end_streams()
        await super().shutdown(sockets)


class Server:
    """An application that is being served, in a thread of its own. Raises what making it and `bound` raise."""

    def __init__(self, make: Callable[[], Application], settings: ConsoleSettings) -> None:
        self._make = make
        self._settings = settings
        self._listening = bound(settings)
        self._start()

    def _start(self) -> None:
        made = self._make()
        self._server = _EndsStreamsFirst(configured(made.app, self._settings), made.end_streams)
        socket_again = self._listening.dup()  # the server closes the one that it is given
        self._thread = threading.Thread(target=self._server.run, args=([socket_again],), name=NAME, daemon=True)
        self._thread.start()
        structlog.get_logger().info("console_serves", component=NAME)

    def step(self) -> int:
        """Serve again where the server has ended by itself."""
        if self._thread.is_alive():
            return 0
        structlog.get_logger().error("console_ended", component=NAME)
        self._start()
        return 1

    def idle(self) -> bool:
        """Nothing of a node's work waits for a console."""
        return True

    def close(self) -> None:
        """Stop serving: pages under way are finished, open streams are ended."""
        self._server.should_exit = True
        self._thread.join(STOP_WITHIN_S * 5)
        self._listening.close()


def served(installation: Installation, agency: str, settings: ConsoleSettings) -> Server:
    """Serve an agency's console. Raises what `create` and `bound` raise."""

    def make() -> Application:
        app, parts = create(installation, agency, settings)
        return Application(app, parts.live.close)

    return Server(make, settings)


def configured(app: ASGIApp, settings: ConsoleSettings) -> uvicorn.Config:
    """Return how the server is to run. It says nothing itself: what it would say may hold what somebody typed."""
    logging.getLogger("uvicorn").addHandler(logging.NullHandler())
    logging.getLogger("uvicorn").propagate = False
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="on",
        http=PromptConnection,
        timeout_graceful_shutdown=STOP_WITHIN_S,
        ssl_certfile=settings.tls_certificate_file,
        ssl_keyfile=settings.tls_key_file,
    )


def bound(settings: ConsoleSettings) -> socket.socket:
    """Return the listening socket. Raises `Conflict` for a port that is taken, `UsageError` for one that cannot be had."""
    try:
        family, _, _, _, address = socket.getaddrinfo(settings.bind, settings.port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(128)
    except OSError as error:
        what = f"{settings.bind} port {settings.port} cannot be listened on: {error.strerror or error}"
        if error.errno == errno.EADDRINUSE:
            raise Conflict(what, next_step="another program has it: stop that one, or set another port.") from error
        raise UsageError(what, next_step="see bind and port of the console in casebus.toml.") from error
    return listening
