"""`casebus ledger`: the auditor's commands. They work on a copy of the ledger's directory, without network or bus."""

from collections.abc import Sequence

import typer

from casebus.cli.commands import join

COMMANDS = {
    "verify": "ledger_verify:verify",
    "replay": "ledger_replay:replay",
    "diff": "ledger_diff:diff",
    "witness": "ledger_witness:witness",
    "close": "ledger_close:close",
    "index": "ledger_index:index",
    "prove": "ledger_proofs:prove",
    "check-proof": "ledger_proofs:check",
    "checkpoint": "ledger_proofs:checkpoint",
    "export": "ledger_packs:export",
    "check-pack": "ledger_packs:check_pack",
}


def assembled(words: Sequence[str] = ()) -> typer.Typer:
    """Return the group, or the one command of it that the first of the words names."""
    app = typer.Typer(no_args_is_help=True, help="Verify and replay the audit log, also from an offline copy.")
    join(app, COMMANDS, words)
    return app
