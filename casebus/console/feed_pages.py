"""`/feeds`: how fresh everything is that this desk relies on. Silence is said, because no alert proves nothing.

Who works on cases sees the partners, the hub, and whether what was heard and said has arrived; an operator, who sees no
partner, sees the hub and this agency's node.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter
from starlette.responses import Response

from casebus.bus.parking import waiting
from casebus.cases.access import Kind
from casebus.console.freshness import hub_of
from casebus.console.web import Console, Parts, Signed
from casebus.desk import Desk
from casebus.intake.spool import Spool
from casebus.stops import stops_in

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Machine:
    """What an operator looks after at this agency's own node."""

    parked: int
    spool: Mapping[str, int]


@router.get("/feeds")
def feeds(console: Console, signed: Signed) -> Response:
    """Show when each side was last heard, and what waits here, as far as the viewer may see it."""
    with console.door.store() as store, store.view() as view:
        outbox = view.outbox_depth()  # before this look is itself put on record
    with console.door.desk(signed.viewer) as desk:
        heard = desk.heard_from() if desk.may_see(Kind.alert) else None
        machine = _machine(console, desk) if heard is None else None
    return console.pages.page(
        "feeds.html",
        signed,
        partners=None if heard is None else _partners(console, heard),
        hub=hub_of(console.agency, console.door, console.own_log),
        outbox=outbox,
        stopped=stops_in(console.installation, [console.agency]),
        machine=machine,
    )


def _partners(console: Parts, heard: Mapping[str, datetime]) -> list[tuple[str, str, datetime | None]]:
    others = [each for each in console.directory.agencies if each.code != console.agency]
    return [(each.code, each.name, heard.get(each.code)) for each in others]


def _machine(console: Parts, desk: Desk) -> Machine:
    """Return how this agency's own node stands. Raises `NotPermitted`."""
    desk.require_sight(Kind.machine)
    with console.door.store() as store, store.view() as view:
        parked = len(waiting(view))
    return Machine(parked, Spool(console.installation.role(console.agency).spool).counts())
