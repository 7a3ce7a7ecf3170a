"""Rows of a return that say what became of children: what the agencies' own CSV formats share.

An arrest is a measure, never an outcome, and how many were arrested is not carried. A restated figure names the one
that it replaces.
"""

from casebus.errors import DocumentRefused, RefusalCode
from casebus.events.enumerations import (
    CountRule,
    CreditRole,
    OutcomeStatus,
    SafeguardMeasure,
    SafeguardOutcome,
)
from casebus.events.types import Credit
from casebus.intake.adapter import RecordKey, SafeguardDraft
from casebus.intake.columns import Row
from casebus.intake.countries import country
from casebus.intake.reports import own_key

COLUMNS = frozenset(
    {"outcome_type", "children", "count_rule", "measures", "arrests", "country", "status", "replaces", "role"}
)
REQUIRED = frozenset({"outcome_type", "children"})


def safeguarded(row: Row, *, key: RecordKey, concerning: tuple[RecordKey, ...], agency: str) -> SafeguardDraft:
    """Return the outcome that a row states.

    Raises UNKNOWN_VALUE and MISSING_FIELD; the latter also for a restatement that does not name what it replaces.
    """
    status = row.choice("status", OutcomeStatus, OutcomeStatus.PROVISIONAL)
    replaced = row.text("replaces")
    if status is OutcomeStatus.RESTATED and replaced is None:
        raise DocumentRefused(
            RefusalCode.MISSING_FIELD, f"{row.at('replaces')} is empty: a restatement names a figure."
        )
    return SafeguardDraft(
        key=key,
        outcome_type=row.choice("outcome_type", SafeguardOutcome),
        count=row.count("children"),
        count_rule=row.choice("count_rule", CountRule, CountRule.DISTINCT_CHILDREN),
        measures=_measures(row),
        country=stated_country(row),
        concerning=concerning,
        credit=(Credit(agency=agency, role=row.choice("role", CreditRole, CreditRole.LEAD)),),
        status=status,
        supersedes=own_key(key.system, replaced, row.at("replaces")) if replaced is not None else None,
    )


def stated_country(row: Row) -> str | None:
    """Return the country of a row, null if it states none. Raises UNKNOWN_VALUE for a text that names none."""
    text = row.text("country")
    code = country(text)
    if text is not None and code is None:
        raise DocumentRefused(RefusalCode.UNKNOWN_VALUE, f"{row.at('country')} is not a country.")
    return code


def _measures(row: Row) -> tuple[SafeguardMeasure, ...]:
    stated = set(row.choices("measures", SafeguardMeasure))
    if row.count("arrests", 0) > 0:
        stated.add(SafeguardMeasure.SUSPECT_ARRESTED)
    return tuple(measure for measure in SafeguardMeasure if measure in stated)
