"""No answer, no frame of the stream, no line of the log holds a value that is withheld from who is looking."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog
from console.console_world import LEAD, NZ, OFFICER, OPERATOR, UK, World
from hypothesis import given, settings
from hypothesis import strategies as st

from casebus import logs
from casebus.cases.conversation import RELEASES, Release, ReleaseState
from casebus.console.stream import framed
from casebus.events import enumerations as en
from casebus.state import Save

NOTE, THEIR_NOTE, TYPED, HELD, TEXT = (
    f"CANARY-{name}-SYNTHETIC" for name in ("note", "their", "typed", "held", "text")
)
FIELDS = st.lists(
    st.sampled_from([f for f in en.DisclosedField if f is not en.DisclosedField.UNKNOWN]), min_size=1, unique=True
)


@contextmanager
def logged() -> Iterator[io.StringIO]:
    lines = io.StringIO()
    before = structlog.get_config()
    logs.configure_stream(lines, NZ)
    try:
        yield lines
    finally:
        structlog.configure(**before)


def release(
    alert_id: str, ours: bool, state: ReleaseState, fields: tuple[en.DisclosedField, ...], at: object
) -> Release:
    values = tuple((field, HELD) for field in fields) if ours and state is ReleaseState.granted else ()
    return Release(
        "018f0000-0000-7000-8000-000000000001" if ours else "018f0000-0000-7000-8000-000000000002",
        alert_id, ours, UK, en.Purpose.SAFEGUARDING_CHILD, en.Severity.high, fields, None, at,  # type: ignore[arg-type]
        state, "NOT_HELD" if state is ReleaseState.refused else None, fields, values,
        en.Tlp.AMBER_STRICT, en.EvidentialUse.INTELLIGENCE_ONLY,
    )  # fmt: skip


@settings(max_examples=3, deadline=None)
@given(
    role=st.sampled_from([OFFICER, LEAD, OPERATOR]),
    overlap=st.sampled_from([en.Overlap.same_person, en.Overlap.same_child]),
    state=st.sampled_from(list(ReleaseState)),
    asked=FIELDS,
)
def test_nothing_that_is_withheld_reaches_a_page_a_frame_or_the_log(
    role: str, overlap: en.Overlap, state: ReleaseState, asked: list[en.DisclosedField]
) -> None:
    with TemporaryDirectory() as folder, logged() as log:
        ours, theirs = World(Path(folder) / "data"), World(Path(folder) / "data", UK)
        alert = ours.alert("shared", overlap=overlap)
        ours.hold(alert)
        partners = theirs.alert("shared", overlap=overlap, partner=NZ)
        theirs.hold(partners)
        theirs.browser("NCA-204").send(f"/alerts/{partners.ref}/acknowledge", {"note": THEIR_NOTE})
        officer = ours.browser(OFFICER)
        officer.send(f"/alerts/{alert.ref}/acknowledge", {"note": NOTE})
        officer.send(f"/alerts/{alert.ref}/talk/message", {"note": TEXT})
        with ours.store.transaction() as tx:
            tx.apply(Save(RELEASES, release(alert.conflict_id, True, state, tuple(asked), ours.clock.now())))
            asked_of_us = release(alert.conflict_id, False, ReleaseState.asked, tuple(asked), ours.clock.now())
            tx.apply(Save(RELEASES, asked_of_us))
        form = {"request_id": asked_of_us.request_id, "keep_days": "7", **{f"value-{f.value}": TYPED for f in asked}}
        assert officer.send(f"/alerts/{alert.ref}/talk/grant", form).status_code == 303
        viewer = ours.browser(role)
        paths = ("/", f"/alerts/{alert.ref}", f"/alerts/{alert.ref}/talk", f"/alerts/{alert.ref}/links", "/referrals")
        shown = "".join(viewer.get(path).text for path in (*paths, f"/alerts/{partners.ref}", "/feeds", "/outcomes"))
        signed = viewer.parts.logins.find(viewer.client.cookies[viewer.parts.logins.cookie])
        frame = framed(viewer.parts, signed, 0, 0).text if role != OPERATOR else ""
        assert TYPED not in shown, "what was released is shown again nowhere at this agency"
        assert THEIR_NOTE not in shown
        assert partners.ref not in shown
        assert (HELD in shown) == (role != OPERATOR and state is ReleaseState.granted)
        assert (NOTE in shown) == (TEXT in shown) == (role != OPERATOR)
        for canary in (NOTE, THEIR_NOTE, TYPED, HELD, TEXT):
            assert canary not in frame
            assert canary not in log.getvalue()
            assert not any(canary in each.model_dump_json() for each in ours.events())
        ours.store.close()
        theirs.store.close()
