"""`casebus ledger`: the auditor's commands. They work on a copy of the ledger's directory, without network or bus."""

import typer

from casebus.cli import ledger_replay, ledger_verify

app = typer.Typer(no_args_is_help=True, help="Verify and replay the audit log, also from an offline copy.")
app.command("verify")(ledger_verify.verify)
app.command("replay")(ledger_replay.replay)
