"""`casebus match explain`: why two own records were raised as one person, or were not.

An alert is explained by its reference where both of its records are the agency's own. Of a partner's record there is
nothing here to explain with: what the hub told of it is what `casebus alerts show` shows.
"""

from contextlib import closing
from typing import Annotated, Any

import typer

from casebus.bus.log import events_topic
from casebus.cases.access import Kind
from casebus.cases.alert import ALERTS, Alert
from casebus.cases.pair import conflict_id_of
from casebus.cli.at_desk import desk_of
from casebus.cli.options import Agency, AsJson, Data, Officer, installation
from casebus.cli.output import page, print_json
from casebus.desk import Desk
from casebus.discovery import adapter_of
from casebus.errors import NotFound
from casebus.explaining import Explanation, KindLine, explained
from casebus.intake.spool import Spool
from casebus.own_documents import OwnDocuments, OwnSide
from casebus.own_frequencies import OwnFrequencies, held_records
from casebus.roles import Installation
from casebus.wire.seal import Opener

FIELDS = ("identifiers", "agree", "differ", "suppressed", "dropped", "score", "why")
OF_ALERT = ("ref", "own", "also_own", "partner")
First = Annotated[
    str,
    typer.Argument(
        metavar="A",
        help="A report's or case's number, its id, or the path of a document. Without B: an alert's reference.",
        show_default=False,
    ),
]
Second = Annotated[
    str | None,
    typer.Argument(metavar="[B]", help="The other one. Left out where A is an alert's reference.", show_default=False),
]


def explain(
    a: First,
    agency: Agency,
    b: Second = None,
    data: Data = None,
    officer: Officer = None,
    as_json: AsJson = False,
) -> None:
    """Explain what two of this agency's own records have in common, with the values, and why it was or was not raised.

    An alert between two own records can be named by its reference. One with a partner's record is not explained here, for
    the partner's values are not: `casebus alerts show` has all that was told of it. How common a value is, is counted
    among this agency's own records: the hub counts those of all. It is on record.
    """
    found = installation(data)
    with desk_of(data, agency, officer) as desk:
        desk.require_sight(Kind.alert)
        first, second = (a, b) if b is not None else _records_of(desk, a)
        one, other, alert = _sides(found, agency, first, second)
        desk.accessed("match", [one.record.record_id, other.record.record_id], fields=FIELDS)
        frequencies = _frequencies(found, agency, one, other)
        told = explained(one, other, frequencies, alert)
    row = row_of(one, other, told, frequencies.records, alert)
    print_json(row) if as_json else _print(row)


def _records_of(desk: Desk, ref: str) -> tuple[str, str]:
    """Return the ids of the two own records of an alert; the look at it is on record. Raises `NotFound` for a partner's."""
    alert = desk.alert(ref, OF_ALERT).alert
    if alert.also_own_id is None:
        raise NotFound(
            f"one of the two records of alert {alert.ref} is a partner's: its values are not here",
            next_step=f"`casebus alerts show {alert.ref} --agency {alert.agency}` says what agrees and how rare it is, what "
            "differs, what was too common to count, the strength and the detector.",
        )
    return alert.own_id, alert.also_own_id


def _sides(found: Installation, agency: str, a: str, b: str) -> tuple[OwnSide, OwnSide, Alert | None]:
    store = found.open_store(agency)
    try:
        spool = Spool(found.role(agency).spool)
        documents = OwnDocuments(adapter_of(agency), found.drafting(agency), spool, store)
        one, other = documents.side(a, "A"), documents.side(b, "B")
        with store.view() as view:
            alert = view.get(ALERTS, conflict_id_of(one.record.record_id, other.record.record_id))
    finally:
        store.close()
    return one, other, alert


def _frequencies(found: Installation, agency: str, one: OwnSide, other: OwnSide) -> OwnFrequencies:
    with closing(found.open_log("explain")) as log:
        records = held_records(log, Opener(found.schemas, found.directory), events_topic(agency))
    return OwnFrequencies(records, one.record, other.record)


def row_of(a: OwnSide, b: OwnSide, told: Explanation, records: int, alert: Alert | None) -> dict[str, Any]:
    """Return the explanation as JSON has it."""
    review, alerted = told.thresholds
    return {
        "a": _side(a),
        "b": _side(b),
        "conflict_id": told.conflict_id,
        "alert": alert.ref if alert else None,
        "band": told.band.value if told.band else None,
        "why": told.why,
        "score": told.score,
        "prior": told.prior,
        "thresholds": {"review": review, "alert": alerted},
        "agree": [_line(line) for line in told.agree],
        "differ": [_line(line) for line in told.differ],
        "suppressed": [_line(line) for line in told.suppressed],
        "dropped": {"a": list(told.dropped[0]), "b": list(told.dropped[1])},
        "detector": told.detector,
        "frequencies": {"counted_among": "own records of this agency", "records": records},
    }


def _side(side: OwnSide) -> dict[str, Any]:
    record = side.record
    return {"ref": side.name, "kind": record.kind.value, "record_id": record.record_id, "open": record.open}


def _line(line: KindLine) -> dict[str, Any]:
    return {
        "kind": line.kinds[0].value,
        "other_kind": line.kinds[1].value,
        "agreement": line.agreement.value,
        "rarity": line.rarity.value if line.rarity else None,
        "weight": line.weight,
        "a": list(line.values[0]),
        "b": list(line.values[1]),
        "own_records": line.records,
    }


def _print(row: dict[str, Any]) -> None:
    say = page()
    say.print(f"{row['a']['ref']} and {row['b']['ref']}: {row['why']}", markup=False)
    limits = row["thresholds"]
    say.print(
        f"  score {row['score']:.2f}, of it {row['prior']:+.2f} before anything is known (review from {limits['review']:.2f}, alert from {limits['alert']:.2f})"
    )
    for name, word in (("agree", "agrees"), ("differ", "differs"), ("suppressed", "too common to count")):
        for line in row[name]:
            values = f"{' | '.join(line['a'])}  /  {' | '.join(line['b'])}"
            counted = f", in {line['own_records']} own records" if line["own_records"] else ""
            kinds = " and ".join(dict.fromkeys((line["kind"], line["other_kind"])))
            alike = " in part (a name or a handle in it, or another form)" if line["agreement"] == "similar" else ""
            say.print(f"  {word}{alike}: {kinds} {line['weight']:+.2f}{counted}: {values}", markup=False)
    for side in ("a", "b"):
        for reason in row["dropped"][side]:
            say.print(f"  left out of {row[side]['ref']}: {reason}", markup=False)
    count = row["frequencies"]["records"]
    say.print(f"  {row['detector']}; how common a value is was counted among {count} own records only")
