"""Notices that alerts changed, whoever changed them, and wakes the boards that are open. One look for all of them.

A thread of its own looks, many times a second, as long as a board is open, and not at all while none is.
"""

import asyncio
import sys
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import structlog

from casebus.cases.alert_feed import FeedEnd, end_of_feed
from casebus.console.door import Door
from casebus.errors import CasebusError

LOOK_EVERY_S = 0.02
PAUSE_S = 1.0
STOP_WITHIN_S = 2.0


class Live:
    """The last change, and who waits for a later one. `hears` is whether the last look succeeded, not
    before the first; `streams` how many are open of each session.
    """

    def __init__(self, door: Door) -> None:
        self._door = door
        self._end = FeedEnd()
        self._changed = asyncio.Condition()
        self._waiting = 0
        self._look_now = threading.Event()
        self._ended = threading.Event()
        self.streams: Counter[str] = Counter()
        self.hears = False
        self.closing = False

    @asynccontextmanager
    async def looking(self) -> AsyncIterator[None]:
        """Look for as long as the block runs."""
        loop = asyncio.get_running_loop()
        thread = threading.Thread(target=self._look, args=[loop], name="live", daemon=True)
        thread.start()
        try:
            yield
        finally:
            await self.close()
            await asyncio.to_thread(thread.join, STOP_WITHIN_S)

    async def close(self) -> None:
        """Let every stream end by itself."""
        self.closing = True
        self._ended.set()
        self._look_now.set()
        async with self._changed:
            self._changed.notify_all()

    async def wait_beyond(self, place: FeedEnd, seconds: float) -> bool:
        """Wait until something changed after a place in the feed; return whether it did within so many seconds.

        A place that is still not the last change then is in no feed that this desk has: of a state that was restored from a
        copy since, or made up. All has changed for whoever holds it.
        """
        try:
            async with asyncio.timeout(seconds), self._changed:
                with self._open_board():
                    await self._changed.wait_for(lambda: self._end.number > place.number or self.closing)
        except TimeoutError:  # nothing changed
            return self.hears and self._end != place
        return self._end.number > place.number

    @contextmanager
    def _open_board(self) -> Iterator[None]:
        self._waiting += 1
        self._look_now.set()
        try:
            yield
        finally:
            self._waiting -= 1
            if not self._waiting and not self.closing:
                self._look_now.clear()

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            self._prepare()
            self._look_on(loop)
        finally:
            self.hears = False  # whatever ended it: no board says that it is live any more
            if (error := sys.exc_info()[1]) is not None:
                structlog.get_logger().error("console_looks_no_more", error_type=type(error).__name__)

    def _look_on(self, loop: asyncio.AbstractEventLoop) -> None:
        while self._look_now.wait() and not self._ended.is_set():
            try:
                end = self._read_end()
            except (
                CasebusError,
                OSError,
            ) as error:  # the boards show that they hear nothing; the next look may succeed
                self.hears = False
                _warn(error)
                self._ended.wait(PAUSE_S)
                continue
            self.hears = True
            if end != self._end:
                asyncio.run_coroutine_threadsafe(self._tell(end), loop)
            self._ended.wait(LOOK_EVERY_S)

    def _prepare(self) -> None:
        """Read all alerts once, so that the first board is as quick as the next."""
        try:
            with self._door.store() as store:
                self._door.placed.catch_up(store)
            self.hears = True
        except (CasebusError, OSError) as error:  # the first board reads them
            _warn(error)

    async def _tell(self, end: FeedEnd) -> None:
        async with self._changed:
            self._end = end
            self._changed.notify_all()

    def _read_end(self) -> FeedEnd:
        with self._door.store() as store, store.view() as view:
            return end_of_feed(view)


def _warn(error: Exception) -> None:
    structlog.get_logger().warning("console_cannot_look", error_type=type(error).__name__)
