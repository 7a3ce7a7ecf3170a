"""No answer, no frame of the stream, no line of the log holds a value that is withheld from who is looking: whichever
agencies, role, marking and state of a release."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog
from console.console_world import IA, NZ, UK, Browser, World
from hypothesis import given, settings
from hypothesis import strategies as st

from casebus import logs
from casebus.cases.access import DeskRole
from casebus.cases.alert import Alert
from casebus.cases.conversation import RELEASES, Release, ReleaseState
from casebus.cases.outcomes import OUTCOMES
from casebus.console.stream import framed
from casebus.events import enumerations as en
from casebus.installing import TRAINING_OFFICERS
from casebus.state import Save
from casebus.wire.ids import content_id

NOTE, THEIR_NOTE, TYPED, HELD, TEXT, ASKED, THEIRS_ASKED = (
    f"CANARY-{name}-SYNTHETIC" for name in ("note", "their", "typed", "held", "text", "asked", "theirs-asked")
)
OUR_CHILDREN, THEIR_CHILDREN = 640_371, 958_213
STAFF = {code: {each.role: each.id for each in listed} for code, listed in TRAINING_OFFICERS.items()}
FIELDS = st.lists(
    st.sampled_from([f for f in en.DisclosedField if f is not en.DisclosedField.UNKNOWN]), min_size=1, unique=True
)


@contextmanager
def logged(agency: str) -> Iterator[io.StringIO]:
    lines = io.StringIO()
    before = structlog.get_config()
    logs.configure_stream(lines, agency)
    try:
        yield lines
    finally:
        structlog.configure(**before)


def release(
    alert: Alert, ours: bool, state: ReleaseState, fields: tuple[en.DisclosedField, ...], tlp: en.Tlp, at: datetime
) -> Release:
    values = tuple((field, HELD) for field in fields) if ours and state is ReleaseState.granted else ()
    return Release(
        "018f0000-0000-7000-8000-000000000001" if ours else "018f0000-0000-7000-8000-000000000002",
        alert.conflict_id, ours, alert.partner, en.Purpose.SAFEGUARDING_CHILD, en.Severity.high, fields, None, at,
        state, "NOT_HELD" if state is ReleaseState.refused else None, fields, values,
        tlp, en.EvidentialUse.INTELLIGENCE_ONLY,
    )  # fmt: skip


def check_form(value: str) -> dict[str, str]:
    return {"basis": "CASE", "urgency": "LOW", "purpose": "DETECTION", "email": f"{value}@mail.example"}


def safeguarded(officer: Browser, world: World, children: int) -> str:
    """Record children safeguarded on the page; return the outcome's id."""
    kind = {"kind": "LOCATED_MISSING", "rule": "ESTIMATE", "status": "CONFIRMED"}
    form = {**kind, "number": str(children), "command": content_id("command", str(children))}
    assert officer.send("/children", form).status_code == 303
    with world.store.view() as view:
        (outcome,) = view.all(OUTCOMES)
    return outcome.outcome_id


@settings(max_examples=4, deadline=None)
@given(
    agencies=st.permutations([NZ, UK, IA]),
    role=st.sampled_from(DeskRole),
    overlap=st.sampled_from([en.Overlap.same_person, en.Overlap.same_child]),
    band=st.sampled_from(en.Band),
    tlp=st.sampled_from(en.Tlp),
    state=st.sampled_from(ReleaseState),
    asked=FIELDS,
)
def test_nothing_that_is_withheld_reaches_a_page_a_frame_or_the_log(
    agencies: list[str],
    role: DeskRole,
    overlap: en.Overlap,
    band: en.Band,
    tlp: en.Tlp,
    state: ReleaseState,
    asked: list[en.DisclosedField],
) -> None:
    here, there, _ = agencies
    with TemporaryDirectory() as folder, logged(here) as log:
        ours, theirs = World(Path(folder) / "data", here), World(Path(folder) / "data", there)
        alert = ours.alert("shared", overlap=overlap, band=band, partner=there)
        apart = {"partner": None, "own_id": content_id("record", "another")}
        unnamed = ours.alert("unnamed", overlap=overlap, band=band, **apart)
        ours.hold(alert, unnamed)
        partners = theirs.alert("shared", overlap=overlap, band=band, partner=here)
        theirs.hold(partners)
        their_officer = theirs.browser(STAFF[there][DeskRole.officer])
        their_officer.send(f"/alerts/{partners.ref}/acknowledge", {"note": THEIR_NOTE})
        assert their_officer.send("/check", check_form(THEIRS_ASKED)).status_code == 303
        officer = ours.browser(STAFF[here][DeskRole.officer])
        officer.send(f"/alerts/{alert.ref}/acknowledge", {"note": NOTE})
        officer.send(f"/alerts/{alert.ref}/talk/message", {"note": TEXT})
        check = officer.send("/check", check_form(ASKED)).headers["location"]
        safeguarded(their_officer, theirs, THEIR_CHILDREN)
        restated = f"/children/{safeguarded(officer, ours, OUR_CHILDREN)}/restate"
        with ours.store.transaction() as tx:
            tx.apply(Save(RELEASES, release(alert, True, state, tuple(asked), tlp, ours.clock.now())))
            asked_of_us = release(alert, False, ReleaseState.asked, tuple(asked), tlp, ours.clock.now())
            tx.apply(Save(RELEASES, asked_of_us))
        form = {
            "request_id": asked_of_us.request_id,
            "keep_days": "7",
            "tlp": tlp.value,
            **{f"value-{f.value}": TYPED for f in asked},
        }
        assert officer.send(f"/alerts/{alert.ref}/talk/grant", form).status_code == 303
        viewer = ours.browser(STAFF[here][role])
        works = role is not DeskRole.operator
        paths = ("/", f"/alerts/{alert.ref}", f"/alerts/{alert.ref}/talk", f"/alerts/{alert.ref}/links", "/referrals")
        answers = [viewer.get(path) for path in (*paths, "/check", "/feeds", "/outcomes", "/children", restated)]
        assert {answer.status_code for answer in answers} == {200 if works else 403}, "a failed page proves nothing"
        listed = "".join(answer.text for answer in answers) + viewer.get(f"/alerts/{partners.ref}").text
        shown = listed + viewer.get(check).text
        signed = viewer.parts.logins.find(viewer.client.cookies[viewer.parts.logins.cookie])
        frame = framed(viewer.parts, signed, 0, 0).text if works else ""
        assert TYPED not in shown, "what was released is shown again nowhere at this agency"
        assert THEIR_NOTE not in shown
        assert THEIRS_ASKED not in shown
        assert str(THEIR_CHILDREN) not in shown
        assert (str(OUR_CHILDREN) in shown) == works
        assert partners.ref not in shown
        assert ASKED not in listed, "what was asked about stands on the check's own page alone"
        assert (HELD in shown) == (works and state is ReleaseState.granted)
        assert (NOTE in shown) == (TEXT in shown) == (ASKED in shown) == works
        name = ours.installation.directory.agency(there).name
        for path in (f"/alerts/{unnamed.ref}", f"/alerts/{unnamed.ref}/links", f"/alerts/{unnamed.ref}/talk"):
            page = viewer.get(path).text
            assert name not in page, "a partner that may not be named is not"
            assert there not in page
        for canary in (NOTE, THEIR_NOTE, TYPED, HELD, TEXT, ASKED, THEIRS_ASKED):
            assert canary not in frame
            assert canary not in log.getvalue()
            assert not any(canary in each.model_dump_json() for each in ours.events())
        ours.store.close()
        theirs.store.close()
