"""Asking another agency to take responsibility, and answering when asked. It moves on acceptance only."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from casebus.cases.access import Command, Kind
from casebus.cases.alert import ALERTS
from casebus.cases.asked_of_us import is_asked_of_us
from casebus.cases.conflict import URGENCY
from casebus.cases.conversation import Values
from casebus.cases.desk_history import Verb
from casebus.cases.desk_work import DESK_WORK, DeskAlert
from casebus.cases.referral import REFERRALS, Referral, refuse_unanswerable, refuse_unopened
from casebus.desk.office import Office, refuse_too_long, said_otherwise
from casebus.desk.partner import sealed_to
from casebus.desk.terms import Terms
from casebus.errors import NotFound, NotPermitted, UsageError
from casebus.events import enumerations as en
from casebus.events.types import ReferralAccepted, ReferralDeclined, ReferralSent
from casebus.intake.records import OWN_RECORDS
from casebus.intake.sections import storable
from casebus.sealing import Belongs, Content
from casebus.store.store import Save, Transaction, View

REFERRAL_FIELDS = (
    "referral_id", "outgoing", "partner", "state", "ours", "reason", "urgency", "respond_by", "fields", "note", "tlp",
    "evidential_use", "keep_until", "unopened",
)  # fmt: skip

WAITING_FIELDS = ("referral_id", "partner", "urgency", "respond_by", "escalated", "unopened")


@dataclass(frozen=True, slots=True)
class Package:
    """What goes with a referral, sealed to the recipient: values by name, a note, and how they may be used."""

    values: Values = ()
    note: str = ""
    terms: Terms = field(default_factory=Terms)


class Referrals:
    """Referrals of one agency. Raises like `AlertCommands`; `NotPermitted` where no agreement allows it."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def send(
        self,
        to: str,
        reason: en.ReferralReason,
        urgency: en.Severity,
        *,
        ref: str | None = None,
        records: Sequence[str] = (),
        package: Package = Package(),
        command: str | None = None,
    ) -> Referral:
        """Ask an agency to take responsibility, for an alert (`ref`) or for own records by their numbers or ids.

        `command` is an id that the caller made for what it asks: asked again, it gives what stands. This agency stays
        responsible until the other accepts. Raises `NotFound` for an agency or a record that is not known here, `UsageError`
        for neither alert nor record.
        """
        refuse_too_long(package.note)
        self._office.require(Command.send_referral)
        self._refuse_without_agreement(to)
        with self._office.transaction(Command.send_referral) as tx:
            seen = self._office.seen(tx, ref) if ref else None
            own = _records(tx, records) or ((seen.alert.own_id,) if seen else ())
            if not own:
                raise UsageError("a referral is about an alert or own records", next_step="name one.")
            if seen is not None and seen.alert.partner != to:
                raise NotPermitted(
                    f"{to} is not the named partner of that alert",
                    next_step="send it for own records, without the alert.",
                )
            referral = Referral(
                referral_id=command or self._office.new_id(),
                outgoing=True,
                partner=to,
                conflict_id=seen.alert.conflict_id if seen else None,
                record_ids=own,
                reason=reason,
                urgency=urgency,
                fields=tuple(name for name, _ in package.values),
                tlp=package.terms.tlp,
                evidential_use=package.terms.evidential_use,
                keep_days=package.terms.keep_days,
                sent_at=self._office.now(),
                note=storable(package.note) or None,
            )
            if known := tx.get(REFERRALS, referral.referral_id):
                if not known.asks_the_same(referral):
                    raise said_otherwise()
                return known
            tx.apply(Save(REFERRALS, referral))
            self._office.publish(tx, self._office.signed_for(self._sent(referral, package), to))
            if seen is not None:
                self._office.remember(tx, seen, Verb.referred, to)
        return referral

    def _sent(self, referral: Referral, package: Package) -> ReferralSent:
        content = Content(tuple((name, storable(value)) for name, value in package.values), storable(package.note))
        belongs = Belongs(
            "ReferralSent", referral.referral_id, referral.partner, referral.conflict_id or "", self._office.agency
        )
        return ReferralSent(
            referral_id=referral.referral_id,
            conflict_id=referral.conflict_id,
            agency=self._office.agency,
            to=referral.partner,
            record_ids=referral.record_ids[:100],
            reason=referral.reason,
            urgency=referral.urgency,
            fields=referral.fields,
            tlp=referral.tlp,
            evidential_use=referral.evidential_use,
            keep_days=referral.keep_days,
            sealed=sealed_to(self._office, content, belongs),
            actor=self._office.actor,
        )

    def all(self) -> list[Referral]:
        """Return the referrals that this agency sent or got, what waits first; on record."""
        self._office.require_sight(Kind.referral)
        with self._office.transaction(Kind.referral) as tx:
            as_of = (each.as_of(self._office.now()) for each in tx.all(REFERRALS))
            shown = sorted(as_of, key=lambda each: (each.state.value != "sent", each.respond_by))
            names = dict.fromkeys(name.value for each in shown for name, _ in each.values)
            self._office.record(tx, "referrals", [each.referral_id for each in shown], (*REFERRAL_FIELDS, *names))
        return shown

    def asked_of_us(self) -> list[Referral]:
        """Return the referrals that this desk has still to accept or decline, the most urgent first; on record.

        Before them stand those that were not opened: nobody knows how urgent they are.
        """
        self._office.require_sight(Kind.referral)
        with self._office.transaction(Kind.referral) as tx:
            found = filter(is_asked_of_us, tx.by(REFERRALS, "waits", "yes"))
            shown = sorted(found, key=_waiting_order)
            if shown:
                self._office.record(tx, "referrals that wait", [each.referral_id for each in shown], WAITING_FIELDS)
        return shown

    def accept(self, referral_id: str) -> Referral:
        """Take responsibility. Raises `Conflict` for what was answered otherwise, or taken back before, and for one that was not opened."""
        self._office.require(Command.answer_referral)
        with self._office.transaction(Command.answer_referral) as tx:
            if answered := self._answered(tx, referral_id, True, None):
                return answered
            refuse_unopened(waiting := self._waiting(tx, referral_id))
            after = replace(waiting, accepted=True).as_of(self._office.now())
            agency, actor = self._office.agency, self._office.actor
            said = ReferralAccepted(referral_id=after.referral_id, agency=agency, actor=actor)
            self._answer(tx, after, said, Verb.accepted_referral)
        return after

    def decline(self, referral_id: str, reason: en.ReferralDecline) -> Referral:
        """Leave responsibility where it is, with a reason from a closed list; the values that came with it are kept no longer.

        Raises `Conflict` for what was answered, or taken back before.
        """
        self._office.require(Command.answer_referral)
        with self._office.transaction(Command.answer_referral) as tx:
            if answered := self._answered(tx, referral_id, False, reason):
                return answered
            after = replace(self._waiting(tx, referral_id), declined=reason).as_of(self._office.now())
            agency, actor = self._office.agency, self._office.actor
            said = ReferralDeclined(referral_id=after.referral_id, agency=agency, reason=reason, actor=actor)
            self._answer(tx, after, said, Verb.declined_referral)
        return after

    def _answer(self, tx: Transaction, after: Referral, said: ReferralAccepted | ReferralDeclined, verb: Verb) -> None:
        """Save and publish an answer; the history of the alert that the referral is about has it too, if there is one here."""
        tx.apply(Save(REFERRALS, after))
        self._office.publish(tx, said)
        alert = tx.get(ALERTS, after.conflict_id) if after.conflict_id else None
        if alert is not None:
            detail = after.declined.value if after.declined else ""
            seen = DeskAlert.of(alert, tx.get(DESK_WORK, alert.conflict_id))
            self._office.remember(tx, seen, verb, detail)
            self._office.show_anew(tx, seen)

    def _answered(self, view: View, referral_id: str, *answer: bool | en.ReferralDecline | None) -> Referral | None:
        """Return a referral to which this desk gave just this answer before: given again, it changes nothing."""
        known = view.get(REFERRALS, storable(referral_id))
        if known is None or known.outgoing or (known.accepted, known.declined) != answer:
            return None
        return known.as_of(self._office.now())

    def _waiting(self, view: View, referral_id: str) -> Referral:
        referral = view.get(REFERRALS, storable(referral_id))
        if referral is None:
            raise NotFound(
                f"no referral {referral_id[:40]!r} here", next_step="`casebus referrals list` shows this agency's."
            )
        refuse_unanswerable(referral)
        return referral

    def _refuse_without_agreement(self, to: str) -> None:
        directory = self._office.directory
        directory.agency(to)
        agreement = directory.agreement(self._office.agency, to)
        if to == self._office.agency or agreement is None or not agreement.pointer:
            raise NotPermitted(
                f"no agreement in the directory lets {self._office.agency} hand anything to {to}",
                next_step="see directory.toml; ring the coordination desk.",
            )


def _waiting_order(referral: Referral) -> tuple[bool, int, datetime, str]:
    return not referral.in_doubt, -URGENCY[referral.urgency], referral.respond_by, referral.referral_id


def _records(view: View, named: Sequence[str]) -> tuple[str, ...]:
    """Return the ids of own records that were named by number or id. Raises `NotFound`."""
    found: list[str] = []
    for name in named:
        record = view.get(OWN_RECORDS, storable(name.lower()))
        ids = (
            [record.record_id]
            if record
            else [each.record_id for each in view.by(OWN_RECORDS, "number", storable(name))]
        )
        if not ids:
            raise NotFound("one of the records is not this agency's", next_step="name them as your own system does.")
        found += ids
    return tuple(dict.fromkeys(found))
