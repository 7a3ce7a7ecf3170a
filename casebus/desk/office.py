"""What every command at a desk shares: who acts, whether they may, what is put on record, and the one transaction.

A command is one transaction: the agency's own state and the signed event for the outbox, or neither. Reading is an event
too: what is shown was put on record before, in the transaction that read it. What somebody may not see or do is on
record as well, without any reference.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TypeVar

from casebus.bus.log import events_topic
from casebus.bus.outbox import Outgoing, Publisher
from casebus.cases.access import UNNAMED, Command, Decision, Kind, Thing, Viewer, may_act, may_view
from casebus.cases.alert import ALERTS, Alert
from casebus.cases.alert_feed import saved, worked
from casebus.cases.authorship import signed
from casebus.cases.desk_history import DEEDS, Deed, Verb, refuse_stale
from casebus.cases.desk_work import DESK_WORK, DeskAlert
from casebus.clock import Clock
from casebus.directory import Directory
from casebus.errors import Conflict, NotFound, NotPermitted, UsageError
from casebus.events.catalogue import partition_key
from casebus.events.enumerations import AccessOperation, Purpose
from casebus.events.envelope import Event
from casebus.events.types import DataAccessed, Payload
from casebus.intake.sections import storable
from casebus.store.store import Save, Store, Transaction, View
from casebus.wire.ids import RANDOM_BYTES, uuid7

P = TypeVar("P", bound=Payload)

MAX_REFERENCES = 1000
MAX_FIELDS = 100
MAX_WORD_CHARS = 200
MAX_NOTE_CHARS = 4000


class Office:
    """One agency's Store and outbox, as one viewer uses them."""

    def __init__(
        self, viewer: Viewer, id_key: bytes, store: Store, publisher: Publisher, clock: Clock, directory: Directory
    ) -> None:
        self.viewer = viewer
        self.agency = viewer.agency
        self.id_key = id_key
        self.actor = pseudonym(id_key, viewer.officer)
        self.store = store
        self.directory = directory
        self._publisher = publisher
        self.clock = clock

    def now(self) -> datetime:
        """Return the time."""
        return self.clock.now()

    def key_of(self, agency: str) -> bytes:
        """Return the newest valid key to which things for an agency are sealed. Raises `NotPermitted` where there is none."""
        key = self.directory.encryption_key(agency, self.now())
        if key is None:
            raise NotPermitted(
                f"{agency} has no encryption key in the directory that is valid now: nothing can be sealed to it",
                next_step="ring its desk; ask it to publish one.",
            )
        return key.raw

    # --- who may ---

    def may(self, command: Command) -> Decision:
        """Decide whether the viewer may do this here."""
        return may_act(self.viewer, command, Thing(_KINDS.get(command, Kind.alert), self.agency))

    def require(self, command: Command) -> None:
        """Raise `NotPermitted`, and put the attempt on record, where the viewer may not do this."""
        self._require(self.may(command), command.value)

    def require_sight(self, kind: Kind) -> None:
        """Raise `NotPermitted`, and put the attempt on record, where the viewer may not see this."""
        self._require(may_view(self.viewer, Thing(kind, self.agency)), kind.value)

    def _require(self, decision: Decision, what: str) -> None:
        if decision.allowed:
            return
        with self.store.transaction() as tx:
            self.record(tx, f"denied: {what}", [], ())
        raise NotPermitted(
            f"{decision.reason} ({what})",
            next_step="ask the desk's lead, or give --officer ID as officers.toml has it.",
        )

    # --- what is put on record ---

    def record(
        self,
        tx: Transaction,
        resource: str,
        references: Sequence[str],
        fields: Sequence[str],
        purpose: Purpose = Purpose.INVESTIGATION,
    ) -> None:
        """Put a consultation into the outbox; `fields` names what is shown of each."""
        payload = DataAccessed(
            operation=AccessOperation.CONSULTATION,
            actor=self.actor,
            purpose=purpose,
            resource=resource,
            references=tuple(map(_word, references[:MAX_REFERENCES])),
            references_not_carried=max(0, len(references) - MAX_REFERENCES),
            fields=tuple(map(_word, fields[:MAX_FIELDS])),
        )
        self.publish(tx, payload)

    def accessed(
        self,
        resource: str,
        references: Sequence[str],
        purpose: Purpose = Purpose.INVESTIGATION,
        fields: Sequence[str] = (),
    ) -> None:
        """Record a consultation in a transaction of its own."""
        with self.store.transaction() as tx:
            self.record(tx, resource, references, fields, purpose)

    @contextmanager
    def noting_absence(self, what: Command | Kind) -> Iterator[None]:
        """Put on record, without any reference, that something was looked for which is not here."""
        try:
            yield
        except NotFound:
            self.accessed(f"not found: {what.value}", ())
            raise

    @contextmanager
    def transaction(self, what: Command | Kind) -> Iterator[Transaction]:
        """Begin the transaction of a command or of a reading; what it does not find is on record all the same."""
        with self.noting_absence(what), self.store.transaction() as tx:
            yield tx

    # --- what commands do ---

    def new_id(self) -> str:
        """Return an id for something that is made here and now."""
        return uuid7(self.now(), secrets.token_bytes(RANDOM_BYTES))

    def signed_for(self, payload: P, recipient: str) -> P:
        """Return a payload with this agency's signature over what the recipient gets of it, beside its box."""
        return signed(payload, recipient, self._publisher.attest)

    def publish(self, tx: Transaction, payload: Payload) -> None:
        """Put an event of this command into the outbox. Its id is made here, once, and stored with its effect."""
        self.publish_event(
            tx, Event(id=self.new_id(), source=self.agency, partition_key=partition_key(payload), payload=payload)
        )

    def publish_event(self, tx: Transaction, event: Event) -> None:
        """Put an event that has its id into the outbox."""
        self._publisher.publish(tx, [Outgoing(events_topic(self.agency), event)])

    def seen(self, tx: View, ref: str, version: int | None = None) -> DeskAlert:
        """Return the alert that a command is about. Raises `NotFound`; `Conflict` for a stale version, with who did what."""
        found = found_alert(tx, ref)
        if version is not None:
            refuse_stale(found, version, tx.by(DEEDS, "conflict", found.alert.conflict_id))
        return found

    def keep(
        self, tx: Transaction, seen: DeskAlert, after: DeskAlert, verb: Verb, detail: str = "", note: str | None = None
    ) -> None:
        """Save an alert as it stands after a command, with who did what; nothing where nothing changed and was noted."""
        if after != seen:
            for effect in saved(tx, after.alert, after.work if after.work != seen.work else None):
                tx.apply(effect)
        if after != seen or note:
            self.remember(tx, after, verb if after != seen else Verb.noted, detail if after != seen else "", note)

    def show_anew(self, tx: Transaction, seen: DeskAlert) -> None:
        """Give a number to a change of what waits here about an alert that itself stays as it is: boards read it anew."""
        for effect in worked(tx, [seen.work], occasion=self.new_id()):
            tx.apply(effect)

    def remember(
        self, tx: Transaction, after: DeskAlert, verb: Verb, detail: str = "", note: str | None = None
    ) -> None:
        """Put what was done into the alert's history."""
        who = self.viewer.officer or UNNAMED
        kept = storable(note) if note else None
        deed = Deed(
            self.new_id(),
            after.alert.conflict_id,
            after.version,
            self.now(),
            storable(who),
            verb,
            storable(detail),
            kept,
        )
        tx.apply(Save(DEEDS, deed))


