"""Freshness: who sees what of it, and that a bus which does not answer is said and closes no page."""

import shutil

import pytest
from console.console_world import LEAD, NZ, OFFICER, OPERATOR, World

from casebus.bus.log import inbox_topic

MACHINE = ("Parked records", "Documents")


def text_of(desk: World, path: str, officer: str = OFFICER) -> str:
    answer = desk.browser(officer).get(path)
    assert answer.status_code == 200
    return " ".join(answer.text.split())


@pytest.mark.parametrize("officer", [OFFICER, LEAD])
def test_who_works_on_cases_sees_the_partners_and_the_hub_and_not_the_machine(desk: World, officer: str) -> None:
    page = text_of(desk, "/feeds", officer)
    assert all(words in page for words in ("National Crime Agency", "The hub", "What we publish"))
    assert not any(words in page for words in MACHINE)


def test_an_operator_sees_the_machine_and_no_partner(desk: World) -> None:
    page = text_of(desk, "/feeds", OPERATOR)
    assert all(words in page for words in (*MACHINE, "The hub", "What we publish"))
    assert "National Crime Agency" not in page


def test_a_bus_that_does_not_answer_closes_no_page_and_is_said(desk: World) -> None:
    shutil.rmtree(desk.installation.layout.bus)
    desk.installation.layout.bus.write_text("no directory", encoding="utf-8")
    for path in ("/feeds", "/outcomes"):
        assert "bus does not answer" in text_of(desk, path)
    assert "bus does not answer" in text_of(desk, "/feeds", OPERATOR)


def hear(desk: World) -> None:
    """Let a record of the hub reach this agency's inbox on the bus."""
    text_of(desk, "/feeds")
    with desk.store.view() as view:
        record = view.outbox(limit=1)[0].record
    topic = inbox_topic(NZ)
    log = desk.installation.open_log("test", making=[topic])
    log.append(topic, [record])
    log.close()


def test_what_the_hub_sent_is_behind_until_the_desk_has_read_it(desk: World) -> None:
    hear(desk)
    assert "1 record not read yet" in text_of(desk, "/feeds")
    with desk.store.transaction() as tx:
        tx.advance("desk", inbox_topic(NZ), expected=0, to=1)
    assert "all of it was read" in text_of(desk, "/feeds")
