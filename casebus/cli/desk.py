"""`casebus desk`: what one desk says to the other about an alert. What is sealed, the hub carries unread."""

from typing import Annotated, Any

import typer

from casebus.cli.at_desk import FieldValues, KeepDays, TlpOption, desk_of, symbol, terms_of, values_of
from casebus.cli.options import Agency, AsJson, Data, Officer, Ref, Version, refuse_without_officer
from casebus.cli.output import page, print_json, print_row
from casebus.desk.plain import lead_row, message_row, release_row
from casebus.desk.terms import KEEP_DAYS
from casebus.events.enumerations import DisclosedField, DisclosureRefusal, LeadBasis, LeadSide, Purpose, Severity, Tlp

app = typer.Typer(no_args_is_help=True, help="What two desks say to each other about an alert, sealed to the partner.")

Request = Annotated[str, typer.Argument(help="The request's id, as `desk releases` shows it.", show_default=False)]


@app.command("release-request")
def release_request(
    ref: Ref,
    agency: Agency,
    reason: Annotated[str, typer.Option("--reason", help="Why; sealed to the partner.")],
    ask: Annotated[
        list[str] | None, typer.Option("--ask", help="What for: " + ", ".join(DisclosedField) + ".", show_default=False)
    ] = None,
    purpose: Annotated[str, typer.Option("--purpose", help=", ".join(Purpose))] = Purpose.SAFEGUARDING_CHILD.value,
    urgency: Annotated[Severity | None, typer.Option("--urgency", help="The alert's own, if left out.")] = None,
    data: Data = None,
    officer: Officer = None,
    version: Version = None,
    as_json: AsJson = False,
) -> None:
    """Ask the partner to release more than the pointer."""
    refuse_without_officer(officer)
    asked = [symbol(DisclosedField, each, "--ask") for each in ask or ()]
    why = symbol(Purpose, purpose, "--purpose")
    with desk_of(data, agency, officer) as desk:
        release = desk.conversation.request_release(ref, reason, asked, why, urgency, version)
    print_row(release_row(release), as_json=as_json)


@app.command("release-grant")
def release_grant(
    request: Request,
    agency: Agency,
    field: FieldValues = None,
    tlp: TlpOption = Tlp.AMBER_STRICT.value,
    keep_days: KeepDays = KEEP_DAYS,
    data: Data = None,
    officer: Officer = None,
    as_json: AsJson = False,
) -> None:
    """Release values of this agency's own record, field by field. What crosses is exactly what is named here."""
    refuse_without_officer(officer)
    values, terms = values_of(field), terms_of(tlp, keep_days)
    with desk_of(data, agency, officer) as desk:
        release = desk.conversation.grant_release(request, values, terms)
    print_row(release_row(release), as_json=as_json)


@app.command("release-refuse")
def release_refuse(
    request: Request,
    agency: Agency,
    reason: Annotated[str, typer.Option("--reason", help=", ".join(DisclosureRefusal))],
    note: Annotated[str | None, typer.Option("--note", help="For this agency's own file; it is in no event.")] = None,
    data: Data = None,
    officer: Officer = None,
    as_json: AsJson = False,
) -> None:
    """Release nothing, and say why by a word of the list."""
    refuse_without_officer(officer)
    why = symbol(DisclosureRefusal, reason, "--reason")
    with desk_of(data, agency, officer) as desk:
        release = desk.conversation.refuse_release(request, why, note)
    print_row(release_row(release), as_json=as_json)


@app.command("releases")
def releases(
    agency: Agency,
    ref: Annotated[str | None, typer.Option("--ref", help="Only of this alert.", show_default=False)] = None,
    data: Data = None,
    officer: Officer = None,
    as_json: AsJson = False,
) -> None:
    """List what was asked of whom, and what was released. On record, with the names of the values."""
    with desk_of(data, agency, officer) as desk:
        rows = [release_row(release) for release in desk.conversation.releases(ref)]
    _list("releases", agency, rows, as_json)


@app.command("message")
def message(
    ref: Ref,
    agency: Agency,
    text: Annotated[str, typer.Option("--text", help="At most 4000 characters; sealed to the partner.")],
    data: Data = None,
    officer: Officer = None,
    as_json: AsJson = False,
) -> None:
    """Write to the partner's desk about an alert."""
    refuse_without_officer(officer)
    with desk_of(data, agency, officer) as desk:
        sent = desk.conversation.send_message(ref, text)
    print_row(message_row(sent), as_json=as_json)


@app.command("messages")
def messages(ref: Ref, agency: Agency, data: Data = None, officer: Officer = None, as_json: AsJson = False) -> None:
    """List the messages about an alert, oldest first. On record."""
    with desk_of(data, agency, officer) as desk:
        rows = [message_row(each) for each in desk.conversation.messages(ref)]
    _list("messages", agency, rows, as_json)


@app.command("lead")
def lead(
    ref: Ref,
    agency: Agency,
    who: Annotated[str | None, typer.Option("--who", help="us or partner; only shows, if left out.")] = None,
    basis: Annotated[str, typer.Option("--basis", help=", ".join(LeadBasis))] = LeadBasis.AGREEMENT.value,
    data: Data = None,
    officer: Officer = None,
    version: Version = None,
    as_json: AsJson = False,
) -> None:
    """Propose who leads, or show what both sides proposed. Proposing is for a desk lead (exit 5)."""
    sides = {"us": LeadSide.PROPOSER, "partner": LeadSide.PARTNER}
    if who is not None and who not in sides:
        raise typer.BadParameter("us or partner", param_hint="--who")
    with desk_of(data, agency, officer) as desk:
        if who is None:
            row = lead_row(desk.conversation.lead(ref))
        else:
            refuse_without_officer(officer)
            why = symbol(LeadBasis, basis, "--basis")
            row = lead_row(desk.conversation.propose_lead(ref, sides[who], why, version))
    print_row(row, as_json=as_json)


def _list(name: str, agency: str, rows: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        print_json({"agency": agency, name: rows})
        return
    for row in rows:
        print_row(row, as_json=False)
        page().print("")
    if not rows:
        page().print(f"No {name} at {agency}.")
