"""How serving goes on and ends: who is silent keeps nobody out, and an open board is let go of in good order."""

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import httpx2
import pytest
from console.browser_parts import free_port
from console.console_world import OFFICER, World, csrf_of
from starlette.types import Receive, Scope, Send

from casebus.console import connections, guard, serving, stream
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


@contextmanager
def served(desk: World) -> Iterator[ConsoleSettings]:
    settings = ConsoleSettings(port=free_port(), training_login=True)
    server = serving.served(desk.installation, desk.agency, settings)
    try:
        assert httpx2.get(f"{settings.address}/login", timeout=20).status_code == 200
        yield settings
    finally:
        server.close()


def connected(settings: ConsoleSettings, said: bytes = b"") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", settings.port), timeout=5)
    connection.sendall(said)
    return connection


def test_connections_on_which_nothing_is_asked_keep_nobody_out(desk: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "MOST_CONNECTIONS", 20)
    monkeypatch.setattr(guard, "MOST_AT_ONCE", 10)
    with served(desk) as settings, ExitStack() as held:
        silent = [held.enter_context(connected(settings)) for _ in range(40)]
        assert httpx2.get(f"{settings.address}/login", timeout=20).status_code == 200
        assert silent[0].recv(1) == b"", "the longest silent was let go of"


@pytest.mark.parametrize("said", [b"", b"GET /login HTTP/1.1\r\nHost: x\r\n"])
def test_a_request_that_does_not_come_ends_its_connection(
    desk: World, monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    monkeypatch.setattr(connections, "REQUEST_WITHIN_S", 0.2)
    with served(desk) as settings, connected(settings, said) as connection:
        assert connection.recv(1) == b""


def test_a_body_that_does_not_come_is_refused_with_every_header(desk: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "BODY_WITHIN_S", 0.2)
    head = b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\nofficer="
    with served(desk) as settings, connected(settings, head) as connection:
        answer = connection.recv(4096)
    assert answer.startswith(b"HTTP/1.1 408")
    assert guard.POLICY.encode() in answer


def test_forms_that_do_not_arrive_keep_nobody_out(desk: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "MOST_AT_ONCE", 5)
    head = b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n"
    with served(desk) as settings, ExitStack() as held:
        slow = [held.enter_context(connected(settings, head)) for _ in range(6)]
        answers = [httpx2.get(f"{settings.address}/login", timeout=20).status_code for _ in range(6)]
        assert answers == [200] * 6
        slow[-1].sendall(b"x" * 20)
        assert slow[-1].recv(12).startswith(b"HTTP/1.1 4")


def test_of_too_many_forms_that_arrive_slowly_the_oldest_is_let_go_of(
    desk: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "MOST_ARRIVING", 2)
    head = b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n"
    with served(desk) as settings, ExitStack() as held:
        slow = [held.enter_context(connected(settings, head)) for _ in range(3)]
        assert slow[0].recv(12).startswith(b"HTTP/1.1 408")
        slow[2].sendall(b"x" * 20)
        assert slow[2].recv(12).startswith(b"HTTP/1.1 400")


def test_an_answer_that_nobody_reads_is_under_way_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "READ_WITHIN_S", 0.2)
    ended = threading.Event()

    async def answers(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(2):  # the second is taken when the first was read
            await send({"type": "http.response.body", "body": b"x" * 32_000_000, "more_body": True})
        ended.set()

    settings = ConsoleSettings(port=free_port(), training_login=True)
    server = serving.Server(lambda: serving.Application(answers), settings)
    try:
        with connected(settings, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"):
            assert ended.wait(10)
    finally:
        server.close()


def test_too_much_at_once_is_refused_with_every_header_and_only_while_it_is_too_much(
    desk: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(desk) as settings, httpx2.Client(base_url=settings.address, timeout=20) as client:
        client.post("/login", data={"officer": OFFICER, "csrf": csrf_of(client.get("/login").text)})
        monkeypatch.setattr(guard, "MOST_AT_ONCE", 1)
        with client.stream("GET", "/stream") as busy:
            assert busy.status_code == 200
            refused = client.get("/login")
        assert (refused.status_code, refused.headers["content-security-policy"]) == (503, guard.POLICY)
        ended = (client.get("/login").status_code for _ in range(100) if not threading.Event().wait(0.05))
        assert 200 in ended, "what has ended is counted still"


def test_one_login_opens_so_many_boards_and_no_more_until_one_is_closed(
    desk: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "MOST_STREAMS", 2)
    with served(desk) as settings, httpx2.Client(base_url=settings.address, timeout=20) as client:
        client.post("/login", data={"officer": OFFICER, "csrf": csrf_of(client.get("/login").text)})
        with client.stream("GET", "/stream") as first, client.stream("GET", "/stream") as second:
            assert (first.status_code, second.status_code) == (200, 200)
            assert client.get("/stream").status_code == 503
        for _ in range(100):
            with client.stream("GET", "/stream") as again:
                if again.status_code == 200:
                    break
            threading.Event().wait(0.05)
        else:
            pytest.fail("a closed board is counted still")
