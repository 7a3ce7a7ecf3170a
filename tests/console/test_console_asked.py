"""What the partner asked, wrote or referred stands on the board and needs us, until somebody here has answered or read it."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from console.console_world import NOW, NZ, OFFICER, UK, World
from notifying.notifying_world import webhook_server

from casebus.cases.access import DeskRole, Viewer
from casebus.cases.alert import Alert
from casebus.cases.conversation import MESSAGES, NOT_YET, RELEASES, Message, Release
from casebus.cases.notification import Way
from casebus.cases.outgoing import NOTICES
from casebus.cases.referral import REFERRALS, Referral
from casebus.desks import open_desk
from casebus.events import enumerations as en
from casebus.events.enumerations import ConflictOutcome, Severity
from casebus.events.types import ReferralAccepted, ReferralDeclined, ReferralExpired
from casebus.notifying.notifier import Notifier
from casebus.notifying.told import Links
from casebus.notifying.webhook import Webhook
from casebus.state import Save
from casebus.wire.ids import content_id
from consumers.deadlines import Deadlines

REQUEST = content_id("request")
FIELD = en.DisclosedField.PHONE
BOX = "What was written"
FORGED = "it bears no signature of uk-nca"


def release(alert: Alert, **more: Any) -> Release:
    asked = (FIELD,)
    usual = Release(REQUEST, alert.conflict_id, False, UK, en.Purpose.INVESTIGATION, Severity.high, asked, "r", NOW)
    return replace(usual, **more)


def referral(conflict_id: str | None = None, **more: Any) -> Referral:
    reason, tlp, use = en.ReferralReason.CHILD_LIVES_THERE, en.Tlp.AMBER, en.EvidentialUse.INTELLIGENCE_ONLY
    referral_id = content_id("referral")
    usual = Referral(referral_id, False, UK, conflict_id, (), reason, Severity.immediate, (), tlp, use, 30, NOW)
    return replace(usual, **more)


def arrives(desk: World, alert: Alert, saving: Save) -> None:
    """Put in what the desk's consumer makes of what the partner said about an alert."""
    with desk.store.transaction() as tx:
        tx.apply(saving)
    desk.hold(desk.kept(alert))


def needing_us(desk: World) -> str:
    return str(desk.browser().get("/").text)


@pytest.fixture
def settled(desk: World) -> Alert:
    """An alert about which both sides have said all: it needs nobody."""
    alert = desk.alert("high")
    desk.browser().send(
        f"/alerts/{alert.ref}/resolve", {"value": "JOINT_INVESTIGATION", "version": 1, "confirmed": "yes"}
    )
    desk.partner_does(alert, ConflictOutcome.JOINT_INVESTIGATION)
    assert alert.ref not in needing_us(desk)
    return alert


def test_a_request_for_a_release_needs_us_until_it_is_answered(desk: World, settled: Alert) -> None:
    arrives(desk, settled, Save(RELEASES, release(settled)))
    assert f'id="asked-{settled.ref}"' in needing_us(desk)
    assert "They ask for a release" in desk.browser().get(f"/alerts/{settled.ref}").text
    with open_desk(desk.installation, Viewer(NZ, OFFICER, DeskRole.officer)) as ours:
        ours.conversation.refuse_release(REQUEST, next(iter(en.DisclosureRefusal)))
    assert settled.ref not in needing_us(desk)


def test_a_message_needs_us_until_somebody_has_read_it(desk: World, settled: Alert) -> None:
    message = Message("m1", settled.conflict_id, False, UK, NOW, None, unopened=NOT_YET)
    arrives(desk, settled, Save(MESSAGES, message))
    assert "They wrote" in needing_us(desk)
    desk.browser().get(f"/alerts/{settled.ref}/talk")
    assert "They wrote" in needing_us(desk), "nobody has read what is not opened yet"
    with desk.store.transaction() as tx:
        tx.apply(Save(MESSAGES, replace(message, text=BOX, unopened=None)))
    assert BOX in desk.browser().get(f"/alerts/{settled.ref}/talk").text
    assert settled.ref not in needing_us(desk)
    arrives(desk, settled, Save(MESSAGES, replace(message, message_id="m2", ours=True, text=BOX)))
    assert settled.ref not in needing_us(desk), "what we wrote asks nothing of us"


@pytest.mark.parametrize(
    ("headers", "counts"),
    [
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "same-origin", "sec-purpose": "prefetch;prerender"}, False),
        ({"purpose": "prefetch"}, False),
        ({"x-moz": "prefetch"}, False),
    ],
)
def test_a_message_counts_as_read_only_where_the_officer_opened_the_page(
    desk: World, settled: Alert, headers: dict[str, str], counts: bool
) -> None:
    arrives(desk, settled, Save(MESSAGES, Message("m1", settled.conflict_id, False, UK, NOW, BOX)))
    assert BOX in desk.browser().get(f"/alerts/{settled.ref}/talk", headers=headers).text
    assert ("They wrote" not in needing_us(desk)) == counts


