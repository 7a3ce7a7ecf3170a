"""Asking before acting on the pages, without scripts: one check with tokens only, and its answer with what it covers."""

import re

import pytest
from console.console_world import LEAD, OFFICER, OPERATOR, UK, World

from casebus.cases.outgoing import NOTICES, Notice
from casebus.console.check_pages import LISTED_FIELDS
from casebus.desk.checking import CHECK_FIELDS
from casebus.events import enumerations as en
from casebus.events.types import DeconflictionRequested
from casebus.intake.checks import OWN_CHECKS, OwnCheck
from casebus.state import Save

EMAIL, ACCOUNT = "asked.before@mail.example", "synthetic-4711"
FORM = {
    "basis": "PLANNED_ACTION",
    "urgency": "HIGH",
    "purpose": "INVESTIGATION",
    "pointer": "",
    "email": f"{EMAIL}\n\n",
    "account": f"examplechat:{ACCOUNT}",
}


def asked(world: World) -> list[DeconflictionRequested]:
    return [each for each in world.events() if isinstance(each, DeconflictionRequested)]


def checks(world: World) -> list[OwnCheck]:
    with world.store.view() as view:
        return list(view.all(OWN_CHECKS))


def put(world: World, **more: str) -> OwnCheck:
    answer = world.browser().send("/check", FORM | more)
    (check,) = checks(world)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/check/{check.ref}")
    return check


def read(world: World, check: OwnCheck) -> str:
    return " ".join(world.browser().get(f"/check/{check.ref}").text.split())


def test_a_check_is_published_once_as_tokens_and_says_that_no_answer_says_nothing(world: World) -> None:
    check = put(world)
    (event,) = asked(world)
    assert (event.basis, event.urgency, event.watch) == (en.CheckBasis.PLANNED_ACTION, en.Priority.HIGH, True)
    assert [each.kind.value for each in event.sightings] == ["EMAIL", "SERVICE_ACCOUNT_ID"]
    assert not any(value in event.model_dump_json() for value in (EMAIL, ACCOUNT))
    page = read(world, check)
    assert "Not answered yet, which says nothing." in page
    assert f"{ACCOUNT} on examplechat" in page
    assert EMAIL in page
    assert "no-hit" not in page


def test_asking_waits_for_no_answer_and_the_page_hears_that_there_is_one(world: World) -> None:
    before = world.clock.monotonic()
    check = put(world)
    assert world.clock.monotonic() == before, "what waits in a thread keeps it from everybody else"
    browser, path = world.browser(), f"/check/{check.ref}/answered"
    assert f'data-answered="{path}"' in browser.get(f"/check/{check.ref}").text
    assert (browser.get(path).status_code, browser.get(path).text) == (204, "")
    world.hold(world.alert("hit", own_kind=en.RecordKind.check, own_id=check.check_id))
    assert (browser.get(path).status_code, browser.get(path).text) == (200, "")
    assert "data-answered" not in browser.get(f"/check/{check.ref}").text
    assert world.browser(OPERATOR).get(path).status_code == 403
    assert browser.get("/check/CHECK-NOTHING/answered").status_code == 404


def test_that_a_check_was_answered_is_on_record_as_it_is_told_and_so_is_a_look_for_what_is_not_here(
    world: World,
) -> None:
    check = put(world)
    browser, path, before = world.browser(), f"/check/{check.ref}/answered", len(world.readings())
    browser.get("/check/CHECK-NOTHING/answered")
    assert [(each.resource, each.references) for each in world.readings()[before:]] == [("not found: check", ())]
    browser.get(path)
    assert len(world.readings()) == before + 1, "while there is nothing, nothing is read"
    world.hold(world.alert("hit", own_kind=en.RecordKind.check, own_id=check.check_id))
    browser.get(path)
    (said,) = world.readings()[before + 1 :]
    assert (said.references, said.fields) == ((check.ref,), ("answer",))


def test_a_check_that_is_sent_twice_is_asked_once(world: World) -> None:
    browser, form = world.browser(), FORM | {"command": "018f0000-0000-7000-8000-00000000c0de"}
    answers = [browser.send("/check", form) for _ in range(2)]
    assert len({answer.headers["location"] for answer in answers}) == 1
    other = browser.send("/check", form | {"email": "another@mail.example"})
    assert (other.status_code, len(asked(world)), len(checks(world))) == (400, 1, 1)
    assert "another@mail.example" in other.text, "what was typed is kept"


def test_a_no_hit_is_shown_with_its_time_and_what_it_covers(world: World) -> None:
    check = put(world)
    at = world.clock.now()
    with world.store.transaction() as tx:
        tx.apply(Save(NOTICES, Notice("e-1", "DeconflictionNoHit", check.check_id, "nothing", at, (UK,))))
    page = read(world, check)
    assert "Nothing was found at 3 July 2026, 09:14 UTC." in page
    assert "Covered: National Crime Agency" in page
    assert "not proof that nobody else knows more" in page
    assert "Not answered yet" not in page


