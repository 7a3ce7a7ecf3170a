"""Children safeguarded on the pages, without scripts: recorded with what the number counts, restated once, counted once."""

import re
from typing import Any

import pytest
from console.console_world import LEAD, OFFICER, OPERATOR, UK, World

from casebus.bus.log import events_topic
from casebus.bus.outbox import Relay
from casebus.cases.access import DeskRole, Viewer
from casebus.cases.outcomes import OUTCOMES, Outcome
from casebus.desk.children import OUTCOME_FIELDS, Count
from casebus.desk.paged import PAGE_ROWS
from casebus.events import enumerations as en
from casebus.events.types import ChildSafeguarded
from casebus.intake.adapter import RecordKey
from casebus.intake.records import OWN_RECORDS, OwnKind, OwnRecord
from casebus.state import Save
from casebus.wire.ids import content_id

SCRIPT = "<script>alert(1)</script>"
TIP = "900000102"
FORM: dict[str, Any] = {
    "kind": "SAFEGUARDED_FROM_POTENTIAL_ABUSE",
    "number": "4",
    "rule": "CHILDREN_IN_HOUSEHOLD",
    "status": "PROVISIONAL",
    "measures": ["SAFETY_PLAN", "SUSPECT_ARRESTED"],
    "country": "nz",
    "concerning": "",
}


def stated(world: World) -> list[ChildSafeguarded]:
    return [each for each in world.events() if isinstance(each, ChildSafeguarded)]


def outcomes(world: World) -> list[Outcome]:
    with world.store.view() as view:
        return list(view.all(OUTCOMES))


