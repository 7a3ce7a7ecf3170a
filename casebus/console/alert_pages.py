"""`/alerts/{ref}`: one alert, why it matched, whom to ring, what was done; and the commands that an officer gives there."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from casebus.cases.conflict import ConflictState
from casebus.cases.desk_work import DeskAlert, Stage
from casebus.console import done, words
from casebus.console.failures import status_of
from casebus.console.forms import NOTHING_GIVEN, Given, SentForm
from casebus.console.web import Acting, Console, Form, Parts, Signed, own_path
from casebus.desk import ALERT_FIELDS, HISTORY_FIELDS, Desk
from casebus.errors import CasebusError, Conflict, NotFound, NotPermitted, UsageError
from casebus.events.enumerations import ConflictOutcome, Severity

router = APIRouter()
SNOOZES = {"1": "1 hour", "4": "4 hours", "12": "12 hours", "24": "1 day", "72": "3 days", "168": "7 days"}


@router.get("/alerts/{ref}")
def alert(ref: str, console: Console, signed: Signed, request: Request) -> Response:
    """Show one alert. An unknown reference and another agency's get the same answer, and are on record alike."""
    return _alert(console, signed, ref, said=done.said(request, _DONE))


@router.post("/alerts/{ref}/{action}")
def act(ref: str, action: str, console: Console, signed: Acting, form: Form) -> Response:
    """Carry out one command on what the officer saw, or say why not and keep what was typed."""
    command = _ACTIONS.get(action)
    if command is None:
        raise NotFound(f"no command {action[:40]!r}")
    back = own_path(form.text("back")) if form.text("back") else ""
    note, value = form.text("note").strip(), form.text("value")
    kept = {"action": action, "note": note, "value": value, "back": back}
    try:
        version = form.version
        if action == "resolve" and form.text("confirmed") != "yes":
            outcome = words.OUTCOME[form.member(ConflictOutcome, "value")]
            return _shown(console, signed, ref, "confirm.html", given=kept, outcome=outcome, version=version)
        with console.door.desk(signed.viewer) as desk:
            after = command(desk, _Command(ref, version, note or None, form, signed.viewer.officer or "", console))
    except Conflict as conflict:
        return _shown(
            console, signed, ref, "stale.html", status=409, given=kept, conflict=conflict, seen_version=version
        )
    except (UsageError, NotPermitted) as error:
        return _alert(console, signed, ref, refused=error, given=Given(action, form))
    if back:
        return done.leading_to(back, action) if after.version != version else RedirectResponse(back, 303)
    if after.version != version:
        return done.leading_to(
            f"/alerts/{ref}", _SETTLED.get(after.alert.state, action) if action == "resolve" else action
        )
    anew = action == "acknowledge" and after.stage(console.clock.now()) is Stage.acknowledged
    return done.leading_to(f"/alerts/{ref}", "anew" if anew else _UNCHANGED[bool(note)])


def _alert(
    console: Parts,
    signed: Signed,
    ref: str,
    *,
    said: str = "",
    refused: CasebusError | None = None,
    given: Given = NOTHING_GIVEN,
) -> Response:
    status = status_of(refused) if refused else 200
    return _shown(console, signed, ref, "alert.html", status=status, done=said, refused=refused, given=given)


@dataclass(frozen=True, slots=True)
class _Command:
    """One command, as a form brought it."""

    ref: str
    version: int
    note: str | None
    form: SentForm
    officer: str
    console: Parts


def _acknowledge(desk: Desk, given: _Command) -> DeskAlert:
    return desk.acknowledge(given.ref, given.version, given.note)


def _assign(desk: Desk, given: _Command) -> DeskAlert:
    return desk.assign(given.ref, given.form.text("value") or given.officer, given.version, given.note)


def _hand_over(desk: Desk, given: _Command) -> DeskAlert:
    return desk.hand_over(given.ref, given.note or "", given.form.text("value") or None, given.version)


def _snooze(desk: Desk, given: _Command) -> DeskAlert:
    hours = given.form.text("value")
    if hours not in SNOOZES:
        raise UsageError("no length of time was chosen", next_step="choose one of those offered.")
    until = given.console.clock.now() + timedelta(hours=int(hours))
    return desk.snooze(given.ref, until, given.version, given.note)


def _judge(desk: Desk, given: _Command) -> DeskAlert:
    return desk.set_severity(given.ref, given.form.member(Severity, "value"), given.note, given.version)


def _resolve(desk: Desk, given: _Command) -> DeskAlert:
    return desk.resolve(given.ref, given.form.member(ConflictOutcome, "value"), given.version, given.note)


def _reopen(desk: Desk, given: _Command) -> DeskAlert:
    return desk.reopen(given.ref, given.note or "", given.version)


_ACTIONS: dict[str, Callable[[Desk, _Command], DeskAlert]] = {
    "acknowledge": _acknowledge,
    "assign": _assign,
    "hand-over": _hand_over,
    "snooze": _snooze,
    "severity": _judge,
    "resolve": _resolve,
    "reopen": _reopen,
}
_SETTLED = {ConflictState.resolved: "agreed", ConflictState.disputed: "disputed"}
_UNCHANGED = {True: "noted", False: "nothing"}
_DONE = {
    "noted": "Your note was kept. Nothing else was changed: the alert stands as it did.",
    "nothing": "Nothing was changed: the alert stands as it did.",
    "anew": "Your acknowledgement holds anew, from now on. The partner sees no difference.",
    "acknowledge": "You acknowledged this alert. The partner sees that.",
    "assign": "The alert was assigned.",
    "hand-over": "The alert was handed over, with your note.",
    "snooze": "The alert rests until then.",
    "severity": "The severity was set, for this desk.",
    "resolve": "Your outcome was proposed. It stands when the partner proposes the same.",
    "agreed": "Your outcome was proposed, and the partner proposes the same: the alert is resolved.",
    "disputed": "Your outcome was proposed, and the partner proposes another: the alert is disputed. Ring them.",
    "reopen": "The alert is open again. The partner sees that, not your reason.",
}


def _shown(console: Parts, signed: Signed, ref: str, template: str, *, status: int = 200, **values: Any) -> Response:
    with console.door.desk(signed.viewer) as desk:
        seen, deeds = desk.opened(ref, (*ALERT_FIELDS, *HISTORY_FIELDS, "mistaken", "notified", "asked"))
        mistaken, notified, asked = desk.mistaken(seen), desk.notified(seen), desk.asked_of_us(seen)
        own = desk.own_reference(seen.alert.own_id)
        silent = desk.is_silent(seen)
        also_own = desk.own_reference(seen.alert.also_own_id) if seen.alert.also_own_id else None
    partner, officers = seen.alert.partner, console.logins.officers()
    return console.pages.page(
        template,
        signed,
        status,
        seen=seen,
        alert=seen.alert,
        deeds=deeds,
        mistaken=mistaken,
        notified=notified,
        asked=asked,
        own=own,
        also_own=also_own,
        silent=silent,
        due_here=words.local(seen.due_by, console.directory.contact(console.agency).time_zone) if seen.due_by else None,
        partner_name=console.directory.agency(partner).name if partner else None,
        officers=[each.id for each in officers.listed if officers.may_be_given(each.id, by=None)],
        outcomes=words.OUTCOME,
        severities=list(Severity),
        snoozes=SNOOZES,
        local_time=words.local(console.clock.now(), seen.alert.contact.time_zone),
        **values,
    )