@pytest.mark.parametrize("band", list(en.Band))
def test_a_hit_is_shown_with_whom_to_ring_and_leads_to_its_alert(world: World, band: en.Band) -> None:
    check = put(world)
    alert = world.alert("hit", own_kind=en.RecordKind.check, own_id=check.check_id, band=band)
    world.hold(alert)
    page = read(world, check)
    assert "Hit: National Crime Agency" in page
    assert f'href="/alerts/{alert.ref}"' in page
    assert "+64 4 555 0199" in page
    assert ("weak match" in page) == (band is en.Band.review)


@pytest.mark.parametrize("pointer", ["SILENT", "DESK_ONLY"])
def test_who_asked_silently_is_told_that_the_partner_is_not(world: World, pointer: str) -> None:
    check = put(world, pointer=pointer)
    alert = world.alert("hit", own_kind=en.RecordKind.check, own_id=check.check_id)
    world.hold(alert)
    page, hit = read(world, check), world.browser().get(f"/alerts/{alert.ref}").text
    silent = pointer == "SILENT"
    assert ("The partner was not told, as was chosen." in page) == silent
    assert ("before you act" in page) != silent
    assert ("not told, and will not be" in hit) == silent
    assert (f'href="/alerts/{alert.ref}/talk"' in hit) != silent


def test_what_was_not_compared_stands_above_that_nothing_was_found(world: World) -> None:
    check = put(world, phone="12")
    page = read(world, check)
    assert page.index("Not everything was compared: phone e164") < page.index("What came back")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"account": ACCOUNT}, "does not name its service"),
        ({"name": "Somebody Fictional"}, "goes with a date of birth"),
        ({"ip": "192.0.2.7", "ip_at": "31 January, nine"}, "has no offset, or is no time"),
        ({"basis": "UNKNOWN"}, "No basis was chosen"),
        ({"email": "", "account": ""}, "nothing here can be compared".capitalize()),
    ],
)
def test_what_cannot_be_asked_is_said_asks_nothing_and_keeps_what_was_typed(
    world: World, wrong: dict[str, str], said: str
) -> None:
    typed = FORM | {"phone": "+64 20 731 64850", "email": EMAIL} | wrong
    if not wrong.get("email", "-"):
        typed["phone"] = ""
    answer = world.browser().send("/check", typed)
    assert answer.status_code == 400
    assert said in answer.text
    summary = re.search(r'role="alert">.*?</div></div>', answer.text, re.DOTALL)
    assert summary
    for value in filter(None, (typed["email"], typed["phone"], *wrong.values())):
        assert value == "UNKNOWN" or value in answer.text, "what was typed is kept"
        assert value not in summary[0], "and the error repeats none of it"
    assert asked(world) == checks(world) == []


def test_a_check_is_ended_on_its_page(world: World) -> None:
    check = put(world)
    assert world.browser(LEAD).send(f"/check/{check.ref}/close").status_code == 303
    assert [each.watch for each in asked(world)] == [True, False]
    page = read(world, check)
    assert "Ended" in page
    assert "End this check" not in page


def test_what_is_read_of_checks_is_on_record_and_the_list_shows_no_identifier(world: World) -> None:
    check = put(world)
    page = world.browser().get("/check").text
    assert check.ref in page
    assert EMAIL not in page
    assert ACCOUNT not in page
    assert (world.readings()[-1].references, world.readings()[-1].fields) == ((check.ref,), LISTED_FIELDS)
    read(world, check)
    assert (world.readings()[-1].references, world.readings()[-1].fields) == ((check.ref,), CHECK_FIELDS)


def test_who_sees_no_case_asks_nothing_and_sees_no_check(world: World) -> None:
    check = put(world)
    operator, other = world.browser(OPERATOR), FORM | {"email": "another@mail.example"}
    for answer in (operator.get("/check"), operator.get(f"/check/{check.ref}"), operator.send("/check", other)):
        assert answer.status_code == 403
        assert EMAIL not in answer.text
    assert len(asked(world)) == 1


def test_another_agencys_check_and_none_at_all_get_the_same_answer(world: World) -> None:
    foreign = World(world.installation.layout.root, UK, world.clock)
    foreign.browser("NCA-204").send("/check", FORM)
    (theirs,) = checks(foreign)
    browser = world.browser(OFFICER)
    answers = [browser.get(f"/check/{ref}") for ref in (theirs.ref, theirs.check_id, "CHECK-NOTHING")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert checks(world) == []
    foreign.store.close()


def test_a_persona_is_not_named_to_who_is_hit_unless_that_was_chosen(world: World) -> None:
    browser = world.browser()
    for pointer in ("", "OPEN"):
        browser.send("/check", FORM | {"basis": "UNDERCOVER_PERSONA", "pointer": pointer})
    assert [each.handling.pointer.value for each in asked(world)] == ["DESK_ONLY", "OPEN"]
