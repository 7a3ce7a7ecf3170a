"""One plain sentence for each event, for replay and for the demo. There is no identifier to leak."""

from collections.abc import Sequence

from casebus.events import types as t
from casebus.events.enumerations import DisclosedField, Overlap, TriState
from casebus.events.types import Payload


def summary(payload: Payload) -> str:
    """Return what happened, in words: one printable line.

    Some words are a partner's own (a resource, a topic): a line break or an escape sequence in them must not reach an
    officer's terminal.
    """
    sentence = _sentence(payload).strip()
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in sentence)


def _sentence(payload: Payload) -> str:
    match payload:
        case t.TipReceived():
            return f"tip received: {_content(payload.content)}"
        case t.TipAmended():
            return f"tip amended (revision {payload.revision}): {_content(payload.content)}"
        case t.TipWithdrawn():
            return f"tip withdrawn: {_words(payload.reason)}"
        case t.CaseOpened():
            load = ", from a backlog load" if payload.backlog else ""
            return f"case opened{load}: {_words(payload.category)}, {_count(len(payload.sightings), 'identifier')}"
        case t.CaseClosed():
            return f"case closed: {_words(payload.reason)}"
        case t.DeconflictionRequested():
            return f"check before acting {_watch(payload)}: {_words(payload.basis)}, {_count(len(payload.sightings), 'identifier')}"
        case t.IdentifierCorrected():
            replaced = "replaced" if payload.replacement else "removed"
            return f"identifier corrected in a {payload.record_kind.value}: {replaced}, {_words(payload.reason)}"
        case _:
            return _about_conflict(payload)


def _about_conflict(payload: Payload) -> str:
    match payload:
        case t.DeconflictionHit():
            who = payload.partner or "a partner, through the coordination desk"
            kind = "notice" if payload.overlap is Overlap.same_source_report else "alert"
            return f"{kind} told: {overlap_words(payload.overlap)} with {who}"
        case t.DeconflictionNoHit():
            return f"checked, nothing found at {_count(len(payload.covered), 'agency', 'agencies')}"
        case t.DeconflictionRetracted():
            return f"alert retracted: {_words(payload.reason)}"
        case t.DeconflictionAcknowledged():
            verb = "reopened" if payload.reopened else "acknowledged"
            return f"alert {verb} by {payload.agency or 'the partner'}"
        case t.DeconflictionResolved():
            return f"outcome proposed by {payload.agency or 'the partner'}: {_words(payload.outcome)}"
        case t.DataCombined():
            parties = " and ".join(party.agency for party in payload.parties)
            return f"match {payload.status.value} between {parties}: {overlap_words(payload.overlap)}"
        case _:
            return _between_desks(payload)


def _between_desks(payload: Payload) -> str:
    match payload:
        case t.DisclosureRequested():
            return f"release asked for by {payload.agency or 'the partner'}: {_fields(payload.asked)}"
        case t.DisclosureGranted():
            return f"release granted by {payload.agency or 'the partner'}: {_fields(payload.fields)}"
        case t.DisclosureRefused():
            return f"release refused by {payload.agency or 'the partner'}: {_words(payload.reason)}"
        case t.DeskMessage():
            return f"message from {payload.agency or 'the partner'}, sealed"
        case t.LeadAgencyProposed():
            who = payload.agency or "the partner"
            return f"proposed by {who} as the lead: {_words(payload.lead)}, {_words(payload.basis)}"
        case t.ReferralSent():
            return f"referral sent by {payload.agency or 'a partner'} to {payload.to}: {_words(payload.reason)}"
        case t.ReferralAccepted():
            return f"referral accepted by {payload.agency or 'the partner'}: responsibility has moved"
        case t.ReferralDeclined():
            return f"referral declined by {payload.agency or 'the partner'}: {_words(payload.reason)}"
        case t.ReferralExpired():
            return f"referral expired: responsibility stays with {payload.agency or 'the sender'}"
        case t.DeliveryRefused():
            return f"not passed on for {payload.agency}: {payload.type}, {_words(payload.reason)}"
        case _:
            return _about_child_or_governance(payload)


def _fields(fields: Sequence[DisclosedField]) -> str:
    return ", ".join(_words(field) for field in fields) or "nothing named"


def _about_child_or_governance(payload: Payload) -> str:
    match payload:
        case t.WelfareCheckRequested():
            return f"welfare check requested for {_children(payload.children)}: {_words(payload.response_class)}"
        case t.WelfareCheckCompleted():
            return f"welfare check completed: {_words(payload.result)}"
        case t.ChildSafeguarded():
            rule = f"{_words(payload.count_rule)}, {_words(payload.status)}"
            return f"{_children(payload.count)} safeguarded: {_words(payload.outcome_type)} ({rule})"
        case t.DataAccessed():
            return f"read: {payload.resource}, {_count(len(payload.references), 'reference')}, by {payload.actor}"
        case t.DataDisclosed():
            return f"disclosed to {payload.recipient}: {', '.join(payload.fields)}"
        case t.RecordParked():
            return f"record {payload.position} of {payload.topic} parked: {_words(payload.reason)}"
        case _:
            return type(payload).__name__


def _watch(request: t.DeconflictionRequested) -> str:
    if not request.watch:
        return "closed"
    return "asked" if request.revision == 1 else f"asked anew (revision {request.revision})"


def _content(content: t.TipContent) -> str:
    child = "; the person behind the account may be a child" if content.possible_child.answer is TriState.YES else ""
    return f"{_words(content.category)}, {_count(len(content.sightings), 'identifier')}{child}"


def overlap_words(overlap: Overlap) -> str:
    """Return an overlap in words: a shared report number is a fact, a shared person only possible."""
    if overlap is Overlap.same_source_report:
        return "same source report"
    return f"possible {_words(overlap)}"


def _words(symbol: str) -> str:
    return str(symbol).lower().replace("_", " ")


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _children(number: int) -> str:
    return _count(number, "child", "children")
