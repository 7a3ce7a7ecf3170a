"""No answer, no frame of the stream, no line of the log, nothing that is taken away by the command line holds a value that
is withheld from who is looking: whichever agencies, role, marking and state of a release.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog
from console.console_world import IA, NZ, UK
from console.exported import OF_ONE_ALERT, OF_ONE_CHECK, OF_THE_DESK, OF_TWO_RECORDS, Exporter
from console.planted import (
    ASKED,
    CANARIES,
    HELD,
    NOTE,
    OUR_CHILDREN,
    STAFF,
    TEXT,
    THEIR_CHILDREN,
    THEIR_NOTE,
    THEIRS_ASKED,
    TYPED,
    Drawn,
    Planted,
)
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from casebus import logs
from casebus.cases.access import DeskRole
from casebus.cases.alert_feed import FeedEnd
from casebus.cases.conversation import ReleaseState
from casebus.console.stream import framed
from casebus.events import enumerations as en

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


# One example takes a second: a failing one is not made smaller, which would take minutes.
@settings(max_examples=4, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(
    drawn=st.builds(
        Drawn,
        agencies=st.permutations([NZ, UK, IA]),
        role=st.sampled_from(DeskRole),
        overlap=st.sampled_from([en.Overlap.same_person, en.Overlap.same_child]),
        band=st.sampled_from(en.Band),
        tlp=st.sampled_from(en.Tlp),
        state=st.sampled_from(ReleaseState),
        overdue=st.booleans(),
        asked=FIELDS,
        as_json=st.booleans(),
    )
)
def test_nothing_that_is_withheld_reaches_a_page_a_frame_or_the_log(drawn: Drawn) -> None:
    with TemporaryDirectory() as folder, logged(drawn.agencies[0]) as log:
        planted = Planted(Path(folder), drawn)
        ours, there, alert = planted.ours, planted.there, planted.alert
        viewer = ours.browser(STAFF[planted.here][drawn.role])
        works = drawn.role is not DeskRole.operator
        paths = ("/", f"/alerts/{alert.ref}", f"/alerts/{alert.ref}/talk", f"/alerts/{alert.ref}/links", "/referrals")
        restated = f"/children/{planted.outcome}/restate"
        answers = [viewer.get(path) for path in (*paths, "/check", "/outcomes", "/children", restated, "/welfare")]
        assert {answer.status_code for answer in answers} == {200 if works else 403}, "a failed page proves nothing"
        feeds = viewer.get("/feeds")
        assert feeds.status_code == 200, "everybody who is listed may see how the feeds stand"
        listed = (
            "".join(answer.text for answer in (*answers, feeds)) + viewer.get(f"/alerts/{planted.partners.ref}").text
        )
        shown = listed + viewer.get(planted.check_page).text
        signed = viewer.parts.logins.find(viewer.client.cookies[viewer.parts.logins.cookie])
        frame = framed(viewer.parts, signed, FeedEnd(), FeedEnd()).text if works else ""
        assert TYPED not in shown, "what was released is shown again nowhere at this agency"
        assert THEIR_NOTE not in shown
        assert THEIRS_ASKED not in shown
        assert str(THEIR_CHILDREN) not in shown
        assert (str(OUR_CHILDREN) in shown) == works
        assert planted.partners.ref not in shown
        assert ASKED not in listed, "what was asked about stands on the check's own page alone"
        assert (HELD in shown) == (works and drawn.held)
        assert (NOTE in shown) == (TEXT in shown) == (ASKED in shown) == works
        name = ours.installation.directory.agency(there).name
        unnamed = [f"/alerts/{planted.unnamed.ref}{page}" for page in ("", "/links", "/talk")]
        for path in (*unnamed, f"/welfare?alert={planted.unnamed.ref}"):
            _, main, page = viewer.get(path).text.partition("<main")
            assert main, "above it every page says since when no partner was heard, whatever it is about"
            assert name not in page, "a partner that may not be named is not"
            assert there not in page
        for canary in CANARIES:
            assert canary not in frame
            assert canary not in log.getvalue()
            assert not any(canary in each.model_dump_json() for each in ours.events())
        assert_exports_withhold(planted, drawn)
        planted.close()


def assert_exports_withhold(planted: Planted, drawn: Drawn) -> None:
    works = drawn.role is not DeskRole.operator
    root, who = planted.ours.installation.layout.root, STAFF[planted.here][drawn.role]
    exporter = Exporter(root, planted.here, who, as_json=drawn.as_json)
    talk = exporter.each(OF_ONE_ALERT, planted.alert.ref)
    unnamed = exporter.each(OF_ONE_ALERT, planted.unnamed.ref)
    checks = [*exporter.each([("deconflict", "list")]), *exporter.each(OF_ONE_CHECK, planted.check)]
    others = [each for each in OF_THE_DESK if each[0] != "deconflict"]
    given = [*talk, *unnamed, *checks, *exporter.each(others)]
    assert {each.code for each in given} == {0 if works else 5}, "a failed export proves nothing"
    foreign = [
        *exporter.each(OF_ONE_ALERT, planted.partners.ref),
        *exporter.each(OF_TWO_RECORDS, planted.alert.own_id, planted.partners.own_id),
    ]
    assert {each.code for each in foreign} == {4 if works else 5}
    shown = "".join(each.text for each in (*given, *foreign))
    for never in (TYPED, THEIR_NOTE, THEIRS_ASKED, str(THEIR_CHILDREN)):
        assert never not in shown
    assert not any(planted.partners.ref in each.text for each in given)
    assert (HELD in shown) == (works and drawn.held)
    assert any(NOTE in each.text for each in talk) == works
    assert (TEXT in shown) == (str(OUR_CHILDREN) in shown) == works
    assert any(ASKED in each.text for each in checks) == works
    assert not any(ASKED in each.text for each in given if each not in checks)
    told = (planted.there, planted.ours.installation.directory.agency(planted.there).name)
    assert not any(word in each.text for each in unnamed for word in told)
    for canary in (*CANARIES, str(THEIR_CHILDREN)):
        assert not any(canary in each.model_dump_json() for each in planted.ours.events())
