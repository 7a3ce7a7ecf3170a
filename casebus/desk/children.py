"""Asking for a welfare check, and recording children safeguarded: from the desk, as documents do it, by the same drafting.

A number never stands alone: it has a kind, a counting rule and a status, and a restated one names what it replaces.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from casebus.cases.access import Command, Kind
from casebus.cases.outcomes import (
    MAX_CONCERNING,
    OUTCOMES,
    WELFARE_CHECKS,
    Figure,
    Outcome,
    WelfareCheck,
    figures,
    is_count,
    is_country,
    last_stated,
    refuse_overtaken,
    soonest_first,
)
from casebus.desk.office import Office, said_otherwise
from casebus.desk.paged import Page, page_of, whole
from casebus.errors import Conflict, NotFound, UsageError
from casebus.events import enumerations as en
from casebus.events.types import Credit
from casebus.intake.adapter import Draft, RecordKey, SafeguardDraft, WelfareCompletionDraft, WelfareRequestDraft
from casebus.intake.drafting import Drafting
from casebus.intake.own_outcomes import remember_outcomes
from casebus.intake.records import OWN_RECORDS, OwnKind, OwnRecord
from casebus.intake.revisions import Drafted
from casebus.intake.sections import storable
from casebus.store.store import Save, Transaction, View

SYSTEM = "desk"
"""What the desk's own records are of; a document's are of the system that it comes from."""
_CHILDREN_OF = (OwnKind.tip, OwnKind.case)
"""What a welfare check or an outcome may concern: events of these say that there is such a record."""
OUTCOME_FIELDS = ("number", "outcome_type", "children", "count_rule", "measures", "country", "status", "supersedes")
CHECK_FIELDS = ("number", "concerning", "response_class", "children", "country", "self_harm_risk", "result")


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


class Chosen(Protocol):
    """What was chosen to be shown."""

    @property
    def shown(self) -> Sequence[Outcome]:
        """The outcomes that are shown."""
        ...


C = TypeVar("C", bound=Chosen)


@dataclass(frozen=True, slots=True)
class Stated:
    """An outcome as it was read. A document may state it anew under the same number: that is its next revision."""

    outcome: Outcome
    revision: int


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
        command: str | None = None,
    ) -> WelfareCheck:
        """Ask for a welfare check about own tips or cases, by their numbers or ids. It waits for no conflict and no alert.

        Raises `NotFound` for what is neither: a check before acting is about nobody until it is a tip or a case.
        `command` as for `record_outcome`.
        """
        self._office.require(Command.request_welfare_check)
        with self._office.transaction(Command.request_welfare_check) as tx:
            keys = tuple(_record(tx, name, *_CHILDREN_OF).key for name in concerning)
            key = RecordKey(SYSTEM, command or self._office.new_id())
            draft = WelfareRequestDraft(key, keys, response_class, _count(children), _country(country), self_harm_risk)
            return self._check(tx, self._made(tx, OwnKind.welfare_check, draft))

    def complete_check(self, check: str, result: en.WelfareResult) -> WelfareCheck:
        """Say what a check found. Raises `Conflict` for one that was completed before."""
        self._office.require(Command.complete_welfare_check)
        with self._office.transaction(Command.complete_welfare_check) as tx:
            record = _record(tx, check, OwnKind.welfare_check)
            if not record.open:
                raise Conflict("that welfare check was completed before", next_step="`casebus welfare list` shows it.")
            return self._check(tx, self._publish(tx, WelfareCompletionDraft(record.key, result)))

    def checks(self) -> list[WelfareCheck]:
        """Return the welfare checks, those that wait and are wanted soonest first; on record."""
        return list(self._browsed(whole).shown)

    def checks_on(self, page: int) -> Page[WelfareCheck]:
        """Return a page of the welfare checks, in the same order; those that it shows are on record."""
        return self._browsed(lambda checks: page_of(checks, page))

    def _browsed(self, choose: Callable[[list[WelfareCheck]], Page[WelfareCheck]]) -> Page[WelfareCheck]:
        self._office.require_sight(Kind.outcome)
        with self._office.transaction(Kind.outcome) as tx:
            page = choose(soonest_first(tx.all(WELFARE_CHECKS)))
            self._office.record(tx, "welfare checks", [check.check_id for check in page.shown], CHECK_FIELDS)
        return page

    def name_of(self, record_id: str) -> str | None:
        """Return by what name an own tip or case is found again: its number, its id where others have that number too.
        None for what is neither, or is not held.
        """
        with self._office.store.view() as view:
            record = view.get(OWN_RECORDS, record_id)
            if record is None or record.kind not in _CHILDREN_OF:
                return None
            alike = [each for each in view.by(OWN_RECORDS, "number", record.number) if each.kind in _CHILDREN_OF]
        return record.number if len(alike) == 1 else record_id

    def record_outcome(self, count: Count, concerning: Sequence[str] = (), command: str | None = None) -> Outcome:
        """Record children safeguarded, concerning own tips and cases by their numbers or ids.

        `command` is an id that the caller made for what it asks: asked again, nothing is recorded twice.
        """
        if count.status is en.OutcomeStatus.RESTATED:
            raise UsageError("a restated figure names what it replaces", next_step="use `outcomes restate`.")
        if len(concerning) > MAX_CONCERNING:
            raise UsageError(f"an outcome names at most {MAX_CONCERNING} tips and cases", next_step="name fewer.")
        self._office.require(Command.record_outcome)
        with self._office.transaction(Command.record_outcome) as tx:
            keys = tuple(_record(tx, name, *_CHILDREN_OF).key for name in concerning)
            credit = (Credit(agency=self._office.agency, role=count.role),)
            return self._state(tx, self._draft(command, count, keys, credit))

    def restate_outcome(
        self, outcome: str, count: Count, revision: int | None = None, command: str | None = None
    ) -> Outcome:
        """Replace a figure by another; the first stays on record and counts no more. What it concerns and whose credit it
        is stay as they were.

        Raises `Conflict` for one that was replaced or retracted before (restate what stands), or that is no longer of the
        revision that the caller read. `command` as for `record_outcome`.
        """
        self._office.require(Command.record_outcome)
        with self._office.transaction(Command.record_outcome) as tx:
            record = _record(tx, outcome, OwnKind.outcome)
            before = _outcome(tx, record.record_id)
            draft = self._draft(command, count, _concerned(tx, before), before.stated.credit, record.key)
            if not self._is_known(tx, OwnKind.outcome, draft):
                refuse_overtaken(before, tx.all(OUTCOMES))
                if revision not in (None, record.revision):
                    raise Conflict("that figure was stated anew since it was read", next_step="read it again.")
            return self._state(tx, draft)

    def _draft(
        self,
        command: str | None,
        count: Count,
        concerning: tuple[RecordKey, ...],
        credit: tuple[Credit, ...],
        replaces: RecordKey | None = None,
    ) -> SafeguardDraft:
        retracted = count.status is en.OutcomeStatus.RETRACTED
        return SafeguardDraft(
            key=RecordKey(SYSTEM, command or self._office.new_id()),
            outcome_type=count.outcome_type,
            count=_count(count.children),
            count_rule=count.count_rule,
            measures=tuple(measure for measure in en.SafeguardMeasure if measure in count.measures),
            country=_country(count.country),
            concerning=concerning,
            credit=credit,
            status=en.OutcomeStatus.RESTATED if replaces and not retracted else count.status,
            supersedes=replaces,
        )

    def _is_known(self, view: View, kind: OwnKind, draft: SafeguardDraft | WelfareRequestDraft) -> bool:
        return view.get(OWN_RECORDS, self._drafting.record_id(kind, draft.key)) is not None

    def _state(self, tx: Transaction, draft: SafeguardDraft) -> Outcome:
        return _outcome(tx, self._made(tx, OwnKind.outcome, draft).record_id)

    def _made(self, tx: Transaction, kind: OwnKind, draft: SafeguardDraft | WelfareRequestDraft) -> OwnRecord:
        """Publish what a command of the desk makes; once, however often it is sent."""
        known = self._is_known(tx, kind, draft)
        drafted = self._drafting.draft(draft, lambda record_id: tx.get(OWN_RECORDS, record_id))
        if known and drafted.events:
            raise said_otherwise()
        return self._keep(tx, drafted)

    def browse(self, choose: Callable[[list[Outcome]], C]) -> C:
        """Return what was chosen of all that was stated; what was chosen is on record."""
        self._office.require_sight(Kind.outcome)
        with self._office.transaction(Kind.outcome) as tx:
            chosen = choose(list(tx.all(OUTCOMES)))
            self._office.record(tx, "outcomes", [outcome.outcome_id for outcome in chosen.shown], OUTCOME_FIELDS)
        return chosen

    def trace(self, outcome: str) -> tuple[Stated, list[Stated]]:
        """Return an outcome by its id, and what was stated last in its place: itself where nothing replaced it.

        Raises `NotFound`, and records the look all the same.
        """
        self._office.require_sight(Kind.outcome)
        with self._office.transaction(Kind.outcome) as tx:
            found = tx.get(OUTCOMES, storable(outcome))
            last = last_stated(found, tx.all(OUTCOMES)) if found else []
            shown = [found, *(each for each in last if each != found)] if found else []
            self._office.record(tx, "outcome", [each.outcome_id for each in shown], OUTCOME_FIELDS if shown else ())
            read = {each.outcome_id: Stated(each, _record(tx, each.outcome_id).revision) for each in shown}
        if found is None:
            raise NotFound("no such outcome here")
        return read[found.outcome_id], [read[each.outcome_id] for each in last]

    def outcomes(self) -> tuple[list[Outcome], list[Figure]]:
        """Return all that was stated, and the figures that stand; on record."""
        self._office.require_sight(Kind.outcome)
        with self._office.transaction(Kind.outcome) as tx:
            shown = list(tx.all(OUTCOMES))
            self._office.record(tx, "outcomes", [outcome.outcome_id for outcome in shown], OUTCOME_FIELDS)
        return shown, figures(shown)

    def _publish(self, tx: Transaction, draft: Draft) -> OwnRecord:
        return self._keep(tx, self._drafting.draft(draft, lambda record_id: tx.get(OWN_RECORDS, record_id)))

    def _keep(self, tx: Transaction, drafted: Drafted) -> OwnRecord:
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


def _record(view: View, name: str, *kinds: OwnKind) -> OwnRecord:
    """Return an own record, of one of these kinds if any are named, by its number or id.

    Raises `NotFound`; `Conflict` where several have the number.
    """
    one = view.get(OWN_RECORDS, storable(name.lower()))
    found = [one] if one else view.by(OWN_RECORDS, "number", storable(name))
    wanted = [record for record in found if not kinds or record.kind in kinds]
    if not wanted:
        raise NotFound("no such record of this agency", next_step="name it as your own system does, or by its id.")
    if len(wanted) > 1:
        raise Conflict("several records of this agency have that number", next_step="name the one by its id.")
    return wanted[0]


def _outcome(view: View, outcome_id: str) -> Outcome:
    outcome = view.get(OUTCOMES, outcome_id)
    assert outcome is not None, "bug: an outcome was recorded and is not there"
    return outcome


def _concerned(view: View, outcome: Outcome) -> tuple[RecordKey, ...]:
    """Return what an outcome concerns, of what this agency holds: a document may name what never arrived."""
    records = (view.get(OWN_RECORDS, record_id) for record_id in outcome.stated.record_ids)
    return tuple(record.key for record in records if record is not None)


def _count(children: int) -> int:
    if not is_count(children):
        raise UsageError("that is no number of children")
    return children


def _country(code: str | None) -> str | None:
    if code is not None and not is_country(code):
        raise UsageError("a country is its two letters in ISO 3166", next_step="for example NZ or GB.")
    return code
