"""`casebus alerts`: what a desk works on."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.table import Table

from casebus.cases.conflict import ConflictState
from casebus.cases.desk_work import DeskAlert
from casebus.cases.telling import overlap_words
from casebus.cli.at_desk import desk_of
from casebus.cli.options import Agency, AsJson, Data, Officer, Ref, Version, clock, refuse_without_officer
from casebus.cli.output import page, print_json
from casebus.desk import ALERT_FIELDS, Desk
from casebus.desk.plain import alert_row, deed_row, iso, notice_row, notified_row
from casebus.events.enumerations import Agreement, Band, ConflictOutcome, Overlap, Severity

app = typer.Typer(no_args_is_help=True, help="Deconfliction alerts at one agency's desk. Reading them is on record.")

TABLE_FIELDS = (
    "ref",
    "severity",
    "band",
    "overlap",
    "state",
    "our_state",
    "their_state",
    "partner",
    "matched",
    "respond_by",
)

Notices = Annotated[
    bool, typer.Option("--notices", help="Also what only informs: the same report at both, matches inside this agency.")
]


Review = Annotated[
    bool, typer.Option("--review", help="Beside all the others weak matches too, to look at: no answer is due of them.")
]

SAID_AS = {outcome: outcome.value for outcome in ConflictOutcome} | {
    ConflictOutcome.FALSE_MATCH: f"{ConflictOutcome.FALSE_MATCH.value} (different person)"
}
"""Each outcome as people are told of it: what the documents call "different person" is not to be guessed from its name."""

Note = Annotated[str | None, typer.Option("--note", help="For this agency's own file; it is in no event.")]


@app.command("list")
def list_alerts(
    agency: Agency,
    data: Data = None,
    state: Annotated[ConflictState | None, typer.Option("--state", help="Only conflicts in this state.")] = None,
    notices: Notices = False,
    review: Review = False,
    officer: Officer = None,
    as_json: AsJson = False,
) -> None:
    """List alerts, the ones due first."""
    as_of = clock().now()
    with desk_of(data, agency, officer) as desk:
        shown = ALERT_FIELDS if as_json else TABLE_FIELDS
        alerts = desk.alerts(state=state.value if state else None, notices=notices, review=review, fields=shown)
        rows = [as_dict(alert, desk) for alert in alerts]
        told = [notice_row(each) for each in desk.notices()] if notices else []
    if as_json:
        print_json({"agency": agency, "as_of": iso(as_of), "alerts": rows} | ({"notices": told} if notices else {}))
        return
    _print_table(agency, rows)
    for notice in told:
        page().print(f"{notice['type']}: {notice['text']}", markup=False)


@app.command("show")
def show(ref: Ref, agency: Agency, data: Data = None, officer: Officer = None, as_json: AsJson = False) -> None:
    """Show one alert: why it matched, whom to ring, by when, and where both sides stand."""
    with desk_of(data, agency, officer) as desk:
        seen = desk.alert(ref, (*ALERT_FIELDS, "mistaken", "notified", *(() if as_json else ("also_own", "notes"))))
        also = desk.own_reference(seen.alert.also_own_id) if seen.alert.also_own_id else None
        row, notes, mistaken = as_dict(seen, desk), desk.notes(seen), desk.mistaken(seen)
        notified = [notified_row(each) for each in desk.notified(seen)]
    row |= {"mistaken": mistaken, "notified": notified}
    print_json(row) if as_json else _print_alert(row | {"also_own": also, "notes": notes})


@app.command("ack")
def ack(
    ref: Ref,
    agency: Agency,
    data: Data = None,
    officer: Officer = None,
    version: Version = None,
    note: Note = None,
    as_json: AsJson = False,
) -> None:
    """Acknowledge an alert: the partner sees that this desk has taken it up."""
    refuse_without_officer(officer)
    with desk_of(data, agency, officer) as desk:
        alert = desk.acknowledge(ref, version, note)
        row = as_dict(alert, desk)
    print_json(row) if as_json else _print_alert(row)


@app.command("resolve")
def resolve(
    ref: Ref,
    agency: Agency,
    outcome: Annotated[
        str,
        typer.Option(
            "--outcome",
            help="How it should end: " + ", ".join(SAID_AS.values()) + ".",
            show_default=False,
            autocompletion=lambda: [each.value for each in ConflictOutcome],
        ),
    ],
    data: Data = None,
    officer: Officer = None,
    version: Version = None,
    note: Note = None,
    as_json: AsJson = False,
) -> None:
    """Propose how the conflict ends. Equal proposals of both sides resolve it, unequal ones dispute it."""
    refuse_without_officer(officer)
    chosen = parse_outcome(outcome)
    with desk_of(data, agency, officer) as desk:
        alert = desk.resolve(ref, chosen, version, note)
        row = as_dict(alert, desk)
    print_json(row) if as_json else _print_alert(row)


@app.command("assign")
def assign(
    ref: Ref,
    agency: Agency,
    to: Annotated[str | None, typer.Option("--to", help="The officer who gets it; who acts, if left out.")] = None,
    data: Data = None,
    officer: Officer = None,
    version: Version = None,
    note: Note = None,
    as_json: AsJson = False,
) -> None:
    """Give an alert to an officer of this agency. One that was new is acknowledged by that."""
    refuse_without_officer(officer)
    with desk_of(data, agency, officer) as desk:
        row = as_dict(desk.assign(ref, to or officer or "", version, note), desk)
    print_json(row) if as_json else _print_alert(row)


@app.command("handover")
def handover(
    ref: Ref,
    agency: Agency,
    note: Annotated[str, typer.Option("--note", help="What the next officer has to know; it stays here.")],
    to: Annotated[str | None, typer.Option("--to", help="The officer who gets it; the desk, if left out.")] = None,
    data: Data = None,
    officer: Officer = None,
    version: Version = None,
    as_json: AsJson = False,
) -> None:
    """Hand an alert over, with a note."""
    refuse_without_officer(officer)
    with desk_of(data, agency, officer) as desk:
        row = as_dict(desk.hand_over(ref, note, to, version), desk)
    print_json(row) if as_json else _print_alert(row)


@app.command("snooze")
def snooze(
    ref: Ref,
    agency: Agency,
    until: Annotated[datetime, typer.Option("--until", help="UTC, at most a week away: 2026-12-01T08:00:00")],
    data: Data = None,
    officer: Officer = None,
    version: Version = None,
    note: Note = None,
    as_json: AsJson = False,
) -> None:
    """Let an alert rest until a moment. Never one that concerns a child at immediate risk."""
    refuse_without_officer(officer)
    with desk_of(data, agency, officer) as desk:
        row = as_dict(desk.snooze(ref, in_utc(until), version, note), desk)
    print_json(row) if as_json else _print_alert(row)


@app.command("severity")
def severity(
    ref: Ref,
    agency: Agency,
    to: Annotated[Severity, typer.Option("--to", help="The severity by which this desk goes.")],
    reason: Annotated[str | None, typer.Option("--reason", help="Needed to lower it; it stays here.")] = None,
    data: Data = None,
    officer: Officer = None,
    version: Version = None,
    as_json: AsJson = False,
) -> None:
    """Raise the severity, or lower it with a reason. From immediate only a desk lead may (exit 5)."""
    refuse_without_officer(officer)
    with desk_of(data, agency, officer) as desk:
        row = as_dict(desk.set_severity(ref, to, reason, version), desk)
    print_json(row) if as_json else _print_alert(row)


@app.command("reopen")
def reopen(
    ref: Ref,
    agency: Agency,
    reason: Annotated[str, typer.Option("--reason", help="Why; it stays here. The partner sees that you reopened.")],
    data: Data = None,
    officer: Officer = None,
    version: Version = None,
    as_json: AsJson = False,
) -> None:
    """Take this desk's own outcome back."""
    refuse_without_officer(officer)
    with desk_of(data, agency, officer) as desk:
        row = as_dict(desk.reopen(ref, reason, version), desk)
    print_json(row) if as_json else _print_alert(row)


