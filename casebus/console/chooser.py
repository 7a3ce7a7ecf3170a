"""The front door of `make console`: three agencies to choose from, and the story's scenes to set off. Training only.

It holds no key and opens no agency's state: it links to three consoles, and hands documents in as agencies' own systems
would.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hmac import compare_digest

from fastapi import FastAPI, Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from casebus.console.assets import STATIC, TEMPLATES, is_styled
from casebus.console.guard import Guard
from casebus.console.web import Form
from casebus.errors import CasebusError

COOKIE = "casebus-chooser"


@dataclass(frozen=True, slots=True)
class Door:
    """One agency's console: the agency's name, its address, and who can log in."""

    name: str
    address: str
    officers: Sequence[str]


@dataclass
class Scene:
    """One scene of the story: what happens in it, what to look for then, and how it is set off. It happens once, and not
    before the scene that it goes on from.
    """

    title: str
    then: str
    begin: Callable[[], None]
    after: "Scene | None" = None
    happened: bool = False

    @property
    def is_due(self) -> bool:
        """Tell whether it can happen now."""
        return not self.happened and (self.after is None or self.after.happened)


def create_chooser(doors: Sequence[Door], scenes: Sequence[Scene]) -> ASGIApp:
    """Return the front door as an ASGI application."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    app = FastAPI(title="casebus training", docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/")
    def choose(request: Request) -> Response:
        """Show the agencies and the scenes."""
        csrf = request.cookies.get(COOKIE) or secrets.token_urlsafe(16)
        page = environment.get_template("chooser.html")
        text = page.render(doors=doors, scenes=scenes, csrf=csrf, styled=is_styled(), training=True)
        response = HTMLResponse(text)
        response.set_cookie(COOKIE, csrf, httponly=True, samesite="lax")
        return response

    @app.post("/scenes/{number}")
    def begin(number: int, request: Request, form: Form) -> Response:
        """Set a scene off, if it is due."""
        csrf = form.text("csrf")
        if not csrf or not compare_digest(csrf.encode(), request.cookies.get(COOKIE, "").encode()):
            return HTMLResponse("Open the page again, and press the button there.", 403)
        if not 0 <= number < len(scenes):
            return HTMLResponse("There is no such scene.", 404)
        if scenes[number].is_due:
            scenes[number].happened = True
            scenes[number].begin()
        return RedirectResponse("/#scenes", 303)

    @app.exception_handler(CasebusError)
    def refused(_request: Request, error: CasebusError) -> Response:
        """Say what is wrong with a form."""
        return HTMLResponse(error.what, 403)

    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return Guard(app, tls=False)