def text(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def fields(answer: Any) -> dict[str, str]:
    """Return what a page's form would send of itself: its hidden fields."""
    return dict(re.findall(r'type="hidden" name="(command|revision)" value="([^"]*)"', answer.text))


def send(world: World, path: str = "/children", officer: str = LEAD, **changed: Any) -> Any:
    """Open the form of a page, change some of its fields, send it."""
    browser = world.browser(officer)
    page = browser.get(path)
    return browser.send(path, FORM | fields(page) | changed)


def record(world: World, **changed: Any) -> Outcome:
    known = {each.outcome_id for each in outcomes(world)}
    assert send(world, **changed).headers["location"] == "/children?done=recorded"
    (made,) = [each for each in outcomes(world) if each.outcome_id not in known]
    return made


def address(outcome: Outcome) -> str:
    return f"/children/{outcome.outcome_id}/restate"


def tip(world: World, number: str = TIP, kind: OwnKind = OwnKind.tip) -> None:
    """Let this agency hold a record of its own."""
    with world.store.transaction() as tx:
        record_id = world.installation.drafting(world.agency).record_id(kind, RecordKey("ncmec", number))
        row = OwnRecord(record_id, kind, "ncmec", number, 1, "", True, False, (), ())
        tx.apply(Save(OWN_RECORDS, row))


def relay(world: World) -> None:
    """Let what waits in the outbox reach the bus."""
    log = world.installation.open_log("test", making=[events_topic(world.agency)])
    relay = Relay(world.store, log)
    while relay.step():
        pass
    log.close()


def test_what_is_recorded_is_published_with_its_rule_and_stands_in_the_list_and_the_figures(world: World) -> None:
    tip(world)
    made = record(world, concerning=f"{TIP}\n\n")
    (event,) = stated(world)
    assert event == made.stated
    assert (event.count, event.count_rule, event.status, event.supersedes, event.country) == (
        4, en.CountRule.CHILDREN_IN_HOUSEHOLD, en.OutcomeStatus.PROVISIONAL, None, "NZ",
    )  # fmt: skip
    assert [each.value for each in event.measures] == ["SUSPECT_ARRESTED", "SAFETY_PLAN"]
    assert len(event.record_ids) == 1
    assert TIP not in event.model_dump_json()
    page = text(world.browser().get("/children"))
    assert "Safeguarded from potential abuse" in page
    assert "All children of a household" in page
    assert "waits to be sent" in page
    relay(world)
    browser = world.browser()
    assert "waits to be sent" not in browser.get("/children").text
    assert "Safeguarded from potential abuse all children of a household provisional 4" in text(
        browser.get("/outcomes")
    )


def test_a_restated_number_replaces_the_one_before_and_is_counted_once(world: World) -> None:
    tip(world)
    first = record(world, concerning=TIP)
    answer = send(world, address(first), number="3", rule="DISTINCT_CHILDREN", status="RESTATED")
    assert answer.headers["location"] == "/children?done=restated"
    (second,) = [each for each in outcomes(world) if each.outcome_id != first.outcome_id]
    assert (second.stated.supersedes, second.stated.count) == (first.outcome_id, 3)
    assert second.stated.record_ids == first.stated.record_ids, "it concerns what the first concerned"
    relay(world)
    browser = world.browser()
    page = browser.get("/children")
    assert (
        f"replaced by: 3 children, safeguarded from potential abuse (each child once, restated), {second.number}"
        in (text(page))
    )
    assert address(second) in page.text
    assert address(first) not in page.text, "what counts no more is not restated"
    assert "Safeguarded from potential abuse each child once restated 3" in text(browser.get("/outcomes"))


def test_a_retracted_number_stays_on_record_and_counts_nowhere(world: World) -> None:
    first = record(world)
    assert send(world, address(first), status="RETRACTED").headers["location"] == "/children?done=retracted"
    relay(world)
    browser = world.browser()
    assert "/restate" not in browser.get("/children").text
    assert "None recorded – – 0" in text(browser.get("/outcomes"))
    later = browser.get(address(first))
    assert (later.status_code, "That number was retracted." in later.text) == (409, True)
    (last,) = [each for each in outcomes(world) if each != first]
    revived = send(world, address(last), number="9", status="RESTATED", revision="1")
    assert revived.status_code == 409
    assert len(outcomes(world)) == 2


def test_the_form_that_restates_is_filled_in_with_the_number_as_it_stands(world: World) -> None:
    page = world.browser().get(address(record(world))).text
    assert 'name="number" value="4"' in page
    for chosen in ("SAFEGUARDED_FROM_POTENTIAL_ABUSE", "CHILDREN_IN_HOUSEHOLD", "RESTATED"):
        assert f'<option value="{chosen}" selected>' in page
    assert page.count(" checked>") == 2
    assert 'name="country" value="NZ"' in page


def test_who_restates_what_a_colleague_restated_changes_nothing_sees_what_stands_and_keeps_what_was_typed(
    world: World,
) -> None:
    first = record(world)
    browser = world.browser()
    opened = browser.get(address(first))
    send(world, address(first), number="3", status="RESTATED")
    mine = FORM | fields(opened) | {"number": "77", "rule": "ESTIMATE", "status": "RESTATED", "country": "GB"}
    answer = browser.send(address(first), mine)
    assert answer.status_code == 409
    assert "That number was restated since" in answer.text
    assert "3 children, safeguarded from potential abuse (all children of a household, restated)" in text(answer)
    for kept in ('value="77"', '<option value="ESTIMATE" selected>', 'value="GB"'):
        assert kept in answer.text
    assert len(outcomes(world)) == 2
    (second,) = [each for each in outcomes(world) if each.stated.supersedes]
    assert f'action="{address(second)}"' in answer.text
    again = browser.send(address(second), mine | fields(answer))
    assert again.status_code == 303
    assert sorted(each.stated.count for each in outcomes(world)) == [3, 4, 77]


def test_who_restates_what_was_retracted_is_shown_what_they_typed(world: World) -> None:
    first = record(world)
    opened = world.browser().get(address(first))
    send(world, address(first), status="RETRACTED")
    answer = world.browser().send(address(first), FORM | fields(opened) | {"number": "78", "status": "RESTATED"})
    assert answer.status_code == 409
    assert "How many children 78" in text(answer)
    assert "do-restate" not in answer.text


def test_a_number_that_its_document_stated_anew_is_not_restated_unseen(world: World) -> None:
    first = record(world)
    opened = world.browser().get(address(first))
    with world.store.transaction() as tx:
        kept = tx.get(OWN_RECORDS, first.outcome_id)
        assert kept is not None
        row = OwnRecord(kept.record_id, kept.kind, kept.system, kept.number, 2, "", True, False, (), ())
        tx.apply(Save(OWN_RECORDS, row))
    form = FORM | fields(opened) | {"number": "79", "status": "RESTATED"}
    answer = world.browser().send(address(first), form)
    assert (answer.status_code, "stated anew since you opened it" in answer.text) == (409, True)
    assert world.browser().send(address(first), form | fields(answer)).status_code == 303


def test_a_form_that_is_sent_again_records_nothing_twice(world: World) -> None:
    browser = world.browser()
    form = FORM | fields(browser.get("/children"))
    for _ in range(2):
        assert browser.send("/children", form).headers["location"] == "/children?done=recorded"
    (first,) = outcomes(world)
    other = browser.send("/children", form | {"number": "5"})
    assert (other.status_code, "was sent before, and said something else" in other.text) == (400, True)
    assert 'name="number" value="5"' in other.text
    again = FORM | fields(browser.get(address(first))) | {"number": "3", "status": "RESTATED"}
    for _ in range(2):
        assert browser.send(address(first), again).headers["location"] == "/children?done=restated"
    assert len(outcomes(world)) == len(stated(world)) == 2


WRONG = [
    ("kind", "UNKNOWN"),
    ("kind", SCRIPT),
    ("number", ""),
    ("number", "-1"),
    ("number", "1000001"),
    ("number", "9" * 4000),
    ("number", "²"),
    ("number", f"4{SCRIPT}"),
    ("rule", ""),
    ("status", "UNKNOWN"),
    ("measures", ["SAFETY_PLAN", SCRIPT]),
    ("country", "New Zealand"),
    ("country", "A1"),
    ("country", "ß"),
    ("country", SCRIPT),
]


@pytest.mark.parametrize("page", ["/children", "restate"])
@pytest.mark.parametrize(("field", "value"), [*WRONG, ("concerning", "\n".join("x" * 101)), ("concerning", "y" * 4001)])
def test_a_hostile_value_is_refused_at_its_field_and_everything_typed_is_kept(
    world: World, page: str, field: str, value: Any
) -> None:
    if page == "restate" and field == "concerning":
        page = "/children"
    held = [record(world)] if page == "restate" else []
    path = address(held[0]) if held else page
    status = {} if field == "status" else {"status": "RESTATED" if held else "CONFIRMED"}
    answer = send(world, path, **({"number": "7", "country": "GB"} | status | {field: value}))
    assert answer.status_code == 400
    (summary,) = re.findall(r'<ul class="govuk-list govuk-error-summary__list">(.*?)</ul>', answer.text)
    assert f'<a href="#f-{field}">' in summary
    for linked in (f'id="f-{field}"', f'id="f-{field}-error"', f'f-{field}-error"'):
        assert linked in answer.text
    if field != "number":
        assert 'name="number" value="7"' in answer.text
    if field != "country":
        assert 'name="country" value="GB"' in answer.text
    assert SCRIPT not in answer.text
    assert outcomes(world) == held


@pytest.mark.parametrize("name", ["900000999", SCRIPT, "\x00", "OR-1", "TWICE"])
def test_a_tip_that_this_agency_does_not_hold_is_said_at_its_field_and_nothing_is_recorded(
    world: World, name: str
) -> None:
    tip(world)
    tip(world, "OR-1", OwnKind.welfare_check)
    tip(world, "TWICE")
    tip(world, "TWICE", OwnKind.case)
    answer = send(world, concerning=f"{TIP}\n{name}")
    assert answer.status_code == 400
    assert '<a href="#f-concerning">' in answer.text
    assert f"{TIP}\n" in answer.text
    assert SCRIPT not in answer.text
    assert outcomes(world) == stated(world) == []


@pytest.mark.parametrize("changed", [{"command": ""}, {"command": SCRIPT}, {"command": "x" * 5000}])
def test_a_form_without_its_own_command_records_nothing(world: World, changed: dict[str, str]) -> None:
    answer = send(world, **changed)
    assert (answer.status_code, SCRIPT in answer.text) == (400, False)
    assert fields(answer)["command"] not in changed.values()
    assert outcomes(world) == []


@pytest.mark.parametrize("revision", ["", "0x1", "9" * 400, SCRIPT])
def test_a_form_that_does_not_say_what_it_restates_changes_nothing(world: World, revision: str) -> None:
    first = record(world)
    answer = send(world, address(first), status="RESTATED", revision=revision)
    assert (answer.status_code, fields(answer)["revision"]) == (400, "1")
    assert outcomes(world) == [first]


def test_a_number_that_came_with_a_document_is_shown_as_text(world: World) -> None:
    first = record(world)
    with world.store.transaction() as tx:
        tx.apply(Save(OUTCOMES, Outcome(first.outcome_id, f"OR-1 {SCRIPT}", first.stated)))
    for path in ("/children", address(first)):
        page = world.browser().get(path).text
        assert SCRIPT not in page
        assert "OR-1 &lt;script&gt;" in page


def test_another_agencys_number_and_none_at_all_get_the_same_answer(world: World) -> None:
    foreign = World(world.installation.layout.root, UK, world.clock)
    browser = foreign.browser("NCA-204")
    browser.send("/children", FORM | fields(browser.get("/children")))
    (theirs,) = outcomes(foreign)
    whole = FORM | {"status": "RESTATED", "command": content_id("command"), "revision": "1"}
    ours = world.browser()
    for other in (theirs.outcome_id, theirs.number, "nothing", content_id("nothing"), "%00"):
        answers = [ours.get(f"/children/{other}/restate"), ours.send(f"/children/{other}/restate", whole)]
        answers.append(ours.send(f"/children/{other}/restate", whole | {"number": "-1"}))
        assert [answer.status_code for answer in answers] == [404] * 3, other
        assert len({answer.text for answer in answers}) == 1
    assert outcomes(world) == []
    assert outcomes(foreign) == [theirs]
    foreign.store.close()


def test_who_sees_no_case_records_nothing_and_sees_no_number(world: World) -> None:
    first = record(world)
    operator = world.browser(OPERATOR)
    whole = FORM | {"command": content_id("command"), "revision": "1"}
    for answer in (
        operator.get("/children"),
        operator.get(address(first)),
        operator.send("/children", whole),
        operator.send("/children", whole | {"number": "-1"}),
        operator.send(address(first), whole | {"status": "RESTATED"}),
    ):
        assert answer.status_code == 403
        assert first.number not in answer.text
    assert outcomes(world) == [first]


def test_a_form_without_the_logins_token_or_from_another_site_records_nothing(world: World) -> None:
    first = record(world)
    browser = world.browser()
    whole = FORM | {"command": content_id("command"), "revision": "1"}
    for path in ("/children", address(first)):
        assert browser.client.post(path, data=whole | {"csrf": "x"}).status_code == 403
        assert browser.send(path, whole, headers={"sec-fetch-site": "cross-site"}).status_code == 403
        assert world.browser(None).client.post(path, data=whole).status_code == 401
    assert outcomes(world) == [first]


def test_what_is_shown_is_on_record_and_no_more_than_that(world: World) -> None:
    first = record(world)
    world.browser().get("/children")
    assert (world.readings()[-1].references, world.readings()[-1].fields) == ((first.outcome_id,), OUTCOME_FIELDS)
    world.browser().get(address(first))
    assert (world.readings()[-1].references, world.readings()[-1].fields) == ((first.outcome_id,), OUTCOME_FIELDS)
    world.browser().get("/children/nothing/restate")
    assert (world.readings()[-1].resource, world.readings()[-1].references) == ("outcome", ())


def test_recording_waits_for_no_bus(world: World) -> None:
    relay(world)
    (topic,) = world.installation.layout.bus.rglob(f"*{world.agency}.events*.sqlite")
    topic.write_bytes(b"no database" * 1000)
    counted = world.browser().get("/outcomes")
    assert (counted.status_code, "The bus does not answer" in counted.text) == (200, True)
    record(world)
    answer = world.browser().get("/children")
    assert (answer.status_code, "the bus does not answer" in answer.text) == (200, True)


@pytest.mark.parametrize("told", [False, True])
def test_the_newest_is_first_and_every_number_is_on_one_page(world: World, told: bool) -> None:
    browser = world.browser()
    with browser.parts.door.desk(Viewer(world.agency, OFFICER, DeskRole.officer)) as desk:
        for number in range(PAGE_ROWS + 2):
            desk.children.record_outcome(Count(en.SafeguardOutcome.LOCATED_MISSING, number))
            world.clock.sleep(60)
            if told:
                relay(world)
    shown = []
    for page in ("", "?page=2"):
        answer = browser.get(f"/children{page}")
        shown += [int(each) for each in re.findall(r'data-label="Children"><span>(\d+)<', answer.text)]
    assert shown == list(reversed(range(PAGE_ROWS + 2)))
    for page in ("0", "-1", "x", "²", "99999", "9" * 50):
        assert browser.get("/children", params={"page": page}).status_code == 200
