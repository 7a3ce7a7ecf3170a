"""What an officer says to the partner's desk: ask for a release, grant it field by field, write, propose who leads.

Everything here is about one alert, under its reference. What is sealed is sealed here, to the partner's key in the
directory, before it is in any event; the hub carries it unread. A partner that may not be named has no key here: the
coordination desk is rung instead.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from casebus.cases import conversation as talk
from casebus.cases.access import Command, Kind
from casebus.cases.conversation import LEADS, MESSAGES, RELEASES, Lead, Message, Release, ReleaseState, Values
from casebus.cases.desk_history import Verb
from casebus.cases.desk_work import DeskAlert
from casebus.desk.office import Office, refuse_too_long, said_otherwise
from casebus.desk.paged import Page, latest, page_of, whole
from casebus.desk.partner import partner_of, refuse_own, sealed_to
from casebus.desk.terms import USUAL_TERMS, Terms
from casebus.errors import Conflict, NotFound, UsageError
from casebus.events import enumerations as en
from casebus.events.types import (
    DeskMessage,
    DisclosureGranted,
    DisclosureRefused,
    DisclosureRequested,
    LeadAgencyProposed,
)
from casebus.intake.sections import storable
from casebus.sealing import Belongs, Content
from casebus.store.store import Save, View

RELEASE_FIELDS = (
    "request_id", "state", "partner", "purpose", "urgency", "asked", "reason", "refusal", "fields", "tlp",
    "evidential_use", "keep_until", "unopened",
)  # fmt: skip
"""What is shown of a release beside its values: which of these were shown is recorded by their own names."""
MESSAGE_FIELDS = ("message_id", "who", "at", "text", "refused", "unopened")


class Conversation:
    """What two desks say to each other. Raises like `AlertCommands`; `NotPermitted` where the partner may not be named."""

    def __init__(self, office: Office) -> None:
        self._office = office

    # --- releases ---

    def request_release(
        self,
        ref: str,
        reason: str,
        asked: Sequence[en.DisclosedField],
        purpose: en.Purpose = en.Purpose.SAFEGUARDING_CHILD,
        urgency: en.Severity | None = None,
        version: int | None = None,
        command: str | None = None,
    ) -> Release:
        """Ask the partner to release more than the pointer. The reason is sealed to the partner.

        `command` is an id that the caller made for what it asks: asked again, it gives what stands.
        """
        _refuse_empty(reason, "a reason")
        self._office.require(Command.request_release)
        with self._office.transaction(Command.request_release) as tx:
            request_id = command or self._office.new_id()
            if known := tx.get(RELEASES, request_id):
                said = (purpose, urgency or known.urgency, tuple(dict.fromkeys(asked)), storable(reason))
                _refuse_other(known, self._office.seen(tx, ref), said)
                return known
            seen = self._office.seen(tx, ref, version)
            partner = partner_of(seen, standing=True)
            payload = DisclosureRequested(
                request_id=request_id,
                conflict_id=seen.alert.conflict_id,
                agency=self._office.agency,
                purpose=purpose,
                urgency=urgency or seen.severity,
                asked=tuple(dict.fromkeys(asked)),
                sealed=sealed_to(
                    self._office,
                    Content(text=storable(reason)),
                    Belongs("DisclosureRequested", request_id, partner, seen.alert.conflict_id),
                ),
                actor=self._office.actor,
            )
            release = talk.asked(payload, self._office.now(), ours=True, partner=partner, reason=storable(reason))
            tx.apply(Save(RELEASES, release))
            self._office.publish(tx, self._office.signed_for(payload, partner))
            self._office.remember(tx, seen, Verb.asked_release)
        return release

    def grant_release(
        self, request_id: str, values: Values, terms: Terms = USUAL_TERMS, ref: str | None = None
    ) -> Release:
        """Release values of this agency's own record, each under its name. What crosses is exactly these, and nothing that
        was not asked for.

        This desk remembers the names, not the values: those stay in its own system. `ref` names the alert about which it
        was asked, where the caller knows. Raises `Conflict` for a request that was answered or not opened, or one about a match
        that was retracted.
        """
        if not values or any(not value.strip() for _, value in values):
            raise UsageError("a release holds at least one value, and no empty one", next_step="name FIELD=VALUE.")
        self._office.require(Command.grant_release)
        with self._office.transaction(Command.grant_release) as tx:
            release, seen = self._asked_of_us(tx, request_id, ref)
            talk.refuse_unopened(release)
            if not {field for field, _ in values} <= set(release.asked):
                raise UsageError("that was not asked for", next_step="release what was asked; leave the rest empty.")
            partner = partner_of(seen, standing=True)
            kept = tuple((field, storable(value)) for field, value in values)
            payload = DisclosureGranted(
                request_id=request_id,
                conflict_id=release.conflict_id,
                agency=self._office.agency,
                fields=tuple(field for field, _ in kept),
                tlp=terms.tlp,
                evidential_use=terms.evidential_use,
                keep_days=terms.keep_days,
                sealed=sealed_to(
                    self._office, Content(kept), Belongs("DisclosureGranted", request_id, partner, release.conflict_id)
                ),
                actor=self._office.actor,
            )
            after = release.granted(payload, self._office.now())
            tx.apply(Save(RELEASES, after))
            self._office.publish(tx, self._office.signed_for(payload, partner))
            names = ", ".join(field.value for field in payload.fields)
            self._office.remember(tx, seen, Verb.granted_release, names)
            self._office.show_anew(tx, seen)
        return after

    def refuse_release(
        self, request_id: str, reason: en.DisclosureRefusal, note: str | None = None, ref: str | None = None
    ) -> Release:
        """Release nothing, and say why by a word of a closed list. The note stays here. `ref` as for `grant_release`."""
        refuse_too_long(note)
        self._office.require(Command.refuse_release)
        with self._office.transaction(Command.refuse_release) as tx:
            release, seen = self._asked_of_us(tx, request_id, ref)
            payload = DisclosureRefused(
                request_id=request_id,
                conflict_id=release.conflict_id,
                agency=self._office.agency,
                reason=reason,
                actor=self._office.actor,
            )
            after = release.refused(payload, self._office.now())
            tx.apply(Save(RELEASES, after))
            self._office.publish(tx, payload)
            self._office.remember(tx, seen, Verb.refused_release, reason.value, note)
            self._office.show_anew(tx, seen)
        return after

    def releases(self, ref: str | None = None) -> list[Release]:
        """Return the releases of one alert, or all of this desk; on record, with the names of the values shown."""
        return list(self._released(ref, whole).shown)

    def releases_on(self, ref: str, page: int) -> Page[Release]:
        """Return a page of the releases of an alert: what waits for this desk first, then the newest; on record alike."""
        return self._released(ref, lambda found: page_of(_to_answer_first(found), page))

    def _released(self, ref: str | None, choose: Callable[[list[Release]], Page[Release]]) -> Page[Release]:
        self._office.require_sight(Kind.conversation)
        with self._office.transaction(Kind.conversation) as tx:
            conflict_id = self._office.seen(tx, ref).alert.conflict_id if ref else None
            found = tx.by(RELEASES, "conflict", conflict_id) if conflict_id else list(tx.all(RELEASES))
            as_of = (release.as_of(self._office.now()) for release in found)
            page = choose(sorted(as_of, key=lambda release: (release.asked_at, release.request_id)))
            names = dict.fromkeys(field.value for release in page.shown for field, _ in release.values)
            self._office.record(tx, "releases", [each.request_id for each in page.shown], (*RELEASE_FIELDS, *names))
        return page

    def _asked_of_us(self, tx: View, request_id: str, ref: str | None) -> tuple[Release, DeskAlert]:
        release = tx.get(RELEASES, storable(request_id))
        about = self._office.seen(tx, ref).alert.conflict_id if ref else None
        if release is None or release.ours or about not in (None, release.conflict_id):
            raise NotFound(
                f"nobody asked this desk for a release {request_id[:40]!r}",
                next_step="`casebus desk releases` lists what was asked.",
            )
        if release.state is not ReleaseState.asked:
            raise Conflict(f"that request is {release.state.value} already", next_step="a new one may be asked for.")
        return release, self._office.seen(tx, release.conflict_id)

    # --- messages ---

    def send_message(self, ref: str, text: str, command: str | None = None) -> Message:
        """Write to the partner's desk about an alert. The text is sealed to the partner. `command` as for
        `request_release`.
        """
        _refuse_empty(text, "a text")
        self._office.require(Command.send_message)
        with self._office.transaction(Command.send_message) as tx:
            seen = self._office.seen(tx, ref)
            message_id = command or self._office.new_id()
            if known := tx.get(MESSAGES, message_id):
                if (known.ours, known.conflict_id, known.text) != (True, seen.alert.conflict_id, storable(text)):
                    raise said_otherwise()
                return known
            partner = partner_of(seen, standing=False)
            belongs = Belongs("DeskMessage", message_id, partner, seen.alert.conflict_id)
            message = Message(
                message_id,
                seen.alert.conflict_id,
                True,
                self._office.viewer.officer,
                self._office.now(),
                storable(text),
            )
            tx.apply(Save(MESSAGES, message))
            payload = DeskMessage(
                message_id=message_id,
                conflict_id=seen.alert.conflict_id,
                agency=self._office.agency,
                sealed=sealed_to(self._office, Content(text=storable(text)), belongs),
                actor=self._office.actor,
            )
            self._office.publish(tx, self._office.signed_for(payload, partner))
            self._office.remember(tx, seen, Verb.wrote)
        return message

    def messages(self, ref: str) -> list[Message]:
        """Return the messages of an alert, oldest first; on record. What the partner wrote counts as read from then on, what
        cannot be opened too.
        """
        return list(self._heard(ref, whole, reading=True).shown)

    def messages_on(self, ref: str, page: int, *, reading: bool) -> Page[Message]:
        """Return a page of the messages of an alert, the newest on the first, oldest first on each; what it shows is on record,
        and counts as read from then on if somebody is reading.
        """
        return self._heard(ref, lambda found: latest(found, page), reading)

    def _heard(self, ref: str, choose: Callable[[list[Message]], Page[Message]], reading: bool) -> Page[Message]:
        self._office.require_sight(Kind.conversation)
        with self._office.transaction(Kind.conversation) as tx:
            seen = self._office.seen(tx, ref)
            found = tx.by(MESSAGES, "conflict", seen.alert.conflict_id)
            page = choose(sorted(found, key=lambda message: (message.at, message.message_id)))
            self._office.record(tx, "messages", [each.message_id for each in page.shown], MESSAGE_FIELDS)
            unread = [
                each
                for each in page.shown
                if reading and not each.ours and not each.read and each.unopened != talk.NOT_YET
            ]
            for each in unread:
                tx.apply(Save(MESSAGES, replace(each, read=True)))
            if unread:
                self._office.show_anew(tx, seen)
        return page

    # --- who leads ---

    def propose_lead(self, ref: str, lead: en.LeadSide, basis: en.LeadBasis, version: int | None = None) -> Lead:
        """Propose who leads: this agency (PROPOSER) or the PARTNER. The last proposal of a side counts."""
        if lead is en.LeadSide.UNKNOWN:
            raise UsageError("propose this agency or the partner")
        self._office.require(Command.propose_lead)
        with self._office.transaction(Command.propose_lead) as tx:
            seen = self._office.seen(tx, ref, version)
            refuse_own(seen)
            before = tx.get(LEADS, seen.alert.conflict_id) or Lead(seen.alert.conflict_id)
            payload = LeadAgencyProposed(
                conflict_id=seen.alert.conflict_id,
                agency=self._office.agency,
                lead=lead,
                basis=basis,
                actor=self._office.actor,
            )
            after = replace(before, ours=talk.proposed(payload))
            if after != before:
                tx.apply(Save(LEADS, after))
                self._office.publish(tx, payload)
                self._office.remember(tx, seen, Verb.proposed_lead, f"{lead.value}, {basis.value}")
        return after

    def lead(self, ref: str) -> Lead:
        """Return what both sides proposed; `we_lead` is None until they agree. On record."""
        self._office.require_sight(Kind.conversation)
        with self._office.transaction(Kind.conversation) as tx:
            conflict_id = self._office.seen(tx, ref).alert.conflict_id
            self._office.record(tx, "lead", [conflict_id], ("ours", "theirs"))
            return tx.get(LEADS, conflict_id) or Lead(conflict_id)


def _refuse_other(
    known: Release, seen: DeskAlert, said: tuple[en.Purpose, en.Severity, tuple[en.DisclosedField, ...], str]
) -> None:
    """Raise where a request that is known is not the one that is made."""
    before = (known.purpose, known.urgency, known.asked, known.reason)
    if (known.ours, known.conflict_id, before) != (True, seen.alert.conflict_id, said):
        raise said_otherwise()


def _to_answer_first(found: Sequence[Release]) -> list[Release]:
    """Return releases that came oldest first, those that wait for this desk before all others, the newest first of each."""
    newest_first = found[::-1]
    return sorted(newest_first, key=lambda each: each.ours or each.state is not ReleaseState.asked)


def _refuse_empty(text: str, what: str) -> None:
    refuse_too_long(text)
    if not text.strip():
        raise UsageError(f"{what} is needed", next_step="write one.")
