"""The form for children safeguarded: what stands in its fields, what is wrong with them, and the count that they state."""

import re
from dataclasses import dataclass
from enum import StrEnum

from casebus.cases.outcomes import MAX_CHILDREN, MAX_CONCERNING, Outcome, is_count, is_country
from casebus.console.forms import SentForm, offered
from casebus.desk.children import Count
from casebus.events import enumerations as en

RECORDED = (en.OutcomeStatus.PROVISIONAL, en.OutcomeStatus.CONFIRMED)
RESTATED = (en.OutcomeStatus.RESTATED, en.OutcomeStatus.RETRACTED)
MAX_LISTED_CHARS = 4000
_COMMAND = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NUMBER = re.compile(r"[0-9]{1,7}")


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the fields, as it was typed. `revision` is that of the figure that is restated, "" for a new one.

    `command` names what is asked for: a form that is sent again brings the same one.
    """

    command: str = ""
    kind: str = ""
    number: str = ""
    rule: str = en.CountRule.DISTINCT_CHILDREN.value
    status: str = en.OutcomeStatus.PROVISIONAL.value
    measures: tuple[str, ...] = ()
    country: str = ""
    concerning: str = ""
    revision: str = ""

    @classmethod
    def of(cls, form: SentForm) -> "Typed":
        """Return what a form brought."""
        single = ("command", "kind", "number", "rule", "status", "country", "concerning", "revision")
        return cls(**{name: form.text(name) for name in single}, measures=form.all("measures"))

    @classmethod
    def restating(cls, outcome: Outcome, revision: int) -> "Typed":
        """Return the fields as a figure fills them that is to be restated."""
        stated = outcome.stated
        return cls(
            kind=stated.outcome_type.value,
            number=str(stated.count),
            rule=stated.count_rule.value,
            status=en.OutcomeStatus.RESTATED.value,
            measures=tuple(each.value for each in stated.measures),
            country=stated.country or "",
            revision=str(revision),
        )

    @property
    def names(self) -> list[str]:
        """The own tips and cases that are named, one on each line."""
        return [line.strip() for line in self.concerning.splitlines() if line.strip()]

    def errors(self, statuses: tuple[en.OutcomeStatus, ...]) -> dict[str, str]:
        """Return what is wrong, by field and in the order of the fields; it repeats nothing of what was typed."""
        restating = statuses is RESTATED
        named = len(self.concerning) <= MAX_LISTED_CHARS and len(self.names) <= MAX_CONCERNING
        known = {each.value for each in offered(en.SafeguardMeasure)}
        whole = _COMMAND.fullmatch(self.command) and (not restating or _NUMBER.fullmatch(self.revision))
        right = {
            "kind": (_is_offered(en.SafeguardOutcome, self.kind), "Choose what was done for the children"),
            "number": (self._is_number(), f"Enter how many children as a number from 0 to {MAX_CHILDREN:,}, in digits"),
            "rule": (_is_offered(en.CountRule, self.rule), "Choose what the number counts"),
            "status": (self.status in {each.value for each in statuses}, "Choose the status of the number"),
            "measures": (known.issuperset(self.measures), "Choose only measures that are offered"),
            "country": (self._is_country(), "Enter a country as its two letters, for example NZ or GB"),
            "concerning": (named, f"Name at most {MAX_CONCERNING} tips and cases"),
            "form": (whole, "The form was not whole: look through it and send it again"),
        }
        return {name: told for name, (fits, told) in right.items() if not fits}

    def count(self) -> Count:
        """Return what is stated, where there are no errors."""
        return Count(
            outcome_type=en.SafeguardOutcome(self.kind),
            children=int(self.number),
            count_rule=en.CountRule(self.rule),
            status=en.OutcomeStatus(self.status),
            measures=tuple(map(en.SafeguardMeasure, self.measures)),
            country=self.country.strip().upper() or None,
        )

    def _is_number(self) -> bool:
        return bool(_NUMBER.fullmatch(self.number.strip())) and is_count(int(self.number))

    def _is_country(self) -> bool:
        code = self.country.strip()
        return not code or (code.isascii() and is_country(code.upper()))


def _is_offered(kind: type[StrEnum], text: str) -> bool:
    return text in {each.value for each in offered(kind)}
