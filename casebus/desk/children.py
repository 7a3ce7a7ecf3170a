"""Asking for a welfare check, and recording children safeguarded: from the desk, as documents do it, by the same drafting.

A number never stands alone: it has a kind, a counting rule and a status, and a restated one names what it replaces.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from casebus.cases.access import Command, Kind
from casebus.cases.outcomes import OUTCOMES, WELFARE_CHECKS, Figure, Outcome, WelfareCheck, figures
from casebus.desk.office import Office
from casebus.errors import Conflict, NotFound, UsageError
from casebus.events import enumerations as en
from casebus.events.types import Credit
from casebus.intake.adapter import Draft, RecordKey, SafeguardDraft, WelfareCompletionDraft, WelfareRequestDraft
from casebus.intake.drafting import Drafting
from casebus.intake.own_outcomes import remember_outcomes
from casebus.intake.records import OWN_RECORDS, OwnKind, OwnRecord
from casebus.intake.sections import storable
from casebus.store.store import Save, Transaction, View

SYSTEM = "desk"
"""What the desk's own records are of; a document's are of the system that it comes from."""
OUTCOME_FIELDS = ("number", "outcome_type", "children", "count_rule", "measures", "country", "status", "supersedes")
CHECK_FIELDS = ("number", "response_class", "children", "country", "self_harm_risk", "result")


@dataclass(frozen=True, slots=True)
class Count:
    """How many children, of which kind, counted how."""

    outcome_type: en.SafeguardOutcome
    children: int
    count_rule: en.CountRule = en.CountRule.DISTINCT_CHILDREN
    status: en.OutcomeStatus = en.OutcomeStatus.PROVISIONAL
    measures: tuple[en.SafeguardMeasure, ...] = ()
    country: str | None = None
    role: en.CreditRole = en.CreditRole.LEAD


class Children:
    """Welfare checks and outcomes of one agency. Raises like `AlertCommands`."""

    def __init__(self, office: Office, drafting: Drafting) -> None:
        self._office = office
        self._drafting = drafting

    def request_check(
        self,
        concerning: Sequence[str],
        response_class: en.ResponseClass,
        children: int,
        country: str | None = None,
        self_harm_risk: en.TriState = en.TriState.NOT_STATED,
    ) -> WelfareCheck:
        """Ask for a welfare check about own tips, by their numbers or ids. It waits for no conflict and no alert."""
        self._office.require(Command.request_welfare_check)
        with self._office.store.transaction() as tx:
            keys = tuple(_record(tx, name).key for name in concerning)
            key = RecordKey(SYSTEM, self._office.new_id())
            draft = WelfareRequestDraft(key, keys, response_class, _count(children), _country(country), self_harm_risk)
            return self._check(tx, self._publish(tx, draft))

    def complete_check(self, check: str, result: en.WelfareResult) -> WelfareCheck:
        """Say what a check found. Raises `Conflict` for one that was completed before."""
        self._office.require(Command.complete_welfare_check)
        with self._office.store.transaction() as tx:
            record = _record(tx, check, OwnKind.welfare_check)
            if not record.open:
                raise Conflict("that welfare check was completed before", next_step="`casebus welfare list` shows it.")
            return self._check(tx, self._publish(tx, WelfareCompletionDraft(record.key, result)))

    def checks(self) -> list[WelfareCheck]:
        """Return the welfare checks, those that wait first; on record."""
        self._office.require_sight(Kind.outcome)
        with self._office.store.transaction() as tx:
            shown = sorted(tx.all(WELFARE_CHECKS), key=lambda check: (check.result is not None, check.number))
            self._office.record(tx, "welfare checks", [check.check_id for check in shown], CHECK_FIELDS)
        return shown

    def record_outcome(self, count: Count, concerning: Sequence[str] = ()) -> Outcome:
        """Record children safeguarded, concerning own tips by their numbers or ids."""
        if count.status is en.OutcomeStatus.RESTATED:
            raise UsageError("a restated figure names what it replaces", next_step="use `outcomes restate`.")
        return self._state(count, concerning, None)

    def restate_outcome(self, outcome: str, count: Count) -> Outcome:
        """Replace a figure by another; the first stays on record and counts no more. Raises `Conflict` for one that was
        replaced before: restate the one that replaced it.
        """
        return self._state(count, (), outcome)

    def _state(self, count: Count, concerning: Sequence[str], replaces: str | None) -> Outcome:
        self._office.require(Command.record_outcome)
        with self._office.store.transaction() as tx:
            before = _record(tx, replaces, OwnKind.outcome) if replaces else None
            if before and any(each.stated.supersedes == before.record_id for each in tx.all(OUTCOMES)):
                raise Conflict("that figure was restated before", next_step="restate the one that replaced it.")
            retracted = count.status is en.OutcomeStatus.RETRACTED
            draft = SafeguardDraft(
                key=RecordKey(SYSTEM, self._office.new_id()),
                outcome_type=count.outcome_type,
                count=_count(count.children),
                count_rule=count.count_rule,
                measures=tuple(measure for measure in en.SafeguardMeasure if measure in count.measures),
                country=_country(count.country),
                concerning=tuple(_record(tx, name).key for name in concerning),
                credit=(Credit(agency=self._office.agency, role=count.role),),
                status=en.OutcomeStatus.RESTATED if before and not retracted else count.status,
                supersedes=before.key if before else None,
            )
            record = self._publish(tx, draft)
            outcome = tx.get(OUTCOMES, record.record_id)
            assert outcome is not None, "bug: an outcome was recorded and is not there"
            return outcome

    def outcomes(self) -> tuple[list[Outcome], list[Figure]]:
        """Return all that was stated, and the figures that stand; on record."""
        self._office.require_sight(Kind.outcome)
        with self._office.store.transaction() as tx:
            shown = list(tx.all(OUTCOMES))
            self._office.record(tx, "outcomes", [outcome.outcome_id for outcome in shown], OUTCOME_FIELDS)
        return shown, figures(shown)

    def _publish(self, tx: Transaction, draft: Draft) -> OwnRecord:
        drafted = self._drafting.draft(draft, lambda record_id: tx.get(OWN_RECORDS, record_id))
        assert drafted.record is not None, "bug: a draft of the desk makes a record"
        tx.apply(Save(OWN_RECORDS, drafted.record))
        for event in drafted.events:
            self._office.publish_event(tx, event)
        remember_outcomes(tx, drafted.events)
        return drafted.record

    def _check(self, view: View, record: OwnRecord) -> WelfareCheck:
        check = view.get(WELFARE_CHECKS, record.record_id)
        assert check is not None, "bug: a check was recorded and is not there"
        return check


def _record(view: View, name: str, kind: OwnKind | None = None) -> OwnRecord:
    """Return an own record by its number or id. Raises `NotFound`; `Conflict` where several have the number."""
    one = view.get(OWN_RECORDS, storable(name.lower()))
    found = [one] if one else view.by(OWN_RECORDS, "number", storable(name))
    wanted = [record for record in found if kind is None or record.kind is kind]
    if not wanted:
        raise NotFound("no such record of this agency", next_step="name it as your own system does, or by its id.")
    if len(wanted) > 1:
        raise Conflict("several records of this agency have that number", next_step="name the one by its id.")
    return wanted[0]


def _count(children: int) -> int:
    if not 0 <= children <= 1_000_000:
        raise UsageError("that is no number of children")
    return children


def _country(code: str | None) -> str | None:
    if code is not None and not (len(code) == 2 and code.isascii() and code.isupper()):
        raise UsageError("a country is its two letters in ISO 3166", next_step="for example NZ or GB.")
    return code