@app.command("history")
def history(ref: Ref, agency: Agency, data: Data = None, officer: Officer = None, as_json: AsJson = False) -> None:
    """Show what was done about an alert, by whom and when, as this desk saw it."""
    with desk_of(data, agency, officer) as desk:
        deeds = desk.history(ref)
    if as_json:
        print_json({"agency": agency, "ref": ref, "history": [deed_row(deed) for deed in deeds]})
        return
    for deed in deeds:
        page().print(f"{deed.version:>4}  {deed.sentence()}" + (f": {deed.note}" if deed.note else ""), markup=False)


def in_utc(at: datetime) -> datetime:
    """Return a moment that was typed without an offset as one in UTC."""
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def parse_outcome(text: str) -> ConflictOutcome:
    """Return the outcome that was typed; case and dashes do not matter. Raises `typer.BadParameter`."""
    try:
        return ConflictOutcome(text.upper().replace("-", "_"))
    except ValueError as error:
        known = ", ".join(SAID_AS.values())
        raise typer.BadParameter(f"not an outcome; one of {known}", param_hint="--outcome") from error


def as_dict(seen: DeskAlert, desk: Desk) -> dict[str, Any]:
    """Return the contract's form of an alert (DESIGN.md §9). Null is present, never absent."""
    return alert_row(seen, desk.own_reference(seen.alert.own_id), clock().now())


