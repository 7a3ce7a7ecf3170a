"""The vocabulary: every event that casebus carries, in the past tense.

Start here. `schemas/*.avsc` are the contract between agencies and the source of truth; these frozen models are its
mirror in Python, and `tests/events/` shows that the two agree. No field holds imagery, a file name, a file hash, a
narrative or a plain identifier: identifiers are keyed tokens, made at the agency before anything is published.

Ids (`tip_id`, `case_id`, `sighting_id`, `conflict_id`, `check_id`, `outcome_id`) are UUIDs in lower-case text. Times are
UTC. Agencies are strings, not an enumeration: the fourth agency needs a line in the directory, not a new schema.
"""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from casebus.events import enumerations as en

Id = Annotated[str, Field(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]
AgencyCode = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,40}$")]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
Count = Annotated[int, Field(ge=0, le=2**53)]
Word = Annotated[str, Field(max_length=200)]

MAX_SIGHTINGS = 500
MAX_EVIDENCE = 500
MAX_EPOCHS = 2
"""Token keys in use side by side, while one takes the other's place."""

Shown = Annotated[tuple[Id, ...], Field(max_length=MAX_EVIDENCE + 1)]
"""What an alert showed: the ids of its evidence and of its risk, if there is one."""


class Payload(BaseModel):
    """The root of every model here: frozen, strict, no field that the schema does not have."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", hide_input_in_errors=True, defer_build=True)


# --- parts -----------------------------------------------------------------------------------------------------------


class Token(Payload):
    """A keyed token: HMAC-SHA-256 over a normalised value, cut to 128 bits, in hex. `family` says what it is made of."""

    family: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,40}$")]
    epoch: Annotated[int, Field(ge=1, le=2**31 - 1)]
    value: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


class TimeStatement(Payload):
    """A time as somebody stated it. Never guessed: `instant` is null unless `quality` says that it is one.

    `raw` is the text as written where it holds nothing but digits and date punctuation, else null (the document stays
    at the agency).
    """

    meaning: en.TimeMeaning
    instant: AwareDatetime | None
    raw: Annotated[str, Field(max_length=40, pattern=r"^[0-9TZ:+\-./ ]*$")] | None
    stated_offset_minutes: Annotated[int, Field(ge=-1440, le=1440)] | None
    quality: en.TimeQuality


class Sighting(Payload):
    """One identifier of one person in one tip, case or check, as tokens. `subject_no` tells the persons of a document apart."""

    sighting_id: Id
    subject_no: Annotated[int, Field(ge=0, le=100_000)]
    kind: en.IdentifierType
    tokens: Annotated[tuple[Token, ...], Field(max_length=64 * MAX_EPOCHS)]
    service: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,40}$")] | None
    subject: en.SubjectCategory
    certainty: en.AssertionKind
    verified: en.TriState
    seen_at: TimeStatement | None


class Handling(Payload):
    """Who may be told, and who may get content. Nobody is published to by default."""

    tlp: en.Tlp
    pointer: en.PointerMode
    releasable_to: Annotated[tuple[AgencyCode, ...], Field(max_length=200)]
    evidential_use: en.EvidentialUse
    purpose: en.Purpose


class Grading(Payload):
    """A native intelligence grading."""

    scheme: en.GradingScheme
    source: Annotated[str, Field(max_length=1)]
    information: Annotated[str, Field(max_length=1)]
    handling: Annotated[str, Field(max_length=2)] | None


class PossibleChild(Payload):
    """Whether the person behind the reported account may be a child; derived by the adapter, with its reasons."""

    answer: en.TriState
    indicators: Annotated[tuple[en.ChildIndicator, ...], Field(max_length=20)]


class FileCounts(Payload):
    """Counts only: no names, hashes, addresses or tags."""

    total: Count
    viewed_yes: Count
    viewed_no: Count
    viewed_not_stated: Count


class TipContent(Payload):
    """What a tip says. `source_report` is the upstream report number as tokens: an equal one is the same report."""

    source: en.TipSource
    source_report: Annotated[tuple[Token, ...], Field(max_length=MAX_EPOCHS)]
    prior_reports: Annotated[tuple[Token, ...], Field(max_length=100 * MAX_EPOCHS)]
    referral_class: en.ReferralClass
    category: en.IncidentCategory
    annotations: Annotated[tuple[en.TipAnnotation, ...], Field(max_length=50)]
    unmapped_annotations: Count
    media: Annotated[tuple[en.IncidentMedium, ...], Field(max_length=50)]
    provider_escalated: bool
    police_already_involved: en.TriState
    account_user_notified: en.TriState
    times: Annotated[tuple[TimeStatement, ...], Field(max_length=50)]
    countries: Annotated[tuple[Country, ...], Field(max_length=100)]
    subjects: Count
    sightings: Annotated[tuple[Sighting, ...], Field(max_length=MAX_SIGHTINGS)]
    sightings_not_carried: Count
    possible_child: PossibleChild
    files: FileCounts
    priority: en.Priority
    priority_basis: Annotated[tuple[en.PriorityBasis, ...], Field(max_length=20)]
    grading: Grading | None
    handling: Handling


class Contact(Payload):
    """Whom to ring: a desk, never a person's name."""

    desk: Word
    phone: Word
    email: Word
    hours: Word
    time_zone: Word


