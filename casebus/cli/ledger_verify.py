"""`casebus ledger verify`: everything that a ledger's directory holds, in numbered steps."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from casebus.cli.ledger_options import Key, LedgerDirectory, checked_policy, checked_since, given_key, refuse_missing
from casebus.cli.options import AsJson, clock
from casebus.cli.output import leaves_bar, page, print_json
from casebus.errors import VerificationFailed
from casebus.ledger.verify import Outcome, Report
from casebus.ledger.verify import verify as verify_ledger

MAX_AGE = 10**9
"""Thirty years: what a date can be moved back by."""


def verify(
    ledger: LedgerDirectory,
    key: Key,
    policy: Annotated[Path | None, typer.Option("--policy", help="A tlog-policy: which witnesses must cosign.")] = None,
    since: Annotated[
        Path | None, typer.Option("--since", help="An older checkpoint that this ledger must extend.")
    ] = None,
    require_witness: Annotated[
        bool, typer.Option("--require-witness", help="Anything but `verified` is a failure (exit 3).")
    ] = False,
    max_age: Annotated[
        int | None,
        typer.Option("--max-age", help="Seconds: a cosignature that is older does not count.", min=0, max=MAX_AGE),
    ] = None,
    predecessor: Annotated[
        Path | None, typer.Option("--predecessor", help="The closed ledger's directory that this one goes on from.")
    ] = None,
    data: Annotated[Path | None, typer.Option("--data", envvar="CASEBUS_DATA", hidden=True)] = None,
    as_json: AsJson = False,
) -> None:
    """Verify everything that the ledger's directory holds, in numbered steps.

    An unwitnessed ledger proves nothing against its own operator: it says `unwitnessed`, not `verified`.
    """
    refuse_missing(ledger)
    if predecessor is not None:
        refuse_missing(predecessor)
    with leaves_bar() as progress:
        report = verify_ledger(
            ledger,
            given_key(key),
            policy=checked_policy(policy),
            since=checked_since(since),
            max_age=None if max_age is None else timedelta(seconds=max_age),
            predecessor=predecessor,
            now=clock().now(),
            progress=progress,
        )
    print_json(report.as_row()) if as_json else _print(report)
    if report.outcome is Outcome.FAILED or (require_witness and report.outcome is not Outcome.VERIFIED):
        failed = [f"{check.step} {check.name}" for check in report.checks if not check.ok]
        raise VerificationFailed(
            f"the ledger is {report.outcome.value}: {', '.join(failed) or 'no witness vouches for it'}",
            unchanged="nothing was changed: verifying only reads.",
            next_step="keep this copy as it is, and compare it with another agency's.",
        )


def _print(report: Report) -> None:
    console = page()
    for check in report.checks:
        mark = "ok  " if check.ok else "FAIL"
        words = f"{check.expected}: {check.actual}" if check.actual.startswith("so ") else check.actual
        console.print(f"{mark} {check.step:>2} {check.name}: {words}", markup=False)
        if not check.ok:
            console.print(f"        expected: {check.expected}", markup=False)
    size = "no checkpoint could be read" if report.size is None else f"{report.size} leaves, root {report.root}"
    remarks = f" ({'; '.join(report.remarks)})" if report.remarks else ""
    console.print(f"{report.outcome.value}{remarks}: {size}", markup=False, soft_wrap=True)
    if report.outcome is Outcome.UNWITNESSED:
        console.print("No quorum of witnesses has cosigned it: a rollback or a fork by the true key shows only")
        console.print("against an older checkpoint (--since) or a witness.")
