"""Remembering what an agency said about children, in the transaction that publishes it: documents and desk alike."""

from collections.abc import Iterable

from casebus.cases.outcomes import OUTCOMES, WELFARE_CHECKS, check_after, outcome_after
from casebus.cases.standing import record_of
from casebus.events.envelope import Event
from casebus.intake.records import OWN_RECORDS
from casebus.state import Save
from casebus.store.store import Transaction


def remember_outcomes(tx: Transaction, events: Iterable[Event]) -> None:
    """Save the welfare checks and outcomes that some own events state; their records were saved before."""
    for event in events:
        record = tx.get(OWN_RECORDS, record_of(event.payload) or "")
        if record is None:
            continue
        outcome = outcome_after(event.payload, record.number)
        if outcome is not None:
            tx.apply(Save(OUTCOMES, outcome))
        check = check_after(tx.get(WELFARE_CHECKS, record.record_id), event.payload, record.number)
        if check is not None:
            tx.apply(Save(WELFARE_CHECKS, check))
