"""Fictional returns of welfare checks and outcomes, as `casebus.testing.synthetic` makes tips: nobody in them exists."""

from collections.abc import Mapping

from casebus.testing.synthetic import csv_document

_OUTCOME = "outcome_type children count_rule measures arrests country status replaces role"
_RETURN = "return_number return_type report_numbers response_class self_harm_risk result"


def nzp_returns(*rows: Mapping[str, str]) -> bytes:
    """Return NZ Police's welfare and outcome returns (our assumed format); absent columns are blank."""
    return csv_document(f"{_RETURN} {_OUTCOME}".split(), rows)


def nca_returns(*rows: Mapping[str, str]) -> bytes:
    """Return the NCA's outcome returns (our assumed format); absent columns are blank."""
    return csv_document(f"return_number package_numbers {_OUTCOME}".split(), rows)


def welfare_requested(number: str, report_number: str, *, children: int = 1) -> dict[str, str]:
    """Return a row that asks for a welfare check."""
    return {
        "return_number": number,
        "return_type": "WELFARE_REQUESTED",
        "report_numbers": report_number,
        "response_class": "NZ_CRITICAL_24H",
        "children": str(children),
        "country": "NZ",
    }


def welfare_completed(number: str, report_number: str, *, result: str = "SAFE_WITH_PLAN") -> dict[str, str]:
    """Return a row that says what the check of that number found."""
    return {
        "return_number": number,
        "return_type": "WELFARE_COMPLETED",
        "report_numbers": report_number,
        "result": result,
    }


def child_safeguarded(number: str, report_number: str, *, children: int = 1, **columns: str) -> dict[str, str]:
    """Return a row that says that children are safeguarded."""
    return {
        "return_number": number,
        "return_type": "CHILD_SAFEGUARDED",
        "report_numbers": report_number,
        "outcome_type": "SAFEGUARDED_FROM_POTENTIAL_ABUSE",
        "children": str(children),
        "measures": "SAFETY_PLAN|FAMILY_INFORMED",
        "country": "NZ",
        "status": "CONFIRMED",
    } | columns
