"""An open board hears of a change whoever made it; while none is open, nobody looks."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from console.console_world import NZ, UK, World

from casebus.bus.log import inbox_topic
from casebus.bus.timed import TimedLoop
from casebus.cases.alert_feed import FEED_END, FeedEnd
from casebus.console.door import Door
from casebus.console.live import LOOK_EVERY_S, Live
from casebus.console.stream import framed
from casebus.desk.opening import Opening
from casebus.desk.referrals import WAITING_FIELDS
from casebus.events import enumerations as en
from casebus.events.enumerations import Severity
from casebus.events.envelope import Event, Received
from casebus.events.types import ReferralSent, SealedBox
from casebus.store.store import Store, View
from casebus.wire.ids import content_id
from consumers.deadlines import Deadlines
from consumers.desk import Desk


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
            seen = desk.feed_end()
            first = await live.wait_beyond(FeedEnd(), 20)
            desk.hold(desk.alert("while none was open"))
            return first, await live.wait_beyond(seen, 20)

    assert asyncio.run(opened_twice()) == (True, True)


def test_nobody_looks_while_no_board_is_open(desk: World) -> None:
    async def looked() -> tuple[int, int]:
        door = CountingDoor(desk.installation, desk.agency)
        live = Live(door)
        async with live.looking():
            await live.wait_beyond(FeedEnd(), 20)
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
            await live.wait_beyond(FeedEnd(), 20)  # the first look comes after
            with desk.store.view() as view:
                return len(door.placed.read(Unchanged(view)))  # type: ignore[arg-type]

    assert asyncio.run(prepared()) == 4


def test_what_a_deadline_alone_changes_is_sent_to_open_boards(world: World) -> None:
    world.hold(world.alert("high", minutes=5 * 60, severity=Severity.high))
    browser = world.browser()
    signed = browser.parts.logins.find(browser.client.cookies[browser.parts.logins.cookie])
    raised = world.feed_end()
    assert TimedLoop(Deadlines(NZ), world.store, world.installation.publisher(NZ), world.clock).step() > 0
    frame = framed(browser.parts, signed, raised, raised)
    assert frame.end.number == 2
    assert world.alert("high").ref in frame.text


def test_a_referral_about_no_alert_is_announced_on_open_boards_until_it_is_answered(world: World) -> None:
    referral_id = content_id("referral")
    box = SealedBox(key_id="k", box="AAAA", signed_with=None, signature=None)
    sent = ReferralSent(
        referral_id=referral_id, conflict_id=None, agency=UK, to=NZ, record_ids=(), fields=(), sealed=box, actor=None,
        reason=en.ReferralReason.CHILD_LIVES_THERE, urgency=Severity.immediate, tlp=en.Tlp.RED, keep_days=30,
        evidential_use=en.EvidentialUse.INTELLIGENCE_ONLY,
    )  # fmt: skip
    event = Event(content_id("event"), "hub", NZ, sent)
    with world.store.transaction() as tx:
        came = Received(event, inbox_topic(NZ), 0, world.clock.now(), b"", 0)
        for effect in Desk(NZ).handle(came, tx).effects:
            tx.apply(effect)
    browser = world.browser()
    signed = browser.parts.logins.find(browser.client.cookies[browser.parts.logins.cookie])
    frame = framed(browser.parts, signed, FeedEnd(), FeedEnd())
    assert frame.end.number == 1
    assert "1 referral came since you opened this page" in " ".join(frame.text.split())
    assert "console-bar--immediate" in frame.text
    assert 'href="/referrals">a referral from uk-nca</a>' in frame.text
    assert (world.readings()[-1].references, world.readings()[-1].fields) == ((referral_id,), WAITING_FIELDS)
    assert "not opened here" not in frame.text, "it was not looked at yet"
    Opening(NZ, {}, world.store, world.clock, world.installation.directory).step()
    frame = framed(browser.parts, signed, frame.end, frame.end)
    assert frame.end.number == 2, "what is in doubt is shown on open boards"
    assert "not opened here: ring uk-nca" in frame.text
    browser.send(f"/referrals/{referral_id}/decline", {"value": "NO_CAPACITY"})
    assert "a referral from" not in framed(browser.parts, signed, FeedEnd(), FeedEnd()).text
