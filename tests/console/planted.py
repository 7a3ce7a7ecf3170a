"""A desk, and a partner's, full of values that somebody who looks must not see: each is a word found nowhere else."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from console.console_world import Browser, World

from casebus.cases.access import DeskRole
from casebus.cases.alert import Alert
from casebus.cases.conversation import RELEASES, Release, ReleaseState
from casebus.cases.outcomes import OUTCOMES
from casebus.clock import FixedClock, SystemClock
from casebus.events import enumerations as en
from casebus.installing import TRAINING_OFFICERS
from casebus.state import Save
from casebus.wire.ids import content_id

NOTE, THEIR_NOTE, TYPED, HELD, TEXT, ASKED, THEIRS_ASKED = (
    f"CANARY-{name}-SYNTHETIC" for name in ("note", "their", "typed", "held", "text", "asked", "theirs-asked")
)
CANARIES = (NOTE, THEIR_NOTE, TYPED, HELD, TEXT, ASKED, THEIRS_ASKED)
OUR_CHILDREN, THEIR_CHILDREN = 640_371, 958_213
STAFF = {code: {each.role: each.id for each in listed} for code, listed in TRAINING_OFFICERS.items()}


@dataclass(frozen=True)
class Drawn:
    """What a property draws: who looks where, what the alert is, what was released and how."""

    agencies: Sequence[str]
    role: DeskRole
    overlap: en.Overlap
    band: en.Band
    tlp: en.Tlp
    state: ReleaseState
    overdue: bool
    asked: Sequence[en.DisclosedField]
    as_json: bool

    @property
    def held(self) -> bool:
        """Whether the desk may have the values that it asked for."""
        return self.state is ReleaseState.granted and not self.overdue


class Planted:
    """Two agencies' desks in one data directory. `alert` is theirs too; of `unnamed` the partner may not be named."""

    def __init__(self, folder: Path, drawn: Drawn) -> None:
        self.here, self.there = drawn.agencies[0], drawn.agencies[1]
        clock = FixedClock(SystemClock().now())  # the command line goes by the machine's
        self.ours, self.theirs = (World(folder / "data", code, clock) for code in (self.here, self.there))
        more = {"overlap": drawn.overlap, "band": drawn.band}
        self.alert = self.ours.alert("shared", partner=self.there, **more)
        apart = {"partner": None, "own_id": content_id("record", "another")}
        self.unnamed = self.ours.alert("unnamed", **apart, **more)
        self.ours.hold(self.alert, self.unnamed)
        self.partners = self.theirs.alert("shared", partner=self.here, **more)
        self.theirs.hold(self.partners)
        self._what_they_did()
        self.officer = self.ours.browser(STAFF[self.here][DeskRole.officer])
        self._what_we_did()
        self._released(drawn)

    def close(self) -> None:
        self.ours.store.close()
        self.theirs.store.close()

    def _what_they_did(self) -> None:
        officer = self.theirs.browser(STAFF[self.there][DeskRole.officer])
        officer.send(f"/alerts/{self.partners.ref}/acknowledge", {"note": THEIR_NOTE})
        assert officer.send("/check", check_form(THEIRS_ASKED)).status_code == 303
        safeguarded(officer, self.theirs, THEIR_CHILDREN)

    def _what_we_did(self) -> None:
        self.officer.send(f"/alerts/{self.alert.ref}/acknowledge", {"note": NOTE})
        self.officer.send(f"/alerts/{self.alert.ref}/talk/message", {"note": TEXT})
        self.check_page = self.officer.send("/check", check_form(ASKED)).headers["location"]
        self.check = self.check_page.rpartition("/")[2]
        self.outcome = safeguarded(self.officer, self.ours, OUR_CHILDREN)

    def _released(self, drawn: Drawn) -> None:
        """Put in what this desk was granted or not, and what it granted itself."""
        asked, now = tuple(drawn.asked), self.ours.clock.now()
        with self.ours.store.transaction() as tx:
            ours = release(self.alert, True, drawn.state, asked, drawn.tlp, now)
            # Whose time is over by every clock, though no node has run since; or by none.
            tx.apply(
                Save(RELEASES, replace(ours, keep_until=now if drawn.overdue else datetime.max.replace(tzinfo=UTC)))
            )
            asked_of_us = release(self.alert, False, ReleaseState.asked, asked, drawn.tlp, now)
            tx.apply(Save(RELEASES, asked_of_us))
        form = {"request_id": asked_of_us.request_id, "keep_days": "7", "tlp": drawn.tlp.value}
        form |= {f"value-{f.value}": TYPED for f in asked}
        assert self.officer.send(f"/alerts/{self.alert.ref}/talk/grant", form).status_code == 303


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
