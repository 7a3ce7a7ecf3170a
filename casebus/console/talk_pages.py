"""`/alerts/{ref}/talk` and `/referrals`: what two desks say to each other, and what is asked for a child.

Values that are released are typed here, sealed to the partner at once, and shown again nowhere at this agency.
"""

from collections.abc import Callable
from typing import TypeVar

from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from casebus.cases.alert import Alert
from casebus.console import done
from casebus.console.web import Acting, Console, Form, Signed
from casebus.desk import ALERT_FIELDS, Desk
from casebus.desk.conversation import Terms
from casebus.desk.referrals import Package
from casebus.errors import NotFound, UsageError
from casebus.events import enumerations as en

router = APIRouter()
E = TypeVar(
    "E",
    en.DisclosedField,
    en.DisclosureRefusal,
    en.LeadSide,
    en.LeadBasis,
    en.ReferralReason,
    en.ReferralDecline,
    en.ResponseClass,
    en.Severity,
)
KEEP_DAYS = ("1", "7", "30", "90")


@router.get("/alerts/{ref}/talk")
def talk(ref: str, console: Console, signed: Signed, request: Request) -> Response:
    """Show the messages, releases and the lead of one alert. Each is on record with the names of the values shown."""
    with console.door.desk(signed.viewer) as desk:
        seen, _ = desk.opened(ref, ALERT_FIELDS)
        messages, releases = desk.conversation.messages(ref), desk.conversation.releases(ref)
        lead = desk.conversation.lead(ref)
    return console.pages.page(
        "talk.html",
        signed,
        seen=seen,
        alert=seen.alert,
        done=done.said(request, _DONE),
        fields=known(en.DisclosedField),
        refusals=known(en.DisclosureRefusal),
        sides=known(en.LeadSide),
        bases=known(en.LeadBasis),
        reasons=known(en.ReferralReason),
        severities=known(en.Severity),
        responses=known(en.ResponseClass),
        keep_days=KEEP_DAYS,
        messages=messages,
        releases=releases,
        lead=lead,
    )


@router.post("/alerts/{ref}/talk/{action}")
def say(ref: str, action: str, console: Console, signed: Acting, form: Form) -> Response:
    """Say one thing to the partner's desk, or ask for one thing for a child."""
    command = _ACTIONS.get(action)
    if command is None:
        raise NotFound(f"no command {action[:40]!r}")
    with console.door.desk(signed.viewer) as desk:
        command(desk, ref, form)
    return done.leading_to(f"/alerts/{ref}/talk", action)


@router.get("/referrals")
def referrals(console: Console, signed: Signed) -> Response:
    """Show what this agency was asked to take over, and what it asked others."""
    with console.door.desk(signed.viewer) as desk:
        found = desk.referrals.all()
    return console.pages.page("referrals.html", signed, referrals=found, declines=known(en.ReferralDecline))


@router.post("/referrals/{referral_id}/{action}")
def answer(referral_id: str, action: str, console: Console, signed: Acting, form: Form) -> Response:
    """Accept or decline a referral. Responsibility moves on acceptance only."""
    with console.door.desk(signed.viewer) as desk:
        if action == "accept":
            desk.referrals.accept(referral_id)
        elif action == "decline":
            desk.referrals.decline(referral_id, _chosen(en.ReferralDecline, form))
        else:
            raise NotFound(f"no command {action[:40]!r}")
    return RedirectResponse("/referrals", 303)


def _message(desk: Desk, ref: str, form: FormData) -> object:
    return desk.conversation.send_message(ref, _text(form, "note"))


def _ask(desk: Desk, ref: str, form: FormData) -> object:
    asked = [_member(en.DisclosedField, str(each)) for each in form.getlist("asked")]
    if not asked:
        raise UsageError("no field was chosen", next_step="go back and choose what is needed.")
    return desk.conversation.request_release(ref, _text(form, "note"), asked)


def _grant(desk: Desk, _ref: str, form: FormData) -> object:
    values = [(field, _text(form, f"value-{field.value}").strip()) for field in known(en.DisclosedField)]
    days = _text(form, "keep_days")
    if days not in KEEP_DAYS:
        raise UsageError("no length of time was chosen")
    given = tuple((field, value) for field, value in values if value)
    return desk.conversation.grant_release(_text(form, "request_id"), given, Terms(keep_days=int(days)))


def _refuse(desk: Desk, _ref: str, form: FormData) -> object:
    reason = _chosen(en.DisclosureRefusal, form)
    return desk.conversation.refuse_release(_text(form, "request_id"), reason, _text(form, "note") or None)


def _lead(desk: Desk, ref: str, form: FormData) -> object:
    side = _member(en.LeadSide, _text(form, "side"))
    return desk.conversation.propose_lead(ref, side, _member(en.LeadBasis, _text(form, "basis")))


def _refer(desk: Desk, ref: str, form: FormData) -> object:
    seen, _ = desk.opened(ref, ("partner",))
    if seen.alert.partner is None:
        raise UsageError("the partner may not be named", next_step="ring the coordination desk.")
    reason, urgency = _chosen(en.ReferralReason, form), _member(en.Severity, _text(form, "urgency"))
    return desk.referrals.send(seen.alert.partner, reason, urgency, ref=ref, package=Package(note=_text(form, "note")))


def _welfare(desk: Desk, ref: str, form: FormData) -> object:
    seen, _ = desk.opened(ref, ("own",))
    children = _text(form, "children")
    if not (children.isascii() and children.isdigit() and 0 < int(children[:4]) < 1000 and len(children) < 4):
        raise UsageError("the number of children is not a number from 1 to 999")
    response = _chosen(en.ResponseClass, form)
    return desk.children.request_check([_concerning(seen.alert, form)], response, int(children))


def _concerning(alert: Alert, form: FormData) -> str:
    """Return the tip or case that a welfare check is about: the alert's, or where that is a check before acting the named one."""
    if alert.own_kind is not en.RecordKind.check:
        return alert.own_id
    named = _text(form, "concerning").strip()
    if not named:
        raise UsageError(
            "a check before acting is no tip and no case: nothing says which child it is about",
            next_step="name the tip or the case, by the number that your own system gave it.",
        )
    return named


_ACTIONS: dict[str, Callable[[Desk, str, FormData], object]] = {
    "message": _message,
    "ask": _ask,
    "grant": _grant,
    "refuse": _refuse,
    "lead": _lead,
    "refer": _refer,
    "welfare": _welfare,
}
_DONE = {
    "message": "Your message was sealed to the partner's desk and sent.",
    "ask": "The partner was asked. Its desk gets it with your reason.",
    "grant": "What you typed was sealed to the partner and sent. It is kept here by its names only.",
    "refuse": "The request was refused, with your reason.",
    "lead": "Your proposal was sent. It stands when the partner proposes the same.",
    "refer": "The referral was sent. You stay responsible until it is accepted.",
    "welfare": "The welfare check was requested. Nothing holds it up.",
}


def known(kind: type[E]) -> list[E]:
    """Return what an officer may choose of a list."""
    return [each for each in kind if each.value != "UNKNOWN"]


def _chosen(kind: type[E], form: FormData) -> E:
    return _member(kind, _text(form, "value"))


def _member(kind: type[E], text: str) -> E:
    try:
        return kind(text)
    except ValueError as error:
        raise UsageError("something was not chosen", next_step="go back and choose one of those offered.") from error


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""