def _print_table(agency: str, rows: list[dict[str, Any]]) -> None:
    console = page()
    if not rows:
        console.print(f"No alerts at {agency}. That is what this desk was told, not proof that nobody else knows more.")
        return
    table = Table("ref", "severity", "overlap", "state", "ours", "theirs", "partner", "kinds", "respond by")
    for row in rows:
        kinds = ", ".join(each["kind"] for each in row["matched"] if each["agreement"] != Agreement.differs)
        overlap = overlap_words(Overlap(row["overlap"]))
        states = (row["state"], row["our_state"], row["their_state"])
        partner = row["partner"] or "through the desk"
        severity = row["severity"] if row["band"] == Band.alert else "review"
        table.add_row(row["ref"], severity, overlap, *states, partner, kinds, _due(row) or "-")
    console.print(table)


def _print_alert(row: dict[str, Any]) -> None:
    console = page()
    contact = row["contact"]
    console.print(f"{row['ref']}  {row['severity']}  {overlap_words(Overlap(row['overlap']))}  {row['state']}")
    console.print(f"  your {row['own']['kind']} {row['own']['ref']}; partner: {row['partner'] or 'through the desk'}")
    if row.get("also_own"):
        console.print(f"  and your own {row['also_own']}")
    for matched in row["matched"]:
        console.print(f"  {matched['kind']}: {matched['agreement']}, {matched['rarity']}")
    if row["new_evidence"]:
        console.print(f"  new since somebody said that they are different persons: {', '.join(row['new_evidence'])}")
    if row["suppressed"]:
        console.print(f"  too common to count: {', '.join(row['suppressed'])}")
    console.print(f"  strength: {row['strength'].replace('_', ' ')} ({row['score']:.1f}), {row['detector']}")
    if row["state"] != ConflictState.retracted:
        console.print(f"  ring: {contact['desk']}, {contact['phone']}, {contact['email']} ({contact['hours']})")
    for note in row.get("notes", ()):
        console.print(f"  noted here: {note}", markup=False)
    ours, theirs = _side(row["our_state"], row["outcome"]), _side(row["their_state"], row["their_outcome"])
    console.print(f"  we: {ours}; they: {theirs}")
    if row["assignee"]:
        console.print(f"  in hand: {row['assignee']}", markup=False)
    if row["snoozed_until"]:
        console.print(f"  rests until {row['snoozed_until']}")
    if row["own_severity"] != row["severity"]:
        console.print(f"  this desk goes by: {row['own_severity']}, due by {row['due_by']}")
    if row.get("mistaken"):
        console.print(f"  {row['mistaken']}", markup=False)
    for told in row.get("notified", ()):
        console.print(f"  told by {told['way']}: {_told(told)}", markup=False)
    console.print(f"  raised {row['raised_at']}, {_what_is_due(row)}")


def _side(state: str, outcome: str | None) -> str:
    """Return where a side stands, with the outcome that it proposes now."""
    return f"{state}, proposing {SAID_AS[ConflictOutcome(outcome)]}" if outcome else state


def _due(row: dict[str, Any]) -> str | None:
    """Return when an answer is due, None where none is: of a weak match, and of one that was retracted."""
    due: str | None = row["respond_by"]
    return None if row["state"] == ConflictState.retracted else due


def _what_is_due(row: dict[str, Any]) -> str:
    if row["state"] == ConflictState.retracted:
        return "retracted since: there is nothing left to decide"
    due = _due(row)
    return f"respond by {due}" if due else "a weak match, to look at: no answer is due"


def _told(row: dict[str, Any]) -> str:
    """Return where a notification stands, in words."""
    if row["delivered_at"]:
        return f"delivered {row['delivered_at']}"
    if not row["attempts"]:
        return "not sent yet"
    again = f"tried again {row['next_at']}" if row["next_at"] else "given up"
    return f"not delivered after {row['attempts']} attempts, {again}: {row['why']}"
