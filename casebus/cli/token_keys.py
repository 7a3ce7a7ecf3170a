"""`casebus keys token`: the key under which all agencies make tokens, and how it is rotated (docs/rotation.md)."""

from pathlib import Path
from typing import Annotated, Any

import typer

from casebus import keys
from casebus.cases.held_epochs import Epochs, held_epochs
from casebus.cases.holding import HELD
from casebus.cases.named_apart import named_apart
from casebus.cli.options import Agency, AsJson, Data, installation
from casebus.cli.output import page, print_json, words
from casebus.errors import Conflict, UsageError
from casebus.intake.behind import behind_in, left_in, stated_in, stuck_in
from casebus.intake.records import Behind
from casebus.layout import HUB
from casebus.roles import Installation
from casebus.token_keys import add_token_key, check_value, end_token_key, load_token_keys

app = typer.Typer(no_args_is_help=True, help="The key under which all agencies make tokens, and how it is rotated.")

Epoch = Annotated[int, typer.Option("--epoch", help="Which token key, counted from 1.", min=1, show_default=False)]
WHY = {
    Behind.too_large: "too large for tokens under two keys: stated under the newer alone once the older is ended",
    Behind.document_gone: "its document is not in the spool any more: hand a copy of it in again",
    Behind.document_unreadable: "its document in the spool cannot be read: mend that and restart, or hand a copy of it in again",
    Behind.not_made: "its document does not make it any more, the adapter has changed: hand it in again as it is now",
}


@app.command("make")
def make(
    out: Annotated[Path, typer.Option("--out", help="The file to make.", show_default=False)], as_json: AsJson = False
) -> None:
    """Make a new token key in a file: one agency does, and gives it to the others as it gave them the first."""
    secret = keys.make_secret()
    keys.write_secret(out.absolute(), secret)
    _say_of_key(out, secret, as_json=as_json)
    words().print("It is as secret as the key in use: take it away once every agency has it.")


