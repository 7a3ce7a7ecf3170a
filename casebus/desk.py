"""What officers do at an agency's node: read alerts, acknowledge, propose an outcome.

Every command is one transaction: the side state and the signed event for the outbox, or neither. Reading is an event
too: each read puts a DataAccessed into the outbox before anything is shown.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence

from casebus.bus.log import events_topic
from casebus.bus.outbox import Outgoing, Publisher
from casebus.cases.alert import ALERTS, DESK_NOTES, Alert, DeskNote, acknowledge, refuse_stale, resolve
from casebus.cases.outgoing import NOTICES, Notice
from casebus.clock import Clock
from casebus.errors import Conflict, NotFound, UsageError
from casebus.events.catalogue import partition_key
from casebus.events.enumerations import AccessOperation, ConflictOutcome, Purpose
from casebus.events.envelope import Event
from casebus.events.types import DataAccessed, DeconflictionAcknowledged, DeconflictionResolved, Payload
from casebus.intake.records import OWN_RECORDS
from casebus.intake.sections import storable
from casebus.store.store import Save, Store, Transaction
from casebus.wire.ids import uuid7

MAX_REFERENCES = 1000
MAX_FIELDS = 100
MAX_WORD_CHARS = 200
MAX_NOTE_CHARS = 4000
UNNAMED = "unnamed"
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
)
"""What is shown of an alert where nobody says that it was less (DESIGN.md §9)."""

NOTICE_FIELDS = ("type", "about", "text")


class Desk:
    """One agency's desk, as one officer uses it."""

    def __init__(
        self, agency: str, officer: str | None, id_key: bytes, store: Store, publisher: Publisher, clock: Clock
    ) -> None:
        self._agency = agency
        self._actor = pseudonym(id_key, officer)
        self._store = store
        self._publisher = publisher
        self._clock = clock

    def alerts(self, *, state: str | None, notices: bool, fields: Sequence[str] = ALERT_FIELDS) -> list[Alert]:
        """Return the alerts, the ones due first; each list is recorded as a consultation of the fields to be shown."""
        with self._store.transaction() as tx:
            found = [a for a in tx.all(ALERTS) if notices or not a.is_notice]
            shown = sorted((a for a in found if state in (None, a.state.value)), key=lambda a: (a.respond_by, a.ref))
            self._accessed(tx, "alerts", [alert.ref for alert in shown], fields)
        return shown

    def alert(self, ref: str, fields: Sequence[str] = ALERT_FIELDS) -> Alert:
        """Return one alert. Raises `NotFound`, and records the look all the same."""
        with self._store.transaction() as tx:
            alert = _find(tx, ref)
            self._accessed(tx, "alert", [alert.ref] if alert else [], fields if alert else ())
        return _found(alert, ref)

    def acknowledge(self, ref: str, version: int | None, note: str | None = None) -> Alert:
        """Take an alert up. Doing it again changes nothing but notes.

        Raises `NotFound`, `Conflict`, and `UsageError` for a longer note than is kept.
        """
        _refuse_too_long(note)
        with self._store.transaction() as tx:
            before = _found(_find(tx, ref), ref)
            refuse_stale(before, version)
            after = acknowledge(before)
            payload = DeconflictionAcknowledged(
                conflict_id=after.conflict_id, agency=self._agency, revision=after.revision, actor=self._actor
            )
            self._keep(tx, after, note)
            return self._write(tx, before, after, payload)

    def resolve(self, ref: str, outcome: ConflictOutcome, version: int | None, note: str | None) -> Alert:
        """Propose an outcome; the last one counts, the same one again changes nothing. Raises `NotFound`, `Conflict`.

        The note is the agency's own: it stays in this node and is in no event. Raises `UsageError` for a longer one
        than is kept, before anything is decided.
        """
        _refuse_too_long(note)
        with self._store.transaction() as tx:
            before = _found(_find(tx, ref), ref)
            refuse_stale(before, version)
            after = resolve(before, outcome)
            payload = DeconflictionResolved(
                conflict_id=after.conflict_id,
                agency=self._agency,
                revision=after.revision,
                outcome=outcome,
                actor=self._actor,
            )
            self._keep(tx, after, note)
            return self._write(tx, before, after, payload)

    def _keep(self, tx: Transaction, alert: Alert, note: str | None) -> None:
        if note:
            kept = DeskNote(self._new_id(), alert.conflict_id, alert.version, self._actor, storable(note))
            tx.apply(Save(DESK_NOTES, kept))

    def notes(self, alert: Alert) -> list[str]:
        """Return what this desk's officers noted beside their decisions, oldest first."""
        with self._store.view() as view:
            return [note.text for note in view.by(DESK_NOTES, "conflict", alert.conflict_id)]

    def notices(self) -> list[Notice]:
        """Return what else the hub told this agency: checks that found nothing, records of its own that were parked."""
        with self._store.transaction() as tx:
            found = list(tx.all(NOTICES))
            self._accessed(tx, "notices", [notice.event_id for notice in found], NOTICE_FIELDS)
        return found

    def own_reference(self, record_id: str) -> str:
        """Return what the agency's own system calls a record; the opaque id where the node does not hold it."""
        with self._store.view() as view:
            record = view.get(OWN_RECORDS, record_id)
        return record.number if record else record_id

    def accessed(
        self,
        resource: str,
        references: Sequence[str],
        purpose: Purpose = Purpose.INVESTIGATION,
        fields: Sequence[str] = (),
    ) -> None:
        """Record a consultation of something that is not an alert; `fields` names what is shown of each."""
        with self._store.transaction() as tx:
            self._accessed(tx, resource, references, fields, purpose)

    def _write(self, tx: Transaction, before: Alert, after: Alert, payload: Payload) -> Alert:
        if after != before:
            tx.apply(Save(ALERTS, after))
            self._publish(tx, payload)
        return after

    def _accessed(
        self,
        tx: Transaction,
        resource: str,
        references: Sequence[str],
        fields: Sequence[str],
        purpose: Purpose = Purpose.INVESTIGATION,
    ) -> None:
        payload = DataAccessed(
            operation=AccessOperation.CONSULTATION,
            actor=self._actor,
            purpose=purpose,
            resource=resource,
            references=tuple(map(_word, references[:MAX_REFERENCES])),
            references_not_carried=max(0, len(references) - MAX_REFERENCES),
            fields=tuple(map(_word, fields[:MAX_FIELDS])),
        )
        self._publish(tx, payload)

    def _new_id(self) -> str:
        return uuid7(self._clock.now(), secrets.token_bytes(10))

    def _publish(self, tx: Transaction, payload: Payload) -> None:
        """Put an event of this command into the outbox. Its id is made here, once, and stored with its effect."""
        event = Event(id=self._new_id(), source=self._agency, partition_key=partition_key(payload), payload=payload)
        self._publisher.publish(tx, [Outgoing(events_topic(self._agency), event)])


