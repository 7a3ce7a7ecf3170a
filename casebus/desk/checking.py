"""Asking before acting: an officer's check at an agency's own node, and what came back.

Each command is one transaction: the check as the node remembers it, its own record, and the signed event for the
outbox, or none of them. The identifiers stay here; what is published is their tokens.
"""

import base64
import hashlib
from dataclasses import dataclass, replace

from casebus.cases.access import Command, Kind
from casebus.cases.alert import ALERTS, Alert
from casebus.cases.outgoing import NOTICES, Notice
from casebus.desk.office import Office, said_otherwise
from casebus.errors import NotFound, UsageError
from casebus.intake.adapter import RecordKey
from casebus.intake.checks import OWN_CHECKS, SYSTEM, OwnCheck, Question, check_event, own_record
from casebus.intake.drafting import Drafting
from casebus.intake.records import OWN_RECORDS
from casebus.intake.sections import storable
from casebus.intake.sightings import NOTHING_SEEN, Seen
from casebus.state import Save
from casebus.store.store import Transaction, View

LOOK_EVERY_S = 0.1
DEFAULT_WAIT_S = 5.0
CHECK_FIELDS = ("ref", "basis", "urgency", "asked_at", "watched", "identifiers", "answer")
"""What is shown of a check, for the record of who read it."""
HIT_FIELDS = ("hit.ref", "hit.partner", "hit.band", "hit.state", "hit.matched", "hit.contact")
"""What a page of a check shows besides of the alerts that are its hits."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back so far: alerts about the check, and the no-hit if nothing was found when it was asked.

    Both may be there: what nobody held then may be reported later, while the check is on watch.
    """

    alerts: tuple[Alert, ...]
    no_hit: Notice | None

    @property
    def is_hit(self) -> bool:
        """Tell whether a partner holds something, or held it."""
        return any(not alert.is_notice for alert in self.alerts)

    @property
    def is_there(self) -> bool:
        """Tell whether the check was answered at all."""
        return self.is_hit or self.no_hit is not None


class Checking:
    """One agency's checks, as one officer asks them. `drafting` holds the keys of its tokens.

    Raises `NotPermitted`, and puts the attempt on record, for who may not see or ask; what is shown is recorded by the caller,
    which knows what that is (`Desk.accessed`).
    """

    def __init__(self, office: Office, drafting: Drafting) -> None:
        self._office = office
        self._drafting = drafting

    def ask(self, question: Question, command: str | None = None) -> OwnCheck:
        """Put a check on record and on its way. Raises `UsageError` where nothing of it can be compared.

        `command` is an id that the caller made for what it asks: asked again, it gives the check that stands.
        """
        self._office.require(Command.ask)
        check_id = command or self._office.new_id()
        ref = check_ref(check_id)
        seen = self._drafting.sightings.seen(RecordKey(SYSTEM, ref), question.identifiers)
        if not any(sighting.tokens for sighting in seen.carried):
            raise UsageError(
                f"nothing here can be compared: {', '.join(seen.unused) or 'no identifier is given'}",
                next_step="write an identifier out in full; `casebus deconflict check --help` and the console's form show how.",
            )
        asked_at = self._office.now()
        check = OwnCheck(
            check_id, ref, question, seen.unused, self._office.actor, asked_at, revision=1, is_watched=True
        )
        with self._office.transaction(Command.ask) as tx:
            if known := tx.get(OWN_CHECKS, check_id):
                if known.question != question:
                    raise said_otherwise()
                return known
            self._publish(tx, check, seen)
        return check

    def close(self, ref: str) -> OwnCheck:
        """End a check: later records no longer meet it, and its hits are retracted. Doing it again changes nothing.

        Raises `NotFound`.
        """
        self._office.require(Command.close_check)
        with self._office.transaction(Command.close_check) as tx:
            check = _found(tx, ref)
            if check.is_watched:
                check = replace(check, revision=check.revision + 1, is_watched=False, actor=self._office.actor)
                self._publish(tx, check, NOTHING_SEEN)
        return check

    def checks(self) -> list[OwnCheck]:
        """Return every check of this agency, the latest first."""
        self._office.require_sight(Kind.check)
        with self._office.store.view() as view:
            return sorted(view.all(OWN_CHECKS), key=lambda check: (check.asked_at, check.ref), reverse=True)

    def check(self, ref: str) -> OwnCheck:
        """Return one check. Raises `NotFound`."""
        self._office.require_sight(Kind.check)
        with self._office.noting_absence(Kind.check), self._office.store.view() as view:
            return _found(view, ref)

    def answer(self, check: OwnCheck) -> Answer:
        """Return what came back so far."""
        self._office.require_sight(Kind.check)
        with self._office.store.view() as view:
            named = view.by(ALERTS, "own", check.check_id) + view.by(ALERTS, "also_own", check.check_id)
            notices = view.by(NOTICES, "about", check.check_id)
        alerts = sorted(named, key=lambda alert: (alert.raised_at, alert.ref))
        return Answer(tuple(alerts), notices[0] if notices else None)

    def wait(self, check: OwnCheck, seconds: float) -> Answer:
        """Return the answer once it is there, or what there is after so many seconds."""
        clock = self._office.clock
        deadline = clock.monotonic() + seconds
        while not (answer := self.answer(check)).is_there and clock.monotonic() < deadline:
            clock.sleep(LOOK_EVERY_S)
        return answer

    def _publish(self, tx: Transaction, check: OwnCheck, seen: Seen) -> None:
        event = check_event(self._office.agency, self._office.new_id(), check, seen.carried)
        tx.apply(Save(OWN_CHECKS, check))
        tx.apply(Save(OWN_RECORDS, own_record(tx.get(OWN_RECORDS, check.check_id), check, event, seen)))
        self._office.publish_event(tx, event)


def check_ref(check_id: str) -> str:
    """Return the short reference that people of the agency say to each other."""
    return f"CHECK-{base64.b32encode(hashlib.sha256(check_id.encode()).digest())[:7].decode()}"


def _found(view: View, ref: str) -> OwnCheck:
    checks = view.by(OWN_CHECKS, "ref", storable(ref.upper()))
    if not checks:
        raise NotFound(
            f"no check {ref[:40]!r} here", next_step="`casebus deconflict list --agency CODE` shows this agency's."
        )
    found: OwnCheck = checks[0]
    return found
