"""`/alerts/{ref}`: one alert, why it matched, whom to ring, what was done; and the commands that an officer gives there."""

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from casebus.cases.desk_work import DeskAlert
from casebus.console import done, words
from casebus.console.web import Acting, Console, Parts, Signed, own_path
from casebus.desk import ALERT_FIELDS, HISTORY_FIELDS, Desk
from casebus.errors import Conflict, NotFound, UsageError
from casebus.events.enumerations import ConflictOutcome, Severity

router = APIRouter()
SNOOZES = {"1": "1 hour", "4": "4 hours", "12": "12 hours", "24": "1 day", "72": "3 days", "168": "7 days"}


@router.get("/alerts/{ref}")
def alert(ref: str, console: Console, signed: Signed, request: Request) -> Response:
    """Show one alert. An unknown reference and another agency's get the same answer, and are on record alike."""
    return _shown(console, signed, ref, "alert.html", done=done.said(request, _DONE))


@router.post("/alerts/{ref}/{action}")
def act(  # one route for all commands: every one is checked, refused and answered alike
    ref: str,
    action: str,
    console: Console,
    signed: Acting,
    version: Annotated[int | None, Form()] = None,
    note: Annotated[str, Form()] = "",
    value: Annotated[str, Form(max_length=200)] = "",
    confirmed: Annotated[str, Form(max_length=10)] = "",
    back: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Carry out one command, or say why not and keep what was typed."""
    command = _ACTIONS.get(action)
    if command is None:
        raise NotFound(f"no command {action[:40]!r}")
    given = {"action": action, "note": note.strip(), "value": value, "back": own_path(back) if back else ""}
    if action == "resolve" and confirmed != "yes":
        outcome = _outcome(value)
        return _shown(
            console, signed, ref, "confirm.html", given=given, outcome=words.OUTCOME[outcome], version=version
        )
    try:
        with console.door.desk(signed.viewer) as desk:
            after = command(desk, _Given(ref, version, note.strip(), value, signed.viewer.officer or "", console))
    except Conflict as conflict:
        return _shown(
            console, signed, ref, "stale.html", status=409, given=given, conflict=conflict, seen_version=version
        )
    if back:
        return RedirectResponse(own_path(back), 303)
    return done.leading_to(f"/alerts/{ref}", action if after.version != version else _UNCHANGED[bool(note.strip())])


class _Given:
    """What a form brought."""

    def __init__(self, ref: str, version: int | None, note: str, value: str, officer: str, console: Parts) -> None:
        self.ref = ref
        self.version = version
        self.note = note or None
        self.value = value
        self.officer = officer
        self.console = console


def _acknowledge(desk: Desk, given: _Given) -> DeskAlert:
    return desk.acknowledge(given.ref, given.version, given.note)


def _assign(desk: Desk, given: _Given) -> DeskAlert:
    return desk.assign(given.ref, given.value or given.officer, given.version, given.note)


def _hand_over(desk: Desk, given: _Given) -> DeskAlert:
    return desk.hand_over(given.ref, given.note or "", given.value or None, given.version)


def _snooze(desk: Desk, given: _Given) -> DeskAlert:
    if given.value not in SNOOZES:
        raise UsageError("no length of time was chosen", next_step="choose one of those offered.")
    until = given.console.clock.now() + timedelta(hours=int(given.value))
    return desk.snooze(given.ref, until, given.version, given.note)


def _judge(desk: Desk, given: _Given) -> DeskAlert:
    try:
        severity = Severity(given.value)
    except ValueError as error:
        raise UsageError("no severity was chosen", next_step="choose one of those offered.") from error
    return desk.set_severity(given.ref, severity, given.note, given.version)


def _resolve(desk: Desk, given: _Given) -> DeskAlert:
    return desk.resolve(given.ref, _outcome(given.value), given.version, given.note)


def _reopen(desk: Desk, given: _Given) -> DeskAlert:
    return desk.reopen(given.ref, given.note or "", given.version)


_ACTIONS: dict[str, Callable[[Desk, _Given], DeskAlert]] = {
    "acknowledge": _acknowledge,
    "assign": _assign,
    "hand-over": _hand_over,
    "snooze": _snooze,
    "severity": _judge,
    "resolve": _resolve,
    "reopen": _reopen,
}
_UNCHANGED = {True: "noted", False: "nothing"}
_DONE = {
    "noted": "Your note was kept. Nothing else was changed: the alert stands as it did.",
    "nothing": "Nothing was changed: the alert stands as it did.",
    "acknowledge": "You acknowledged this alert. The partner sees that.",
    "assign": "The alert was assigned.",
    "hand-over": "The alert was handed over, with your note.",
    "snooze": "The alert rests until then.",
    "severity": "The severity was set, for this desk.",
    "resolve": "Your outcome was proposed. It stands when the partner proposes the same.",
    "reopen": "The alert is open again. The partner sees that, not your reason.",
}


def _outcome(value: str) -> ConflictOutcome:
    try:
        return ConflictOutcome(value)
    except ValueError as error:
        raise UsageError("no outcome was chosen", next_step="go back and choose one of those offered.") from error


def _shown(console: Parts, signed: Signed, ref: str, template: str, *, status: int = 200, **values: Any) -> Response:
    with console.door.desk(signed.viewer) as desk:
        seen, deeds = desk.opened(ref, (*ALERT_FIELDS, *HISTORY_FIELDS, "mistaken", "notified", "asked"))
        mistaken, notified, asked = desk.mistaken(seen), desk.notified(seen), desk.asked_of_us(seen)
        own = desk.own_reference(seen.alert.own_id)
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
        partner_name=console.directory.agency(partner).name if partner else None,
        officers=[each.id for each in officers.listed if officers.may_be_given(each.id, by=None)],
        outcomes=words.OUTCOME,
        severities=list(Severity),
        snoozes=SNOOZES,
        local_time=words.local(console.clock.now(), seen.alert.contact.time_zone),
        **values,
    )
