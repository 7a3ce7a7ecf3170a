"""`/outcomes`: from tip to safeguarded child, and the question that Internal Affairs began with."""

from fastapi import APIRouter
from starlette.responses import Response

from casebus.console.web import Console, Signed
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
    """Show this agency's own figures. That they were looked at is on record, like any reading."""
    with console.door.desk(signed.viewer) as desk:
        desk.require_figures()
        desk.accessed("outcome figures", [], Purpose.SAFEGUARDING_CHILD, ("counts", "times"))
    return console.pages.page("outcomes.html", signed, figures=console.own_log.figures(), outcome_words=OUTCOME_WORDS)
