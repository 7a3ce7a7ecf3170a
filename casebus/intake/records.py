"""What an agency's node remembers of its own records and documents. Clear data: it never leaves the node."""

from dataclasses import dataclass
from enum import StrEnum

from casebus.cases.standing import StandingRecord
from casebus.events.enumerations import IdentifierType
from casebus.intake.adapter import RecordKey
from casebus.state import Concept


class OwnKind(StrEnum):
    """What the agency's own record is."""

    tip = "tip"
    case = "case"
    check = "check"
    welfare_check = "welfare_check"
    outcome = "outcome"


class Behind(StrEnum):
    """Why an open record is not stated under the newest token key, where it cannot be."""

    too_large = "too_large"
    document_gone = "document_gone"
    document_unreadable = "document_unreadable"
    not_made = "not_made"


@dataclass(frozen=True, slots=True)
class OwnSighting:
    """A sighting that was published: enough to see that it changed."""

    sighting_id: str
    subject_no: int
    kind: IdentifierType


@dataclass(frozen=True, slots=True)
class OwnRecord:
    """A tip, case, check, welfare check or outcome as last published. `revision` counts from 1; `event_ids` are the events of
    the last revision that made any.

    `digest` is over the content as last delivered and is kept through the record's ending, as are `content_event_ids`,
    the events that said it. Both are empty in a record that ended before its content arrived. `rest_digest` is over a
    case without its identifiers: it tells a correction of those from any other change. `stands` is what its events make
    of it for everybody who reads them; None in a row of a casebus that did not keep it. `epochs` are those of the token
    keys under which its content was stated last, whole; `behind` says why the newest cannot be among them.
    """

    record_id: str
    kind: OwnKind
    system: str
    number: str
    revision: int
    digest: str
    open: bool
    possible_child: bool
    sightings: tuple[OwnSighting, ...]
    event_ids: tuple[str, ...]
    content_event_ids: tuple[str, ...] = ()
    rest_digest: str = ""
    stands: StandingRecord | None = None
    epochs: tuple[int, ...] = ()
    behind: Behind | None = None

    def standing(self, agency: str) -> StandingRecord:
        """Return the record as it stands on the bus."""
        if self.stands is not None:
            return self.stands
        return StandingRecord(agency, self.kind.value, self.record_id, self.revision, self.digest, self.open)

    @property
    def key(self) -> RecordKey:
        """What the agency's own system calls it."""
        return RecordKey(self.system, self.number)


MATCHED = (OwnKind.tip, OwnKind.case, OwnKind.check)
"""What is compared with other records, by its tokens."""


def is_behind(record: OwnRecord, newest: int) -> bool:
    """Tell whether a record is open and compared, and not stated under the newest token key."""
    return record.open and record.kind in MATCHED and newest not in record.epochs


def stated_under(epoch: int, behind: Behind | None = None) -> str:
    """Return how the open records are indexed of which that is the newest epoch, and of which `behind` is so."""
    return f"{epoch}:{behind.value if behind else ''}"


def _stated_under(record: OwnRecord) -> str | None:
    if not record.open or record.kind not in MATCHED:
        return None
    return stated_under(max(record.epochs, default=0), record.behind)


OWN_RECORDS: Concept[OwnRecord] = Concept(
    "own_records",
    OwnRecord,
    lambda record: record.record_id,
    {
        "number": lambda record: record.number,
        "kind": lambda record: record.kind.value,
        "stated_under": _stated_under,
    },
)


@dataclass(frozen=True, slots=True)
class Taken:
    """A document that was decided upon. Written in the transaction of its events, then filed: a crash before `filed`
    leaves the document in `in/` with this row, and the next start files it without translating it again.

    `identity` names the file as found (name, inode, change time), `digest` its content. Names are bytes,
    because a file's name need not be text. `stored_as` and `report_as` are the pair of names in `folder`; a document that is left where it is (not a regular file) has no `stored_as`.
    """

    identity: str
    document: bytes
    digest: str
    folder: str
    stored_as: bytes | None
    report_as: bytes
    outcome: str
    code: str | None
    message: str
    event_ids: tuple[str, ...]
    filed: bool


TAKEN: Concept[Taken] = Concept(
    "taken_documents",
    Taken,
    lambda taken: taken.identity,
    {"unfiled": lambda taken: None if taken.filed else "yes", "outcome": lambda taken: taken.outcome},
)
