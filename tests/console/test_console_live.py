"""An open board hears of a change whoever made it; while none is open, nobody looks."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from console.console_world import NZ, World

from casebus.bus.timed import TimedLoop
from casebus.cases.alert_feed import FEED_END
from casebus.console.door import Door
from casebus.console.live import LOOK_EVERY_S, Live
from casebus.console.stream import framed
from casebus.events.enumerations import Severity
from casebus.store.store import Store, View
from consumers.deadlines import Deadlines


class CountingDoor(Door):
    """Counts how often a store was asked for."""

    asked = 0

    @contextmanager
    def store(self) -> Iterator[Store]:
        self.asked += 1
        with super().store() as store:
            yield store


def test_a_change_made_while_no_board_was_open_is_heard_by_the_next_that_opens(desk: World) -> None:
    async def opened_twice() -> tuple[bool, bool]:
        live = Live(Door(desk.installation, desk.agency))
        async with live.looking():
            first = await live.wait_beyond(0, 20)
            desk.hold(desk.alert("while none was open"))
            return first, await live.wait_beyond(4, 20)

    assert asyncio.run(opened_twice()) == (True, True)


def test_nobody_looks_while_no_board_is_open(desk: World) -> None:
    async def looked() -> tuple[int, int]:
        door = CountingDoor(desk.installation, desk.agency)
        live = Live(door)
        async with live.looking():
            await live.wait_beyond(0, 20)
            await asyncio.sleep(2 * LOOK_EVERY_S)  # a look that was under way
            before = door.asked
            await asyncio.sleep(10 * LOOK_EVERY_S)
            return before, door.asked

    before, after = asyncio.run(looked())
    assert before > 0
    assert after - before <= 1


class Unchanged:
    """A view in which nothing may be read but the feed's end."""

    def __init__(self, view: View) -> None:
        self._view = view

    def get(self, concept: object, key: str) -> object:
        assert concept is FEED_END
        return self._view.get(FEED_END, key)


def test_what_boards_go_by_is_read_before_the_first_is_asked_for(desk: World) -> None:
    async def prepared() -> int:
        door = Door(desk.installation, desk.agency)
        live = Live(door)
        async with live.looking():
            await live.wait_beyond(0, 20)  # the first look comes after
            with desk.store.view() as view:
                return len(door.placed.read(Unchanged(view)))  # type: ignore[arg-type]

    assert asyncio.run(prepared()) == 4


def test_what_a_deadline_alone_changes_is_sent_to_open_boards(world: World) -> None:
    world.hold(world.alert("high", minutes=5 * 60, severity=Severity.high))
    browser = world.browser()
    signed = browser.parts.logins.find(browser.client.cookies[browser.parts.logins.cookie])
    assert TimedLoop(Deadlines(NZ), world.store, world.installation.publisher(NZ), world.clock).step() > 0
    frame = framed(browser.parts, signed, 1, 1)
    assert frame.number == 2
    assert world.alert("high").ref in frame.text
