"""From drafts to events: keyed ids, tokens, revisions. Pure but for reading the agency's own records.

Ids are derived under the agency's private id key, because report numbers are enumerable: an unkeyed hash would let any
reader ask "do you hold report N?". The content version is the revision with a digest of the content, so the same
content delivered again makes no event, and content that returns to an earlier form still makes a new one.

Documents may arrive out of order: what ends a tip or a welfare check is told before its content is known, and the
content that arrives afterwards finds it ended.
"""

from collections.abc import Sequence
from dataclasses import replace

from casebus.cases.standing import StandingRecord, standing_after
from casebus.events.catalogue import partition_key
from casebus.events.enumerations import AmendReason, Tlp, TriState
from casebus.events.envelope import Event
from casebus.events.types import (
    CaseClosed,
    CaseOpened,
    ChildSafeguarded,
    Payload,
    TipAmended,
    TipContent,
    TipReceived,
    TipWithdrawn,
    WelfareCheckCompleted,
    WelfareCheckRequested,
)
from casebus.intake.adapter import (
    CaseClosure,
    CaseDraft,
    Draft,
    RecordKey,
    SafeguardDraft,
    TipDraft,
    TipWithdrawal,
    WelfareCompletionDraft,
    WelfareRequestDraft,
)
from casebus.intake.content import content_digest, rest_digest
from casebus.intake.corrections import corrections
from casebus.intake.records import Behind, OwnKind, OwnRecord, OwnSighting, is_behind
from casebus.intake.revisions import Change, Drafted, Known
from casebus.intake.sightings import NOTHING_SEEN, Seen, Sightings
from casebus.matching.tokens import Tokeniser
from casebus.wire.ids import derived_id


