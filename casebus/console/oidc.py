"""Logging in through the agency's identity provider: OpenID Connect, code flow with PKCE, state and nonce, by authlib.

What a login under way needs (state, nonce, code verifier) stays here, under a random name that the browser holds in a
cookie. It lasts ten minutes and serves once.
"""

import secrets
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from authlib.integrations.base_client import OAuthError
from authlib.integrations.starlette_client import OAuth
from httpx2 import HTTPError
from joserfc.errors import JoseError
from starlette.requests import Request
from starlette.responses import Response

from casebus.errors import NotPermitted, Unavailable, UsageError
from casebus.settings import ConsoleSettings, secret_of

COOKIE = "casebus-oidc"
UNDER_WAY_S = 600
MOST_UNDER_WAY = 1000
SCOPE = "openid"


class Oidc:
    """One identity provider. Logins under way are few, and forgotten oldest first."""

    def __init__(self, settings: ConsoleSettings, secret: str) -> None:
        self._settings = settings
        self._secure = settings.address.startswith("https://")
        self._under_way: OrderedDict[str, dict[str, Any]] = OrderedDict()
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
    def of(settings: ConsoleSettings) -> "Oidc | None":
        """Return the provider of the settings, None where none is named. Raises `UsageError` for half a setting."""
        if settings.oidc_issuer is None:
            return None
        if settings.oidc_client_id is None or settings.oidc_client_secret_file is None:
            raise UsageError(
                "oidc_issuer is set without oidc_client_id and oidc_client_secret_file",
                next_step="the provider gave both when this console was registered there.",
            )
        secret = secret_of(settings.oidc_client_secret_file, "oidc_client_secret_file")
        return Oidc(settings, secret.decode())

    async def begin(self, request: Request, going_to: str) -> Response:
        """Return the redirect to the provider. Raises `Unavailable`."""
        name = secrets.token_urlsafe(32)
        state: dict[str, Any] = {"going_to": going_to}
        request.scope["session"] = state
        callback = f"{self._settings.address}/login/callback"
        response: Response = await self._asked(lambda: self._client.authorize_redirect(request, callback))
        self._under_way[name] = state
        while len(self._under_way) > MOST_UNDER_WAY:
            self._under_way.popitem(last=False)
        response.set_cookie(COOKIE, name, max_age=UNDER_WAY_S, httponly=True, samesite="lax", secure=self._secure)
        return response

    async def finish(self, request: Request) -> tuple[str, str]:
        """Return the officer's id that the provider vouches for, and where the officer was going.

        Raises `NotPermitted` for an answer to no question of this browser, or a second one; `Unavailable`.
        """
        state = self._under_way.pop(request.cookies.get(COOKIE, ""), None)
        if state is None:
            raise NotPermitted("this login was not begun here, or it was finished before", next_step="log in again.")
        request.scope["session"] = state
        token: dict[str, Any] = await self._asked(lambda: self._client.authorize_access_token(request))
        officer = (token.get("userinfo") or {}).get(self._settings.oidc_officer_claim)
        if not isinstance(officer, str) or not officer:
            raise NotPermitted(f"the identity provider's answer has no {self._settings.oidc_officer_claim}")
        return officer, str(state["going_to"])

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
