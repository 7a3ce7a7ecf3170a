"""What can be typed about one person before acting, and the question that it makes. Messages repeat no identifier."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, TypeVar

import typer

from casebus.errors import UsageError
from casebus.events.enumerations import (
    AssertionKind,
    CheckBasis,
    IdentifierType,
    PointerMode,
    Priority,
    Purpose,
    SubjectCategory,
    TimeMeaning,
    TimeQuality,
)
from casebus.events.types import TimeStatement
from casebus.intake.adapter import Identifier
from casebus.intake.checks import Question
from casebus.intake.identifiers import MAX_VALUE
from casebus.intake.times import stated_time

Basis = Annotated[
    str,
    typer.Option("--basis", help="What is about to be done: " + ", ".join(list(CheckBasis)[:-1]), show_default=False),
]
Urgency = Annotated[str, typer.Option("--urgency", help="How soon; IMMEDIATE is a child at immediate risk.")]
PointerOption = Annotated[
    str | None,
    typer.Option(
        "--pointer",
        help="What a partner that is hit may be told: OPEN who asks, DESK_ONLY the coordination desk, SILENT nothing. "
        "[default: OPEN; DESK_ONLY for UNDERCOVER_PERSONA]",
        show_default=False,
    ),
]
PurposeOption = Annotated[str, typer.Option("--purpose", help="Why: " + ", ".join(list(Purpose)[:-1]))]
Emails = Annotated[list[str] | None, typer.Option("--email", help="An e-mail address.", show_default=False)]
Phones = Annotated[
    list[str] | None,
    typer.Option("--phone", help="A number, with +country code unless it is of this agency's country."),
]
Accounts = Annotated[list[str] | None, typer.Option("--account", metavar="SERVICE:ID", help="A provider's account id.")]
ScreenNames = Annotated[list[str] | None, typer.Option("--screen-name", metavar="SERVICE:NAME", help="A screen name.")]
Names = Annotated[list[str] | None, typer.Option("--name", help="A full name; needs its --date-of-birth.")]
BirthDates = Annotated[list[str] | None, typer.Option("--date-of-birth", help="Of the --name at the same place.")]
Addresses = Annotated[list[str] | None, typer.Option("--ip", help="An IP address; needs its --ip-at.")]
AddressTimes = Annotated[
    list[str] | None, typer.Option("--ip-at", metavar="TIME", help="When, with its offset: 2026-01-31T09:00Z.")
]
Devices = Annotated[list[str] | None, typer.Option("--device", help="An IMEI or another id of a device.")]
Wallets = Annotated[list[str] | None, typer.Option("--wallet", help="An address of a cryptocurrency wallet.")]

Listed = TypeVar("Listed", bound=StrEnum)


def question(
    *,
    basis: str,
    urgency: str,
    pointer: str | None,
    purpose: str,
    emails: Sequence[str] | None,
    phones: Sequence[str] | None,
    accounts: Sequence[str] | None,
    screen_names: Sequence[str] | None,
    names: Sequence[str] | None,
    birth_dates: Sequence[str] | None,
    addresses: Sequence[str] | None,
    address_times: Sequence[str] | None,
    devices: Sequence[str] | None,
    wallets: Sequence[str] | None,
) -> Question:
    """Return what is asked. Raises `UsageError` and `typer.BadParameter`."""
    kinds = IdentifierType
    found = [
        *(_one("--email", kinds.EMAIL, value) for value in emails or ()),
        *(_one("--phone", kinds.PHONE_E164, value) for value in phones or ()),
        *(_of_service("--account", kinds.SERVICE_ACCOUNT_ID, value) for value in accounts or ()),
        *(_of_service("--screen-name", kinds.SERVICE_SCREEN_NAME, value) for value in screen_names or ()),
        *(
            _one("--name", kinds.NAME_DOB, name, date_of_birth=born)
            for name, born in _pairs("--name", names, "--date-of-birth", birth_dates)
        ),
        *(
            _one("--ip", kinds.IP_AT_TIME, address, seen_at=_instant(at))
            for address, at in _pairs("--ip", addresses, "--ip-at", address_times)
        ),
        *(_one("--device", kinds.DEVICE, value) for value in devices or ()),
        *(_one("--wallet", kinds.WALLET, value) for value in wallets or ()),
    ]
    chosen = listed("--basis", basis, CheckBasis)
    discreet = PointerMode.DESK_ONLY if chosen is CheckBasis.UNDERCOVER_PERSONA else PointerMode.OPEN
    return Question(
        basis=chosen,
        urgency=listed("--urgency", urgency, Priority),
        pointer=listed("--pointer", pointer, PointerMode) if pointer else discreet,
        purpose=listed("--purpose", purpose, Purpose),
        identifiers=tuple(dict.fromkeys(found)),
    )


def listed(option: str, text: str, known: type[Listed]) -> Listed:
    """Return what was chosen; case and dashes do not matter, UNKNOWN is no choice. Raises `typer.BadParameter`."""
    symbols = {each.value: each for each in known if each.value != "UNKNOWN"}
    chosen = symbols.get(text.upper().replace("-", "_"))
    if chosen is None:
        raise typer.BadParameter(f"one of {', '.join(symbols)}", param_hint=option)
    return chosen


def _one(
    option: str,
    kind: IdentifierType,
    value: str,
    *,
    service: str | None = None,
    date_of_birth: str | None = None,
    seen_at: TimeStatement | None = None,
) -> Identifier:
    if not value.strip() or len(value) > MAX_VALUE or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise UsageError(f"{option} is empty, longer than {MAX_VALUE} characters, or not UTF-8")
    return Identifier(
        kind=kind,
        value=value.strip(),
        subject=SubjectCategory.UNKNOWN,
        certainty=AssertionKind.UNKNOWN,
        service=service,
        date_of_birth=date_of_birth,
        seen_at=seen_at,
    )


def _of_service(option: str, kind: IdentifierType, text: str) -> Identifier:
    service, colon, value = text.partition(":")
    if not colon or not service.strip():
        raise UsageError(f"{option} does not name its service", next_step=f"write {option} SERVICE:VALUE.")
    return _one(option, kind, value, service=service.strip())


def _pairs(
    option: str, values: Sequence[str] | None, beside: str, others: Sequence[str] | None
) -> list[tuple[str, str]]:
    given, needed = list(values or ()), list(others or ())
    if len(given) != len(needed):
        raise UsageError(f"{option} and {beside} go together, one of each", next_step=f"give {beside} after {option}.")
    return list(zip(given, needed, strict=True))


def _instant(text: str) -> TimeStatement:
    """Return a time that may be matched on. Raises `UsageError` for any other: none is guessed at."""
    found = stated_time(text, TimeMeaning.UNKNOWN)
    if found.quality not in (TimeQuality.EXACT_OFFSET, TimeQuality.UTC_ASSERTED):
        raise UsageError(
            f"--ip-at is no time with its offset ({found.quality.value})",
            next_step="write 2026-01-31T09:00Z or 2026-01-31T09:00+13:00.",
        )
    return found