@app.command("add")
def add(
    agency: Agency,
    epoch: Epoch,
    key_file: Annotated[Path, typer.Option("--key-file", help="The file with the key.", show_default=False)],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Bring in the next epoch's key beside the one in use. The node reads its keys when it starts: restart it then.

    From then on it makes tokens under both, and states anew what is open. Compare the check value with every other agency
    before: under another key than theirs nothing is matched.
    """
    directory = _agency(installation(data), agency).role(agency).keys
    path = add_token_key(directory, epoch, key_file.absolute())
    _say_of_key(path, load_token_keys(directory)[epoch], as_json=as_json)
    words().print("Compare it with every other agency's, then restart this node. How far it is:")
    words().print(f"casebus keys token list --agency {agency}", soft_wrap=True)


@app.command("list")
def list_keys(agency: Agency, data: Data = None, as_json: AsJson = False) -> None:
    """Show which token keys are here, and how many own open records are stated under the newest of them."""
    row = _standing(_agency(installation(data), agency), agency)
    if as_json:
        print_json(row)
        return
    say, epochs = page(), row["epochs"]
    for here, value in zip(epochs, row["check_values"], strict=True):
        say.print(f"token key of epoch {here}, check value {value}", markup=False)
    say.print(f"own open records: {row['stated']} stated under epoch {epochs[-1]}, {row['left']} left", markup=False)
    for reason, count in row["stuck"].items():
        numbers = ", ".join(row["numbers"][reason][:20])
        say.print(f"  {count} cannot be ({WHY[Behind(reason)]}): {numbers}", markup=False)


@app.command("held")
def held(data: Data = None, as_json: AsJson = False) -> None:
    """At the hub: under which epochs each agency's open records stand, and which agencies rename one value differently.

    A record counts as what of it is furthest behind. All have moved when none stands under the older alone, but for those that
    their agency's `list` names as too large: they move when it ends the older.
    """
    found = installation(data)
    store = found.open_store(HUB)
    try:
        with store.view() as view:
            counted, apart = held_epochs(view.all(HELD)), named_apart(view.all(HELD))
    finally:
        store.close()
    if as_json:
        agencies = {code: _epoch_rows(counted.get(code, {})) for code in found.agencies}
        print_json({"agencies": agencies, "named_apart": [list(pair) for pair in apart]})
        return
    for code in found.agencies:
        rows = [
            f"{r['records']} under epoch {' and '.join(map(str, r['epochs']))}"
            for r in _epoch_rows(counted.get(code, {}))
        ]
        page().print(f"{code}: {', '.join(rows) or 'no open record with a token'}", markup=False)
    for one, other in apart:
        page().print(f"{one} and {other} rename one value differently: one of them has another key", markup=False)


@app.command("end")
def end(
    agency: Agency,
    epoch: Epoch,
    data: Data = None,
    all_have_moved: Annotated[
        bool,
        typer.Option("--all-have-moved", help="Every agency publishes under both keys, as the hub's operator says."),
    ] = False,
    leaving: Annotated[
        int, typer.Option("--leaving", help="How many own records that cannot be stated anew are left behind.", min=0)
    ] = 0,
) -> None:
    """End the older epoch: its key is removed from here for good. Restart the node then.

    Refused (exit 6) while own records are left to be stated anew, while any cannot be that --leaving does not count, and
    without --all-have-moved: an agency that has only the older key would not be matched any more.
    """
    found = _agency(installation(data), agency)
    _refuse_too_early(_standing(found, agency), all_have_moved=all_have_moved, leaving=leaving)
    path = end_token_key(found.role(agency).keys, epoch)
    words().print(f"{path.name} was removed. Restart this node, and destroy the copies of that key in your backups.")


def _refuse_too_early(row: dict[str, Any], *, all_have_moved: bool, leaving: int) -> None:
    lost = sum(count for reason, count in row["stuck"].items() if reason != Behind.too_large.value)
    if row["left"]:
        raise Conflict(
            f"{row['left']} own records are not stated under epoch {row['epochs'][-1]} yet; no key was removed",
            next_step="let the node run until `casebus keys token list` shows none left.",
        )
    if leaving > lost:
        raise Conflict(
            f"--leaving {leaving}, but {lost or 'no'} own records are found that cannot be stated anew; no key was removed",
            next_step="look at `casebus keys token list` again, " + _with_leaving(lost),
        )
    if lost > leaving:
        raise Conflict(
            f"{lost} own records cannot be stated anew; they would not be matched with what is new, and their matches would be "
            "taken back once the other side is amended; no key was removed",
            next_step="hand their documents in again (`casebus keys token list`), " + _with_leaving(lost),
        )
    if not all_have_moved:
        raise Conflict(
            "nothing says that every agency publishes under the newer key too; no key was removed",
            next_step="ask the hub's operator for `casebus keys token held`, then add --all-have-moved.",
        )


def _with_leaving(lost: int) -> str:
    return f"or accept it with --leaving {lost}." if lost else "then give the command without --leaving."


def _agency(found: Installation, agency: str) -> Installation:
    """Return the installation. Raises `UsageError` for the hub: it has no token key, by design."""
    if agency == HUB:
        raise UsageError("the hub has no token key", next_step="name an agency.")
    found.role(agency)
    return found


def _say_of_key(path: Path, secret: bytes, *, as_json: bool) -> None:
    """Print that a key was made, with what is to be compared."""
    if as_json:
        print_json({"file": path.name, "check_value": check_value(secret)})
    else:
        page().print(f"{path.name} was made, check value {check_value(secret)}", markup=False)


def _standing(found: Installation, agency: str) -> dict[str, Any]:
    held_keys = load_token_keys(found.role(agency).keys)
    epochs = tuple(held_keys)
    newest = epochs[-1]
    store = found.open_store(agency)
    try:
        with store.view() as view:
            stated, left, stuck = stated_in(view, newest), left_in(view, epochs), stuck_in(view, epochs)
            rows = behind_in(view, newest) if stuck else []
    finally:
        store.close()
    numbers = {reason.value: sorted(row.number for row in rows if row.behind is reason) for reason in stuck}
    counts = {reason.value: count for reason, count in stuck.items()}
    return {
        "agency": agency,
        "epochs": list(epochs),
        "check_values": [check_value(key) for key in held_keys.values()],
        "stated": stated,
        "left": left,
        "stuck": counts,
        "numbers": numbers,
    }


def _epoch_rows(counts: dict[Epochs, int]) -> list[dict[str, Any]]:
    return [{"epochs": list(epochs), "records": counts[epochs]} for epochs in sorted(counts)]
