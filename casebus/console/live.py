"""Notices that alerts changed, whoever changed them, and wakes the boards that are open. One look for all of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from fastapi.concurrency import run_in_threadpool

from casebus.cases.alert_feed import feed_end
from casebus.console.door import Door

LOOK_EVERY_S = 0.04
PAUSE_S = 1.0


class Live:
    """The number of the last change, and who waits for a later one. `hears` is whether the last look succeeded."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._end = 0
        self._changed = asyncio.Condition()
        self.hears = True
        self.closing = False

    @asynccontextmanager
    async def looking(self) -> AsyncIterator[None]:
        """Look for as long as the block runs."""
        looking = asyncio.create_task(self._look())
        try:
            yield
        finally:
            await self.close()
            looking.cancel()

    async def close(self) -> None:
        """Let every stream end by itself."""
        self.closing = True
        async with self._changed:
            self._changed.notify_all()

    async def wait_beyond(self, number: int, seconds: float) -> bool:
        """Wait until something changed after a number; return whether it did within so many seconds.

        A number that is still beyond the last change then is of no feed that this desk has: of a state that was restored
        from a copy since, or made up. All has changed for whoever holds it.
        """
        try:
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(lambda: self._end > number or self.closing)
        except TimeoutError:  # nothing changed
            return self.hears and self._end < number
        return self._end > number

    async def _look(self) -> None:
        while True:
            try:
                end = await run_in_threadpool(self._read_end)
            except Exception as error:  # noqa: BLE001  the boards show that they hear nothing; the next look may succeed
                self.hears = False
                structlog.get_logger().warning("console_cannot_look", error_type=type(error).__name__)
                await asyncio.sleep(PAUSE_S)
                continue
            self.hears = True
            if end != self._end:
                async with self._changed:
                    self._end = end
                    self._changed.notify_all()
            await asyncio.sleep(LOOK_EVERY_S)

    def _read_end(self) -> int:
        with self._door.store() as store, store.view() as view:
            return feed_end(view)
