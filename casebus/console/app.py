"""The console as one ASGI application. `create` is its composition root."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from casebus.console import (
    alert_pages,
    board_pages,
    check_pages,
    children_pages,
    failures,
    feed_pages,
    find_pages,
    link_pages,
    login_pages,
    other_pages,
    outcome_pages,
    stream,
    talk_pages,
    welfare_pages,
)
from casebus.console.assets import STATIC
from casebus.console.door import Door
from casebus.console.freshness import Freshness
from casebus.console.guard import Guard
from casebus.console.live import Live
from casebus.console.logins import Logins
from casebus.console.oidc import Oidc
from casebus.console.own_log import OwnLog
from casebus.console.pages import Pages
from casebus.console.web import Parts
from casebus.errors import NotPermitted, UsageError
from casebus.roles import Installation
from casebus.settings import THIS_MACHINE, ConsoleSettings


def create(installation: Installation, agency: str, settings: ConsoleSettings) -> tuple[ASGIApp, Parts]:
    """Put an agency's console together.

    Raises `UsageError`, `NotPermitted` for settings that would let somebody in who should not be, `NotFound` for what
    is missing.
    """
    refuse_unsafe(installation, settings)
    found = installation.directory.agency(agency)
    tls = settings.address.startswith("https://")
    door = Door(installation, agency)
    own_log = OwnLog(installation, agency)
    partners = [each.code for each in installation.directory.agencies if each.code != agency]
    freshness = Freshness(agency, partners, door, own_log, installation.clock)
    parts = Parts(
        installation=installation,
        agency=agency,
        settings=settings,
        door=door,
        logins=Logins(installation, agency, door, tls=tls),
        pages=Pages(agency, found.name, installation.clock, freshness.latest, training=installation.settings.training),
        oidc=Oidc.of(settings, installation.clock),
        live=Live(door),
        own_log=own_log,
        freshness=freshness,
    )
    return Guard(_application(parts), tls=tls), parts


def refuse_unsafe(installation: Installation, settings: ConsoleSettings) -> None:
    """Raise for a login by name among real cases, and for cases in the clear on a network."""
    if settings.training_login and not installation.settings.training:
        raise NotPermitted(
            "training_login lets people in without a proof of who they are, and these are real cases",
            next_step="take training_login out of casebus.toml, and name an oidc_issuer.",
        )
    if settings.bind not in THIS_MACHINE and not settings.tls_certificate_file and not settings.behind_proxy:
        raise UsageError(
            "the console would send cases over a network in the clear",
            next_step="bind it to 127.0.0.1, or give tls_certificate_file and tls_key_file, or say behind_proxy.",
        )
    if settings.behind_proxy and not settings.address.startswith("https://"):
        raise UsageError(
            "behind_proxy without an origin of https: browsers would send the login's cookie in the clear as well",
            next_step='set origin = "https://..." to the address that browsers see.',
        )


def _application(parts: Parts) -> FastAPI:
    app = FastAPI(title="casebus console", docs_url=None, redoc_url=None, openapi_url=None, lifespan=_lifespan(parts))
    app.state.parts = parts
    for module in (
        login_pages,
        board_pages,
        find_pages,
        link_pages,
        talk_pages,
        alert_pages,
        check_pages,
        children_pages,
        feed_pages,
        outcome_pages,
        welfare_pages,
        other_pages,
        stream,
    ):
        app.include_router(module.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    failures.register(app)
    return app


def _lifespan(parts: Parts) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with parts.live.looking():
            yield
        parts.freshness.close()
        await run_in_threadpool(parts.own_log.close)
        await run_in_threadpool(parts.door.close)

    return lifespan
