"""What stands on the witnesses' topics, byte for byte. Neither topic is audited: it would feed itself.

    casebus.ledger              written by the hub only, read by every agency
        entries     headers casebus-kind: entries, casebus-start: <index of the first leaf>
                    value: up to 1,000 leaves in the C2SP bundle encoding
        submission  headers casebus-kind: submission, casebus-witness: <policy name>
                    value: the body of tlog-witness's add-checkpoint
    casebus.<agency>.witness    written by that agency only, read by every role
        answer      header casebus-status: 200, 409, ...
                    value: for 200 the whole cosigned note, else the answer's body

The notes are signed by themselves, so the records are neither CloudEvents nor signed. The key of each is the log's
origin, so that one topic may carry a ledger and the one that goes on from it. Whoever reads must expect anything:
`parse_*` return None for what is not one of these, or is of another log. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from casebus.bus.log import Record
from casebus.ledger.leaf import LEAF_BYTES
from casebus.ledger.tiles import encode_bundle

LEDGER_TOPIC = "casebus.ledger"
ENTRIES_A_RECORD = 1_000
"""So that a record of leaves stays far below what a Log takes."""

MAX_STATUS = 999
MAX_INDEX = 2**63 - 1
_KIND, _START, _WITNESS, _STATUS = "casebus-kind", "casebus-start", "casebus-witness", "casebus-status"
_ENTRIES, _SUBMISSION = b"entries", b"submission"


def witness_topic(agency: str) -> str:
    """Return the topic that an agency's witness alone writes."""
    return f"casebus.{agency}.witness"


def witnessing_topics(agencies: Sequence[str]) -> list[str]:
    """Return every topic of this package in a network of these agencies."""
    return [LEDGER_TOPIC, *map(witness_topic, agencies)]


@dataclass(frozen=True, slots=True)
class Entries:
    """Leaves in a row, from the index `start` on. At least one."""

    start: int
    leaves: tuple[bytes, ...]

    @property
    def end(self) -> int:
        """Return the index after the last leaf."""
        return self.start + len(self.leaves)


@dataclass(frozen=True, slots=True)
class Asked:
    """A submission to one witness, named as in the policy. `body` is not parsed."""

    witness: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Answered:
    """What a witness answered; `value` is not parsed."""

    status: int
    value: bytes


def entries_record(origin: str, entries: Entries) -> Record:
    """Return the record of some leaves."""
    assert 0 < len(entries.leaves) <= ENTRIES_A_RECORD, "bug: so many leaves do not go into one record"
    headers = ((_KIND, _ENTRIES), (_START, str(entries.start).encode()))
    return Record(origin.encode(), encode_bundle(entries.leaves), headers)


def submission_record(origin: str, asked: Asked) -> Record:
    """Return the record of a submission."""
    headers = ((_KIND, _SUBMISSION), (_WITNESS, asked.witness.encode()))
    return Record(origin.encode(), asked.body, headers)


def answer_record(origin: str, answered: Answered) -> Record:
    """Return the record of an answer."""
    return Record(origin.encode(), answered.value, ((_STATUS, str(answered.status).encode()),))


def parse_ledger_record(origin: str, record: Record) -> Entries | Asked | None:
    """Read a record of `casebus.ledger`; None for anything else than what the functions above make for this log."""
    if record.key != origin.encode():
        return None
    match record.headers:
        case ((name, kind), (other, value)) if (name, kind, other) == (_KIND, _ENTRIES, _START):
            return _entries(value, record.value)
        case ((name, kind), (other, value)) if (name, kind, other) == (_KIND, _SUBMISSION, _WITNESS):
            return Asked(value.decode("ascii", "replace"), record.value)
        case _:
            return None


def parse_answer_record(origin: str, record: Record) -> Answered | None:
    """Read a record of a witness's topic; None for anything else than what `answer_record` makes for this log."""
    if record.key != origin.encode():
        return None
    match record.headers:
        case ((name, value),) if name == _STATUS:
            status = _number(value, MAX_STATUS)
            return None if status is None else Answered(status, record.value)
        case _:
            return None


def _entries(start: bytes, value: bytes) -> Entries | None:
    """Read leaves, each of the one length that our leaves have."""
    first = _number(start, MAX_INDEX)
    each = 2 + LEAF_BYTES
    count, rest = divmod(len(value), each)
    if first is None or rest or not 0 < count <= ENTRIES_A_RECORD:
        return None
    leaves = tuple(value[at + 2 : at + each] for at in range(0, len(value), each))
    return Entries(first, leaves) if encode_bundle(leaves) == value else None


def _number(text: bytes, most: int) -> int | None:
    """Read a decimal number that is written in the one canonical way."""
    if not (text.isdigit() and len(text) <= len(str(most))):
        return None
    number = int(text)
    return number if number <= most and str(number).encode() == text else None
