"""What can be typed on the command line about one person before acting."""

from enum import StrEnum
from typing import Annotated, TypeVar

import typer

from casebus.events.enumerations import CheckBasis, Purpose

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
        "Default: OPEN; DESK_ONLY for UNDERCOVER_PERSONA.",
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


def listed(option: str, text: str, known: type[Listed]) -> Listed:
    """Return what was chosen; case and dashes do not matter, UNKNOWN is no choice. Raises `typer.BadParameter`."""
    symbols = {each.value: each for each in known if each.value != "UNKNOWN"}
    chosen = symbols.get(text.upper().replace("-", "_"))
    if chosen is None:
        raise typer.BadParameter(f"one of {', '.join(symbols)}", param_hint=option)
    return chosen
