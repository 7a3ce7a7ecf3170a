"""`/outcomes`: from tip to safeguarded child, and the question that Internal Affairs began with."""

from fastapi import APIRouter
from starlette.responses import Response

from casebus.cases.figures import Figures
from casebus.console.web import Console, Parts, Signed
from casebus.errors import BusError
from casebus.events.enumerations import Purpose, SafeguardOutcome

router = APIRouter()
OUTCOME_WORDS = {
    SafeguardOutcome.RESCUED_FROM_CURRENT_ABUSE: "removed from current abuse",
    SafeguardOutcome.SAFEGUARDED_FROM_POTENTIAL_ABUSE: "safeguarded from potential abuse",
    SafeguardOutcome.VICTIM_IDENTIFIED_FROM_MATERIAL: "identified from material",
    SafeguardOutcome.LOCATED_MISSING: "missing and located",
    SafeguardOutcome.RISK_ASSESSED_NO_CONCERN: "assessed, no concern",
    SafeguardOutcome.UNKNOWN: "another outcome",
}


@router.get("/outcomes")
def outcomes(console: Console, signed: Signed) -> Response:
    """Show this agency's own figures, from its events on the bus. That they were looked at is on record, like any reading."""
    with console.door.desk(signed.viewer) as desk:
        desk.require_figures()
        desk.accessed("outcome figures", [], Purpose.SAFEGUARDING_CHILD, ("counts", "times"))
    return console.pages.page("outcomes.html", signed, figures=_figures(console), outcome_words=OUTCOME_WORDS)


def _figures(console: Parts) -> Figures | None:
    """Return the figures, None where the bus does not answer."""
    try:
        return console.own_log.figures()
    except BusError:
        return None
