"""What officers do with alerts: read them, take them up, give them to somebody, let them rest, propose an outcome."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from casebus.cases import desk_work
from casebus.cases.access import Command, Kind
from casebus.cases.alert import ALERTS, OWN_ANSWERS, Alert, OwnAnswer, mistake_words
from casebus.cases.asked_of_us import AskedOfUs
from casebus.cases.conflict import answers_of
from casebus.cases.desk_history import DEEDS, Deed, Verb, in_order
from casebus.cases.desk_work import DESK_WORK, DeskAlert
from casebus.cases.notification import NOTIFICATIONS, Notification
from casebus.cases.outgoing import NOTICES, Notice
from casebus.desk.office import Office, find_alert, no_alert, refuse_too_long
from casebus.desk.placed import asked_about
from casebus.errors import UsageError
from casebus.events.enumerations import Band, ConflictOutcome, PointerMode, Severity
from casebus.events.types import DeconflictionResolved
from casebus.intake.checks import OWN_CHECKS
from casebus.intake.records import OWN_RECORDS
from casebus.officers import Officers
from casebus.store.store import Save, Transaction

ALERT_FIELDS = (
    "ref",
    "conflict_id",
    "revision",
    "version",
    "overlap",
    "severity",
    "state",
    "our_state",
    "their_state",
    "own",
    "partner",
    "contact",
    "matched",
    "suppressed",
    "strength",
    "score",
    "detector",
    "raised_at",
    "respond_by",
    "outcome",
    "their_outcome",
    "band",
    "new_evidence",
    "stage",
    "assignee",
    "acknowledged_until",
    "snoozed_until",
    "own_severity",
    "due_by",
    "escalated",
)
"""What is shown of an alert where nobody says that it was less (DESIGN.md §9; after it what was added, and the desk's own business)."""

NOTICE_FIELDS = ("at", "type", "about", "text")
HISTORY_FIELDS = ("at", "who", "verb", "detail", "note")
MAX_OFFICER_CHARS = 200


@dataclass(frozen=True, slots=True)
class Acts:
    """One act of one command: what it is, what it was about, and what the officer noted."""

    verb: Verb
    detail: str = ""
    note: str | None = None


class AlertCommands:
    """The alerts of one agency's desk.

    Every command takes the alert's reference (or conflict id), the `version` that the officer saw (None: whatever
    stands) and returns the alert as it then stands. Each raises `NotPermitted` for who may not, `NotFound` for a
    reference that is not here, `Conflict` for a stale version (it says who did what since) or for what the alert's state
    does not allow, and `UsageError` for a note longer than is kept; nothing is changed then.
    """

    def __init__(self, office: Office, officers: Callable[[], Officers]) -> None:
        self._office = office
        self._officers = officers

    # --- reading ---

    def alerts(
        self, *, state: str | None, notices: bool, review: bool = False, fields: Sequence[str] = ALERT_FIELDS
    ) -> list[DeskAlert]:
        """Return the alerts, the ones due first; each list is recorded as a consultation of the fields to be shown.

        `review` adds weak matches, of which no answer is due, `notices` what only informs.
        """
        self._office.require_sight(Kind.alert)
        with self._office.transaction(Kind.alert) as tx:
            work = {each.conflict_id: each for each in tx.all(DESK_WORK)}
            found = [a for a in tx.all(ALERTS) if (notices or not a.is_notice) and (review or a.band is Band.alert)]
            shown = sorted((a for a in found if state in (None, a.state.value)), key=_due)
            self._office.record(tx, "alerts", [alert.ref for alert in shown], fields)
        return [DeskAlert.of(alert, work.get(alert.conflict_id)) for alert in shown]

    def alert(self, ref: str, fields: Sequence[str] = ALERT_FIELDS) -> DeskAlert:
        """Return one alert. Raises `NotFound`, and records the look all the same."""
        self._office.require_sight(Kind.alert)
        with self._office.transaction(Kind.alert) as tx:
            found = find_alert(tx, ref)
            self._office.record(tx, "alert", [found.alert.ref] if found else [], fields if found else ())
        if found is None:
            raise no_alert(ref)
        return found

    def history(self, ref: str) -> list[Deed]:
        """Return what was done about an alert, oldest first. Recorded like `alert`."""
        conflict_id = self.alert(ref, HISTORY_FIELDS).alert.conflict_id
        with self._office.store.view() as view:
            return in_order(view.by(DEEDS, "conflict", conflict_id))

    def notes(self, seen: DeskAlert) -> list[str]:
        """Return what this desk's officers noted beside their decisions, oldest first; part of showing the alert."""
        with self._office.store.view() as view:
            deeds = in_order(view.by(DEEDS, "conflict", seen.alert.conflict_id))
        return [deed.note for deed in deeds if deed.note]

    def asked_of_us(self, seen: DeskAlert) -> AskedOfUs:
        """Return what the partner waits for at this desk about an alert; part of showing it."""
        with self._office.store.view() as view:
            return asked_about(view, seen.alert.conflict_id)

    def notified(self, seen: DeskAlert) -> list[Notification]:
        """Return who was told outside that this alert waits, and what came of it, in order."""
        with self._office.store.view() as view:
            found = view.by(NOTIFICATIONS, "conflict", seen.alert.conflict_id)
        return sorted(found, key=lambda each: (each.raised_at, each.way))

    def mistaken(self, seen: DeskAlert) -> str | None:
        """Return what this desk must hear of an alert that it had answered and that stands no more as it did, else None."""
        with self._office.store.view() as view:
            return mistake_words(seen.alert, view.by(OWN_ANSWERS, "conflict", seen.alert.conflict_id))

    def is_silent(self, seen: DeskAlert) -> bool:
        """Tell whether the partner is not told of this alert, because the officer who asked chose so."""
        with self._office.store.view() as view:
            check = view.get(OWN_CHECKS, seen.alert.own_id)
        chosen = check is not None and check.question.pointer is PointerMode.SILENT
        return chosen and seen.alert.partner != seen.alert.agency

    def notices(self, latest: int | None = None) -> list[Notice]:
        """Return what else this desk has to hear, the newest first, at most the `latest`: checks that found nothing, records of
        its own that were parked, what was not passed on, what nobody answered in time.
        """
        self._office.require_sight(Kind.notice)
        with self._office.transaction(Kind.notice) as tx:
            found = sorted(tx.all(NOTICES), key=lambda notice: (notice.at, notice.event_id), reverse=True)[:latest]
            self._office.record(tx, "notices", [notice.event_id for notice in found], NOTICE_FIELDS)
        return found

    def beside(self, alert: Alert) -> DeskAlert:
        """Return an alert that was found elsewhere with this desk's own business about it; whoever shows it records that."""
        with self._office.store.view() as view:
            return DeskAlert.of(alert, view.get(DESK_WORK, alert.conflict_id))

    def own_reference(self, record_id: str) -> str:
        """Return what the agency's own system calls a record; the opaque id where the node does not hold it."""
        return self.own_references([record_id])[record_id]

    def own_references(self, record_ids: Iterable[str]) -> dict[str, str]:
        """Return what the agency's own system calls some records, by id."""
        with self._office.store.view() as view:
            found = {each: view.get(OWN_RECORDS, each) for each in record_ids}
        return {record_id: record.number if record else record_id for record_id, record in found.items()}

    # --- deciding ---

    def acknowledge(self, ref: str, version: int | None, note: str | None = None) -> DeskAlert:
        """Take an alert up: the partner sees it. Doing it again makes it hold anew, and changes nothing else."""
        with self._command(Command.acknowledge, note) as tx:
            seen = self._office.seen(tx, ref, version)
            after = desk_work.acknowledge(seen, self._office.now())
            return self._done(tx, seen, after, Acts(Verb.acknowledged, note=note))

    def assign(self, ref: str, assignee: str, version: int | None = None, note: str | None = None) -> DeskAlert:
        """Give an alert to an officer of this agency, to oneself for example. One that was new is taken up by it.

        Raises `UsageError` for who works on no alerts at this desk: it would be in nobody's hand.
        """
        with self._command(Command.assign, note) as tx:
            seen = self._office.seen(tx, ref, version)
            officer = self._officer(assignee)
            after = desk_work.assign(seen, officer, self._office.now())
            return self._done(tx, seen, after, Acts(Verb.assigned, officer, note))

    def hand_over(self, ref: str, note: str, to: str | None = None, version: int | None = None) -> DeskAlert:
        """Hand an alert over with a note: to an officer, or (`to` None) back to the desk. Raises `UsageError` without
        a note, and like `assign`.
        """
        if not note.strip():
            raise UsageError("a hand-over needs a note", next_step="write what the next officer has to know.")
        with self._command(Command.hand_over, note) as tx:
            seen = self._office.seen(tx, ref, version)
            after = desk_work.hand_over(seen, self._officer(to) if to else None, self._office.now())
            return self._done(tx, seen, after, Acts(Verb.handed_over, to or "the desk", note))

    def snooze(self, ref: str, until: datetime, version: int | None = None, note: str | None = None) -> DeskAlert:
        """Let an alert rest until a moment, at most a week. Never one that concerns a child at immediate risk."""
        with self._command(Command.snooze, note) as tx:
            seen = self._office.seen(tx, ref, version)
            after = desk_work.snooze(seen, until, self._office.now())
            return self._done(tx, seen, after, Acts(Verb.snoozed, until.isoformat(timespec="seconds"), note))

    def set_severity(self, ref: str, severity: Severity, reason: str | None, version: int | None = None) -> DeskAlert:
        """Raise the severity by which this desk goes, or lower it with a reason; from immediate only a desk lead may."""
        with self._command(Command.set_severity, reason) as tx:
            seen = self._office.seen(tx, ref, version)
            lowers_immediate = seen.severity is Severity.immediate and desk_work.lowers(seen, severity)
            after = desk_work.judge(seen, severity, reason, self._office.now())
            if not lowers_immediate or self._office.may(Command.lower_immediate).allowed:
                return self._done(tx, seen, after, Acts(Verb.judged, severity.value, reason))
        self._office.require(Command.lower_immediate)
        raise AssertionError("bug: what is not allowed was required")

    def resolve(self, ref: str, outcome: ConflictOutcome, version: int | None, note: str | None) -> DeskAlert:
        """Propose an outcome; the last one counts, the same one again changes nothing. The note is in no event."""
        with self._command(Command.resolve, note) as tx:
            seen = self._office.seen(tx, ref, version)
            return self._done(tx, seen, desk_work.resolve(seen, outcome), Acts(Verb.resolved, outcome.value, note))

    def reopen(self, ref: str, reason: str, version: int | None = None) -> DeskAlert:
        """Take this desk's own outcome back, with a reason; the partner sees that, not the reason."""
        with self._command(Command.reopen, reason) as tx:
            seen = self._office.seen(tx, ref, version)
            after = desk_work.reopen(seen, reason, self._office.now())
            return self._done(tx, seen, after, Acts(Verb.reopened, note=reason))

    def _command(self, command: Command, note: str | None) -> AbstractContextManager[Transaction]:
        """Begin a command's transaction, once it is clear that the viewer may and that the note will be kept."""
        refuse_too_long(note)
        self._office.require(command)
        return self._office.transaction(command)

    def _officer(self, name: str) -> str:
        """Return the id, as it is kept, of an officer who works on alerts here. Raises `UsageError`."""
        name = name.strip()
        if not name or len(name) > MAX_OFFICER_CHARS or not name.isprintable():
            raise UsageError("the officer is not named by an id", next_step="give the id as officers.toml has it.")
        if not self._officers().may_be_given(name, by=self._office.viewer.officer):
            raise UsageError(
                "officers.toml does not list that officer as one who works on alerts at this desk",
                next_step="give the alert to an officer or a desk lead who is listed.",
            )
        return name

    def _done(self, tx: Transaction, seen: DeskAlert, after: DeskAlert, act: Acts) -> DeskAlert:
        self._office.keep(tx, seen, after, act.verb, act.detail, act.note)
        alert, office = after.alert, self._office
        for answer in answers_of(
            seen.alert.we_said,
            alert.we_said,
            conflict_id=alert.conflict_id,
            revision=alert.revision,
            agency=office.agency,
            actor=office.actor,
        ):
            office.publish(tx, answer)
            outcome = answer.outcome if isinstance(answer, DeconflictionResolved) else None
            own = OwnAnswer(office.new_id(), alert.conflict_id, office.actor, office.now(), alert.band, outcome)
            tx.apply(Save(OWN_ANSWERS, own))
        return after


def _due(alert: Alert) -> tuple[bool, datetime, str]:
    return alert.respond_by is None, alert.respond_by or alert.raised_at, alert.ref
