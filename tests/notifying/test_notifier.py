"""An officer away from the board is told that an alert waits: once, however things fail, and of nothing but a reference."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cases.case_builders import alert
from console.console_world import NZ, OFFICER, World
from hypothesis import given
from hypothesis import strategies as st
from notifying.notifying_world import MailServer, WebhookServer, mail_server, settle, webhook_server

from casebus.bus.timed import TimedLoop
from casebus.cases.deadlines import alert_due
from casebus.cases.desk_work import DeskAlert, assign
from casebus.cases.notification import (
    NOTIFICATIONS,
    RETRY_AFTER_S,
    Delivery,
    Notification,
    Way,
    attempted,
    wanted,
    wanted_of_escalation,
)
from casebus.cases.wording import escalated
from casebus.errors import UsageError
from casebus.events.enumerations import Band, ConflictOutcome, Overlap, Severity
from casebus.notifying.assembling import messengers_of
from casebus.notifying.mail import SUBJECT, Account, Mail
from casebus.notifying.notifier import Notifier
from casebus.notifying.told import Links, Messenger
from casebus.notifying.webhook import Webhook
from casebus.settings import NotifySettings
from consumers.deadlines import Deadlines

SECRET = b"0123456789abcdef0123"
LINKS = Links("https://desk.police.example")
SOME_ALERT = alert()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "data")


@pytest.fixture
def hook() -> Iterator[WebhookServer]:
    with webhook_server() as server:
        yield server


@pytest.fixture
def post() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def notifier_of(world: World) -> Iterator[Callable[..., Notifier]]:
    """Return a maker of notifiers that have looked at the feed once, so that what is raised from then on is told."""
    made: list[Notifier] = []

    def make(least: Severity = Severity.high, **messengers: Messenger) -> Notifier:
        ways = {Way[name]: messenger for name, messenger in messengers.items()}
        made.append(Notifier(world.store, world.clock, ways, least))
        made[-1].step()
        return made[-1]

    yield make
    for notifier in made:
        notifier.close()


def kept(world: World) -> list[Notification]:
    with world.store.view() as view:
        return sorted(view.all(NOTIFICATIONS), key=lambda each: (each.ref, each.way))


def webhook(world: World, server: WebhookServer) -> Webhook:
    return Webhook(server.url, SECRET, LINKS, world.clock)


def mail(world: World, server: MailServer, *recipients: str) -> Mail:
    account = Account("127.0.0.1", server.port, "casebus@police.example")
    return Mail(account, recipients or ("desk@police.example",), LINKS, world.clock)


def test_a_new_alert_is_told_once_by_each_way_with_reference_severity_time_and_link_only(
    world: World, notifier_of: Callable[..., Notifier], hook: WebhookServer, post: MailServer
) -> None:
    notifier = notifier_of(webhook=webhook(world, hook), email=mail(world, post))
    new = world.alert("new")
    world.hold(new)
    settle(notifier)
    settle(notifier)
    ((headers, body),) = hook.posted
    assert new.respond_by is not None
    assert json.loads(body) == {
        "id": headers["idempotency-key"],
        "type": "alert_waits",
        "ref": new.ref,
        "severity": "high",
        "escalated": "none",
        "respond_by": new.respond_by.isoformat().replace("+00:00", "Z"),
        "link": f"https://desk.police.example/alerts/{new.ref}",
    }
    (text,) = post.taken
    assert SUBJECT in text
    assert "Auto-Submitted: auto-generated" in text
    assert new.ref in text
    withheld = [new.conflict_id, new.own_id, new.partner or "", new.contact.phone, "EMAIL", new.contact.desk]
    assert not [word for word in withheld if word in text + body.decode()]
    assert {each.delivery for each in kept(world)} == {Delivery.delivered}


def test_a_receiver_can_tell_who_posted_and_when(
    world: World, notifier_of: Callable[..., Notifier], hook: WebhookServer
) -> None:
    notifier = notifier_of(webhook=webhook(world, hook))
    world.hold(world.alert("new"))
    settle(notifier)
    ((headers, body),) = hook.posted
    seconds, signature = (part.partition("=")[2] for part in headers["casebus-signature"].split(","))
    assert int(seconds) == int(world.clock.now().timestamp())
    assert signature == hmac.new(SECRET, f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()


def test_what_was_raised_before_the_notifier_first_ran_is_on_the_board_and_not_told(
    world: World, notifier_of: Callable[..., Notifier], hook: WebhookServer
) -> None:
    world.hold(world.alert("old"))
    settle(notifier_of(webhook=webhook(world, hook)))
    assert hook.posted == []


def test_of_an_old_alert_is_told_that_it_escalates_and_not_that_it_waits(
    world: World, notifier_of: Callable[..., Notifier], hook: WebhookServer
) -> None:
    world.hold(world.alert("old", minutes=7 * 60))
    notifier = notifier_of(webhook=webhook(world, hook))
    assert TimedLoop(Deadlines(NZ), world.store, world.installation.publisher(NZ), world.clock).step() > 0
    settle(notifier)
    assert [json.loads(body)["type"] for _, body in hook.posted] == ["alert_escalated"]


@pytest.mark.parametrize("in_hand", [False, True])
def test_mail_says_of_what_is_late_what_the_page_says(world: World, post: MailServer, in_hand: bool) -> None:
    now, at = world.clock.now(), world.clock.now() + timedelta(hours=9)
    seen = DeskAlert.of(world.alert("old"), None)
    seen = assign(seen, OFFICER, now) if in_hand else seen
    late = replace(seen, work=alert_due(seen, at).work)
    (told,) = wanted_of_escalation(late, [Way.email], Severity.routine, at)
    assert mail(world, post).send(told) is None
    (text,) = post.taken
    said = escalated(late, at)
    assert said.startswith("no outcome was proposed" if in_hand else "nobody took it up")
    assert f"{said[:1].upper()}{said[1:]}\r\n" in text


def test_an_alert_is_told_again_only_when_it_is_raised_again(
    world: World, notifier_of: Callable[..., Notifier], hook: WebhookServer
) -> None:
    notifier = notifier_of(webhook=webhook(world, hook))
    new = world.alert("new")
    world.hold(new)
    settle(notifier)
    world.partner_does(new, ConflictOutcome.PROCEED_INDEPENDENTLY)
    settle(notifier)
    assert len(hook.posted) == 1
    world.hold(world.alert("new", minutes=1))
    settle(notifier)
    ids = [headers["idempotency-key"] for headers, _ in hook.posted]
    assert len(set(ids)) == 2


def test_a_crash_after_sending_sends_again_under_the_same_id(
    world: World, notifier_of: Callable[..., Notifier], hook: WebhookServer
) -> None:
    first = notifier_of(webhook=webhook(world, hook))
    world.hold(world.alert("new"))
    first.step()  # begun; what came of it is never taken in
    for _ in range(1000):
        if hook.posted:
            break
        time.sleep(0.005)
    assert [each.attempts for each in kept(world)] == [0]
    settle(notifier_of(webhook=webhook(world, hook)))
    assert len(hook.posted) == 2
    assert len({headers["idempotency-key"] for headers, _ in hook.posted}) == 1


def test_a_receiver_that_hangs_holds_up_nothing(
    world: World, notifier_of: Callable[..., Notifier], hook: WebhookServer
) -> None:
    hook.gate.clear()
    notifier = notifier_of(webhook=webhook(world, hook))
    world.hold(world.alert("new"))
    notifier.step()
    began = time.monotonic()
    assert [notifier.step() for _ in range(50)] == [0] * 50, "a step returns while a message is under way"
    assert time.monotonic() - began < 4, "and waits for nothing"
    hook.gate.set()
    settle(notifier)
    assert len(hook.posted) == 1


@pytest.mark.parametrize("status", [302, 400, 500])
def test_what_is_not_taken_is_tried_again_and_at_last_given_up(
    world: World, notifier_of: Callable[..., Notifier], hook: WebhookServer, status: int
) -> None:
    hook.status = status
    notifier = notifier_of(webhook=webhook(world, hook))
    world.hold(world.alert("new"))
    for pause in (*RETRY_AFTER_S, 0):
        settle(notifier)
        world.clock.sleep(pause)
    settle(notifier)
    (told,) = kept(world)
    assert (told.delivery, told.attempts) == (Delivery.given_up, len(RETRY_AFTER_S) + 1)
    assert told.why == f"the webhook answered {status}"
    assert len(hook.posted) == told.attempts, "no redirect is followed, nothing is sent after it was given up"


def test_the_most_severe_goes_first(world: World, notifier_of: Callable[..., Notifier], hook: WebhookServer) -> None:
    notifier = notifier_of(webhook=webhook(world, hook), least=Severity.routine)
    world.hold(
        *(world.alert(each.value, severity=each) for each in (Severity.routine, Severity.high, Severity.immediate))
    )
    settle(notifier)
    assert [json.loads(body)["severity"] for _, body in hook.posted] == ["immediate", "high", "routine"]


def test_while_nothing_is_due_what_waits_is_not_read_at_every_step(
    world: World, notifier_of: Callable[..., Notifier], hook: WebhookServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook.status = 500
    notifier = notifier_of(webhook=webhook(world, hook))
    world.hold(world.alert("new"))
    settle(notifier)
    looks: list[datetime] = []
    first = notifier._first
    monkeypatch.setattr(notifier, "_first", lambda now: looks.append(now) or first(now))
    for _ in range(100):
        notifier.step()
    assert len(looks) <= 1
    world.clock.sleep(RETRY_AFTER_S[0])
    settle(notifier)
    assert len(hook.posted) == 2


def test_a_server_that_is_not_there_is_a_reason_in_words_without_its_address(world: World) -> None:
    new = world.alert("new")
    (told,) = wanted(new, [Way.webhook], Severity.high, world.clock.now())
    absent = Webhook("http://127.0.0.1:9/s3cret-path", SECRET, LINKS, world.clock).send(told)
    assert absent is not None
    assert "s3cret" not in absent
    account = Account("127.0.0.1", 9, "casebus@police.example")
    assert Mail(account, ["desk@police.example"], LINKS, world.clock).send(told)


def test_mail_that_is_refused_for_some_is_not_delivered(world: World, post: MailServer) -> None:
    post.refuses = ("nobody@police.example",)
    (told,) = wanted(world.alert("new"), [Way.email], Severity.high, world.clock.now())
    why = mail(world, post, "desk@police.example", "nobody@police.example").send(told)
    assert why == "the mail server refused 1 of 2 addresses"


@pytest.mark.parametrize(
    "more",
    [
        {"severity": Severity.routine},
        {"band": Band.review},
        {"overlap": Overlap.same_source_report},
        {"partner": NZ},
    ],
)
def test_nobody_is_called_for_what_can_wait(world: World, more: dict[str, Any]) -> None:
    assert not list(wanted(world.alert("new", **more), Way, Severity.high, world.clock.now()))


def test_nobody_is_called_for_what_the_desk_has_taken_up(world: World) -> None:
    new = world.alert("new")
    world.hold(new)
    world.browser().send(f"/alerts/{new.ref}/acknowledge")
    assert not list(wanted(world.kept(new), Way, Severity.routine, world.clock.now()))


def test_a_notification_that_was_noted_while_the_clock_was_ahead_is_sent_when_it_is_right_again(
    world: World, notifier_of: Callable[..., Notifier], hook: WebhookServer
) -> None:
    hook.status = 500
    notifier = notifier_of(webhook=webhook(world, hook))
    world.clock.sleep(3650 * 86400)
    world.hold(world.alert("new"))
    settle(notifier)
    world.clock.sleep(-3649 * 86400)
    settle(notifier)
    assert len(hook.posted) == 2


@given(answers=st.lists(st.sampled_from([None, "no"]), max_size=12))
def test_every_notification_ends_delivered_or_given_up_and_only_once(answers: list[str | None]) -> None:
    now = SOME_ALERT.raised_at
    (told,) = wanted(SOME_ALERT, [Way.email], Severity.routine, now)
    for answer in answers:
        if told.delivery is not Delivery.waiting:
            break
        assert told.next_at is not None
        now = max(now, told.next_at)
        told = attempted(told, answer, now)
        assert (told.delivery is Delivery.delivered) == (answer is None)
        assert told.next_at is None or told.next_at > now
    assert told.attempts <= len(RETRY_AFTER_S) + 1
    assert (told.attempts == len(RETRY_AFTER_S) + 1) <= (told.delivery is not Delivery.waiting)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"webhook_url": "https://hooks.police.example/x"},
        {"webhook_url": "https://hooks.police.example/x", "webhook_secret_file": "/nowhere/secret"},
        {"mail_server": "mail.police.example:587", "mail_from": "casebus@police.example"},
        {"mail_server": "mail.police.example:587", "mail_to": ["desk@police.example"]},
    ],
)
def test_half_a_setting_is_refused_when_the_notifier_starts(world: World, given: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        list(messengers_of(NotifySettings(**given), LINKS, world.clock))


@pytest.mark.parametrize(
    ("setting", "content"),
    [
        ("webhook_ca_file", None),
        ("webhook_ca_file", "no certificate"),
        ("mail_ca_file", None),
        ("mail_password_file", "pässword"),
    ],
)
def test_a_file_that_will_not_do_is_refused_by_its_settings_name_before_anything_is_sent(
    world: World, tmp_path: Path, setting: str, content: str | None
) -> None:
    (tmp_path / "secret").write_bytes(SECRET)
    if content is not None:
        (tmp_path / "wrong").write_text(content, encoding="utf-8")
    whole: dict[str, Any] = {
        "webhook_url": "https://hooks.police.example/x",
        "webhook_secret_file": str(tmp_path / "secret"),
        "mail_server": "mail.police.example:587",
        "mail_from": "casebus@police.example",
        "mail_to": ["desk@police.example"],
        "mail_username": "desk",
        "mail_password_file": str(tmp_path / "secret"),
    }
    assert len(list(messengers_of(NotifySettings(**whole), LINKS, world.clock))) == 2
    with pytest.raises(UsageError, match=setting):
        list(messengers_of(NotifySettings(**whole | {setting: str(tmp_path / "wrong")}), LINKS, world.clock))


def test_a_messenger_that_raises_has_failed_and_ends_no_node(
    world: World, notifier_of: Callable[..., Notifier]
) -> None:
    class Raises:
        def send(self, notification: Notification) -> str | None:
            raise ValueError("a secret")

    notifier = notifier_of(webhook=Raises())
    world.hold(world.alert("new"))
    settle(notifier)
    (told,) = kept(world)
    assert (told.attempts, told.delivery) == (1, Delivery.waiting)
    assert told.why == "the webhook could not be used (ValueError)"


@pytest.mark.parametrize(
    "url", ["http://hooks.police.example/x", "file:///etc/passwd", "https://a b", "http://127.0.0.1.example/x"]
)
def test_a_webhook_elsewhere_speaks_tls(url: str) -> None:
    with pytest.raises(ValueError, match="webhook_url"):
        NotifySettings(webhook_url=url)


def test_the_alerts_page_says_what_came_of_it(
    world: World, notifier_of: Callable[..., Notifier], hook: WebhookServer, post: MailServer
) -> None:
    hook.status = 503
    notifier = notifier_of(webhook=webhook(world, hook), email=mail(world, post))
    new = world.alert("new")
    world.hold(new)
    settle(notifier)
    page = " ".join(world.browser(OFFICER).get(f"/alerts/{new.ref}").text.split())
    assert "By e-mail: delivered 3 July 2026, 09:14 UTC" in page
    assert "<strong>not delivered</strong> after 1 attempt, tried again" in page
    assert "the webhook answered 503" in page
