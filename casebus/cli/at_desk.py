"""What the commands of a desk share: opening it for who is at the command line, and reading the words that are typed."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated, TypeVar

import typer

from casebus.cases.conversation import Values
from casebus.cli.options import Data, installation
from casebus.desk import Desk
from casebus.desk.terms import KEEP_DAYS, Terms
from casebus.desks import officers_of, open_desk
from casebus.events.enumerations import DisclosedField, EvidentialUse, Tlp

E = TypeVar("E", bound=StrEnum)

FieldValues = Annotated[
    list[str] | None,
    typer.Option(
        "--field",
        help="NAME=VALUE, once for each value; sealed to the recipient. Names: " + ", ".join(DisclosedField) + ".",
        show_default=False,
    ),
]
TlpOption = Annotated[str, typer.Option("--tlp", help="How the recipient is to handle it: " + ", ".join(Tlp) + ".")]
KeepDays = Annotated[int, typer.Option("--keep-days", help="For how many days the recipient may keep the values.")]


@contextmanager
def desk_of(data: Data, agency: str, officer: str | None) -> Iterator[Desk]:
    """Open one agency's desk for who is at the command line; its node may be running or not."""
    found = installation(data)
    with open_desk(found, officers_of(found, agency).viewer(officer)) as desk:
        yield desk


def symbol(kind: type[E], text: str, option: str) -> E:
    """Return the member of a closed list that was typed; case and dashes do not matter. Raises `typer.BadParameter`."""
    plain = text.replace("-", "_").lower()
    for member in kind:
        if member.value.lower() == plain:
            return member
    raise typer.BadParameter(f"one of {', '.join(kind)}", param_hint=option)


def values_of(typed: Sequence[str] | None) -> Values:
    """Return the values that were typed as NAME=VALUE. Raises `typer.BadParameter`, and never repeats a value."""
    values = []
    for each in typed or ():
        name, equals, value = each.partition("=")
        if not equals:
            raise typer.BadParameter("NAME=VALUE is wanted", param_hint="--field")
        values.append((symbol(DisclosedField, name, "--field"), value))
    return tuple(values)


def terms_of(tlp: str, keep_days: int = KEEP_DAYS) -> Terms:
    """Return the terms that were typed."""
    return Terms(symbol(Tlp, tlp, "--tlp"), EvidentialUse.INTELLIGENCE_ONLY, keep_days)
