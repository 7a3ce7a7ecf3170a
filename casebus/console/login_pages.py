"""Logging in: through the agency's own identity provider, or by name where that is training."""

import hmac
import secrets

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from casebus.cases.access import Viewer
from casebus.console.web import Acting, Console, Form, Parts, own_path
from casebus.errors import NotPermitted

router = APIRouter()
FORM_COOKIE = "casebus-login"


@router.get("/login")
def login(console: Console, request: Request) -> Response:
    """Show how to log in here."""
    wanted = own_path(request.query_params.get("next"))
    csrf = request.cookies.get(FORM_COOKIE) or secrets.token_urlsafe(16)
    officers = console.logins.officers().listed if console.settings.training_login else ()
    response = console.pages.page(
        "login.html",
        going_to=wanted,
        csrf=csrf,
        officers=officers,
        by_provider=console.oidc is not None,
        by_name=console.settings.training_login,
    )
    response.set_cookie(FORM_COOKIE, csrf, httponly=True, samesite="lax", max_age=3600)
    return response


@router.post("/login")
def log_in_by_name(console: Console, request: Request, form: Form) -> Response:
    """Let a listed officer in by name, in training only. Raises `NotPermitted` everywhere else."""
    if not console.settings.training_login:
        raise NotPermitted(
            "nobody logs in here by name", next_step="log in through the agency's own identity provider."
        )
    csrf = form.text("csrf")
    if not hmac.compare_digest(request.cookies.get(FORM_COOKIE, "").encode(), csrf.encode()) or not csrf:
        raise NotPermitted("the form does not belong to this browser", next_step="open the login page again.")
    return _logged_in(console, request, form.text("officer"), form.text("going_to"))


@router.get("/login/provider")
async def to_provider(console: Console, request: Request) -> Response:
    """Send the browser to the identity provider."""
    if console.oidc is None:
        raise NotPermitted("no identity provider is set up for this console")
    return await console.oidc.begin(request, own_path(request.query_params.get("next")))


@router.get("/login/callback")
async def from_provider(console: Console, request: Request) -> Response:
    """Take the identity provider's answer. Raises `NotPermitted` for one that is not ours, or of nobody listed."""
    if console.oidc is None:
        raise NotPermitted("no identity provider is set up for this console")
    officer, going_to = await console.oidc.finish(request)
    return await run_in_threadpool(_logged_in, console, request, officer, going_to)


@router.post("/logout")
def log_out(console: Console, signed: Acting) -> Response:
    """End the session."""
    console.logins.end(signed)
    _on_record(console, signed.viewer, "logout")
    response = RedirectResponse("/login", 303)
    console.logins.drop_cookie(response)
    return response


def _logged_in(console: Parts, request: Request, officer: str, going_to: str) -> Response:
    """Begin a session in place of the browser's last one. That somebody logged in, or tried to, is on record."""
    try:
        token = console.logins.begin(officer, request.cookies.get(console.logins.cookie))
    except NotPermitted:
        _on_record(console, Viewer(console.agency, officer, None), "denied: login")
        raise
    _on_record(console, Viewer(console.agency, officer, None), "login")
    response = RedirectResponse(_first_page(console, token, own_path(going_to)), 303)
    console.logins.set_cookie(response, token)
    return response


def _first_page(console: Parts, token: str, going_to: str) -> str:
    """Return where a login leads: the board is for who works on cases, an operator begins at the feeds."""
    signed = console.logins.find(token)
    return "/feeds" if going_to == "/" and signed is not None and not signed.works_on_cases else going_to


def _on_record(console: Parts, viewer: Viewer, what: str) -> None:
    with console.door.desk(viewer) as desk:
        desk.accessed(what, ())