def test_a_long_talk_has_pages_and_only_what_is_shown_counts_as_read(desk: World, settled: Alert) -> None:
    with desk.store.transaction() as tx:
        for n in range(60):
            at = NOW + timedelta(seconds=n)
            tx.apply(Save(MESSAGES, Message(f"m{n}", settled.conflict_id, False, UK, at, f"Said as {n:03}.")))
            later = release(settled, request_id=f"r{n}", asked_at=at, reason=f"Why {n:03}.", ours=n > 0)
            tx.apply(Save(RELEASES, later))
    desk.hold(desk.kept(settled))
    browser, path = desk.browser(), f"/alerts/{settled.ref}/talk"

    def said(address: str, words: str) -> list[int]:
        return [int(each) for each in re.findall(rf"{words} (\d+)\.", browser.get(address).text)]

    assert said(path, "Said as") == list(range(10, 60)), "the newest, in their order"
    assert said(path, "Why") == [0, *range(59, 10, -1)], "what waits for us, then the newest"
    with desk.store.view() as view:
        assert sum(each.read for each in view.all(MESSAGES)) == 50
    assert f'href="{path}?releases=1&amp;page=2"' in browser.get(path).text
    assert said(f"{path}?releases=1&page=2", "Said as") == list(range(10))
    assert said(f"{path}?page=1&releases=2", "Why") == list(range(10, 0, -1))
    shown = [each for each in desk.readings() if each.resource in ("messages", "releases")]
    assert max(len(each.references) + each.references_not_carried for each in shown) == 50


@pytest.mark.parametrize(("why", "said"), [(FORGED, FORGED), (NOT_YET, "It is being opened")])
def test_a_request_that_was_not_opened_says_so_and_offers_no_release(
    desk: World, settled: Alert, why: str, said: str
) -> None:
    arrives(desk, settled, Save(RELEASES, release(settled, reason=None, unopened=why)))
    browser, path = desk.browser(), f"/alerts/{settled.ref}/talk"
    page = browser.get(path).text
    assert said in page
    assert "Release these" not in page
    assert ">Refuse</button>" in page
    form = {"request_id": REQUEST, f"value-{FIELD.value}": "5", "keep_days": "7", "tlp": "RED"}
    answer = browser.send(f"{path}/grant", form)
    assert (answer.status_code, "nothing is released" in answer.text) == (409, True)


def test_a_referral_that_was_not_opened_says_so_on_the_board_and_offers_no_acceptance(world: World) -> None:
    sent = referral(unopened=FORGED, urgency=Severity.routine)
    with world.store.transaction() as tx:
        tx.apply(Save(REFERRALS, sent))
    browser = world.browser()
    assert FORGED in browser.get("/").text
    page = browser.get("/referrals").text
    assert FORGED in page
    assert f"/referrals/{sent.referral_id}/accept" not in page
    assert browser.send(f"/referrals/{sent.referral_id}/accept").status_code == 409
    assert browser.send(f"/referrals/{sent.referral_id}/decline", {"value": "NO_CAPACITY"}).status_code == 303


def test_a_referral_about_an_alert_needs_us_until_it_is_answered(desk: World, settled: Alert) -> None:
    sent = referral(settled.conflict_id)
    arrives(desk, settled, Save(REFERRALS, sent))
    assert "They refer it to us" in needing_us(desk)
    assert desk.browser().send(f"/referrals/{sent.referral_id}/accept").status_code == 303
    assert settled.ref not in needing_us(desk)


@pytest.mark.parametrize(
    ("action", "form", "other"),
    [
        ("accept", {}, ("decline", {"value": "NO_CAPACITY"})),
        ("decline", {"value": "NO_CAPACITY"}, ("decline", {"value": "ALREADY_HELD"})),
    ],
)
def test_a_referral_that_is_answered_twice_alike_is_answered_once(
    world: World, action: str, form: dict[str, str], other: tuple[str, dict[str, str]]
) -> None:
    with world.store.transaction() as tx:
        tx.apply(Save(REFERRALS, referral()))
    browser, path = world.browser(), f"/referrals/{referral().referral_id}"
    answers = [browser.send(f"{path}/{action}", form) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert len([each for each in world.events() if isinstance(each, ReferralAccepted | ReferralDeclined)]) == 1
    assert browser.send(f"{path}/{other[0]}", other[1]).status_code == 409


def test_a_referral_stands_on_the_board_escalates_and_is_told_outside(world: World) -> None:
    sent = referral()
    with world.store.transaction() as tx:
        tx.apply(Save(REFERRALS, sent))
    assert "Immediate risk to a child" in needing_us(world)
    assert f"from {UK}" in needing_us(world)
    assert world.readings()[-1].references == (sent.referral_id,)
    for minutes in (30, 60, 61):
        with world.store.transaction() as tx:
            due = Deadlines(NZ).due(tx, NOW + timedelta(minutes=minutes))
            assert due.events == (), "it expires at its sender, and only there"
            for effect in due.effects:
                tx.apply(effect)
    with world.store.view() as view:
        assert len(list(view.all(NOTICES))) == 2
    assert "ring the coordination desk" in needing_us(world)
    with webhook_server() as hook:
        messenger = Webhook(hook.url, b"0123456789abcdef", Links("https://desk.police.example"), world.clock)
        notifier = Notifier(world.store, world.clock, {Way.webhook: messenger}, Severity.high)
        while notifier.step() or not notifier.idle():
            pass
        notifier.close()
        ((_, body),) = hook.posted
    said = json.loads(body)
    assert (said["type"], said["ref"]) == ("referral_escalated", sent.referral_id)
    assert said["link"] == "https://desk.police.example/referrals"
    assert UK not in body.decode()
    world.browser().send(f"/referrals/{sent.referral_id}/accept")
    assert "for this desk" not in needing_us(world)
    assert not [each for each in world.events() if isinstance(each, ReferralExpired)]
