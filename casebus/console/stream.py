"""The live board: server-sent events, authorised and redacted per viewer at send time, on record like any reading.

A stream says what changed since the page was made (`since`), so the bar's count is right after any number of reconnects;
it goes on after the last event that the browser has (Last-Event-ID), which is the number of a change in the feed, so
a restart of the console loses nothing. Lines end with a line feed alone: a browser's parser may be handed half of a CRLF.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from casebus.cases.desk_work import DeskAlert
from casebus.cases.place import Place
from casebus.console.board import urgency
from casebus.console.logins import SignedIn
from casebus.console.web import Console, Parts, signed_in
from casebus.events.enumerations import Severity

router = APIRouter()
HEARTBEAT_S = 4.0
FIELDS_PUSHED = ("ref", "severity", "partner", "our_state", "their_state", "assignee", "version")


@dataclass(frozen=True, slots=True)
class Frame:
    """What is sent at once: the number of the last change in it, and the fragments."""

    number: int
    text: str


@router.get("/stream", dependencies=[Depends(signed_in)])
async def stream(console: Console, request: Request) -> Response:
    """Stream what changes on the board from a change on. The header, which a browser sends again, wins over the address."""
    since = _number(request.query_params.get("since"))
    after = _number(request.headers.get("last-event-id"), since)
    token = request.cookies.get(console.logins.cookie)
    headers = {"x-accel-buffering": "no"}
    frames = _frames(console, token, since, after)
    return StreamingResponse(frames, media_type="text/event-stream", headers=headers)


async def _frames(console: Parts, token: str | None, since: int, after: int) -> AsyncIterator[str]:
    yield "retry: 1000\n\n" + heartbeat(console)
    while not console.live.closing:
        changed = await console.live.wait_beyond(after, HEARTBEAT_S)
        signed = await run_in_threadpool(console.logins.find, token)
        if signed is None or console.live.closing:
            return  # the session has ended; the browser asks again and is sent to log in
        if changed:
            frame = await run_in_threadpool(framed, console, signed, since, after)
            after = frame.number
            yield event(frame.text, number=frame.number)
        yield heartbeat(console)


def heartbeat(console: Parts) -> str:
    """Return a named event: a comment raises none in the browser, and the board must notice when nothing comes."""
    return event(console.clock.now().strftime("%H:%M:%S"), name="hb")


def event(data: str, *, name: str | None = None, number: int | None = None) -> str:
    """Return one event. Data of several lines is sent as several lines."""
    lines = [f"event: {name}"] if name else []
    lines += [f"id: {number}"] if number is not None else []
    return "\n".join([*lines, *(f"data: {line}" for line in data.splitlines() or [""]), "", ""])


def framed(console: Parts, signed: SignedIn, since: int, after: int) -> Frame:
    """Return what changed after a number, as one viewer may see it. What is sent is on record before it is sent."""
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
            "alerts": pushed.alerts,
        },
    )
    return Frame(pushed.end, text)


def _is_new_and_immediate(seen: DeskAlert) -> bool:
    return seen.severity is Severity.immediate and seen.alert.waits


def _number(text: str | None, otherwise: int = 0) -> int:
    """Return a change's number from outside; what is none is `otherwise`."""
    is_number = text is not None and text.isascii() and text.isdigit() and len(text) <= 18
    return int(str(text)) if is_number else otherwise
