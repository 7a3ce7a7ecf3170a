"""What a page says was just done: only in the browser that just did it. A link that somebody made says nothing."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

COOKIE = "casebus-done"
SAID_FOR_S = 60


def leading_to(path: str, what: str) -> Response:
    """Return the answer to a form that was carried out: on to a page, which then says what was done."""
    place, _, query = path.partition("?")
    address = f"{place}?{query}&done={what}" if query else f"{place}?done={what}"
    response = RedirectResponse(address, 303)
    # One cookie for all pages, which names its page: two of one name with different paths would be sent together.
    response.set_cookie(COOKIE, _done(what, place), max_age=SAID_FOR_S, httponly=True, samesite="strict")
    return response


def said(request: Request, words: Mapping[str, str]) -> str:
    """Return the words for what the address says was done, if this browser did it; else nothing."""
    what = request.query_params.get("done", "")
    return words.get(what, "") if request.cookies.get(COOKIE) == _done(what, request.url.path) else ""


def _done(what: str, place: str) -> str:
    return f"{what}:{place}"
