"""`/children`: children safeguarded, recorded with what the number counts, and restated by naming what is replaced."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from casebus.cases.outcomes import Outcome, standing
from casebus.console import done
from casebus.console.children_form import RECORDED, RESTATED, Typed
from casebus.console.forms import offered
from casebus.console.outcome_pages import OUTCOME_WORDS
from casebus.console.web import Acting, Console, Form, Parts, Signed
from casebus.console.words import next_step
from casebus.desk.children import Stated
from casebus.desk.paged import page_number, page_of
from casebus.errors import BusError, CasebusError, Conflict, NotFound, UsageError
from casebus.events import enumerations as en

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Listed:
    """One page of what was stated, the newest first; `after` says what replaced what, by id."""

    shown: tuple[Outcome, ...]
    page: int
    pages: int
    standing: frozenset[str]
    after: Mapping[str, list[Outcome]]
    by_id: Mapping[str, Outcome]


@router.get("/children")
def children(console: Console, signed: Signed, request: Request, page: str = "") -> Response:
    """Show what was stated, and the form for more."""
    return _listed(console, signed, Typed(), page=page, said=done.said(request, _DONE))


@router.post("/children")
def record(console: Console, signed: Acting, form: Form) -> Response:
    """Record children safeguarded, or say what is wrong and keep what was typed."""
    typed = Typed.of(form)
    errors = typed.errors(RECORDED)
    if errors:
        return _listed(console, signed, typed, errors)
    try:
        with console.door.desk(signed.viewer) as desk:
            desk.children.record_outcome(typed.count(), typed.names, typed.command)
    except (NotFound, Conflict) as error:
        return _listed(console, signed, typed, {"concerning": _told(error)})
    except UsageError as error:
        return _listed(console, signed, typed, {"form": _told(error)})
    return done.leading_to("/children", "recorded")


@router.get("/children/{outcome_id}/restate")
def restating(outcome_id: str, console: Console, signed: Signed) -> Response:
    """Show the form that replaces a figure, filled in with it; what stands, where it was replaced before."""
    return _restating(console, signed, outcome_id)


@router.post("/children/{outcome_id}/restate")
def restate(outcome_id: str, console: Console, signed: Acting, form: Form) -> Response:
    """Replace a figure, or say why not and keep what was typed."""
    typed = Typed.of(form)
    errors = typed.errors(RESTATED)
    if errors:
        return _restating(console, signed, outcome_id, typed, errors)
    try:
        with console.door.desk(signed.viewer) as desk:
            desk.children.restate_outcome(outcome_id, typed.count(), int(typed.revision), typed.command)
    except Conflict as conflict:
        return _restating(console, signed, outcome_id, typed, conflict=conflict)
    except UsageError as error:
        return _restating(console, signed, outcome_id, typed, {"form": _told(error)})
    return done.leading_to("/children", typed.status.lower())


_DONE = {
    "recorded": "The number was recorded.",
    "restated": "The number was restated. The one before stays on record and counts no more.",
    "retracted": "The number was retracted. It stays on record and counts no more.",
}


def _listed(
    console: Parts,
    signed: Signed,
    typed: Typed,
    errors: Mapping[str, str] | None = None,
    page: str = "",
    said: str = "",
) -> Response:
    times = _times(console)
    with console.door.desk(signed.viewer) as desk:
        found = desk.children.browse(lambda stated: listed_of(stated, times or {}, page))
    form = _form(typed, errors or {}, RECORDED)
    return console.pages.page(
        "children.html", signed, 400 if errors else 200, listed=found, times=times, done=said, **form
    )


def _restating(
    console: Parts,
    signed: Signed,
    outcome_id: str,
    typed: Typed | None = None,
    errors: Mapping[str, str] | None = None,
    conflict: Conflict | None = None,
) -> Response:
    with console.door.desk(signed.viewer) as desk:
        first, last = desk.children.trace(outcome_id)
    standing_now = [each for each in last if each.outcome.stated.status is not en.OutcomeStatus.RETRACTED]
    overtaken = conflict is not None or standing_now != [first]
    target = standing_now[0] if standing_now else None
    status = 409 if overtaken else 400 if errors else 200
    shown = _restated_from(typed, target or first, overtaken)
    form = _form(shown, errors or {}, RESTATED)
    return console.pages.page(
        "restate.html",
        signed,
        status,
        first=first,
        last=last,
        target=target,
        overtaken=overtaken,
        kept=typed is not None,
        **form,
    )


def _restated_from(typed: Typed | None, target: Stated, overtaken: bool) -> Typed:
    """Return the fields: as they were typed, but about what the page shows now, where that is something else."""
    filled = Typed.restating(target.outcome, target.revision)
    if typed is None:
        return filled
    return replace(typed, revision=filled.revision) if overtaken or "form" in typed.errors(RESTATED) else typed


def _form(typed: Typed, errors: Mapping[str, str], statuses: Sequence[en.OutcomeStatus]) -> dict[str, Any]:
    return {
        "typed": typed,
        "errors": errors,
        "outcome_words": OUTCOME_WORDS,
        "kinds": offered(en.SafeguardOutcome),
        "rules": offered(en.CountRule),
        "statuses": statuses,
        "measures": offered(en.SafeguardMeasure),
    }


def _times(console: Parts) -> dict[str, datetime] | None:
    """Return when each outcome was stated, None where the bus does not answer: recording waits for no bus."""
    try:
        return console.own_log.outcome_times()
    except BusError:
        return None


def _told(error: CasebusError) -> str:
    """Return what failed, and what to do next."""
    what = f"{error.what[:1].upper()}{error.what[1:]}."
    return " ".join(filter(None, (what, next_step(error))))


def listed_of(stated: list[Outcome], times: Mapping[str, datetime], page: str) -> Listed:
    """Return a page of what was stated. What is not on the bus yet is the newest; an address that is not understood
    shows the first page.
    """
    waiting = [each for each in stated if each.outcome_id not in times]
    told = [each for each in stated if each.outcome_id in times]
    waiting.sort(key=lambda each: each.number, reverse=True)
    told.sort(key=lambda each: times[each.outcome_id], reverse=True)
    shown = page_of([*waiting, *told], page_number(page))
    after: dict[str, list[Outcome]] = {}
    for each in stated:
        after.setdefault(each.stated.supersedes or "", []).append(each)
    return Listed(
        shown=shown.shown,
        page=shown.number,
        pages=shown.pages,
        standing=frozenset(each.outcome_id for each in standing(stated)),
        after=after,
        by_id={each.outcome_id: each for each in stated},
    )
