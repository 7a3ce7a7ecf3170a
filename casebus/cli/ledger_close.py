"""`casebus ledger close`: end a ledger for good, so that what it holds can never grow under the same name again."""

from contextlib import closing
from typing import Annotated

import typer

from casebus.cli.options import AsJson, Data, installation
from casebus.cli.output import page, print_json, words
from casebus.ledger.checkpoint import parse_checkpoint
from casebus.ledger.vkey import encode_base64

Reason = Annotated[str, typer.Option("--reason", help="Why, in a few words; it stays in the ledger.")]


def close(data: Data = None, reason: Reason = "closed by the operator", as_json: AsJson = False) -> None:
    """Seal every topic and close the hub's ledger for good. Stop the hub first: a ledger has one writer.

    What is on the bus and not yet in the ledger is what the next ledger begins with.
    """
    found = installation(data)
    with closing(found.open_log("close")) as log, closing(found.open_ledger(log)) as ledger:
        checkpoint = parse_checkpoint(ledger.close_for_good(reason).text)
    if as_json:
        print_json({"origin": checkpoint.origin, "size": checkpoint.size, "root": encode_base64(checkpoint.root)})
        return
    page().print(f"Closed: {checkpoint.origin}, {checkpoint.size} leaves.", markup=False)
    words().print("To go on: move hub/ledger away; in casebus.toml give a new ledger_origin, and name the moved")
    words().print(
        "directory as ledger_continues. The new name is a new verifier key: renew ledger.vkey, policy.txt, and ledger_key"
    )
    words().print("in every directory.toml. Run the hub once more before you do, so that the witnesses cosign the end.")
