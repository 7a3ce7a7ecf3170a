"""From drafts to events: keyed ids, tokens, revisions. Pure but for reading the agency's own records.

Ids are derived under the agency's private id key, because report numbers are enumerable: an unkeyed hash would let any
reader ask "do you hold report N?". The content version is the revision with a digest of the content, so the same
content delivered again makes no event, and content that returns to an earlier form still makes a new one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from casebus.errors import DocumentRefused, RefusalCode
from casebus.events.catalogue import partition_key
from casebus.events.enumerations import RecordKind, TriState
from casebus.events.envelope import Event
from casebus.events.types import (
    CaseClosed,
    CaseOpened,
    ChildSafeguarded,
    IdentifierCorrected,
    Payload,
    Sighting,
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
    Identifier,
    RecordKey,
    SafeguardDraft,
    TipDraft,
    TipWithdrawal,
    WelfareCompletionDraft,
    WelfareRequestDraft,
)
from casebus.intake.content import canonical, carried, content_digest
from casebus.intake.records import OwnKind, OwnRecord, OwnSighting
from casebus.intake.services import slug
from casebus.matching.tokens import Tokeniser
from casebus.wire.ids import derived_id

Known = Callable[[str], OwnRecord | None]
"""Looks an own record up by its id."""


@dataclass(frozen=True, slots=True)
class Drafted:
    """What one draft became: events to publish (none when nothing changed), and the own record as it now stands.

    `said_before` is the event in which it was said, where that is not the record's last.
    """

    events: tuple[Event, ...]
    record: OwnRecord | None
    said_before: str | None = None

    @property
    def event_ids(self) -> tuple[str, ...]:
        """The events that say what the draft says, now or when it was first delivered."""
        last = self.record.event_ids if self.record else ()
        return last if self.said_before is None else (self.said_before,)


@dataclass(frozen=True, slots=True)
class Change:
    """One revision of an own record: what it was, what its content digest is, which revision this makes."""

    record_id: str
    key: RecordKey
    before: OwnRecord | None
    digest: str

    @property
    def revision(self) -> int:
        """The revision that this change makes."""
        return self.before.revision + 1 if self.before else 1

    @property
    def unchanged(self) -> bool:
        """Tell whether the same content stands already."""
        return self.before is not None and self.before.open and self.before.digest == self.digest


class Drafting:
    """Makes events for one agency."""

    def __init__(self, agency: str, region: str, id_key: bytes, tokeniser: Tokeniser) -> None:
        self._agency = agency
        self._region = region
        self._id_key = id_key
        self._tokeniser = tokeniser

    def record_id(self, kind: OwnKind, key: RecordKey) -> str:
        """Return the opaque id of an own record, whether or not it is held."""
        return derived_id(self._id_key, "record", kind.value, key.system, key.number)

    def draft(self, draft: Draft, known: Known) -> Drafted:
        """Return the events that a draft makes, given what is known. Raises `DocumentRefused`."""
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
        if change.unchanged:
            return Drafted((), change.before)
        sightings = self._sightings(draft.key, draft.identifiers)
        content = self._content(draft, sightings)
        tip_id = change.record_id
        payload: Payload = (
            TipReceived(tip_id=tip_id, content=content)
            if change.before is None
            else TipAmended(tip_id=tip_id, revision=change.revision, reason=draft.amend_reason, content=content)
        )
        child = content.possible_child.answer is TriState.YES
        return self._drafted(OwnKind.tip, change, [payload], sightings=sightings, possible_child=child)

    def _content(self, draft: TipDraft, sightings: Sequence[Sighting]) -> TipContent:
        report = draft.source_report
        priors = draft.prior_reports[:100]
        return draft.content.model_copy(
            update={
                "sightings": tuple(carried(sightings)),
                "sightings_not_carried": len(sightings) - len(carried(sightings)),
                "source_report": self._tokeniser.report(report.system, report.number) if report else None,
                "prior_reports": tuple(self._tokeniser.report(prior.system, prior.number) for prior in priors),
            }
        )

    def _tip_withdrawal(self, draft: TipWithdrawal, known: Known) -> Drafted:
        change = self._closing(OwnKind.tip, draft.key, draft, known)
        if change is None:
            return Drafted((), known(self.record_id(OwnKind.tip, draft.key)))
        payload = TipWithdrawn(tip_id=change.record_id, reason=draft.reason)
        return self._drafted(OwnKind.tip, change, [payload], is_open=False)

    # --- cases ---

    def _case(self, draft: CaseDraft, known: Known) -> Drafted:
        change = self._change(OwnKind.case, draft.key, draft, known)
        if change.unchanged:
            return Drafted((), change.before)
        sightings = self._sightings(draft.key, draft.identifiers)
        if change.before is None or not change.before.open:
            payloads: list[Payload] = [self._case_opened(change.record_id, draft, sightings)]
        else:
            payloads = self._corrections(change.before, draft, sightings)
        child = draft.possible_child.answer is TriState.YES
        return self._drafted(OwnKind.case, change, payloads, sightings=sightings, possible_child=child)

    def _case_opened(self, case_id: str, draft: CaseDraft, sightings: Sequence[Sighting]) -> CaseOpened:
        return CaseOpened(
            case_id=case_id,
            category=draft.category,
            backlog=draft.backlog,
            opened_at=draft.opened_at,
            priority=draft.priority,
            possible_child=draft.possible_child,
            sightings=tuple(carried(sightings)),
            sightings_not_carried=len(sightings) - len(carried(sightings)),
            grading=draft.grading,
            handling=draft.handling,
        )

    def _corrections(self, before: OwnRecord, draft: CaseDraft, after: Sequence[Sighting]) -> list[Payload]:
        """Return one correction for each sighting that went, and one for each that came with nothing to replace."""
        now = carried(after)
        kept = {sighting.sighting_id for sighting in now}
        had = {old.sighting_id for old in before.sightings}
        came = [sighting for sighting in now if sighting.sighting_id not in had]
        corrections: list[Payload] = []
        for old in before.sightings:
            if old.sighting_id in kept:
                continue
            same = [new for new in came if (new.subject_no, new.kind) == (old.subject_no, old.kind)]
            replacement = same[0] if same else None
            if replacement:
                came.remove(replacement)
            corrections.append(self._correction(before, draft, old.sighting_id, replacement))
        return corrections + [self._correction(before, draft, new.sighting_id, new) for new in came]

    def _correction(self, record: OwnRecord, draft: CaseDraft, wrong: str, right: Sighting | None) -> Payload:
        return IdentifierCorrected(
            record_kind=RecordKind.case,
            record_id=record.record_id,
            sighting_id=wrong,
            reason=draft.correction_reason,
            replacement=right,
        )

    def _case_closure(self, draft: CaseClosure, known: Known) -> Drafted:
        case_id = self.record_id(OwnKind.case, draft.key)
        if known(case_id) is None:
            return Drafted((), None)  # a register lists closed cases that were never open on the bus: nothing to tell
        change = self._closing(OwnKind.case, draft.key, draft, known)
        if change is None:
            return Drafted((), known(case_id))
        return self._drafted(OwnKind.case, change, [CaseClosed(case_id=case_id, reason=draft.reason)], is_open=False)

    # --- the child ---

    def _welfare_request(self, draft: WelfareRequestDraft, known: Known) -> Drafted:
        change = self._change(OwnKind.welfare_check, draft.key, draft, known)
        payload = WelfareCheckRequested(
            check_id=change.record_id,
            record_ids=self._concerning(draft.concerning),
            response_class=draft.response_class,
            children=draft.children,
            country=draft.country,
            self_harm_risk=draft.self_harm_risk,
        )
        if change.before is not None:  # asked once; what came of it is the completion
            return Drafted((), change.before, self._event(replace(change, before=None), 0, payload).id)
        return self._drafted(OwnKind.welfare_check, change, [payload])

    def _welfare_completion(self, draft: WelfareCompletionDraft, known: Known) -> Drafted:
        change = self._closing(OwnKind.welfare_check, draft.key, draft, known)
        if change is None:
            return Drafted((), known(self.record_id(OwnKind.welfare_check, draft.key)))
        payload = WelfareCheckCompleted(check_id=change.record_id, result=draft.result)
        return self._drafted(OwnKind.welfare_check, change, [payload], is_open=False)

    def _outcome(self, draft: SafeguardDraft, known: Known) -> Drafted:
        change = self._change(OwnKind.outcome, draft.key, draft, known)
        if change.unchanged:
            return Drafted((), change.before)
        payload = ChildSafeguarded(
            outcome_id=change.record_id,
            outcome_type=draft.outcome_type,
            count=draft.count,
            count_rule=draft.count_rule,
            measures=draft.measures,
            country=draft.country,
            record_ids=self._concerning(draft.concerning),
            credit=draft.credit,
            status=draft.status,
            supersedes=self.record_id(OwnKind.outcome, draft.supersedes) if draft.supersedes else None,
        )
        return self._drafted(OwnKind.outcome, change, [payload])

    def _concerning(self, keys: Sequence[RecordKey]) -> tuple[str, ...]:
        """Return the ids of tips; a document may name a tip that arrives later, the id is the same."""
        return tuple(self.record_id(OwnKind.tip, key) for key in keys[:100])

    # --- what all share ---

    def _change(self, kind: OwnKind, key: RecordKey, draft: Draft, known: Known) -> Change:
        record_id = self.record_id(kind, key)
        return Change(record_id, key, known(record_id), content_digest(draft))

    def _closing(self, kind: OwnKind, key: RecordKey, draft: Draft, known: Known) -> Change | None:
        """Return the change that ends a record, None when it has ended already."""
        change = self._change(kind, key, draft, known)
        if change.before is None:
            raise DocumentRefused(RefusalCode.UNKNOWN_RECORD, f"it ends a {kind.value} that this agency does not hold")
        return change if change.before.open else None

    def _sightings(self, key: RecordKey, identifiers: Sequence[Identifier]) -> list[Sighting]:
        """Return one sighting per distinct identifier, in the document's order."""
        distinct = {self._sighting_id(key, identifier): identifier for identifier in identifiers}
        return [self._sighting(sighting_id, identifier) for sighting_id, identifier in distinct.items()]

    def _sighting_id(self, key: RecordKey, identifier: Identifier) -> str:
        return derived_id(self._id_key, "sighting", key.system, key.number, canonical(identifier))

    def _sighting(self, sighting_id: str, identifier: Identifier) -> Sighting:
        tokenised = self._tokeniser.tokens(identifier, self._region)
        return Sighting(
            sighting_id=sighting_id,
            subject_no=identifier.subject_no,
            kind=identifier.kind,
            tokens=tokenised.tokens,
            service=service_slug(identifier.service),
            subject=identifier.subject,
            certainty=identifier.certainty,
            verified=identifier.verified,
            seen_at=identifier.seen_at,
        )

    def _drafted(
        self,
        kind: OwnKind,
        change: Change,
        payloads: Sequence[Payload],
        *,
        sightings: Sequence[Sighting] = (),
        possible_child: bool | None = None,
        is_open: bool = True,
    ) -> Drafted:
        events = tuple(self._event(change, number, payload) for number, payload in enumerate(payloads))
        before_child = change.before.possible_child if change.before else False
        record = OwnRecord(
            record_id=change.record_id,
            kind=kind,
            system=change.key.system,
            number=change.key.number,
            revision=change.revision,
            digest=change.digest,
            open=is_open,
            possible_child=before_child if possible_child is None else possible_child,
            sightings=tuple(OwnSighting(s.sighting_id, s.subject_no, s.kind) for s in carried(sightings)),
            event_ids=tuple(event.id for event in events),
        )
        return Drafted(events, record)

    def _event(self, change: Change, number: int, payload: Payload) -> Event:
        version = f"{change.revision}:{change.digest}:{number}"
        kind = type(payload).__name__
        event_id = derived_id(self._id_key, "event", change.key.system, change.key.number, kind, version)
        return Event(id=event_id, source=self._agency, partition_key=partition_key(payload), payload=payload)


def service_slug(service: str | None) -> str | None:
    """Return the platform's name from a fixed list: a free text must never reach an event."""
    return None if service is None else slug(service)
