"""Nobody is said to have been told who was not: a page says who has to hear of it, and the notifier tells of it outside."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from console.console_world import LEAD, NOW, NZ, OFFICER, World
from notifying.notifying_world import WebhookServer, settle, webhook_server
from typer.testing import CliRunner

from casebus.cases.notification import NOTIFICATIONS, Delivery, Way
from casebus.cases.outgoing import NOTICES, Notice
from casebus.cli.main import assembled
from casebus.events.enumerations import Severity
from casebus.notifying.notifier import Notifier
from casebus.notifying.told import Links
from casebus.notifying.webhook import Webhook
from casebus.state import Save
from consumers.deadlines import Deadlines


@pytest.fixture
def hook() -> Iterator[WebhookServer]:
    with webhook_server() as server:
        yield server


@pytest.fixture
def notifier(desk: World, hook: WebhookServer) -> Iterator[Notifier]:
    """A notifier that has looked at the feed: what comes to pass from then on is told."""
    messenger = Webhook(hook.url, b"0123456789abcdef", Links(None), desk.clock)
    made = Notifier(desk.store, desk.clock, {Way.webhook: messenger}, Severity.high)
    made.step()
    yield made
    made.close()


def time_passes(desk: World, minutes: float) -> None:
    """Let the deadlines do what is due by then."""
    with desk.store.transaction() as tx:
        for effect in Deadlines(NZ).due(tx, NOW + timedelta(minutes=minutes)).effects:
            tx.apply(effect)


def told_of(ref: str, hook: WebhookServer) -> list[tuple[str, str]]:
    posted = [json.loads(body) for _, body in hook.posted]
    return [(said["type"], said["escalated"]) for said in posted if said["ref"] == ref]


def test_a_page_says_whom_to_tell_and_not_that_somebody_was(desk: World) -> None:
    alert = desk.alert("immediate")
    time_passes(desk, 30)
    for page in ("/", f"/alerts/{alert.ref}"):
        text = desk.browser().get(page).text
        assert "Nobody took it up in half its time: tell the desk&#39;s lead" in text, page
        assert "was told" not in text, page
    time_passes(desk, 24 * 60)
    assert "ring the coordination desk" in desk.browser().get("/").text
    desk.browser().send(f"/alerts/{alert.ref}/acknowledge")
    assert "ring the coordination desk" not in desk.browser().get(f"/alerts/{alert.ref}").text


def test_what_else_a_desk_has_to_hear_is_on_its_board_and_in_json_and_on_record(desk: World) -> None:
    words = "DeskMessage was not passed on: ring"
    with desk.store.transaction() as tx:
        tx.apply(Save(NOTICES, Notice("n1", "DeliveryRefused", "about", words, NOW)))
    assert words in desk.browser(LEAD).get("/?tab=notices").text
    assert desk.readings()[-1].resource == "notices"
    root = str(desk.installation.layout.root)
    command = ["alerts", "list", "--agency", NZ, "--officer", OFFICER, "--data", root, "--json"]
    told = json.loads(CliRunner().invoke(assembled(), [*command, "--notices"]).stdout)["notices"]
    assert [(each["type"], each["text"]) for each in told] == [("DeliveryRefused", words)]
    assert "notices" not in json.loads(CliRunner().invoke(assembled(), command).stdout)


def test_what_nobody_takes_up_is_told_outside_once_for_each_level(
    desk: World, notifier: Notifier, hook: WebhookServer
) -> None:
    new = desk.alert("new")
    desk.hold(new)
    settle(notifier)
    for minutes in (4 * 60, 4 * 60 + 1, 8 * 60):
        time_passes(desk, minutes)
        settle(notifier)
        settle(notifier)
    assert told_of(new.ref, hook) == [
        ("alert_waits", "none"),
        ("alert_escalated", "desk_lead"),
        ("alert_escalated", "coordination_desk"),
    ]


def test_what_was_taken_up_or_retracted_before_it_was_sent_is_not_sent(
    desk: World, notifier: Notifier, hook: WebhookServer
) -> None:
    hook.status = 500
    new = desk.alert("new")
    desk.hold(new)
    settle(notifier)
    desk.browser().send(f"/alerts/{new.ref}/acknowledge")
    desk.clock.sleep(60)  # type: ignore[attr-defined]
    settle(notifier)
    assert len(hook.posted) == 1
    with desk.store.view() as view:
        (told,) = view.by(NOTIFICATIONS, "conflict", new.conflict_id)
    assert told.delivery is Delivery.ended
    assert "not sent any more" in desk.browser().get(f"/alerts/{new.ref}").text
