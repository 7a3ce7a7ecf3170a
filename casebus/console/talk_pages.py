"""`/alerts/{ref}/talk` and `/referrals`: what two desks say to each other.

Values that are released are typed here, sealed to the partner at once, and shown again nowhere at this agency.
"""

from collections.abc import Callable

from fastapi import APIRouter, Request
from starlette.responses import Response

from casebus.cases.alert import ref_of
from casebus.console import done
from casebus.console.failures import status_of
from casebus.console.forms import NOTHING_GIVEN, Given, SentForm, member, offered
from casebus.console.web import Acting, Console, Form, Parts, Signed, is_opened
from casebus.desk import ALERT_FIELDS, Desk
from casebus.desk.paged import page_number
from casebus.desk.referrals import Package
from casebus.desk.terms import USUAL_TERMS, Terms
from casebus.errors import CasebusError, Conflict, NotFound, NotPermitted, UsageError
from casebus.events import enumerations as en

router = APIRouter()
KEEP_DAYS = ("1", "7", "30", "90")


@router.get("/alerts/{ref}/talk")
def talk(ref: str, console: Console, signed: Signed, request: Request, page: str = "", releases: str = "") -> Response:
    """Show a page of the messages, a page of the releases, and the lead of one alert. Each is on record with the names of the
    values shown.
    """
    pages = (page_number(page), page_number(releases))
    return _talk(console, signed, ref, said=done.said(request, _DONE), opened=is_opened(request), pages=pages)


@router.post("/alerts/{ref}/talk/{action}")
def say(ref: str, action: str, console: Console, signed: Acting, form: Form) -> Response:
    """Say one thing to the partner's desk, or say why not and keep what was typed."""
    command = _ACTIONS.get(action)
    if command is None:
        raise NotFound(f"no command {action[:40]!r}")
    try:
        with console.door.desk(signed.viewer) as desk:
            command(desk, ref, form)
    except (UsageError, NotPermitted, Conflict) as error:
        return _talk(console, signed, ref, refused=error, given=Given(action, form))
    return done.leading_to(f"/alerts/{ref}/talk", action)


def _talk(
    console: Parts,
    signed: Signed,
    ref: str,
    *,
    said: str = "",
    refused: CasebusError | None = None,
    given: Given = NOTHING_GIVEN,
    opened: bool = True,
    pages: tuple[int, int] = (1, 1),
) -> Response:
    with console.door.desk(signed.viewer) as desk:
        seen, _ = desk.opened(ref, ALERT_FIELDS)
        messages = desk.conversation.messages_on(ref, pages[0], reading=opened)
        releases = desk.conversation.releases_on(ref, pages[1])
        lead = desk.conversation.lead(ref)
    return console.pages.page(
        "talk.html",
        signed,
        status_of(refused) if refused else 200,
        seen=seen,
        alert=seen.alert,
        done=said,
        refused=refused,
        given=given,
        fields=offered(en.DisclosedField),
        refusals=offered(en.DisclosureRefusal),
        sides=offered(en.LeadSide),
        bases=offered(en.LeadBasis),
        reasons=offered(en.ReferralReason),
        severities=offered(en.Severity),
        marks=offered(en.Tlp),
        purposes=offered(en.Purpose),
        usual_mark=USUAL_TERMS.tlp,
        usual_use=USUAL_TERMS.evidential_use,
        keep_days=KEEP_DAYS,
        messages=messages,
        releases=releases,
        lead=lead,
    )


@router.get("/referrals")
def referrals(console: Console, signed: Signed, request: Request) -> Response:
    """Show what this agency was asked to take over, and what it asked others."""
    with console.door.desk(signed.viewer) as desk:
        found = desk.referrals.all()
    refs = {each.conflict_id: ref_of(signed.viewer.agency, each.conflict_id) for each in found if each.conflict_id}
    declines = offered(en.ReferralDecline)
    said = done.said(request, _ANSWERED)
    return console.pages.page("referrals.html", signed, referrals=found, refs=refs, declines=declines, done=said)


@router.post("/referrals/{referral_id}/{action}")
def answer(referral_id: str, action: str, console: Console, signed: Acting, form: Form) -> Response:
    """Accept or decline a referral. Responsibility moves on acceptance only."""
    with console.door.desk(signed.viewer) as desk:
        if action == "accept":
            desk.referrals.accept(referral_id)
        elif action == "decline":
            desk.referrals.decline(referral_id, form.member(en.ReferralDecline, "value"))
        else:
            raise NotFound(f"no command {action[:40]!r}")
    return done.leading_to("/referrals", action)


def _message(desk: Desk, ref: str, form: SentForm) -> object:
    return desk.conversation.send_message(ref, form.text("note"), form.command)


def _ask(desk: Desk, ref: str, form: SentForm) -> object:
    asked = [member(en.DisclosedField, each, "field") for each in form.all("asked")]
    if not asked:
        raise UsageError("no field was chosen", next_step="choose what is needed.")
    purpose, urgency = form.member(en.Purpose, "purpose"), form.member(en.Severity, "urgency")
    return desk.conversation.request_release(
        ref, form.text("note"), asked, purpose, urgency, version=form.version, command=form.command
    )


def _grant(desk: Desk, ref: str, form: SentForm) -> object:
    values = [(field, form.text(f"value-{field.value}").strip()) for field in offered(en.DisclosedField)]
    days = form.text("keep_days")
    if days not in KEEP_DAYS:
        raise UsageError("no length of time was chosen")
    given = tuple((field, value) for field, value in values if value)
    terms = Terms(tlp=form.member(en.Tlp, "tlp"), keep_days=int(days))
    return desk.conversation.grant_release(form.text("request_id"), given, terms, ref)


def _refuse(desk: Desk, ref: str, form: SentForm) -> object:
    reason = form.member(en.DisclosureRefusal, "value")
    return desk.conversation.refuse_release(form.text("request_id"), reason, form.text("note") or None, ref)


def _lead(desk: Desk, ref: str, form: SentForm) -> object:
    side, basis = form.member(en.LeadSide, "side"), form.member(en.LeadBasis, "basis")
    return desk.conversation.propose_lead(ref, side, basis, form.version)


def _refer(desk: Desk, ref: str, form: SentForm) -> object:
    seen, _ = desk.opened(ref, ("partner",))
    if seen.alert.partner is None:
        raise UsageError("the partner may not be named", next_step="ring the coordination desk.")
    reason, urgency = form.member(en.ReferralReason, "value"), form.member(en.Severity, "urgency")
    package = Package(note=form.text("note"))
    return desk.referrals.send(seen.alert.partner, reason, urgency, ref=ref, package=package, command=form.command)


_ACTIONS: dict[str, Callable[[Desk, str, SentForm], object]] = {
    "message": _message,
    "ask": _ask,
    "grant": _grant,
    "refuse": _refuse,
    "lead": _lead,
    "refer": _refer,
}
_ANSWERED = {
    "accept": "You accepted the referral: your agency is responsible now.",
    "decline": "You declined the referral. The sender stays responsible; what came with it is kept here no longer.",
}
_DONE = {
    "message": "Your message was sealed to the partner's desk and sent.",
    "ask": "The partner was asked. Its desk gets it with your reason.",
    "grant": "What you typed was sealed to the partner and sent. It is kept here by its names only.",
    "refuse": "The request was refused, with your reason.",
    "lead": "Your proposal was sent. It stands when the partner proposes the same.",
    "refer": "The referral was sent. You stay responsible until it is accepted.",
}
