"""`casebus referrals`: asking another agency to take responsibility, and answering. It moves on acceptance only."""

from typing import Annotated

import typer
from rich.table import Table

from casebus.cli.at_desk import FieldValues, KeepDays, TlpOption, desk_of, symbol, terms_of, values_of
from casebus.cli.options import Agency, AsJson, Data, Officer, refuse_without_officer
from casebus.cli.output import page, print_json, print_row
from casebus.desk.plain import referral_row
from casebus.desk.referrals import Package
from casebus.desk.terms import KEEP_DAYS
from casebus.events.enumerations import ReferralDecline, ReferralReason, Severity, Tlp

app = typer.Typer(no_args_is_help=True, help="Referrals: who is responsible, and who was asked to be.")

ReferralId = Annotated[str, typer.Argument(help="The referral's id, as `referrals list` shows it.", show_default=False)]


@app.command("send")
def send(
    agency: Agency,
    to: Annotated[str, typer.Option("--to", help="The agency that is asked, by its code.", show_default=False)],
    reason: Annotated[str, typer.Option("--reason", help=", ".join(ReferralReason))],
    urgency: Annotated[Severity, typer.Option("--urgency", help="How soon an answer is wanted.")] = Severity.high,
    ref: Annotated[str | None, typer.Option("--ref", help="The alert that it is about.", show_default=False)] = None,
    record: Annotated[
        list[str] | None, typer.Option("--record", help="An own tip or case, by number or id.", show_default=False)
    ] = None,
    field: FieldValues = None,
    note: Annotated[str, typer.Option("--note", help="For the recipient; sealed.")] = "",
    tlp: TlpOption = Tlp.AMBER_STRICT.value,
    keep_days: KeepDays = KEEP_DAYS,
    data: Data = None,
    officer: Officer = None,
    as_json: AsJson = False,
) -> None:
    """Ask an agency to take responsibility. This agency keeps it until the other accepts."""
    refuse_without_officer(officer)
    package = Package(values_of(field), note, terms_of(tlp, keep_days))
    why = symbol(ReferralReason, reason, "--reason")
    with desk_of(data, agency, officer) as desk:
        sent = desk.referrals.send(to, why, urgency, ref=ref, records=record or (), package=package)
    print_row(referral_row(sent), as_json=as_json)


@app.command("list")
def list_referrals(agency: Agency, data: Data = None, officer: Officer = None, as_json: AsJson = False) -> None:
    """List the referrals that this agency sent or got, what waits first. On record."""
    with desk_of(data, agency, officer) as desk:
        rows = [referral_row(each) for each in desk.referrals.all()]
    if as_json:
        print_json({"agency": agency, "referrals": rows})
        return
    table = Table("referral", "from/to", "state", "responsible", "reason", "urgency", "respond by")
    for row in rows:
        way = f"to {row['partner']}" if row["outgoing"] else f"from {row['partner']}"
        who = agency if row["ours"] else row["partner"]
        state = f"{row['state']}, not opened: {row['unopened']}" if row["unopened"] else row["state"]
        table.add_row(row["referral_id"], way, state, who, row["reason"], row["urgency"], row["respond_by"])
    page().print(table)


@app.command("accept")
def accept(
    referral: ReferralId, agency: Agency, data: Data = None, officer: Officer = None, as_json: AsJson = False
) -> None:
    """Take responsibility."""
    refuse_without_officer(officer)
    with desk_of(data, agency, officer) as desk:
        row = referral_row(desk.referrals.accept(referral))
    print_row(row, as_json=as_json)


@app.command("decline")
def decline(
    referral: ReferralId,
    agency: Agency,
    reason: Annotated[str, typer.Option("--reason", help=", ".join(ReferralDecline))],
    data: Data = None,
    officer: Officer = None,
    as_json: AsJson = False,
) -> None:
    """Leave responsibility where it is."""
    refuse_without_officer(officer)
    why = symbol(ReferralDecline, reason, "--reason")
    with desk_of(data, agency, officer) as desk:
        row = referral_row(desk.referrals.decline(referral, why))
    print_row(row, as_json=as_json)
