"""A record of a register in the forms that are compared. Every column may be missing, every value may be nonsense."""

from collections.abc import Callable, Iterator, Mapping, Sized
from dataclasses import dataclass

from casebus.matching.register.dates import Day, Order, readings
from casebus.matching.register.identifiers import (
    Mailbox,
    accounts,
    addresses_at_times,
    bank_accounts,
    devices,
    handle_form,
    local_handle,
    mailboxes,
    national_ids,
    phones,
    screen_names,
    wallets,
)
from casebus.matching.register.names import NO_NAME, Name, latin, name
from casebus.matching.register.places import NO_PLACE, Place, place

COLUMNS = (
    "record_id", "name", "given_name", "middle_name", "surname", "date_of_birth", "sex", "email", "phone", "account",
    "screen_name", "ip", "ip_at", "address", "suburb", "city", "postcode", "region", "country", "national_id", "device_id",
    "wallet", "bank_account", "occupation", "place_of_birth", "report_kind", "reported_at",
)  # fmt: skip
"""What a register may have: `record_id` and any of the others."""

Row = Mapping[str, tuple[str, ...]]
"""The values of each column that has any, as written."""

MAX_SPELLINGS = 4
"""Of several names or addresses in one cell the first so many count."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record. `side` tells from which file it is (0, 1)."""

    record_id: str
    side: int
    kind: str
    name: Name
    also: tuple[Name, ...]
    born: tuple[Day, ...]
    sex: str
    national: frozenset[str]
    email: tuple[Mailbox, ...]
    phone: frozenset[str]
    device: frozenset[str]
    wallet: frozenset[str]
    bank: frozenset[str]
    account: frozenset[str]
    screen: frozenset[tuple[str, str]]
    handles: frozenset[str]
    mail_handles: frozenset[str]
    ip: frozenset[str]
    place: Place
    birthplace: str
    occupation: str


def record(record_id: str, side: int, row: Row, order: Order = Order.unknown) -> Record:
    """Return the record of a row. Never raises, whatever the values."""
    first = _first(row)
    named = _names(row)
    mail = mailboxes(row.get("email", ()))
    screen = screen_names(row.get("screen_name", ()))
    return Record(
        record_id=record_id,
        side=side,
        kind=latin(first("report_kind")),
        name=named[0] if named else NO_NAME,
        also=tuple(named[1:]),
        born=_born(row, order),
        sex=latin(first("sex"))[:1].replace("w", "f"),
        national=national_ids(row.get("national_id", ())),
        email=mail,
        phone=phones(row.get("phone", ()), first("country")),
        device=devices(row.get("device_id", ())),
        wallet=wallets(row.get("wallet", ())),
        bank=bank_accounts(row.get("bank_account", ())),
        account=accounts(row.get("account", ())),
        screen=screen,
        handles=frozenset(form for _, bare in screen if (form := handle_form(bare))),
        mail_handles=frozenset(form for box in mail if (form := local_handle(box))),
        ip=addresses_at_times(row.get("ip", ()), row.get("ip_at", ())),
        place=_place(row),
        birthplace=latin(first("place_of_birth")),
        occupation=latin(first("occupation")),
    )


def left_aside(row: Row, made: Record) -> Iterator[str]:
    """Yield the columns of a row that have a value while nothing that can be compared came of any: nonsense, a placeholder."""
    return (column for column, kept in _KEPT.items() if row.get(column) and not kept(made))


_KEPT: Mapping[str, Callable[[Record], Sized]] = {
    "date_of_birth": lambda made: made.born,
    "email": lambda made: made.email,
    "phone": lambda made: made.phone,
    "account": lambda made: made.account,
    "screen_name": lambda made: made.screen,
    "ip": lambda made: made.ip,
    "national_id": lambda made: made.national,
    "device_id": lambda made: made.device,
    "wallet": lambda made: made.wallet,
    "bank_account": lambda made: made.bank,
}


def _first(row: Row) -> Callable[[str], str]:
    return lambda column: next(iter(row.get(column, ())), "")


def _names(row: Row) -> list[Name]:
    """Return the names of a record, the first in full, further spellings after it."""
    columns = [row.get(column, ()) for column in ("name", "given_name", "middle_name", "surname")]
    spellings = min(MAX_SPELLINGS, max(map(len, columns)))
    found = [name(*(_nth(values, number) for values in columns)) for number in range(spellings)]
    return [one for one in dict.fromkeys(found) if one.words]


def _nth(values: tuple[str, ...], number: int) -> str:
    """Return the nth spelling; a column with fewer goes on with its last."""
    return values[min(number, len(values) - 1)] if values else ""


def _born(row: Row, order: Order) -> tuple[Day, ...]:
    found = (day for text in row.get("date_of_birth", ())[:MAX_SPELLINGS] for day in readings(text, order))
    return tuple(dict.fromkeys(found))


def _place(row: Row) -> Place:
    first = _first(row)
    columns = [first(column) for column in ("address", "postcode", "suburb", "city", "region")]
    return place(*columns) if any(columns) else NO_PLACE