def pseudonym(id_key: bytes, officer: str | None) -> str:
    """Return the name under which an officer appears in events: only the agency can tell who it is."""
    if not officer:
        return UNNAMED
    name = officer.encode("utf-8", "surrogatepass")  # what a shell hands over in another encoding is a name too
    return "officer-" + hmac.new(id_key, b"officer\n" + name, hashlib.sha256).hexdigest()[:16]


def _refuse_too_long(note: str | None) -> None:
    if note and len(note) > MAX_NOTE_CHARS:
        raise UsageError(f"the note has more than {MAX_NOTE_CHARS} characters", next_step="shorten it.")


def _word(text: str) -> str:
    """Return a text as an event can hold it: what somebody typed must not keep the reading from being recorded."""
    return storable(text)[:MAX_WORD_CHARS]


def _find(tx: Transaction, ref: str) -> Alert | None:
    """Return the alert of a reference or a conflict id, typed in any case.

    Raises `Conflict` should two alerts ever share a reference.
    """
    found = tx.by(ALERTS, "ref", ref.upper())
    if len(found) > 1:
        raise Conflict(
            f"two alerts have the reference {ref[:40]!r}", next_step="name the one you mean by its conflict id."
        )
    return found[0] if found else tx.get(ALERTS, ref.lower())


def _found(alert: Alert | None, ref: str) -> Alert:
    if alert is None:
        raise NotFound(
            f"no alert {ref[:40]!r} here", next_step="`casebus alerts list --agency CODE` shows this agency's."
        )
    return alert
