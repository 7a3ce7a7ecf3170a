"""`/check`: asking before acting, as `casebus deconflict` does; what came back, a hit or a no-hit on record."""

from collections.abc import Mapping

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from casebus.console.forms import SentForm, offered
from casebus.console.web import Acting, Console, Form, Parts, Signed
from casebus.desk import MAX_REFERENCES
from casebus.desk.checking import CHECK_FIELDS, HIT_FIELDS
from casebus.errors import UsageError
from casebus.events import enumerations as en
from casebus.intake.asking import Typed, question
from casebus.intake.checks import Question

router = APIRouter()
LATEST = min(50, MAX_REFERENCES)
LISTED_FIELDS = tuple(field for field in CHECK_FIELDS if field != "identifiers")
TYPED = ("email", "phone", "account", "screen_name", "name", "date_of_birth", "ip", "ip_at", "device", "wallet")
CHOSEN = ("basis", "urgency", "pointer", "purpose")
USUAL = {"urgency": en.Priority.MEDIUM.value, "purpose": en.Purpose.INVESTIGATION.value}


@router.get("/check")
def asking(console: Console, signed: Signed) -> Response:
    """Show the form, and this agency's latest checks without what was asked about."""
    return _form(console, signed, USUAL)


@router.post("/check")
def ask(console: Console, signed: Acting, form: Form) -> Response:
    """Ask, and lead on to where the answer will be. What cannot be asked is said, and what was typed is kept."""
    try:
        asked = question_of(form)
        with console.door.checking(signed.viewer) as (checking, _):
            put = checking.ask(asked, form.command)
    except UsageError as error:
        typed = {name: form.text(name) for name in (*TYPED, *CHOSEN)}
        return _form(console, signed, typed, error)
    return RedirectResponse(f"/check/{put.ref}", 303)


@router.get("/check/{ref}")
def check(ref: str, console: Console, signed: Signed) -> Response:
    """Show one check: what was asked, and what came back so far."""
    with console.door.checking(signed.viewer) as (checking, desk):
        found = checking.check(ref)
        answer = checking.answer(found)
        hits = [alert.ref for alert in answer.alerts]
        desk.accessed("check", [found.ref, *hits], fields=(*CHECK_FIELDS, *(HIT_FIELDS if hits else ())))
    return console.pages.page("checked.html", signed, check=found, answer=answer, names=_names(console))


@router.get("/check/{ref}/answered")
def answered(ref: str, console: Console, signed: Signed) -> Response:
    """Say whether a check was answered, and nothing of what came back: 200 if so, which is on record, 204 while not."""
    with console.door.checking(signed.viewer) as (checking, desk):
        found = checking.check(ref)
        if not checking.answer(found).is_there:
            return Response(status_code=204)
        desk.accessed("check answered", [found.ref], fields=("answer",))
    return Response(status_code=200)


@router.post("/check/{ref}/close")
def close(ref: str, console: Console, signed: Acting) -> Response:
    """End a check: later records no longer meet it, and what it had hit is retracted."""
    with console.door.checking(signed.viewer) as (checking, _):
        closed = checking.close(ref)
    return RedirectResponse(f"/check/{closed.ref}", 303)


def question_of(form: SentForm) -> Question:
    """Return what a form asks: several values of one kind stand on a line each. Raises `UsageError`."""
    typed = Typed(*(form.lines(name) for name in TYPED))
    return question(
        typed,
        basis=form.member(en.CheckBasis, "basis"),
        urgency=form.member(en.Priority, "urgency"),
        pointer=form.member(en.PointerMode, "pointer") if form.text("pointer") else None,
        purpose=form.member(en.Purpose, "purpose"),
    )


def _form(console: Parts, signed: Signed, typed: Mapping[str, str], error: UsageError | None = None) -> Response:
    with console.door.checking(signed.viewer) as (checking, desk):
        checks = checking.checks()
        shown = checks[:LATEST]
        desk.accessed("checks", [each.ref for each in shown], fields=LISTED_FIELDS)
        answers = [(each, checking.answer(each)) for each in shown]
    return console.pages.page(
        "check.html",
        signed,
        400 if error else 200,
        typed=dict.fromkeys((*TYPED, *CHOSEN), "") | dict(typed),
        error=error,
        answers=answers,
        more=len(checks) - len(shown),
        bases=offered(en.CheckBasis),
        urgencies=offered(en.Priority),
        pointers=offered(en.PointerMode),
        purposes=offered(en.Purpose),
    )


def _names(console: Parts) -> dict[str, str]:
    return {each.code: each.name for each in console.directory.agencies}
