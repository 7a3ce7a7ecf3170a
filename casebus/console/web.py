"""What every route of the console shares: the parts behind it, who is asking, and how a form is checked."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request

from casebus.clock import Clock
from casebus.console.door import Door
from casebus.console.forms import SentForm, sent_form
from casebus.console.freshness import Freshness
from casebus.console.live import Live
from casebus.console.logins import Logins, SignedIn
from casebus.console.oidc import Oidc
from casebus.console.own_log import OwnLog
from casebus.console.pages import Pages
from casebus.directory import Directory
from casebus.errors import NotPermitted
from casebus.roles import Installation
from casebus.settings import ConsoleSettings

_OWN_WILL = ("same-origin", "none")
_BEFOREHAND = ("sec-purpose", "purpose", "x-moz")
"""Where browsers, new and old, say that they fetch a page before anybody asked for it."""


class LoginNeeded(Exception):
    """Nobody is logged in: the answer is the login page, or 401 where no page was asked for."""


@dataclass(frozen=True, slots=True)
class Parts:
    """One console, put together."""

    installation: Installation
    agency: str
    settings: ConsoleSettings
    door: Door
    logins: Logins
    pages: Pages
    oidc: Oidc | None
    live: Live
    own_log: OwnLog
    freshness: Freshness

    @property
    def clock(self) -> Clock:
        """The time."""
        return self.installation.clock

    @property
    def directory(self) -> Directory:
        """The directory of the network."""
        return self.installation.directory


def parts(request: Request) -> Parts:
    """Return the console that serves a request."""
    found: Parts = request.app.state.parts
    return found


def signed_in(request: Request) -> SignedIn:
    """Return who is asking. Raises `LoginNeeded`."""
    signed = parts(request).logins.of(request)
    if signed is None:
        raise LoginNeeded
    return signed


async def read_form(request: Request) -> SentForm:
    """Return the form that a request brought; a page that refuses it shows what was typed.

    Raises `UsageError`, `NotPermitted` for one that a browser says was sent from another site.
    """
    if request.headers.get("sec-fetch-site", "none") not in _OWN_WILL:
        raise NotPermitted("the form was sent from another site")
    form = sent_form(await request.body(), request.headers.get("content-type", ""))
    request.state.form = form
    return form


Form = Annotated[SentForm, Depends(read_form)]


def acting(request: Request, form: Form) -> SignedIn:
    """Return who sent a form. Raises `LoginNeeded`, `NotPermitted` for a form that no page of this session made."""
    signed = signed_in(request)
    if not signed.owns(form.text("csrf")):
        raise NotPermitted(
            "the form does not belong to this login", next_step="open the page again, and send its form."
        )
    return signed


def is_opened(request: Request) -> bool:
    """Tell whether somebody opened a page: from this console, by its address, or by the browser's own means. What a browser
    fetches beforehand nobody has seen, and what another site leads to, or asks for, that site decided. A browser that says
    nothing of this is believed.
    """
    beforehand = any("prefetch" in request.headers.get(name, "") for name in _BEFOREHAND)
    return not beforehand and request.headers.get("sec-fetch-site", "none") in _OWN_WILL


def own_path(address: str | None) -> str:
    """Return where to go on to: a path of this console, or the board where somebody tried to lead elsewhere."""
    if not address or not address.startswith("/") or address.startswith("//") or "\\" in address:
        return "/"
    split = urlsplit(address)
    return "/" if split.scheme or split.netloc or not address.isprintable() else address


Console = Annotated[Parts, Depends(parts)]
Signed = Annotated[SignedIn, Depends(signed_in)]
Acting = Annotated[SignedIn, Depends(acting)]
