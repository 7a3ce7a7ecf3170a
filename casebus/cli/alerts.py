"""`casebus alerts`: what a desk works on."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.table import Table

from casebus import keys
from casebus.cases.alert import Alert
from casebus.cases.conflict import ConflictState
from casebus.cases.telling import overlap_words
from casebus.cli.options import Agency, AsJson, Data, Officer, Ref, Version, clock, installation, refuse_without_officer
from casebus.cli.output import page, print_json
from casebus.desk import ALERT_FIELDS, Desk
from casebus.events.enumerations import ConflictOutcome, Overlap

app = typer.Typer(no_args_is_help=True, help="Deconfliction alerts at one agency's desk. Reading them is on record.")

TABLE_FIELDS = (
    "ref",
    "severity",
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


Note = Annotated[str | None, typer.Option("--note", help="For this agency's own file; it is in no event.")]


@contextmanager
def open_desk(data: Data, agency: str, officer: str | None) -> Iterator[Desk]:
    """Open one agency's desk; its node may be running or not."""
    found = installation(data)
    found.directory.agency(agency)  # the hub is a role, and has no desk
    role = found.role(agency)
    store = found.open_store(agency)
    try:
        id_key = keys.load_secret(role.key("id"))
        yield Desk(agency, officer, id_key, store, found.publisher(agency), found.clock)
    finally:
        store.close()


@app.command("list")
def list_alerts(
    agency: Agency,
    data: Data = None,
    state: Annotated[ConflictState | None, typer.Option("--state", help="Only conflicts in this state.")] = None,
    notices: Notices = False,
    officer: Officer = None,
    as_json: AsJson = False,
) -> None:
    """List alerts, the ones due first."""
    as_of = clock().now()
    with open_desk(data, agency, officer) as desk:
        shown = ALERT_FIELDS if as_json else TABLE_FIELDS
        alerts = desk.alerts(state=state.value if state else None, notices=notices, fields=shown)
        rows = [as_dict(alert, desk) for alert in alerts]
        told = [{"type": n.type, "about": n.about, "text": n.text} for n in desk.notices()] if notices else []
    if as_json:
        print_json({"agency": agency, "as_of": iso(as_of), "alerts": rows})
        return
    _print_table(agency, rows)
    for notice in told:
        page().print(f"{notice['type']}: {notice['text']}", markup=False)


@app.command("show")
def show(ref: Ref, agency: Agency, data: Data = None, officer: Officer = None, as_json: AsJson = False) -> None:
    """Show one alert: why it matched, whom to ring, by when, and where both sides stand."""
    with open_desk(data, agency, officer) as desk:
        alert = desk.alert(ref, ALERT_FIELDS if as_json else (*ALERT_FIELDS, "also_own", "notes"))
        also = desk.own_reference(alert.also_own_id) if alert.also_own_id else None
        row, notes = as_dict(alert, desk), desk.notes(alert)
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
    with open_desk(data, agency, officer) as desk:
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
            help="How it should end: " + ", ".join(ConflictOutcome) + ".",
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
    with open_desk(data, agency, officer) as desk:
        alert = desk.resolve(ref, chosen, version, note)
        row = as_dict(alert, desk)
    print_json(row) if as_json else _print_alert(row)


def parse_outcome(text: str) -> ConflictOutcome:
    """Return the outcome that was typed; case and dashes do not matter. Raises `typer.BadParameter`."""
    try:
        return ConflictOutcome(text.upper().replace("-", "_"))
    except ValueError as error:
        known = ", ".join(ConflictOutcome)
        raise typer.BadParameter(f"not an outcome; one of {known}", param_hint="--outcome") from error


def as_dict(alert: Alert, desk: Desk) -> dict[str, Any]:
    """Return the contract's form of an alert (DESIGN.md §9). Null is present, never absent."""
    return {
        "ref": alert.ref,
        "conflict_id": alert.conflict_id,
        "revision": alert.revision,
        "version": alert.version,
        "overlap": alert.overlap.value,
        "severity": alert.severity.value,
        "state": alert.state.value,
        "our_state": alert.ours.state.value,
        "their_state": alert.theirs.state.value,
        "own": {"kind": alert.own_kind.value, "ref": desk.own_reference(alert.own_id)},
        "partner": alert.partner,
        "contact": alert.contact.model_dump(),
        "matched": [matched.model_dump(mode="json") for matched in alert.matched],
        "suppressed": [kind.value for kind in alert.suppressed],
        "strength": alert.strength.value,
        "score": alert.score,
        "detector": alert.detector,
        "raised_at": iso(alert.raised_at),
        "respond_by": iso(alert.respond_by),
        "outcome": alert.ours.outcome.value if alert.ours.outcome else None,
    }


def iso(at: datetime) -> str:
    """Return a time in UTC with milliseconds and a Z."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _print_table(agency: str, rows: list[dict[str, Any]]) -> None:
    console = page()
    if not rows:
        console.print(f"No alerts at {agency}. That is what this desk was told, not proof that nobody else knows more.")
        return
    table = Table("ref", "severity", "overlap", "state", "ours", "theirs", "partner", "kinds", "respond by")
    for row in rows:
        kinds = ", ".join(matched["kind"] for matched in row["matched"])
        overlap = overlap_words(Overlap(row["overlap"]))
        states = (row["state"], row["our_state"], row["their_state"])
        partner = row["partner"] or "through the desk"
        table.add_row(row["ref"], row["severity"], overlap, *states, partner, kinds, row["respond_by"])
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
    if row["suppressed"]:
        console.print(f"  too common to count: {', '.join(row['suppressed'])}")
    console.print(f"  strength: {row['strength'].replace('_', ' ')} ({row['score']:.1f}), {row['detector']}")
    console.print(f"  ring: {contact['desk']}, {contact['phone']}, {contact['email']} ({contact['hours']})")
    for note in row.get("notes", ()):
        console.print(f"  noted here: {note}", markup=False)
    console.print(f"  we: {row['our_state']}; they: {row['their_state']}; outcome: {row['outcome'] or 'none proposed'}")
    console.print(f"  raised {row['raised_at']}, respond by {row['respond_by']}")
