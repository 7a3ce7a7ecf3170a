"""Every error as a page: what failed, what was left unchanged, what to do next. Never a stack, never a value."""

import traceback
from pathlib import Path
from urllib.parse import urlencode

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from casebus.console.forms import SentForm
from casebus.console.web import LoginNeeded, own_path, parts
from casebus.console.words import next_step
from casebus.errors import CasebusError, Conflict, NotFound, NotPermitted, Unavailable, UsageError

STATUS: tuple[tuple[type[CasebusError], int], ...] = (
    (NotFound, 404),
    (NotPermitted, 403),
    (Conflict, 409),
    (UsageError, 400),
    (Unavailable, 503),
)
TITLE = {
    400: "That cannot be done as it was sent",
    403: "You may not do that",
    404: "There is no such page here",
    405: "Nothing can be sent to that page",
    409: "That cannot be done any more",
    413: "That is too large",
    500: "Something went wrong",
    503: "Something does not answer",
}


def register(app: FastAPI) -> None:
    """Answer errors with pages."""
    app.add_exception_handler(LoginNeeded, _log_in_first)
    app.add_exception_handler(CasebusError, _told)
    app.add_exception_handler(HTTPException, _no_page)
    app.add_exception_handler(RequestValidationError, _not_a_form)
    app.add_exception_handler(Exception, _unexpected)


def status_of(error: CasebusError) -> int:
    """Return the HTTP status of an error of ours."""
    return next((status for kind, status in STATUS if isinstance(error, kind)), 500)


def _log_in_first(request: Request, _error: Exception) -> Response:
    if request.method != "GET" or request.headers.get("hx-request") or request.url.path == "/stream":
        return _page(request, 401, "Log in first", "You are not logged in, or your login has ended.", "")
    going_to = own_path(f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path)
    address = "/login" if going_to == "/" else f"/login?{urlencode({'next': going_to})}"
    return RedirectResponse(address, 303)


def _told(request: Request, error: Exception) -> Response:
    assert isinstance(error, CasebusError), "bug: not an error of ours"
    status = status_of(error)
    structlog.get_logger().warning("console_refused", code=error.code, status=status)
    if status == 404:
        # Another agency's alert and no alert at all look the same, to the last letter.
        return _page(request, 404, TITLE[404], "It does not exist, or it is not this desk's to see.", "")
    what = " ".join(filter(None, (f"{error.what}.", next_step(error))))
    return _page(request, status, TITLE[status], what, error.unchanged, error.code)


def _no_page(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException), "bug: not an HTTP error"
    status = error.status_code
    what = "It does not exist, or it is not this desk's to see."
    if status == 405:
        what = "It is there to be looked at, or only to be sent to."
    return _page(request, status, TITLE.get(status, TITLE[400]), what, "")


def _not_a_form(request: Request, _error: Exception) -> Response:
    return _page(request, 400, TITLE[400], "The form was not filled in as this page asks for.", "Nothing was changed.")


def _unexpected(request: Request, error: Exception) -> Response:
    structlog.get_logger().error("console_failed", error_type=type(error).__name__, origin=_origin(error))
    return _page(request, 500, TITLE[500], "This is a mistake of the console, not yours.", "")


def _origin(error: Exception) -> str:
    """Return where it happened; the error's own words may hold what somebody typed."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""


def _page(request: Request, status: int, title: str, what: str, unchanged: str, code: str = "") -> Response:
    console = parts(request)
    try:
        signed = console.logins.of(request)
    except CasebusError:  # whoever is not logged in, or whose store cannot be asked, is shown what failed all the same
        signed = None
    values = {"title": title, "what": what, "unchanged": unchanged, "code": code, "typed": _typed(request, status)}
    return console.pages.page("failure.html", signed, status, **values)


def _typed(request: Request, status: int) -> list[tuple[str, str]]:
    """Return what somebody typed and would lose; a page that is not there says the same to everybody."""
    form: SentForm | None = getattr(request.state, "form", None)
    return form.typed() if form is not None and status != 404 else []
