"""`/alerts/{ref}/links`: what hangs together with one alert, and what was done when, drawn and in tables."""

from fastapi import APIRouter
from starlette.responses import Response

from casebus.console.graph import graph_of, timeline_of
from casebus.console.web import Console, Signed
from casebus.desk import HISTORY_FIELDS

router = APIRouter()
LINK_FIELDS = ("ref", "own", "partner", "matched", *HISTORY_FIELDS)


@router.get("/alerts/{ref}/links")
def links(ref: str, console: Console, signed: Signed) -> Response:
    """Show the alerts about the same own record, with the kinds that link them; at most two steps away."""
    with console.door.desk(signed.viewer) as desk:
        seen, deeds = desk.opened(ref, LINK_FIELDS)
        around = desk.around(seen, LINK_FIELDS)
        own = {each.alert.own_id: desk.own_reference(each.alert.own_id) for each in around}
    return console.pages.page(
        "links.html",
        signed,
        alert=seen.alert,
        graph=graph_of(around, own),
        timeline=timeline_of(deeds),
        deeds=deeds,
        own_zone=console.directory.contact(console.agency).time_zone,
        partner_zone=seen.alert.contact.time_zone,
    )