class Drafting:
    """Makes events for one agency. Without a tokeniser only those that hold no token: welfare checks and outcomes."""

    def __init__(self, agency: str, region: str, id_key: bytes, tokeniser: Tokeniser | None) -> None:
        self._agency = agency
        self._id_key = id_key
        self._given = Sightings(region, id_key, tokeniser) if tokeniser else None

    @property
    def sightings(self) -> Sightings:
        """What makes tokens of identifiers. There must be a tokeniser."""
        assert self._given is not None, "bug: something with tokens is drafted without the token key"
        return self._given

    def record_id(self, kind: OwnKind, key: RecordKey) -> str:
        """Return the opaque id of an own record, whether or not it is held."""
        return derived_id(self._id_key, "record", kind.value, key.system, key.number)

    def draft(self, draft: Draft, known: Known) -> Drafted:
        """Return the events that a draft makes, given what is known."""
        match draft:
            case TipDraft():
                return self._tip(draft, known)
            case TipWithdrawal():
                return self._tip_withdrawal(draft, known)
            case CaseDraft():
                return self._case(draft, known)
            case CaseClosure():
                return self._case_closure(draft, known)
            case WelfareRequestDraft():
                return self._welfare_request(draft, known)
            case WelfareCompletionDraft():
                return self._welfare_completion(draft, known)
            case SafeguardDraft():
                return self._outcome(draft, known)

    # --- tips ---

    def _tip(self, draft: TipDraft, known: Known) -> Drafted:
        change = self._change(OwnKind.tip, draft.key, draft, known)
        seen = self._seen(change, draft, again=change.says_the_same)
        if seen is None:  # also of a tip that was withdrawn since: a late copy does not bring it back
            return _known_already(change)
        child = draft.content.possible_child.answer is TriState.YES
        if change.before is not None and change.ended_first:
            return Drafted((), replace(change.before, digest=change.digest, possible_child=child), ended_first=True)
        content = self._content(draft, seen)
        tip_id = change.record_id
        reason = AmendReason.TOKENS_RENEWED if change.says_the_same else draft.amend_reason
        payload: Payload = (
            TipReceived(tip_id=tip_id, content=content)
            if change.before is None
            else TipAmended(tip_id=tip_id, revision=change.revision, reason=reason, content=content)
        )
        return self._drafted(OwnKind.tip, change, [payload], seen=seen, possible_child=child)

    def _content(self, draft: TipDraft, seen: Seen) -> TipContent:
        report = draft.source_report
        priors = draft.prior_reports[:100]
        return draft.content.model_copy(
            update={
                "sightings": seen.carried,
                "sightings_not_carried": seen.not_carried,
                "source_report": self.sightings.report(report) if report else (),
                "prior_reports": tuple(token for prior in priors for token in self.sightings.report(prior)),
            }
        )

    def _tip_withdrawal(self, draft: TipWithdrawal, known: Known) -> Drafted:
        change = self._closing(OwnKind.tip, draft.key, draft, known)
        if change is None:
            return Drafted((), known(self.record_id(OwnKind.tip, draft.key)))
        payload = TipWithdrawn(tip_id=change.record_id, reason=draft.reason)
        return self._drafted(OwnKind.tip, change, [payload])

    # --- cases ---

    def _case(self, draft: CaseDraft, known: Known) -> Drafted:
        change = self._change(OwnKind.case, draft.key, draft, known)
        before = change.before if change.before is not None and change.before.open else None
        seen = self._seen(change, draft, again=before is not None and change.says_the_same)
        if seen is None:
            return _known_already(change)
        rest = rest_digest(draft)
        if before is not None and before.rest_digest == rest and not self._is_behind(change):
            payloads: Sequence[Payload] = corrections(before, seen.carried, draft.correction_reason)
        else:  # anything else that changed may be an escalation: the whole case is told anew
            payloads = [self._case_opened(change, draft, seen)]
        child = draft.possible_child.answer is TriState.YES
        return self._drafted(OwnKind.case, change, payloads, seen=seen, possible_child=child, rest=rest)

    def _case_opened(self, change: Change, draft: CaseDraft, seen: Seen) -> CaseOpened:
        return CaseOpened(
            case_id=change.record_id,
            revision=change.revision,
            category=draft.category,
            backlog=draft.backlog,
            opened_at=draft.opened_at,
            priority=draft.priority,
            possible_child=draft.possible_child,
            sightings=seen.carried,
            sightings_not_carried=seen.not_carried,
            grading=draft.grading,
            handling=draft.handling,
        )

    def _case_closure(self, draft: CaseClosure, known: Known) -> Drafted:
        case_id = self.record_id(OwnKind.case, draft.key)
        if known(case_id) is None:
            return Drafted((), None)  # a register lists closed cases that were never open on the bus: nothing to tell
        change = self._closing(OwnKind.case, draft.key, draft, known)
        if change is None:
            return Drafted((), known(case_id))
        return self._drafted(OwnKind.case, change, [CaseClosed(case_id=case_id, reason=draft.reason)])

    # --- the child ---

    def _welfare_request(self, draft: WelfareRequestDraft, known: Known) -> Drafted:
        change = self._change(OwnKind.welfare_check, draft.key, draft, known)
        if change.says_the_same:
            return _known_already(change)
        payload = WelfareCheckRequested(
            check_id=change.record_id,
            revision=change.revision,
            record_ids=self._concerning(draft.concerning, known),
            response_class=draft.response_class,
            children=draft.children,
            country=draft.country,
            self_harm_risk=draft.self_harm_risk,
        )
        drafted = self._drafted(OwnKind.welfare_check, change, [payload])
        if drafted.record is not None and change.ended_first:  # on record all the same, but it waits for nothing
            return replace(drafted, record=replace(drafted.record, open=False), ended_first=True)
        return drafted

    def _welfare_completion(self, draft: WelfareCompletionDraft, known: Known) -> Drafted:
        change = self._closing(OwnKind.welfare_check, draft.key, draft, known)
        if change is None:
            return Drafted((), known(self.record_id(OwnKind.welfare_check, draft.key)))
        payload = WelfareCheckCompleted(check_id=change.record_id, result=draft.result)
        return self._drafted(OwnKind.welfare_check, change, [payload])

    def _outcome(self, draft: SafeguardDraft, known: Known) -> Drafted:
        change = self._change(OwnKind.outcome, draft.key, draft, known)
        if change.says_the_same:
            return _known_already(change)
        payload = ChildSafeguarded(
            outcome_id=change.record_id,
            outcome_type=draft.outcome_type,
            count=draft.count,
            count_rule=draft.count_rule,
            measures=draft.measures,
            country=draft.country,
            record_ids=self._concerning(draft.concerning, known),
            credit=draft.credit,
            status=draft.status,
            supersedes=self.record_id(OwnKind.outcome, draft.supersedes) if draft.supersedes else None,
        )
        return self._drafted(OwnKind.outcome, change, [payload])

    def _concerning(self, keys: Sequence[RecordKey], known: Known) -> tuple[str, ...]:
        """Return the ids of tips, or of cases that are known; a document may name a tip that arrives later: the id is the
        same.
        """
        pairs = [(self.record_id(OwnKind.tip, key), self.record_id(OwnKind.case, key)) for key in keys[:100]]
        return tuple(case if known(tip) is None and known(case) is not None else tip for tip, case in pairs)

    # --- what all share ---

    def _change(self, kind: OwnKind, key: RecordKey, draft: Draft, known: Known) -> Change:
        record_id = self.record_id(kind, key)
        return Change(record_id, key, known(record_id), content_digest(draft))

    def _is_behind(self, change: Change) -> bool:
        """Tell whether the record is open and not stated under the newest token key: then it is told anew, whole."""
        return change.before is not None and is_behind(change.before, self.sightings.epochs[-1])

    def _seen(self, change: Change, draft: TipDraft | CaseDraft, *, again: bool) -> Seen | None:
        """Return what an event carries of the draft's identifiers. `again`: the record says the same already; then None, unless
        it is behind and can be stated under a key under which it was not stated yet.
        """
        if again and not self._is_behind(change):
            return None
        seen = self.sightings.seen(draft.key, draft.identifiers, draft.impossible)
        stated = change.before.epochs if again and change.before else ()
        return None if again and set(seen.epochs).issubset(stated) else seen

    def _closing(self, kind: OwnKind, key: RecordKey, draft: Draft, known: Known) -> Change | None:
        """Return the change that ends a record, None when it has ended already. One not seen yet may end, too."""
        change = replace(self._change(kind, key, draft, known), ends=True)
        return change if change.before is None or change.before.open else None

    def _drafted(
        self,
        kind: OwnKind,
        change: Change,
        payloads: Sequence[Payload],
        *,
        seen: Seen = NOTHING_SEEN,
        possible_child: bool | None = None,
        rest: str = "",
    ) -> Drafted:
        events = tuple(self._event(change, number, payload) for number, payload in enumerate(payloads))
        event_ids = tuple(event.id for event in events)
        before = change.before
        before_child = before.possible_child if before else False
        record = OwnRecord(
            record_id=change.record_id,
            kind=kind,
            system=change.key.system,
            number=change.key.number,
            revision=change.revision,
            digest=change.content_digest,
            open=not change.ends,
            possible_child=before_child if possible_child is None else possible_child,
            sightings=tuple(OwnSighting(s.sighting_id, s.subject_no, s.kind) for s in seen.carried),
            event_ids=before.event_ids if before and not event_ids else event_ids,
            content_event_ids=change.content_event_ids(event_ids),
            rest_digest=rest,
            stands=self._stands(before, payloads),
            epochs=seen.epochs or (before.epochs if before else ()),
            behind=Behind.too_large if seen.is_under_older_only else None,
        )
        return Drafted(events, record, not_carried=seen.not_carried, unused=seen.unused)

    def _stands(self, before: OwnRecord | None, payloads: Sequence[Payload]) -> StandingRecord | None:
        """Return what whoever reads the events will make of the record."""
        stands = before.standing(self._agency) if before else None
        for payload in payloads:
            stands = standing_after(stands, self._agency, payload)
        return stands

    def _event(self, change: Change, number: int, payload: Payload) -> Event:
        version = f"{change.revision}:{change.digest}:{number}"
        kind = type(payload).__name__
        event_id = derived_id(self._id_key, "event", change.key.system, change.key.number, kind, version)
        return Event(
            id=event_id,
            source=self._agency,
            partition_key=partition_key(payload),
            payload=payload,
            classification=_classification(payload),
        )


def _known_already(change: Change) -> Drafted:
    return Drafted((), change.before, change.before.content_event_ids if change.before else ())


def _classification(payload: Payload) -> Tlp:
    """Return the mark that a tip or a case bears itself; AMBER for what bears none."""
    match payload:
        case TipReceived() | TipAmended():
            return payload.content.handling.tlp
        case CaseOpened():
            return payload.handling.tlp
        case _:
            return Tlp.AMBER
