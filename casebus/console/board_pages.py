"""`/`: the board."""

from collections.abc import Collection

from fastapi import APIRouter, Request
from starlette.responses import Response

from casebus.cases.place import Place
from casebus.console import done
from casebus.console.board import TAB_WORDS, Board, Filters, Tab, board_of
from casebus.console.web import Console, Parts, Signed
from casebus.desk import ALERT_FIELDS
from casebus.events.enumerations import Band, IdentifierType, Severity

router = APIRouter()
NOTICES_SHOWN = 100
NOT_ON_THE_BOARD = {"conflict_id", "revision", "contact", "suppressed", "detector", "raised_at", "acknowledged_until"}
BOARD_FIELDS = (*(field for field in ALERT_FIELDS if field not in NOT_ON_THE_BOARD), "asked")

_DONE = {"acknowledge": "You acknowledged the alert: it is under “In hand” now. The partner sees that."}


@router.get("/")
def board(console: Console, signed: Signed, request: Request) -> Response:
    """Show the queue, worst first. What is shown of which alerts is on record before it is shown."""
    filters = Filters.of(request.query_params)
    now = console.clock.now()

    def choose(alerts: Collection[Place]) -> Board:
        return board_of(alerts, console.agency, filters, now, signed.viewer.officer)

    with console.door.desk(signed.viewer) as desk:
        found = desk.browse(console.door.placed, choose, BOARD_FIELDS)
        own = desk.own_references([seen.alert.own_id for seen in found.shown])
        referrals = desk.referrals.asked_of_us()
        notices = desk.notices(latest=NOTICES_SHOWN) if filters.tab is Tab.notices else None
        own |= desk.own_references([each.about for each in notices or ()])
    return console.pages.page(
        "board.html",
        signed,
        done=done.said(request, _DONE),
        board=found.chosen,
        shown=found.shown,
        own=own,
        asked={row.conflict_id: row.asked for row in found.chosen.rows},
        referrals=referrals,
        notices=notices,
        notices_shown=NOTICES_SHOWN,
        since=found.end,
        tabs=TAB_WORDS,
        severities=list(Severity),
        bands=list(Band),
        kinds_offered=[kind for kind in IdentifierType if kind is not IdentifierType.UNKNOWN],
        partners=_partners(console, found.chosen),
    )


def _partners(console: Parts, found: Board) -> list[tuple[str, str]]:
    """Return the other agencies of the directory by code and name: who is not on the board can be asked for too."""
    others = {each.code: each.name for each in console.directory.agencies if each.code != console.agency}
    return sorted((others | {code: others.get(code, code) for code in found.partners}).items())