_KINDS: dict[Command, Kind] = {
    Command.request_release: Kind.conversation,
    Command.grant_release: Kind.conversation,
    Command.refuse_release: Kind.conversation,
    Command.send_message: Kind.conversation,
    Command.propose_lead: Kind.conversation,
    Command.send_referral: Kind.referral,
    Command.answer_referral: Kind.referral,
    Command.request_welfare_check: Kind.outcome,
    Command.complete_welfare_check: Kind.outcome,
    Command.record_outcome: Kind.outcome,
    Command.ask: Kind.check,
    Command.close_check: Kind.check,
}
"""What a command is about; all others are about an alert."""


def pseudonym(id_key: bytes, officer: str | None) -> str:
    """Return the name under which an officer appears in events: only the agency can tell who it is."""
    if not officer:
        return UNNAMED
    name = officer.encode("utf-8", "surrogatepass")  # what a shell hands over in another encoding is a name too
    return "officer-" + hmac.new(id_key, b"officer\n" + name, hashlib.sha256).hexdigest()[:16]


def said_otherwise() -> UsageError:
    """Return the error for a command that is known here and asked for something else."""
    return UsageError(
        "that was sent before, and said something else",
        unchanged="what it said first is on record.",
        next_step="look at what is on record; send this again if it is wanted as well.",
    )


def refuse_too_long(note: str | None) -> None:
    """Raise `UsageError` for a longer text than is kept."""
    if note and len(note) > MAX_NOTE_CHARS:
        raise UsageError(f"the note has more than {MAX_NOTE_CHARS} characters", next_step="shorten it.")


def _word(text: str) -> str:
    """Return a text as an event can hold it: what somebody typed must not keep the reading from being recorded."""
    return storable(text)[:MAX_WORD_CHARS]


def find_alert(view: View, ref: str) -> DeskAlert | None:
    """Return the alert of a reference or a conflict id, typed in any case.

    Raises `Conflict` should two alerts ever share a reference.
    """
    found = view.by(ALERTS, "ref", storable(ref.upper()))
    if len(found) > 1:
        raise Conflict(
            f"two alerts have the reference {ref[:40]!r}", next_step="name the one you mean by its conflict id."
        )
    alert: Alert | None = found[0] if found else view.get(ALERTS, storable(ref.lower()))
    return DeskAlert.of(alert, view.get(DESK_WORK, alert.conflict_id)) if alert else None


def found_alert(view: View, ref: str) -> DeskAlert:
    """Return the alert of a reference. Raises `NotFound`."""
    found = find_alert(view, ref)
    if found is None:
        raise no_alert(ref)
    return found


def no_alert(ref: str) -> NotFound:
    """Return the error for a reference that is not here; another agency's looks the same."""
    return NotFound(f"no alert {ref[:40]!r} here", next_step="`casebus alerts list --agency CODE` shows this agency's.")
