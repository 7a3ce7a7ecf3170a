"""What an adapter is: translation of one document into drafts, and nothing else.

An adapter does no I/O, makes no ids and no tokens, and never sees the bus. It reads bytes with the strict, bounded
readers of `casebus.intake.documents`, and says what it found as drafts with identifiers in the clear; the node turns
them into events with keyed ids and tokens (`casebus.intake.drafting`). It is found by the entry point group
`casebus.producers`, the same door that a fourth agency uses.
"""

from dataclasses import dataclass
from typing import Protocol

from casebus.events import enumerations as en
from casebus.events.types import Credit, Grading, Handling, PossibleChild, TimeStatement, TipContent


@dataclass(frozen=True, slots=True)
class Document:
    """A complete file from the spool. `name` is its file name; `content` at most `documents.MAX_BYTES`."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class RecordKey:
    """What the agency's own system calls a record: ("ncmec", "900000001"). Stays at the agency."""

    system: str
    number: str


@dataclass(frozen=True, slots=True)
class Identifier:
    """One identifier in the clear, as written. Lives at the agency only, never in an event.

    `value` is the text as written; for NAME_DOB and NAME_ADDRESS it is the full name, for DOB_ADDRESS the date of birth
    and for ADDRESS the street line. `date_of_birth` is the date as written, of NAME_DOB and DOB_ADDRESS. `address` (the
    street line), `postcode` and `city` go with the three kinds that hold a house. `service` is the platform's name as
    written, for account ids and screen names. `country` is the ISO 3166 region in which a phone number without a
    country code is read, or the country of a house, a plate or a number that a state gave. `port` goes with an IP.
    """

    kind: en.IdentifierType
    value: str
    subject_no: int = 0
    subject: en.SubjectCategory = en.SubjectCategory.REPORTED_PERSON
    certainty: en.AssertionKind = en.AssertionKind.OBSERVED_BY_PROVIDER
    verified: en.TriState = en.TriState.NOT_STATED
    service: str | None = None
    date_of_birth: str | None = None
    address: str | None = None
    postcode: str | None = None
    city: str | None = None
    country: str | None = None
    port: int | None = None
    seen_at: TimeStatement | None = None


@dataclass(frozen=True, slots=True)
class TipDraft:
    """A tip as the document states it. `content` has everything but `sightings`, `sightings_not_carried`,
    `source_report` and `prior_reports`, which the node fills in from the other fields here. `impossible` is for the
    document's report alone and no part of the content: the kind of each value beside identifiers that cannot be so.
    """

    key: RecordKey
    content: TipContent
    identifiers: tuple[Identifier, ...] = ()
    source_report: RecordKey | None = None
    prior_reports: tuple[RecordKey, ...] = ()
    amend_reason: en.AmendReason = en.AmendReason.CONTENT_CHANGED
    impossible: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TipWithdrawal:
    """The source took a tip back."""

    key: RecordKey
    reason: en.WithdrawReason


@dataclass(frozen=True, slots=True)
class CaseDraft:
    """An open investigation. Delivered again with nothing but other identifiers, it becomes one IdentifierCorrected for
    each; with anything else changed it is opened again under the next revision, all of it. `impossible` as in a tip.
    """

    key: RecordKey
    category: en.IncidentCategory
    backlog: bool
    opened_at: TimeStatement
    priority: en.Priority
    possible_child: PossibleChild
    grading: Grading | None
    handling: Handling
    identifiers: tuple[Identifier, ...] = ()
    correction_reason: en.CorrectionReason = en.CorrectionReason.TRANSCRIPTION
    impossible: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseClosure:
    """An investigation ended."""

    key: RecordKey
    reason: en.CaseCloseReason


@dataclass(frozen=True, slots=True)
class WelfareRequestDraft:
    """A welfare check is asked for, concerning tips or cases of this agency."""

    key: RecordKey
    concerning: tuple[RecordKey, ...]
    response_class: en.ResponseClass
    children: int
    country: str | None
    self_harm_risk: en.TriState


@dataclass(frozen=True, slots=True)
class WelfareCompletionDraft:
    """What the check found. `key` is the key of the request."""

    key: RecordKey
    result: en.WelfareResult


@dataclass(frozen=True, slots=True)
class SafeguardDraft:
    """An outcome for children, as the agency counts it."""

    key: RecordKey
    outcome_type: en.SafeguardOutcome
    count: int
    count_rule: en.CountRule
    measures: tuple[en.SafeguardMeasure, ...]
    country: str | None
    concerning: tuple[RecordKey, ...]
    credit: tuple[Credit, ...]
    status: en.OutcomeStatus
    supersedes: RecordKey | None


Draft = (
    TipDraft | TipWithdrawal | CaseDraft | CaseClosure | WelfareRequestDraft | WelfareCompletionDraft | SafeguardDraft
)


class Adapter(Protocol):
    """The seam. One instance per agency, without state."""

    @property
    def agency(self) -> str:
        """The agency's code in the directory."""
        ...

    @property
    def region(self) -> str:
        """The ISO 3166 country in which phone numbers and day/month order are read when a document does not say."""
        ...

    def translate(self, document: Document) -> list[Draft]:
        """Return what the document says, in its order. Raises `DocumentRefused`, with nothing half done."""
        ...
