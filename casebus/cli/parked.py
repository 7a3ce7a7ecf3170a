"""`casebus parked`: records that could not be accepted, and what waits behind them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.table import Table

from casebus.bus.parking import PARKED_RECORDS, ParkedRecord, held_behind, release, waiting
from casebus.cli.ledger_access import put_on_record
from casebus.cli.options import AsJson, Data, Officer, installation
from casebus.cli.output import page, print_json
from casebus.errors import NotFound, ParkReason
from casebus.store.store import Store

app = typer.Typer(no_args_is_help=True, help="Records that could not be accepted: kept untouched, with the reason.")

ParkedId = Annotated[str, typer.Argument(help="The id, as `parked list` shows it.", show_default=False)]


@contextmanager
def _stores(data: Data) -> Iterator[dict[str, Store]]:
    found = installation(data)
    stores = {code: found.open_store(code) for code in found.present}
    try:
        yield stores
    finally:
        for store in stores.values():
            store.close()


@app.command("list")
def list_parked(data: Data = None, as_json: AsJson = False) -> None:
    """List parked records at every role; what waits behind one is counted with it."""
    rows: list[dict[str, Any]] = []
    with _stores(data) as stores:
        for store in stores.values():
            with store.view() as view:
                rows += [as_dict(p, len(held_behind(view, p))) for p in waiting(view)]
    if as_json:
        print_json({"parked": rows})
        return
    table = Table("id", "topic", "position", "consumer", "reason", "held")
    for row in rows:
        table.add_row(*(str(row[name]) for name in ("id", "topic", "position", "consumer", "reason", "held_keys")))
    page().print(table if rows else "Nothing is parked.")


def as_dict(parked: ParkedRecord, behind: int) -> dict[str, Any]:
    """Return the contract's form (DESIGN.md §9). `held_keys` are the keys that it holds, none if forged."""
    heads = parked.authentic and parked.reason is not ParkReason.KEY_HELD
    return {
        "id": parked.id,
        "topic": parked.topic,
        "position": parked.position,
        "consumer": parked.consumer,
        "reason": parked.reason.value,
        "held_keys": [parked.key.decode("utf-8", "backslashreplace")] if heads else [],
        "held_records": behind if heads else 0,
        "status": parked.status,
    }


@app.command("show")
def show(parked_id: ParkedId, data: Data = None, officer: Officer = None, as_json: AsJson = False) -> None:
    """Show one parked record: what failed, and its bytes. The look is on record at the role that parked it."""
    with _stores(data) as stores:
        code, row = _show(stores, parked_id)
    put_on_record(installation(data), code, officer, "parked", [row["id"]], tuple(row))
    if as_json:
        print_json(row)
        return
    for name, value in row.items():
        page().print(f"{name}: {value}", markup=False)


def _show(stores: dict[str, Store], parked_id: str) -> tuple[str, dict[str, Any]]:
    """Return the role that holds it, and what is shown of it."""
    for code, store in stores.items():
        with store.view() as view:
            parked = view.get(PARKED_RECORDS, parked_id)
            if parked is not None:
                row = as_dict(parked, len(held_behind(view, parked)))
                row |= {
                    "what": parked.what,
                    "authentic": parked.authentic,
                    "appended_at": parked.appended_at.isoformat(),
                    "key": parked.key.hex(),
                    "value": parked.value.hex(),
                    "headers": [[name, value.hex()] for name, value in parked.headers],
                }
                return code, row
    raise NotFound(f"no parked record {parked_id[:80]!r}", next_step="`casebus parked list` shows what is parked.")


@app.command("release")
def release_parked(parked_id: ParkedId, data: Data = None, as_json: AsJson = False) -> None:
    """Have a parked record tried again, then what waits behind it, in order, by the running consumer."""
    with _stores(data) as stores:
        row = _release(stores, parked_id)
    print_json(row) if as_json else page().print(f"{parked_id} will be tried again by {row['consumer']}.")


def _release(stores: dict[str, Store], parked_id: str) -> dict[str, Any]:
    for store in stores.values():
        with store.transaction() as tx:
            if tx.get(PARKED_RECORDS, parked_id) is not None:
                return as_dict(release(tx, parked_id), 0)
    raise NotFound(f"no parked record {parked_id[:80]!r}", next_step="`casebus parked list` shows what is parked.")
