"""`/find`: the alert that somebody on the telephone names, by its reference or by this agency's own number.

A number is sent as a form: an address is kept by browsers and proxies.
"""

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from casebus.console.web import Acting, Console, Form

router = APIRouter()
FOUND_FIELDS = ("ref", "overlap", "severity", "state", "partner", "own")


@router.post("/find")
def find(console: Console, signed: Acting, form: Form) -> Response:
    """Lead on to the one alert that is meant, or show those that may be."""
    name = form.text("name").strip()
    with console.door.desk(signed.viewer) as desk:
        found = desk.find(name, FOUND_FIELDS)
        own = {seen.alert.ref: desk.own_reference(seen.alert.own_id) for seen in found}
    if len(found) == 1:
        return RedirectResponse(f"/alerts/{found[0].alert.ref}", 303)
    return console.pages.page("found.html", signed, name=name, found=found, own=own)
