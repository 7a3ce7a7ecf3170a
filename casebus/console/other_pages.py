"""`/directory`, `/preferences`, `/help`, `/accessibility`: what is around the alerts."""

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from casebus.console import done, words
from casebus.console.web import Console, Form, Signed, acting

router = APIRouter()
_DONE = {"kept": "Your preferences are kept in this browser."}
SHORTCUTS = "casebus-shortcuts"


@router.get("/directory")
def directory(console: Console, signed: Signed) -> Response:
    """Show whom to ring at every agency, and what was agreed with it."""
    now = console.clock.now()
    agreed = {
        agency.code: console.directory.agreement(console.agency, agency.code)
        for agency in console.directory.agencies
        if agency.code != console.agency
    }
    desks = [(agency, words.local(now, agency.desk.time_zone)) for agency in console.directory.agencies]
    return console.pages.page(
        "directory.html", signed, desks=desks, agreed=agreed, coordination=console.directory.coordination_desk
    )


@router.get("/help")
def help_page(console: Console, signed: Signed) -> Response:
    """Show how to work with the console."""
    return console.pages.page("help.html", signed)


@router.get("/accessibility")
def accessibility(console: Console, signed: Signed) -> Response:
    """Show what was done for everybody's access, and what was not tested."""
    return console.pages.page("accessibility.html", signed)


@router.get("/preferences")
def preferences(console: Console, signed: Signed, request: Request) -> Response:
    """Show what this browser prefers."""
    shortcuts = request.cookies.get(SHORTCUTS) != "off"
    return console.pages.page("preferences.html", signed, shortcuts=shortcuts, done=done.said(request, _DONE))


@router.post("/preferences", dependencies=[Depends(acting)])
def prefer(form: Form) -> Response:
    """Keep what this browser prefers. The page's script reads it, so the cookie is not hidden from it; it says nothing else."""
    response = done.leading_to("/preferences", "kept")
    keys = "off" if form.text("shortcuts") == "off" else "on"
    response.set_cookie(SHORTCUTS, keys, max_age=365 * 86400, samesite="lax")
    return response