class MatchedKind(Payload):
    """One kind of identifier that both sides submitted, how it agrees, and how rare the shared value is."""

    kind: en.IdentifierType
    agreement: en.Agreement
    rarity: en.Rarity


class Evidence(Payload):
    """One value that both sides hold and that counts, as an opaque id: bound to its conflict, so that it links nothing
    across conflicts.
    """

    evidence_id: Id
    kind: en.IdentifierType


class MatchParty(Payload):
    """One side of a match, as the hub knows it."""

    agency: AgencyCode
    kind: en.RecordKind
    record_id: Id
    pointer: en.PointerMode
    backlog: bool
    immediate_risk: bool


class SealedBox(Payload):
    """Something for one agency's eyes: HPKE (RFC 9180) to its encryption key, in base64 (`casebus.sealing`).

    The sender's signature over what the recipient gets (`casebus.cases.authorship`) stands beside it; both are null where
    the sender may not be named.
    """

    key_id: Word
    box: Annotated[str, Field(max_length=87_384, pattern=r"^[A-Za-z0-9+/]*={0,2}$")]
    signed_with: Word | None
    signature: Annotated[str, Field(max_length=88, pattern=r"^[A-Za-z0-9+/]{86}==$")] | None


class Credit(Payload):
    """An agency's part in an outcome."""

    agency: AgencyCode
    role: en.CreditRole


# --- tips and investigations -----------------------------------------------------------------------------------------


class TipReceived(Payload):
    """A tip reached an agency for the first time."""

    tip_id: Id
    content: TipContent


class TipAmended(Payload):
    """A tip changed upstream or was corrected; `content` replaces what was known. Revisions count from 2."""

    tip_id: Id
    revision: Count
    reason: en.AmendReason
    content: TipContent


class TipWithdrawn(Payload):
    """A tip was taken back; every match that it caused is retracted."""

    tip_id: Id
    reason: en.WithdrawReason


class CaseOpened(Payload):
    """An agency has an open investigation, or holds something else about it than its identifiers. A later `revision`
    replaces all of an earlier one; they rise, not always by one. A backlog load raises no urgent alert.
    """

    case_id: Id
    revision: Count = 1
    category: en.IncidentCategory
    backlog: bool
    opened_at: TimeStatement
    priority: en.Priority
    possible_child: PossibleChild
    sightings: Annotated[tuple[Sighting, ...], Field(max_length=MAX_SIGHTINGS)]
    sightings_not_carried: Count
    grading: Grading | None
    handling: Handling


