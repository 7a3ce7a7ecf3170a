"""How an auditor asks for events: the options that replay and search share, and the filter that they make.

Every option may be given more than once: any of its values will do. A time is ISO 8601 with its offset, or a date,
which means that day's beginning in UTC.

No value is free text: what is asked for by id is published when the reading is put on record, and a person's name that
somebody typed would stay in the ledger for ever. Messages do not repeat what was typed.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from casebus.cases.event_filter import EventFilter, plain
from casebus.errors import ParkReason, UsageError
from casebus.events import enumerations as en
from casebus.events.catalogue import CATALOGUE

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
MAX_VALUES = 1000
OPAQUE_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
AGENCY_CODE = re.compile(r"[a-z0-9-]{1,40}")
PSEUDONYM = re.compile(r"officer-[0-9a-f]{16}|unnamed")
_OUTCOMES: tuple[type[StrEnum], ...] = (
    en.ConflictOutcome,
    en.MatchStatus,
    en.WelfareResult,
    en.SafeguardOutcome,
    en.WithdrawReason,
    en.CaseCloseReason,
    en.RetractReason,
    ParkReason,
)
"""What `casebus.cases.event_filter.outcome_of` can say."""

Since = Annotated[str | None, typer.Option("--since", help="Appended at or after: 2026-01-31T09:00Z.", metavar="TIME")]
Until = Annotated[str | None, typer.Option("--until", help="Appended before this time.", metavar="TIME")]
Agencies = Annotated[list[str] | None, typer.Option("--agency", help="Whose topic: nz-police, or hub.", metavar="CODE")]
Types = Annotated[list[str] | None, typer.Option("--type", help="Event type: TipReceived.", metavar="TYPE")]
Tips = Annotated[list[str] | None, typer.Option("--tip", help="What names this tip.", metavar="ID")]
Cases = Annotated[list[str] | None, typer.Option("--case", help="What names this case.", metavar="ID")]
Checks = Annotated[
    list[str] | None, typer.Option("--check", help="What names this check, before acting or of a child.", metavar="ID")
]
Conflicts = Annotated[list[str] | None, typer.Option("--conflict", help="What names this conflict.", metavar="ID")]
Actors = Annotated[list[str] | None, typer.Option("--actor", help="Who acted, by pseudonym.", metavar="NAME")]
Operations = Annotated[
    list[str] | None,
    typer.Option("--operation", help="COLLECTION, ALTERATION, CONSULTATION, DISCLOSURE, COMBINATION, ERASURE."),
]
Outcomes = Annotated[list[str] | None, typer.Option("--outcome", help="How something ended: joint-investigation.")]
Purposes = Annotated[list[str] | None, typer.Option("--purpose", help="Why data was handled: AUDIT.")]


def event_filter(
    *,
    since: str | None = None,
    until: str | None = None,
    agencies: Sequence[str] | None = None,
    types: Sequence[str] | None = None,
    tips: Sequence[str] | None = None,
    cases: Sequence[str] | None = None,
    checks: Sequence[str] | None = None,
    conflicts: Sequence[str] | None = None,
    actors: Sequence[str] | None = None,
    operations: Sequence[str] | None = None,
    outcomes: Sequence[str] | None = None,
    purposes: Sequence[str] | None = None,
) -> EventFilter:
    """Return the filter of the options given. Raises `UsageError` for a value that no event can have."""
    return EventFilter(
        since=moment("--since", since),
        until=moment("--until", until),
        agencies=_formed("--agency", agencies, AGENCY_CODE, "an agency's code: nz-police, or hub"),
        types=_listed("--type", types, CATALOGUE),
        tips=given_ids("--tip", tips),
        cases=given_ids("--case", cases),
        checks=given_ids("--check", checks),
        conflicts=given_ids("--conflict", conflicts),
        actors=_formed("--actor", actors, PSEUDONYM, "a pseudonym as events carry it: officer-0123456789abcdef"),
        operations=_listed("--operation", operations, en.AccessOperation),
        outcomes=_listed("--outcome", outcomes, (word for of in _OUTCOMES for word in of)),
        purposes=_listed("--purpose", purposes, en.Purpose),
    )


def given(option: str, values: Sequence[str] | None) -> tuple[str, ...]:
    """Return an option's values. Raises `UsageError` for an empty one, too many, and what is no text."""
    found = tuple(values or ())
    if len(found) > MAX_VALUES:
        raise UsageError(f"{option} is given more than {MAX_VALUES} times")
    for value in found:
        if not value.strip() or any("\ud800" <= letter <= "\udfff" for letter in value):
            raise UsageError(f"{option} is empty, or not UTF-8")
    return found


def given_ids(option: str, values: Sequence[str] | None) -> tuple[str, ...]:
    """Return opaque ids in lower case. Raises `UsageError` for whatever else was typed: it may be a person's name."""
    lowered = [value.strip().lower() for value in given(option, values)]
    return _formed(option, lowered, OPAQUE_ID, "an opaque id: 8-4-4-4-12 hexadecimal digits, as `log search` shows it")


def given_id(option: str, value: str | None) -> str | None:
    """Return one opaque id, None where none is given. Raises `UsageError` as `given_ids`."""
    return None if value is None else given_ids(option, [value])[0]


def _formed(option: str, values: Sequence[str] | None, form: re.Pattern[str], what: str) -> tuple[str, ...]:
    found = given(option, values)
    if not all(form.fullmatch(value) for value in found):
        raise UsageError(f"{option} is not {what}")
    return found


def _listed(option: str, values: Sequence[str] | None, known: Iterable[str]) -> tuple[str, ...]:
    found, words = given(option, values), list(known)
    if not {plain(value) for value in found} <= {plain(word) for word in words}:
        raise UsageError(f"{option} is none of: {', '.join(dict.fromkeys(words))}")
    return found


def moment(option: str, text: str | None) -> datetime | None:
    """Return a time that was typed. Raises `UsageError`: a time without its offset is not guessed at."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        found = None
    if found is not None and _DATE.fullmatch(text.strip()):
        return found.replace(tzinfo=UTC)
    if found is None or found.tzinfo is None:
        raise UsageError(
            f"{option} is no time with its offset",
            next_step="write 2026-01-31T09:00Z, 2026-01-31T09:00+13:00, or a date.",
        )
    try:
        return found.astimezone(UTC)
    except OverflowError as error:
        raise UsageError(f"{option} is a time outside of the years 1 to 9999 in UTC") from error
