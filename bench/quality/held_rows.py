"""Rows of a register as the hub would hold them: identifiers, tokens under a key, and the pairs that share any. Blind from there on.

Each row is one record with one person. A row with a `report_kind` is a tip, any other an open case of a register. A register is
one agency's.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from casebus.events.enumerations import (
    IdentifierType,
    PointerMode,
    RecordKind,
    SubjectCategory,
    TimeMeaning,
    TimeQuality,
)
from casebus.events.types import TimeStatement
from casebus.intake.adapter import Identifier
from casebus.intake.countries import country
from casebus.matching.candidates import cap, known_tokens, postings
from casebus.matching.held import HeldRecord, HeldSighting, HeldToken
from casebus.matching.tokens import Tokeniser
from quality.evaluation_set import EvaluationSet, Row

TOKENISER = Tokeniser({1: b"a key for measurements only"})
KIND = IdentifierType
SIMPLE = {
    "email": KIND.EMAIL,
    "phone": KIND.PHONE_E164,
    "device_id": KIND.DEVICE,
    "wallet": KIND.WALLET,
    "national_id": KIND.NATIONAL_ID,
}
ON_SERVICE = {"account": KIND.SERVICE_ACCOUNT_ID, "screen_name": KIND.SERVICE_SCREEN_NAME}


def identifiers(row: Row) -> Iterator[Identifier]:
    """Yield what an adapter would of such a row; a bank account never."""
    home = country(row.get("country", ""))
    for column, kind in SIMPLE.items():
        for value in _values(row, column):
            yield Identifier(kind, value, country=home if kind is KIND.PHONE_E164 else None)
    for column, kind in ON_SERVICE.items():
        for value in _values(row, column):
            service, _, name = value.partition(":")
            yield Identifier(kind, name, service=service)
    for address, at in zip(_values(row, "ip"), _values(row, "ip_at"), strict=False):
        yield Identifier(KIND.IP_AT_TIME, address, seen_at=_seen(at))
    yield from _person(row)


def _person(row: Row) -> Iterator[Identifier]:
    name = " ".join(row[part] for part in ("name", "given_name", "middle_name", "surname") if row.get(part))
    born, where = row.get("date_of_birth", ""), _house(row)
    if name and born:
        yield Identifier(KIND.NAME_DOB, name, date_of_birth=born)
    if where:
        if name:
            yield Identifier(KIND.NAME_ADDRESS, name, **where)
        if born:
            yield Identifier(KIND.DOB_ADDRESS, born, date_of_birth=born, **where)
        yield Identifier(KIND.ADDRESS, where.get("address", ""), **where)
    if name and not born and not where:
        yield Identifier(KIND.NAME, name)


def _house(row: Row) -> dict[str, str]:
    city = row.get("suburb") or row.get("city")
    found = {"address": row.get("address"), "postcode": row.get("postcode"), "city": city}
    return {part: value for part, value in found.items() if value}


def _values(row: Row, column: str) -> list[str]:
    return [value for value in (row.get(column) or "").split("|") if value]


def _seen(text: str) -> TimeStatement:
    """Return a time; one without an offset is taken as UTC, as the sets mean it."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return TimeStatement(
            meaning=TimeMeaning.UNKNOWN,
            instant=None,
            raw=None,
            stated_offset_minutes=None,
            quality=TimeQuality.UNPARSEABLE,
        )
    instant = at if at.tzinfo else at.replace(tzinfo=UTC)
    return TimeStatement(
        meaning=TimeMeaning.LOGIN, instant=instant, raw=None, stated_offset_minutes=0, quality=TimeQuality.UTC_ASSERTED
    )


def held(row: Row, agency: str = "") -> HeldRecord:
    """Return a row as the hub holds it, the record of an agency that lets all others know of it."""
    sightings = []
    for one in identifiers(row):
        tokens = TOKENISER.tokens(one, "").tokens
        values = tuple(HeldToken(token.family, f"{token.epoch}:{token.value}") for token in tokens)
        sightings.append(HeldSighting(one.kind, 0, SubjectCategory.REPORTED_PERSON, values))
    return HeldRecord(
        record_id=row["record_id"],
        agency=agency,
        kind=RecordKind.tip if row.get("report_kind") else RecordKind.case,
        revision=1,
        open=True,
        matchable=True,
        backlog=False,
        immediate_risk=False,
        possible_child=False,
        high_priority=False,
        pointer=PointerMode.OPEN,
        source_report=(),
        sightings=tuple(sightings),
    )


class Holdings:
    """All records of a set with their inverted index."""

    def __init__(self, whole: EvaluationSet) -> None:
        rows: Sequence[Row] = [*whole.left, *(whole.right or ())]
        sides = whole.sides
        self.records = [held(row, f"agency-{sides[row['record_id']]}") for row in rows]
        self._sides = [sides[row["record_id"]] for row in rows]
        self._linking = whole.right is not None
        self._index: dict[HeldToken, list[int]] = {}
        for number, record in enumerate(self.records):
            for token in postings(record):
                self._index.setdefault(token, []).append(number)

    def frequency(self, family: str, value: str) -> int:
        """Return how many records hold a value."""
        return len(self._index.get(HeldToken(family, value), ()))

    def pairs(self) -> Iterator[tuple[HeldRecord, HeldRecord]]:
        """Yield each pair that shares a value which is not too common, once (across the registers, where there are two)."""
        for number, record in enumerate(self.records):
            later: set[int] = set()
            for token in {token for sighting in record.sightings for token in known_tokens(sighting)}:
                holders = self._index[token]
                if len(holders) <= cap(token.family):
                    later.update(other for other in holders if other > number)
            for other in sorted(later):
                if not self._linking or self._sides[number] != self._sides[other]:
                    yield record, self.records[other]
