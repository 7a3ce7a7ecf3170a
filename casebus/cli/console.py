"""`casebus console`: one agency's pages, served alone; its node may be running or not."""

from typing import TYPE_CHECKING, Annotated

import typer

from casebus import logs
from casebus.cli.node import Stop, training_banner
from casebus.cli.options import Agency, Data, installation
from casebus.cli.output import words
from casebus.clock import Clock
from casebus.errors import UsageError
from casebus.node import hold
from casebus.settings import ConsoleSettings
from casebus.supervise import die_with_supervisor

if TYPE_CHECKING:
    from casebus.console.serving import Server  # a web server, which no other command needs

PORT = 8470
LOOK_EVERY_S = 0.2


def console(
    agency: Agency,
    data: Data = None,
    port: Annotated[
        int | None, typer.Option("--port", min=1, max=65535, help=f"Instead of the one in casebus.toml, or {PORT}.")
    ] = None,
    training_login: Annotated[
        bool, typer.Option("--training-login", help="Let listed officers in by name. Training only (exit 5).")
    ] = False,
) -> None:
    """Serve one agency's console until told to stop. `casebus run AGENCY` serves it too, where casebus.toml says so."""
    from casebus.console import serving  # here: no other command needs a web server

    die_with_supervisor()
    stop = Stop()
    found = installation(data)
    found.directory.agency(agency)
    settings = chosen(found.settings.console.get(agency), port, training_login or found.settings.training)
    logs.configure(found.role(agency).log, agency)
    with hold(found.role(agency).lock(serving.NAME), f"the console of {agency}", found.clock):
        server = serving.served(found, agency, settings)
        if found.settings.training:
            training_banner()
        words().print(f"{agency}: {settings.address}  (Ctrl-C ends it)", markup=False, soft_wrap=True)
        serve(server, stop, found.clock)


def serve(server: "Server", stop: Stop, clock: Clock) -> None:
    """Serve until told to stop; Ctrl-C ends the command with 130, as it does every other."""
    try:
        while not stop():
            server.step()
            clock.sleep(LOOK_EVERY_S)
    finally:
        server.close()
    if stop.interrupted:
        raise typer.Abort


def chosen(settings: ConsoleSettings | None, port: int | None, training_login: bool) -> ConsoleSettings:
    """Return the settings with what the command line says instead."""
    base = settings or ConsoleSettings(port=port or PORT)
    changes: dict[str, object] = {"port": port or base.port}
    if training_login and base.oidc_issuer is None:
        changes["training_login"] = True
    if port is not None and base.origin is not None and port != base.port:
        raise UsageError("casebus.toml names the console's origin", next_step="leave --port out, or change it there.")
    return base.model_copy(update=changes)
