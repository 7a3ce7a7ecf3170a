"""How the report of a numbered procedure is told, and what it ends with."""

from collections.abc import Sequence

from casebus.cli.output import page, print_json
from casebus.errors import VerificationFailed
from casebus.ledger.report import Outcome, Report


def tell_report(report: Report, what: str, as_json: bool, *, not_shown: Sequence[str] = ()) -> None:
    """Print a report on a small thing that travels alone. Raises `VerificationFailed` when a check failed."""
    print_json(report.as_row()) if as_json else _print(report, not_shown)
    if report.outcome is Outcome.FAILED:
        failed = ", ".join(f"{check.step} {check.name}" for check in report.checks if not check.ok)
        raise VerificationFailed(
            f"{what} does not hold: {failed}",
            unchanged="nothing was changed: checking only reads.",
            next_step="keep the file as it is, and ask for it again from another copy of the ledger.",
        )


def _print(report: Report, not_shown: Sequence[str]) -> None:
    console = page()
    for check in report.checks:
        console.print(f"{'ok  ' if check.ok else 'FAIL'} {check.step:>2} {check.name}", markup=False)
        words = f"found {check.actual}" if check.ok else f"expected {check.expected}; found {check.actual}"
        console.print(f"        {words}", markup=False)
    console.print(f"{report.outcome.value}: {report.size} leaves, root {report.root}", markup=False)
    if report.outcome is Outcome.UNWITNESSED:
        console.print("No quorum of witnesses vouches for the checkpoint: that its log was not forked or rolled back")
        console.print("by its own key is not shown by this.")
    if report.outcome is not Outcome.FAILED and not_shown:
        console.print("Not shown by any of this:")
        for line in not_shown:
            console.print(f"- {line}", markup=False)
