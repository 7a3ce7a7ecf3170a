"""The terms on which an agency gives another values of its own records."""

from dataclasses import dataclass

from casebus.errors import UsageError
from casebus.events.enumerations import EvidentialUse, Tlp

KEEP_DAYS = 30
MAX_KEEP_DAYS = 366


@dataclass(frozen=True, slots=True)
class Terms:
    """How what is given may be used, and for how many days it may be kept. Raises `UsageError` for another number of days."""

    tlp: Tlp = Tlp.AMBER_STRICT
    evidential_use: EvidentialUse = EvidentialUse.INTELLIGENCE_ONLY
    keep_days: int = KEEP_DAYS

    def __post_init__(self) -> None:
        if not 1 <= self.keep_days <= MAX_KEEP_DAYS:
            raise UsageError(
                f"values are kept for 1 to {MAX_KEEP_DAYS} days", next_step="name a number of days within."
            )


USUAL_TERMS = Terms()
