"""Logging in through the agency's identity provider: OpenID Connect, code flow with PKCE, state and nonce, by authlib.

What a login under way needs (state, nonce, code verifier) is held by the browser, in a cookie that is sealed by a key of
this process: nothing is kept here for who only begins, so nobody's login is lost to how many others begin. It lasts ten
minutes and serves once; a restart of the console in between asks for it anew.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from authlib.integrations.base_client import OAuthError
from authlib.integrations.starlette_client import OAuth
from cryptography.fernet import Fernet, InvalidToken
from httpx2 import HTTPError
from joserfc.errors import JoseError
from starlette.requests import Request
from starlette.responses import Response

from casebus.clock import Clock
from casebus.errors import NotPermitted, Unavailable, UsageError
from casebus.settings import THIS_MACHINE, ConsoleSettings, secret_of

COOKIE = "casebus-oidc"
UNDER_WAY_S = 600
MAX_ADDRESS_CHARS = 1000
"""How long an address to go on to may be: a browser drops a cookie of more than 4096 bytes."""
SCOPE = "openid"


class Oidc:
    """One identity provider."""

    def __init__(self, settings: ConsoleSettings, secret: str, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._seal = Fernet(Fernet.generate_key())
        self._finished: dict[str, datetime] = {}
        self._secure = settings.address.startswith("https://")
        oauth: Any = OAuth()
        client_settings: dict[str, Any] = {"scope": SCOPE, "code_challenge_method": "S256"}
        if settings.oidc_ca_file:
            client_settings["verify"] = settings.oidc_ca_file
        self._client: Any = oauth.register(
            "agency",
            client_id=settings.oidc_client_id,
            client_secret=secret,
            server_metadata_url=f"{str(settings.oidc_issuer).rstrip('/')}/.well-known/openid-configuration",
            client_kwargs=client_settings,
        )

    @staticmethod
    def of(settings: ConsoleSettings, clock: Clock) -> "Oidc | None":
        """Return the provider of the settings, None where none is named.

        Raises `UsageError` for half a setting, and for a provider that anybody on the way could pass for.
        """
        if settings.oidc_issuer is None:
            return None
        issuer = urlsplit(settings.oidc_issuer)
        if issuer.scheme != "https" and issuer.hostname not in THIS_MACHINE:
            raise UsageError(
                "oidc_issuer is asked over a network in the clear, so anybody on the way could vouch for anybody",
                next_step="give its https address.",
            )
        if settings.oidc_client_id is None or settings.oidc_client_secret_file is None:
            raise UsageError(
                "oidc_issuer is set without oidc_client_id and oidc_client_secret_file",
                next_step="the provider gave both when this console was registered there.",
            )
        secret = secret_of(settings.oidc_client_secret_file, "oidc_client_secret_file")
        return Oidc(settings, secret.decode(), clock)

    async def begin(self, request: Request, going_to: str) -> Response:
        """Return the redirect to the provider. Raises `Unavailable`."""
        state: dict[str, Any] = {"going_to": going_to if len(going_to) <= MAX_ADDRESS_CHARS else "/"}
        request.scope["session"] = state
        callback = f"{self._settings.address}/login/callback"
        response: Response = await self._asked(lambda: self._client.authorize_redirect(request, callback))
        sealed = self._seal.encrypt_at_time(json.dumps(state).encode(), self._seconds()).decode()
        response.set_cookie(COOKIE, sealed, max_age=UNDER_WAY_S, httponly=True, samesite="lax", secure=self._secure)
        return response

    async def finish(self, request: Request) -> tuple[str, str]:
        """Return the officer's id that the provider vouches for, and where the officer was going.

        Raises `NotPermitted` for an answer to no question of this browser, or a second one; `Unavailable`.
        """
        cookie = request.cookies.get(COOKIE, "")
        state = self._begun(cookie)
        request.scope["session"] = state
        token: dict[str, Any] = await self._asked(lambda: self._client.authorize_access_token(request))
        self._remember_finished(cookie)
        officer = (token.get("userinfo") or {}).get(self._settings.oidc_officer_claim)
        if not isinstance(officer, str) or not officer:
            raise NotPermitted(f"the identity provider's answer has no {self._settings.oidc_officer_claim}")
        return officer, str(state["going_to"])

    def _begun(self, cookie: str) -> dict[str, Any]:
        """Return what a login under way needs. Raises `NotPermitted` for one that was finished, or is over."""
        try:
            opened = self._seal.decrypt_at_time(cookie, UNDER_WAY_S, self._seconds())
        except InvalidToken:
            opened = b""
        if not opened or _name_of(cookie) in self._finished:
            raise NotPermitted("this login was not begun here, or it was finished before", next_step="log in again.")
        state: dict[str, Any] = json.loads(opened)
        return state

    def _remember_finished(self, cookie: str) -> None:
        now = self._clock.now()
        over = [name for name, at in self._finished.items() if not 0 <= (now - at).total_seconds() <= UNDER_WAY_S]
        for name in over:
            del self._finished[name]
        self._finished[_name_of(cookie)] = now

    def _seconds(self) -> int:
        return int(self._clock.now().timestamp())

    async def _asked(self, ask: Callable[[], Any]) -> Any:
        try:
            return await ask()
        except HTTPError as error:
            raise Unavailable(
                "the identity provider does not answer", next_step="try again; ring its keeper."
            ) from error
        except (OAuthError, JoseError) as error:
            raise NotPermitted(
                "the identity provider's answer was refused: it is not for this login", next_step="log in again."
            ) from error


def _name_of(cookie: str) -> str:
    return hashlib.sha256(cookie.encode("utf-8", "surrogatepass")).hexdigest()
