"""`casebus outcomes`: children safeguarded, each number with its kind, its counting rule and its status."""

from typing import Annotated, Any

import typer
from rich.table import Table

from casebus.cli.at_desk import desk_of, symbol
from casebus.cli.options import Agency, AsJson, Data, Officer, refuse_without_officer
from casebus.cli.output import page, print_json
from casebus.desk.children import Count
from casebus.desk.plain import figure_row, outcome_row
from casebus.events.enumerations import CountRule, OutcomeStatus, SafeguardMeasure, SafeguardOutcome

app = typer.Typer(no_args_is_help=True, help="Children safeguarded: recorded, restated, counted.")

Kind = Annotated[str, typer.Option("--type", help=", ".join(SafeguardOutcome))]
Number = Annotated[int, typer.Option("--count", help="How many children.", min=0)]
Rule = Annotated[str, typer.Option("--rule", help="What the number counts: " + ", ".join(CountRule))]
Status = Annotated[str, typer.Option("--status", help=", ".join(OutcomeStatus))]
Measure = Annotated[list[str] | None, typer.Option("--measure", help=", ".join(SafeguardMeasure), show_default=False)]
Country = Annotated[str | None, typer.Option("--country", help="Two letters, ISO 3166.", show_default=False)]


@app.command("record")
def record(
    agency: Agency,
    kind: Kind,
    count: Number,
    rule: Rule = CountRule.DISTINCT_CHILDREN.value,
    status: Status = OutcomeStatus.PROVISIONAL.value,
    measure: Measure = None,
    country: Country = None,
    concerning: Annotated[
        list[str] | None, typer.Option("--record", help="An own tip or case, by number or id.", show_default=False)
    ] = None,
    data: Data = None,
    officer: Officer = None,
    as_json: AsJson = False,
) -> None:
    """Record children safeguarded."""
    refuse_without_officer(officer)
    counted = _count(kind, count, rule, status, measure, country)
    with desk_of(data, agency, officer) as desk:
        row = outcome_row(desk.children.record_outcome(counted, concerning or ()))
    _show(row, as_json)


@app.command("restate")
def restate(
    outcome: Annotated[str, typer.Argument(help="The figure that is replaced, by number or id.", show_default=False)],
    agency: Agency,
    kind: Kind,
    count: Number,
    rule: Rule = CountRule.DISTINCT_CHILDREN.value,
    status: Status = OutcomeStatus.RESTATED.value,
    measure: Measure = None,
    country: Country = None,
    data: Data = None,
    officer: Officer = None,
    as_json: AsJson = False,
) -> None:
    """Replace a figure by another, or retract it (--status RETRACTED). The first stays on record and counts no more."""
    refuse_without_officer(officer)
    counted = _count(kind, count, rule, status, measure, country)
    with desk_of(data, agency, officer) as desk:
        row = outcome_row(desk.children.restate_outcome(outcome, counted))
    _show(row, as_json)


@app.command("list")
def list_outcomes(agency: Agency, data: Data = None, officer: Officer = None, as_json: AsJson = False) -> None:
    """List what was stated, and the figures that stand. On record."""
    with desk_of(data, agency, officer) as desk:
        stated, standing = desk.children.outcomes()
    rows, sums = [outcome_row(each) for each in stated], [figure_row(each) for each in standing]
    if as_json:
        print_json({"agency": agency, "outcomes": rows, "figures": sums})
        return
    table = Table("what", "children", "counted by", "status")
    for each in sums:
        table.add_row(each["outcome_type"], str(each["children"]), each["count_rule"], each["status"])
    page().print(table)


def _count(kind: str, count: int, rule: str, status: str, measure: list[str] | None, country: str | None) -> Count:
    return Count(
        outcome_type=symbol(SafeguardOutcome, kind, "--type"),
        children=count,
        count_rule=symbol(CountRule, rule, "--rule"),
        status=symbol(OutcomeStatus, status, "--status"),
        measures=tuple(symbol(SafeguardMeasure, each, "--measure") for each in measure or ()),
        country=country,
    )


def _show(row: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(row)
        return
    page().print(f"{row['number']}: {row['children']} {row['outcome_type']} ({row['count_rule']}, {row['status']})")
