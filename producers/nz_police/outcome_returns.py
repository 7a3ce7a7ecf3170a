"""New Zealand Police: welfare and outcome returns, CSV. Our assumed format (docs/formats/nz-police.md).

Each row is one of WELFARE_REQUESTED, WELFARE_COMPLETED and CHILD_SAFEGUARDED, and refers to CyberTips by number.
"""

from enum import StrEnum

from casebus.errors import DocumentRefused, RefusalCode
from casebus.events.enumerations import ResponseClass, WelfareResult
from casebus.intake import returns
from casebus.intake.adapter import Draft, RecordKey, WelfareCompletionDraft, WelfareRequestDraft
from casebus.intake.columns import Row
from casebus.intake.reports import own_key, report_key

COLUMNS = returns.COLUMNS | {
    "return_number",
    "return_type",
    "report_numbers",
    "response_class",
    "self_harm_risk",
    "result",
}
REQUIRED = frozenset({"return_number", "return_type"})
AGENCY = "nz-police"
CHECK = "nz-police-welfare-check"
OUTCOME = "nz-police-outcome"


class ReturnType(StrEnum):
    """What a row returns."""

    WELFARE_REQUESTED = "WELFARE_REQUESTED"
    WELFARE_COMPLETED = "WELFARE_COMPLETED"
    CHILD_SAFEGUARDED = "CHILD_SAFEGUARDED"


def is_return(header: tuple[str, ...]) -> bool:
    """Tell whether a CSV header is that of a return."""
    return "return_number" in header or "return_type" in header


def read_returns(rows: list[Row]) -> list[Draft]:
    """Return a draft for each row, in order. Raises `DocumentRefused`; one bad row refuses the document whole."""
    return [_draft(row) for row in rows]


def _draft(row: Row) -> Draft:
    kind = row.choice("return_type", ReturnType)
    number = row.required("return_number")
    place = row.at("return_number")
    concerning = _reports(row)
    match kind:
        case ReturnType.WELFARE_REQUESTED:
            return _requested(row, own_key(CHECK, number, place), _needed(row, concerning))
        case ReturnType.WELFARE_COMPLETED:
            return WelfareCompletionDraft(own_key(CHECK, number, place), row.choice("result", WelfareResult))
        case ReturnType.CHILD_SAFEGUARDED:
            key = own_key(OUTCOME, number, place)
            return returns.safeguarded(row, key=key, concerning=concerning, agency=AGENCY)


def _requested(row: Row, key: RecordKey, concerning: tuple[RecordKey, ...]) -> WelfareRequestDraft:
    return WelfareRequestDraft(
        key=key,
        concerning=concerning,
        response_class=row.choice("response_class", ResponseClass),
        children=row.count("children", 1),
        country=returns.stated_country(row),
        self_harm_risk=row.flag("self_harm_risk"),
    )


def _reports(row: Row) -> tuple[RecordKey, ...]:
    place = row.at("report_numbers")
    return tuple(report_key(number, place) for number in dict.fromkeys(row.many("report_numbers")))


def _needed(row: Row, concerning: tuple[RecordKey, ...]) -> tuple[RecordKey, ...]:
    if not concerning:
        raise DocumentRefused(RefusalCode.MISSING_FIELD, f"{row.at('report_numbers')} is empty.")
    return concerning
