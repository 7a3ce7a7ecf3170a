"""How long a connection may say nothing or read nothing, and how many there may be: who does neither keeps nobody out.

Built on uvicorn's HTTP/1.1, which ends a connection that is silent after a request, never one that is silent before it, nor
one that reads no answer.
"""

import asyncio
from typing import cast

from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

REQUEST_WITHIN_S = 10.0
"""How long a request's head may take to arrive, from the connection or its last request on."""
READ_WITHIN_S = 30.0
"""How long an answer may wait for its reader to take any of it."""
MOST_CONNECTIONS = 400


class PromptConnection(H11Protocol):
    """A connection that is ended when no request comes or no answer is read, and sooner where there are more than there
    may be: the longest silent first.
    """

    _silent_since = 0.0
    _ending: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._wait()
        if len(self.connections) > MOST_CONNECTIONS:
            others = [cast(PromptConnection, each) for each in self.connections]
            silent = [each for each in others if each._ending is not None]
            min(silent, key=lambda each: each._silent_since).transport.close()

    def data_received(self, data: bytes) -> None:
        """Go on waiting until a request is there."""
        super().data_received(data)
        cycle = cast(RequestResponseCycle | None, self.cycle)  # none before the first request, whatever its type says
        if cycle is not None and not cycle.response_complete:
            self._wait_no_more()
        elif self._ending is None:
            self._wait()

    def pause_writing(self) -> None:
        """Wait for the reader, and not for ever: what cannot be sent cannot be ended in good order either."""
        super().pause_writing()
        self._unread = self.loop.call_later(READ_WITHIN_S, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on sending."""
        self._is_read()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._wait_no_more()
        self._is_read()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._silent_since = self.loop.time()
        self._ending = self.loop.call_later(REQUEST_WITHIN_S, self.transport.close)

    def _wait_no_more(self) -> None:
        if self._ending is not None:
            self._ending.cancel()
            self._ending = None

    def _is_read(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
