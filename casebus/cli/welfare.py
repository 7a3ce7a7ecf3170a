"""`casebus welfare`: asking that somebody sees whether a child is safe. It waits for no conflict."""

from typing import Annotated, Any

import typer

from casebus.cli.at_desk import desk_of, symbol
from casebus.cli.options import Agency, AsJson, Data, Officer, refuse_without_officer
from casebus.cli.output import page, print_json
from casebus.desk.plain import check_row
from casebus.events.enumerations import ResponseClass, TriState, WelfareResult

app = typer.Typer(no_args_is_help=True, help="Welfare checks.")


@app.command("request")
def request(
    agency: Agency,
    response: Annotated[str, typer.Option("--class", help="How soon: " + ", ".join(ResponseClass))],
    children: Annotated[int, typer.Option("--children", help="How many children.", min=0)],
    concerning: Annotated[
        list[str] | None, typer.Option("--record", help="An own tip or case, by number or id.", show_default=False)
    ] = None,
    country: Annotated[str | None, typer.Option("--country", help="Two letters, ISO 3166.", show_default=False)] = None,
    self_harm: Annotated[str, typer.Option("--self-harm-risk", help=", ".join(TriState))] = TriState.NOT_STATED.value,
    data: Data = None,
    officer: Officer = None,
    as_json: AsJson = False,
) -> None:
    """Ask for a welfare check."""
    refuse_without_officer(officer)
    soon, risk = symbol(ResponseClass, response, "--class"), symbol(TriState, self_harm, "--self-harm-risk")
    with desk_of(data, agency, officer) as desk:
        row = check_row(desk.children.request_check(concerning or (), soon, children, country, risk))
    _show(row, as_json)


@app.command("complete")
def complete(
    check: Annotated[str, typer.Argument(help="The check, by number or id.", show_default=False)],
    agency: Agency,
    result: Annotated[str, typer.Option("--result", help=", ".join(WelfareResult))],
    data: Data = None,
    officer: Officer = None,
    as_json: AsJson = False,
) -> None:
    """Say what a check found."""
    refuse_without_officer(officer)
    found = symbol(WelfareResult, result, "--result")
    with desk_of(data, agency, officer) as desk:
        row = check_row(desk.children.complete_check(check, found))
    _show(row, as_json)


@app.command("list")
def list_checks(agency: Agency, data: Data = None, officer: Officer = None, as_json: AsJson = False) -> None:
    """List the welfare checks, those that wait first. On record."""
    with desk_of(data, agency, officer) as desk:
        rows = [check_row(each) for each in desk.children.checks()]
    if as_json:
        print_json({"agency": agency, "checks": rows})
        return
    for row in rows:
        _show(row, as_json=False)


def _show(row: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(row)
        return
    page().print(f"{row['number']}: {row['response_class']}, {row['children']} children, {row['result'] or 'waits'}")
