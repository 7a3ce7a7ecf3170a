"""How serving ends: an open board is let go of in good order, and no exception is left behind."""

import logging

import httpx2
from console.browser_parts import free_port
from console.console_world import OFFICER, World, csrf_of

from casebus.console import serving
from casebus.settings import ConsoleSettings


class Said(logging.Handler):
    """Keeps what a server said that something went wrong."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def test_a_stream_that_is_open_when_serving_ends_is_ended_and_leaves_no_exception(desk: World) -> None:
    settings = ConsoleSettings(port=free_port(), training_login=True)
    said, uvicorn = Said(), logging.getLogger("uvicorn.error")
    uvicorn.addHandler(said)
    server = serving.served(desk.installation, desk.agency, settings)
    try:
        with httpx2.Client(base_url=settings.address, timeout=60) as client:
            form = {"officer": OFFICER, "csrf": csrf_of(client.get("/login").text)}
            assert client.post("/login", data=form).status_code == 303
            with client.stream("GET", "/stream") as stream:
                heard = stream.iter_text()
                assert "retry:" in next(heard)
                server.close()
                "".join(heard)  # to its end: a body that was cut off raises
    finally:
        server.close()
        uvicorn.removeHandler(said)
    assert said.lines == []