class CaseClosed(Payload):
    """An investigation ended; it leaves matching."""

    case_id: Id
    reason: en.CaseCloseReason


class IdentifierCorrected(Payload):
    """An identifier was wrong. `replacement` has the corrected one, null if there is none; every match that the wrong
    one caused is retracted. Same topic and key as its tip or case, hence after it.
    """

    record_kind: en.RecordKind
    record_id: Id
    sighting_id: Id
    reason: en.CorrectionReason
    replacement: Sighting | None


# --- deconfliction ---------------------------------------------------------------------------------------------------


class DeconflictionRequested(Payload):
    """An agency asks before it acts. Answered by a hit to both sides, or by an on-record no-hit to the asker. It stays
    on watch, so that later tips and cases meet it, until a later revision has `watch` false; that one ends it.
    """

    check_id: Id
    revision: Count = 1
    basis: en.CheckBasis
    urgency: en.Priority
    sightings: Annotated[tuple[Sighting, ...], Field(max_length=MAX_SIGHTINGS)]
    watch: bool
    handling: Handling
    actor: Word | None


class DeconflictionHit(Payload):
    """One agency's own copy of a match: a pointer, not a case. `partner` is null where only the desk may be told,
    and the recipient itself where both records are its own: `also_own_id` is then the second.

    `revision` counts from 1; a later revision replaces an earlier one and is not a second alert. `new_evidence` names
    kinds of which nobody had judged what agrees, when this was told, though one side had said "different person".
    `risk_id` names what puts a child at immediate risk: another one is another risk, to be answered anew.
    """

    conflict_id: Id
    revision: Count
    overlap: en.Overlap
    severity: en.Severity
    risk_id: Id | None = None
    band: en.Band = en.Band.alert
    own_kind: en.RecordKind
    own_id: Id
    also_own_id: Id | None
    partner: AgencyCode | None
    contact: Contact
    matched: Annotated[tuple[MatchedKind, ...], Field(max_length=50)]
    suppressed: Annotated[tuple[en.IdentifierType, ...], Field(max_length=50)]
    evidence: Annotated[tuple[Evidence, ...], Field(max_length=MAX_EVIDENCE)] = ()
    new_evidence: Annotated[tuple[en.IdentifierType, ...], Field(max_length=50)] = ()
    strength: en.Strength
    score: Annotated[float, Field(allow_inf_nan=False)]
    detector: Word


class DeconflictionNoHit(Payload):
    """The check happened and found nothing; on record, and told to the asker only."""

    own_kind: en.RecordKind
    own_id: Id
    covered: Annotated[tuple[AgencyCode, ...], Field(max_length=200)]
    suppressed: Annotated[tuple[en.IdentifierType, ...], Field(max_length=50)]
    detector: Word


class DeconflictionRetracted(Payload):
    """A match no longer stands; everyone who was told of it is told."""

    conflict_id: Id
    revision: Count
    reason: en.RetractReason


class DeconflictionAcknowledged(Payload):
    """One side has taken an alert up. Each side publishes only its own; `actor` (a pseudonym) never crosses.
    `on_evidence` names what the officer's alert showed; `reopened`: the outcome that this side had proposed no longer stands.
    """

    conflict_id: Id
    agency: AgencyCode | None
    revision: Count
    on_evidence: Shown = ()
    actor: Word | None
    reopened: bool = False


class DeconflictionResolved(Payload):
    """One side proposes how the conflict ends. Equal outcomes resolve it, unequal ones dispute it. `on_evidence` names
    what the officer's alert showed: FALSE_MATCH keeps the pair apart until there is evidence beyond it.
    """

    conflict_id: Id
    agency: AgencyCode | None
    revision: Count
    outcome: en.ConflictOutcome
    on_evidence: Shown = ()
    actor: Word | None


# --- what two desks say to each other; the hub carries what is sealed unread ---


