"""`/welfare`: asking that somebody sees whether a child is safe, and saying what was found. It waits for no alert.

The form is linked wherever it may be needed: from every alert, whoever the partner is and whether or not it may be named.
"""

from fastapi import APIRouter, Request
from starlette.responses import Response

from casebus.console import done
from casebus.console.failures import status_of
from casebus.console.forms import Given, SentForm, offered
from casebus.console.web import Acting, Console, Form, Parts, Signed
from casebus.desk import Desk
from casebus.desk.paged import page_number
from casebus.errors import CasebusError, Conflict, NotFound, NotPermitted, UsageError
from casebus.events import enumerations as en

router = APIRouter()


@router.get("/welfare")
def welfare(console: Console, signed: Signed, request: Request, alert: str = "", page: str = "") -> Response:
    """Show the form, about an alert's own records where one is named, and a page of the checks, the most urgent first."""
    with console.door.desk(signed.viewer) as desk:
        about = _own_names(desk, alert) if alert else []
    given = Given("request", SentForm({"concerning": ("\n".join(about),)}))
    return _shown(console, signed, given, said=done.said(request, _DONE), number=page_number(page))


@router.post("/welfare")
def ask(console: Console, signed: Acting, form: Form) -> Response:
    """Request a welfare check, or say why not and keep what was typed."""
    try:
        with console.door.desk(signed.viewer) as desk:
            desk.children.request_check(
                form.lines("concerning"),
                form.member(en.ResponseClass, "response"),
                _children(form),
                form.text("country").strip().upper() or None,
                form.member(en.TriState, "self_harm_risk"),
                form.command,
            )
    except (UsageError, NotFound, Conflict, NotPermitted) as error:
        return _shown(console, signed, Given("request", form), error)
    return done.leading_to("/welfare", "requested")


@router.post("/welfare/{check_id}/complete")
def complete(check_id: str, console: Console, signed: Acting, form: Form) -> Response:
    """Say what a check found, once."""
    try:
        with console.door.desk(signed.viewer) as desk:
            desk.children.complete_check(check_id, form.member(en.WelfareResult, "value"))
    except (UsageError, Conflict) as error:
        return _shown(console, signed, Given("complete", form), error)
    return done.leading_to("/welfare", "completed")


_DONE = {
    "requested": "The welfare check was requested. Nothing holds it up.",
    "completed": "What the check found was recorded.",
}


def _own_names(desk: Desk, ref: str) -> list[str]:
    seen, _ = desk.opened(ref, ("own",))
    own = [seen.alert.own_id, *filter(None, [seen.alert.also_own_id])]
    return [name for name in map(desk.children.name_of, own) if name]


def _children(form: SentForm) -> int:
    number = form.text("children").strip()
    if not (number.isascii() and number.isdigit() and len(number) < 4 and int(number) > 0):
        raise UsageError("the number of children is not a number from 1 to 999")
    return int(number)


def _shown(
    console: Parts,
    signed: Signed,
    given: Given,
    refused: CasebusError | None = None,
    said: str = "",
    number: int = 1,
) -> Response:
    with console.door.desk(signed.viewer) as desk:
        page = desk.children.checks_on(number)
        asked = {each.check_id: each.requested.record_ids if each.requested else () for each in page.shown}
        names = {check_id: [desk.own_reference(each) for each in ids] for check_id, ids in asked.items()}
    return console.pages.page(
        "welfare.html",
        signed,
        status_of(refused) if refused else 200,
        page=page,
        names=names,
        given=given,
        refused=refused,
        done=said,
        responses=offered(en.ResponseClass),
        risks=[en.TriState.NOT_STATED, en.TriState.YES, en.TriState.NO],
        results=offered(en.WelfareResult),
    )
