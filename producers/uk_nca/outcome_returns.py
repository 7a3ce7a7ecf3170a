"""National Crime Agency: outcome returns from forces, CSV. Our assumed format (docs/formats/uk-nca.md).

Each row is one count of children, and refers to dissemination packages by number.
"""

from casebus.intake import returns
from casebus.intake.adapter import Draft, SafeguardDraft
from casebus.intake.columns import Row
from casebus.intake.reports import own_key
from producers.uk_nca.package import PACKAGE

COLUMNS = returns.COLUMNS | {"return_number", "package_numbers"}
REQUIRED = returns.REQUIRED | {"return_number"}
AGENCY = "uk-nca"
OUTCOME = "uk-nca-outcome"


def is_return(header: tuple[str, ...]) -> bool:
    """Tell whether a CSV header is that of an outcome return."""
    return "return_number" in header or "outcome_type" in header


def read_returns(rows: list[Row]) -> list[Draft]:
    """Return a draft for each row, in order. Raises `DocumentRefused`; one bad row refuses the document whole."""
    return [_draft(row) for row in rows]


def _draft(row: Row) -> SafeguardDraft:
    key = own_key(OUTCOME, row.required("return_number"), row.at("return_number"))
    place = row.at("package_numbers")
    concerning = tuple(own_key(PACKAGE, number, place) for number in dict.fromkeys(row.many("package_numbers")))
    return returns.safeguarded(row, key=key, concerning=concerning, agency=AGENCY)
