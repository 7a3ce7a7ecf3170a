"""Logging in and out: sessions in the agency's state, and the cookie that names one."""

import hmac
import secrets
from dataclasses import dataclass

import structlog
from starlette.requests import Request
from starlette.responses import Response

from casebus.cases.access import DeskRole, Kind, Thing, Viewer, may_view
from casebus.clock import Clock
from casebus.console.door import Door
from casebus.errors import NotFound, NotPermitted, Unavailable, UsageError
from casebus.officers import Officers
from casebus.roles import Installation
from casebus.sessions import LASTS, SESSIONS, Session, digest_of
from casebus.state import Remove, Save

TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is looking, and the session in which they do."""

    viewer: Viewer
    session: Session

    @property
    def role(self) -> DeskRole:
        """What the officer is at the desk."""
        assert self.viewer.role is not None, "bug: somebody without a role is logged in"
        return self.viewer.role

    @property
    def works_on_cases(self) -> bool:
        """Tell whether the officer may see alerts at all."""
        return may_view(self.viewer, Thing(Kind.alert, self.viewer.agency)).allowed

    def owns(self, csrf: str) -> bool:
        """Tell whether a form came from a page of this session."""
        return hmac.compare_digest(self.session.csrf.encode(), csrf.encode("utf-8", "surrogatepass"))


class Logins:
    """Begins, finds and ends sessions of one agency's officers."""

    def __init__(self, installation: Installation, agency: str, door: Door, *, tls: bool) -> None:
        self._officers_file = installation.role(agency).officers
        self._agency = agency
        self._clock: Clock = installation.clock
        self._door = door
        self._tls = tls
        # Cookies do not tell ports apart, and one machine may serve three consoles: each has a cookie of its own.
        self.cookie = f"__Host-casebus-{agency}" if tls else f"casebus-{agency}"

    def officers(self) -> Officers:
        """Return who may act here, as the file says now. Raises `Unavailable` where it cannot be read: what is wrong with it, and
        where it lies, is for whoever keeps it, and not for who asks to be let in.
        """
        try:
            return Officers.load(self._officers_file, self._agency)
        except (NotFound, UsageError) as error:
            structlog.get_logger().error("console_officers_unreadable", code=error.code)
            raise Unavailable(
                "who may act at this desk cannot be read just now, so nobody is let in",
                next_step="ring whoever operates this node: officers.toml is to be mended.",
            ) from error

    def begin(self, officer: str, before: str | None = None) -> str:
        """Begin a session; return its token. The one of the token that the browser had `before` ends.

        Raises `NotPermitted` for who is not listed.
        """
        if self.officers().role_of(officer) is None:
            raise NotPermitted(
                "this agency knows nobody of that name at its desk",
                next_step="ask who keeps officers.toml of this agency.",
            )
        token = secrets.token_urlsafe(TOKEN_BYTES)
        now = self._clock.now()
        session = Session(digest_of(token), officer, secrets.token_urlsafe(TOKEN_BYTES), now)
        with self._door.store() as store, store.transaction() as tx:
            replaced = digest_of(before) if before else None
            for old in [each for each in tx.all(SESSIONS) if each.over(now) or each.digest == replaced]:
                tx.apply(Remove(SESSIONS, old.digest))
            tx.apply(Save(SESSIONS, session))
        return token

    def find(self, token: str | None) -> SignedIn | None:
        """Return who a token belongs to, while the session lasts and the officer is still listed."""
        if not token:
            return None
        with self._door.store() as store, store.view() as view:
            session = view.get(SESSIONS, digest_of(token))
        if session is None or session.over(self._clock.now()):
            return None
        role = self.officers().role_of(session.officer)
        return SignedIn(Viewer(self._agency, session.officer, role), session) if role else None

    def of(self, request: Request) -> SignedIn | None:
        """Return who sent a request."""
        return self.find(request.cookies.get(self.cookie))

    def end(self, signed: SignedIn) -> None:
        """End a session, wherever its cookie may still lie."""
        with self._door.store() as store, store.transaction() as tx:
            tx.apply(Remove(SESSIONS, signed.session.digest))

    def set_cookie(self, response: Response, token: str) -> None:
        """Hand the token to the browser. Lax, because a link in a notification mail must find the officer logged in."""
        seconds = int(LASTS.total_seconds())
        response.set_cookie(self.cookie, token, max_age=seconds, httponly=True, samesite="lax", secure=self._tls)

    def drop_cookie(self, response: Response) -> None:
        """Take the token back from the browser."""
        response.delete_cookie(self.cookie, httponly=True, samesite="lax", secure=self._tls)
