"""Internal Affairs: the register of investigations, CSV. Our assumed format (docs/formats/nz-internal-affairs.md).

One row is one person of one case; rows of the same case number are its persons. An open case takes part in matching,
as a backlog unless it says otherwise; a closed one leaves it.
"""

from collections.abc import Sequence
from enum import StrEnum

from casebus.events import enumerations as en
from casebus.events.enumerations import AssertionKind, SubjectCategory, TimeMeaning, TriState
from casebus.intake.adapter import CaseClosure, CaseDraft, Draft, RecordKey
from casebus.intake.children import possible_child, reference_date
from casebus.intake.columns import Row, by_record
from casebus.intake.identifiers import settle
from casebus.intake.persons import ACCOUNT_HOLDERS, assessed, person_on
from casebus.intake.persons import COLUMNS as PERSON_COLUMNS
from casebus.intake.reports import handling, own_key
from casebus.intake.times import stated_time

CASE = "nz-internal-affairs-case"
_OF_CASE = (
    "status",
    "opened_on",
    "category",
    "priority",
    "immediate_risk",
    "pointer",
    "backlog",
    "close_reason",
    "correction_reason",
)
COLUMNS = PERSON_COLUMNS | {"case_number", *_OF_CASE}
REQUIRED = frozenset({"case_number", "status"})


class Status(StrEnum):
    """What the register says of a case (the statuses of N-DEx)."""

    OPEN = "OPEN"
    ACTIVE = "ACTIVE"
    PENDING = "PENDING"
    RE_OPENED = "RE_OPENED"
    CLOSED = "CLOSED"
    CLEARED_BY_ARREST = "CLEARED_BY_ARREST"
    UNFOUNDED = "UNFOUNDED"
    TRANSFERRED = "TRANSFERRED"
    ERROR = "ERROR"


_OPEN = frozenset({Status.OPEN, Status.ACTIVE, Status.PENDING, Status.RE_OPENED})


def is_register(header: tuple[str, ...]) -> bool:
    """Tell whether a CSV header is that of the register."""
    return "case_number" in header


def read_register(rows: list[Row]) -> list[Draft]:
    """Return a draft for each case, in order of its first row. Raises `DocumentRefused`."""
    return [_case(number, of_case) for number, of_case in by_record(rows, "case_number", _OF_CASE)]


def _case(number: str, rows: Sequence[Row]) -> Draft:
    first = rows[0]
    key = own_key(CASE, number, first.at("case_number"))
    status = first.choice("status", Status)
    if status in _OPEN:
        return _open_case(key, rows)
    reason = first.choice("close_reason", en.CaseCloseReason, en.CaseCloseReason(status.value))
    return CaseClosure(key, reason)


def _open_case(key: RecordKey, rows: Sequence[Row]) -> CaseDraft:
    first = rows[0]
    opened_at = stated_time(first.text("opened_on"), TimeMeaning.OPENED)
    as_of = reference_date((opened_at,))
    people = [person_on(row, SubjectCategory.REPORTED_PERSON) for row in rows]
    holders = [person for person in people if person.role in ACCOUNT_HOLDERS]
    child = possible_child({one for person in holders for one in person.indicators(as_of)}, assessed(holders))
    priority = _priority(first)
    return CaseDraft(
        key=key,
        category=first.choice("category", en.IncidentCategory, en.IncidentCategory.UNKNOWN),
        backlog=first.flag("backlog") is not TriState.NO,
        opened_at=opened_at,
        priority=priority,
        possible_child=child,
        grading=None,
        handling=handling(
            pointer=first.choice("pointer", en.PointerMode, en.PointerMode.OPEN),
            safeguarding=child.answer is TriState.YES or priority is en.Priority.IMMEDIATE,
        ),
        identifiers=settle(
            identifier
            for number, person in enumerate(people)
            for identifier in person.identifiers(number, as_of, AssertionKind.AGENCY_CONFIRMED)
        ),
        correction_reason=first.choice("correction_reason", en.CorrectionReason, en.CorrectionReason.TRANSCRIPTION),
        impossible=tuple(kind for person in people for kind in person.impossible),
    )


def _priority(row: Row) -> en.Priority:
    if row.flag("immediate_risk") is TriState.YES:
        return en.Priority.IMMEDIATE
    return row.choice("priority", en.Priority, en.Priority.UNASSESSED)