class DisclosureRequested(Payload):
    """One side asks the other to release more than the pointer. The reason is for the holder's eyes only.

    Of all types here: each side publishes only its own, `agency` is null where the recipient may not be told which, and
    `actor` (a pseudonym) never crosses.
    """

    request_id: Id
    conflict_id: Id
    agency: AgencyCode | None
    purpose: en.Purpose
    urgency: en.Severity
    asked: Annotated[tuple[en.DisclosedField, ...], Field(max_length=20)]
    sealed: SealedBox
    actor: Word | None


class DisclosureGranted(Payload):
    """The holder releases fields of its own record, each named by an officer, for a time. The values are sealed."""

    request_id: Id
    conflict_id: Id
    agency: AgencyCode | None
    fields: Annotated[tuple[en.DisclosedField, ...], Field(max_length=100)]
    tlp: en.Tlp
    evidential_use: en.EvidentialUse
    keep_days: Annotated[int, Field(ge=1, le=366)]
    sealed: SealedBox
    actor: Word | None


class DisclosureRefused(Payload):
    """The holder releases nothing, and says why."""

    request_id: Id
    conflict_id: Id
    agency: AgencyCode | None
    reason: en.DisclosureRefusal
    actor: Word | None


class DeskMessage(Payload):
    """One desk writes to the other about a conflict. The text is sealed."""

    message_id: Id
    conflict_id: Id
    agency: AgencyCode | None
    sealed: SealedBox
    actor: Word | None


class LeadAgencyProposed(Payload):
    """One side proposes who leads. The last proposal of a side counts; two that agree settle it."""

    conflict_id: Id
    agency: AgencyCode | None
    lead: en.LeadSide
    basis: en.LeadBasis
    actor: Word | None


class ReferralSent(Payload):
    """An agency asks another to take responsibility. It keeps it until the other accepts.

    `record_ids` are the sender's own, and empty in an inbox.
    """

    referral_id: Id
    conflict_id: Id | None
    agency: AgencyCode | None
    to: AgencyCode
    record_ids: Annotated[tuple[Id, ...], Field(max_length=100)]
    reason: en.ReferralReason
    urgency: en.Severity
    fields: Annotated[tuple[en.DisclosedField, ...], Field(max_length=100)]
    tlp: en.Tlp
    evidential_use: en.EvidentialUse
    keep_days: Annotated[int, Field(ge=1, le=366)]
    sealed: SealedBox
    actor: Word | None


class ReferralAccepted(Payload):
    """The recipient accepts: responsibility has moved."""

    referral_id: Id
    agency: AgencyCode | None
    actor: Word | None


class ReferralDeclined(Payload):
    """The recipient declines: responsibility stays with the sender."""

    referral_id: Id
    agency: AgencyCode | None
    reason: en.ReferralDecline
    actor: Word | None


class ReferralExpired(Payload):
    """Nobody answered in time: the sender takes the referral back. An acceptance that crossed it counts all the same."""

    referral_id: Id
    agency: AgencyCode | None


class DeliveryRefused(Payload):
    """What an agency published for another was not passed on; told to the publisher only."""

    agency: AgencyCode
    conflict_id: Id | None
    item_id: Id
    type: Annotated[str, Field(pattern=r"^[A-Za-z]{1,80}$")]
    reason: en.DeliveryRefusal


# --- the child -------------------------------------------------------------------------------------------------------


class WelfareCheckRequested(Payload):
    """Somebody is asked to see that a child is safe. Never waits for a conflict. A later `revision` replaces an earlier
    request of the same check; they rise, not always by one.
    """

    check_id: Id
    revision: Count = 1
    record_ids: Annotated[tuple[Id, ...], Field(max_length=100)]
    response_class: en.ResponseClass
    children: Count
    country: Country | None
    self_harm_risk: en.TriState


