"""`/feeds`: how fresh everything is that this desk relies on. Silence is said, because no alert proves nothing."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter
from starlette.responses import Response

from casebus.bus.parking import waiting
from casebus.console.web import Console, Parts, Signed
from casebus.intake.spool import Spool
from casebus.status import ConsumerStatus, Overview
from casebus.stops import Stop, stops_in

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Own:
    """How this agency's own node stands."""

    consumers: list[ConsumerStatus]
    outbox: int
    parked: int
    spool: Mapping[str, int]
    stopped: Sequence[Stop]

    @property
    def behind(self) -> int:
        """How many records of the inbox the desk has not read yet."""
        return sum(max(0, each.end - each.position) for each in self.consumers if each.consumer == "desk")


@router.get("/feeds")
def feeds(console: Console, signed: Signed) -> Response:
    """Show when each side was last heard, and what waits here."""
    with console.door.desk(signed.viewer) as desk:
        heard: dict[str, datetime] = desk.heard_from()
    partners = [each for each in console.directory.agencies if each.code != console.agency]
    return console.pages.page(
        "feeds.html",
        signed,
        partners=[(each, heard.get(each.code)) for each in partners],
        fresh=console.own_log.freshness(),
        own=own_node(console),
    )


def own_node(console: Parts) -> Own:
    """Return how this agency's own node stands."""
    code = console.agency
    with closing(Overview(console.installation, [code])) as overview:
        consumers = overview.consumers()
    with console.door.store() as store, store.view() as view:
        depth, parked = view.outbox_depth(), len(waiting(view))
    spool = Spool(console.installation.role(code).spool).counts()
    return Own(consumers, depth, parked, spool, stops_in(console.installation, [code]))
