"""The live board: server-sent events, authorised and redacted per viewer at send time, on record like any reading.

A stream says what changed since the page was made (`since`), so the bar's count is right after any number of reconnects;
it goes on after the last event that the browser has (Last-Event-ID), which is a place in the feed of changes, so a
restart of the console loses nothing, and a state that was restored from a copy is told from the one that was followed.
Lines end with a line feed alone: a browser's parser may be handed half of a CRLF.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from casebus.cases.access import Kind
from casebus.cases.alert_feed import FeedEnd
from casebus.cases.desk_work import DeskAlert
from casebus.cases.place import Place
from casebus.console.board import urgency
from casebus.console.logins import SignedIn
from casebus.console.web import Console, Parts, Signed
from casebus.errors import Unavailable
from casebus.events.enumerations import Severity

router = APIRouter()
HEARTBEAT_S = 4.0
MOST_STREAMS = 12
"""How many boards one login may have open."""
FIELDS_PUSHED = (
    "ref",
    "severity",
    "partner",
    "state",
    "our_state",
    "their_state",
    "outcome",
    "their_outcome",
    "stage",
    "snoozed_until",
    "due_by",
    "assignee",
    "escalated",
    "version",
)


@dataclass(frozen=True, slots=True)
class Frame:
    """What is sent at once: the place of the last change in it, and the fragments."""

    end: FeedEnd
    text: str


def may_open(console: Console, signed: Signed) -> None:
    """Raise `NotPermitted`, and put the attempt on record, for who may not see alerts; `Unavailable` for one too many."""
    if console.live.streams[signed.session.digest] >= MOST_STREAMS:
        raise Unavailable(f"this login has {MOST_STREAMS} boards open", next_step="close one.")
    with console.door.desk(signed.viewer) as desk:
        desk.require_sight(Kind.alert)


@router.get("/stream", dependencies=[Depends(may_open)])
async def stream(console: Console, signed: Signed, request: Request) -> Response:
    """Stream what changes on the board from a change on. The header, which a browser sends again, wins over the address."""
    since = FeedEnd.read(request.query_params.get("since", "")) or FeedEnd()
    after = FeedEnd.read(request.headers.get("last-event-id", "")) or since
    token = request.cookies.get(console.logins.cookie)
    headers = {"x-accel-buffering": "no"}
    frames = _frames(console, token, since, after)
    return StreamingResponse(_counted(console, signed, frames), media_type="text/event-stream", headers=headers)


async def _counted(console: Parts, signed: SignedIn, frames: AsyncGenerator[str]) -> AsyncIterator[str]:
    """Count a stream among those of its session for as long as it is open."""
    open_streams, session = console.live.streams, signed.session.digest
    open_streams[session] += 1
    try:
        async with aclosing(frames):
            async for frame in frames:
                yield frame
    finally:
        open_streams[session] -= 1
        if not open_streams[session]:
            del open_streams[session]


async def _frames(console: Parts, token: str | None, since: FeedEnd, after: FeedEnd) -> AsyncGenerator[str]:
    yield "retry: 1000\n\n" + heartbeat(console)
    while not console.live.closing:
        changed = await console.live.wait_beyond(after, HEARTBEAT_S)
        signed = await run_in_threadpool(console.logins.find, token)
        if signed is None or not signed.works_on_cases or console.live.closing:
            return  # the session or the right has ended; the browser asks again, and is told
        if changed:
            frame = await run_in_threadpool(framed, console, signed, since, after)
            after = frame.end
            yield event(frame.text, place=after)
        yield heartbeat(console)


def heartbeat(console: Parts) -> str:
    """Return a named event: a comment raises none in the browser, and the board must notice when nothing comes.

    While the console itself hears nothing it is a comment, and so the board says that it hears nothing.
    """
    return event(console.clock.now().strftime("%H:%M:%S"), name="hb") if console.live.hears else ": \n\n"


def event(data: str, *, name: str | None = None, place: FeedEnd | None = None) -> str:
    """Return one event. Data of several lines is sent as several lines."""
    lines = [f"event: {name}"] if name else []
    lines += [f"id: {place}"] if place is not None else []
    return "\n".join([*lines, *(f"data: {line}" for line in data.splitlines() or [""]), "", ""])


def framed(console: Parts, signed: SignedIn, since: FeedEnd, after: FeedEnd) -> Frame:
    """Return what changed after a place, as one viewer may see it. What is sent is on record before it is sent."""
    with console.door.desk(signed.viewer) as desk:
        pushed = desk.changed(since, after, FIELDS_PUSHED)
    now = console.clock.now()
    new = [seen for seen in pushed.since_page or () if not seen.alert.is_notice]
    text = console.pages.text(
        "frame.html",
        signed,
        {
            "everything": pushed.since_page is None,
            "count": len(new),
            "immediate": sorted(filter(_is_new_and_immediate, new), key=lambda seen: urgency(Place.of(seen), now)),
            "announced": [each for each in pushed.alerts if _is_new_and_immediate(each)],
            "referred": pushed.referred,
            "alerts": pushed.alerts,
        },
    )
    return Frame(pushed.end, text)


def _is_new_and_immediate(seen: DeskAlert) -> bool:
    return seen.severity is Severity.immediate and seen.alert.waits