class WelfareCheckCompleted(Payload):
    """What the check found."""

    check_id: Id
    result: en.WelfareResult


class ChildSafeguarded(Payload):
    """An outcome for children, with its counting rule; never an identity. A restatement names what it replaces."""

    outcome_id: Id
    outcome_type: en.SafeguardOutcome
    count: Count
    count_rule: en.CountRule
    measures: Annotated[tuple[en.SafeguardMeasure, ...], Field(max_length=20)]
    country: Country | None
    record_ids: Annotated[tuple[Id, ...], Field(max_length=100)]
    credit: Annotated[tuple[Credit, ...], Field(max_length=20)]
    status: en.OutcomeStatus
    supersedes: Id | None


# --- governance ------------------------------------------------------------------------------------------------------


class DataAccessed(Payload):
    """Somebody read something: reading is an event. `references` are opaque ids; `fields` what was shown."""

    operation: en.AccessOperation
    actor: Word
    purpose: en.Purpose
    resource: Word
    references: Annotated[tuple[Word, ...], Field(max_length=1000)]
    references_not_carried: Count
    fields: Annotated[tuple[Word, ...], Field(max_length=100)]


class DataCombined(Payload):
    """Two agencies' data were compared and a pair was found, revised or retracted. Stays inside the hub; what each
    agency may know of it is made by delivery. What agrees is given as the first party is told of it and, in the same order,
    as the second is: where one sent a screen name and the other an address with it, each is told of its own kind.
    """

    conflict_id: Id
    revision: Count
    status: en.MatchStatus
    retract_reason: en.RetractReason | None
    parties: Annotated[tuple[MatchParty, ...], Field(min_length=2, max_length=2)]
    overlap: en.Overlap
    severity: en.Severity
    risk_id: Id | None = None
    band: en.Band = en.Band.alert
    matched: Annotated[tuple[MatchedKind, ...], Field(max_length=50)]
    matched_second: Annotated[tuple[MatchedKind, ...], Field(max_length=50)] = ()
    suppressed: Annotated[tuple[en.IdentifierType, ...], Field(max_length=50)]
    evidence: Annotated[tuple[Evidence, ...], Field(max_length=MAX_EVIDENCE)] = ()
    evidence_second: Annotated[tuple[Evidence, ...], Field(max_length=MAX_EVIDENCE)] = ()
    new_evidence: Annotated[tuple[en.IdentifierType, ...], Field(max_length=50)] = ()
    new_evidence_second: Annotated[tuple[en.IdentifierType, ...], Field(max_length=50)] = ()
    strength: en.Strength
    score: Annotated[float, Field(allow_inf_nan=False)]
    detector: Word


class DataDisclosed(Payload):
    """Something was handed to an agency: which event, naming which fields, on which basis."""

    recipient: AgencyCode
    event_id: Id
    conflict_id: Id | None
    fields: Annotated[tuple[Word, ...], Field(max_length=100)]
    basis: Word


class RecordParked(Payload):
    """A record of an agency could not be accepted; the agency is told which and why."""

    agency: AgencyCode
    topic: Word
    position: Count
    reason: Word
    authentic: bool


AnyPayload = (
    TipReceived
    | TipAmended
    | TipWithdrawn
    | CaseOpened
    | CaseClosed
    | IdentifierCorrected
    | DeconflictionRequested
    | DeconflictionHit
    | DeconflictionNoHit
    | DeconflictionRetracted
    | DeconflictionAcknowledged
    | DeconflictionResolved
    | DisclosureRequested
    | DisclosureGranted
    | DisclosureRefused
    | DeskMessage
    | LeadAgencyProposed
    | ReferralSent
    | ReferralAccepted
    | ReferralDeclined
    | ReferralExpired
    | DeliveryRefused
    | WelfareCheckRequested
    | WelfareCheckCompleted
    | ChildSafeguarded
    | DataAccessed
    | DataCombined
    | DataDisclosed
    | RecordParked
)
