"""The witness's listener: the protocol, and strangers who send too much, too slowly, or nonsense."""

import http.client
import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from witness_log import LOG_VKEY, ORIGIN, Tree, cosigned, opened

from casebus.clock import SystemClock
from casebus.errors import Unavailable
from casebus.keys import load_signing_key
from casebus.ledger.submission import MAX_SUBMISSION_BYTES
from casebus.ledger.vkey import KeyType, parse_vkey, verifier_key
from casebus.ledger.witness_http import MAX_CONNECTIONS, WitnessServer

HONEST = Tree()
MONITOR = f"/{sha256(ORIGIN.encode()).hexdigest()}/checkpoint"


@contextmanager
def serving(directory: Path, seconds: float = 5.0) -> Iterator[WitnessServer]:
    with (
        closing(opened(directory)) as witness,
        WitnessServer(witness, "127.0.0.1", 0, SystemClock(), seconds) as server,
    ):
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[WitnessServer]:
    with serving(tmp_path / "w") as running:
        yield running


def asked(server: WitnessServer, method: str, path: str, body: bytes | None = None, **headers: str):
    connection = http.client.HTTPConnection(*server.server_address[:2], timeout=90)
    with closing(connection):
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return response.status, response.headers, response.read()


def sent(server: WitnessServer, data: bytes) -> bytes:
    """Send raw bytes, end the sending half, return all that comes back."""
    with socket.create_connection(server.server_address[:2], timeout=90) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        with closing(connection.makefile("rb")) as file:
            return file.read()


def status_of(answer: bytes) -> int:
    assert re.match(rb"HTTP/1\.1 \d{3} [A-Za-z -]+\r\n", answer), answer[:80]
    assert b"Traceback" not in answer
    return int(answer[9:12])


def test_a_log_submits_and_a_monitor_reads(server):
    assert asked(server, "GET", MONITOR)[0] == 404
    status, headers, body = asked(server, "POST", "/add-checkpoint", HONEST.ask(0, 5))
    assert (status, headers["Content-Type"], headers["Connection"]) == (200, "text/plain; charset=utf-8", "close")
    assert cosigned(body, HONEST.note(5), server.witness.vkey)
    assert asked(server, "GET", MONITOR)[2] == HONEST.note(5).format() + body
    status, headers, body = asked(server, "POST", "/add-checkpoint", HONEST.ask(0, 6))
    assert (status, headers["Content-Type"], body) == (409, "text/x.tlog.size", b"5\n")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/add-checkpoint", 405),
        ("PUT", "/add-checkpoint", 405),
        ("POST", MONITOR, 405),
        ("HEAD", MONITOR, 405),
        ("GET", "/", 404),
        ("POST", "/", 404),
        ("POST", "/add-checkpoint/", 404),
        ("POST", "/add-checkpoint?x=1", 404),
        ("GET", f"/{'0' * 64}/checkpoint", 404),
        ("GET", "/../../etc/passwd", 404),
        ("BREW", "/add-checkpoint", 405),
    ],
)
def test_other_methods_and_paths_are_refused(server, method, path, status):
    answered, headers, _ = asked(server, method, path, b"x" if method in ("POST", "PUT") else None)
    assert answered == status
    assert status != 405 or headers["Allow"] in ("GET", "POST")


HEAD = b"POST /add-checkpoint HTTP/1.1\r\nHost: w\r\n"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (HEAD + b"\r\n", 411),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nold\r\n0\r\n\r\n", 411),
        (HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nold", 411),
        (HEAD + b"Content-Length: -1\r\n\r\n", 400),
        (HEAD + b"Content-Length: 0x10\r\n\r\n", 400),
        (HEAD + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nold ", 400),
        (HEAD + b"Content-Length: 10\r\n\r\nold", 400),
        (HEAD + b"Content-Length: 0\r\n\r\n", 400),
        (HEAD + b"Content-Length: %d\r\n\r\n" % (MAX_SUBMISSION_BYTES + 1) + b"x" * 600_000, 413),
        (HEAD + b"Content-Length: 99999999999999999999\r\n\r\n", 413),
        (HEAD + b"X: " + b"x" * 70_000 + b"\r\n\r\n", 431),
        (HEAD + b"".join(b"X-%d: 1\r\n" % n for n in range(200)) + b"\r\n", 431),
        (HEAD + b"X: " + b"x" * 4_000 + b"\r\nY: " + b"y" * 13_000 + b"\r\n\r\n", 431),
        (b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\n\r\n", 505),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    ],
)
def test_a_request_out_of_bounds_is_answered_not_obeyed(server, data, status):
    assert status_of(sent(server, data)) == status
    assert server.witness.latest(ORIGIN) is None


def test_a_client_that_asks_first_is_told_to_go_on(server):
    body = HONEST.ask(0, 5)
    with socket.create_connection(server.server_address[:2], timeout=90) as connection:
        connection.sendall(HEAD + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body))
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        connection.sendall(body)
        assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.binary(min_size=1, max_size=300) | st.binary(max_size=100).map(lambda tail: HEAD + tail))
def test_any_bytes_get_an_answer_or_the_end_of_the_connection(server, data):
    answer = sent(server, data)
    assert not answer or b"Traceback" not in answer
    assert asked(server, "GET", "/")[0] == 404


def test_a_client_that_drips_holds_its_place_for_a_bounded_time(tmp_path):
    with serving(tmp_path / "w", seconds=0.3) as server:
        with socket.create_connection(server.server_address[:2], timeout=90) as connection:
            with suppress(OSError):
                for byte in HEAD * 200:
                    connection.sendall(bytes([byte]))
                    connection.settimeout(0.02)
                    with suppress(TimeoutError):
                        answer = connection.recv(1000)
                        break
            connection.settimeout(20)
            assert status_of(answer) == 408
        assert asked(server, "POST", "/add-checkpoint", HONEST.ask(0, 5))[0] == 200


def test_silent_clients_take_their_places_only_and_give_them_back(tmp_path):
    with serving(tmp_path / "w", seconds=0.5) as server:
        silent = [socket.create_connection(server.server_address[:2], timeout=90) for _ in range(MAX_CONNECTIONS)]
        refused = b""
        with suppress(ConnectionError):
            refused = sent(server, b"GET / HTTP/1.1\r\n\r\n")
        assert refused == b"" or status_of(refused) == 503
        for connection in silent:
            with connection:
                assert status_of(connection.recv(1000)) == 408
        assert asked(server, "POST", "/add-checkpoint", HONEST.ask(0, 5))[0] == 200


def test_a_port_that_is_taken_is_said_so(server, tmp_path):
    with closing(opened(tmp_path / "second")) as witness, pytest.raises(Unavailable):
        WitnessServer(witness, "127.0.0.1", server.server_address[1], SystemClock())


# The command, as a process of its own.


class Running:
    """`casebus ledger witness`, started, listening."""

    def __init__(self, state: Path, *arguments: str) -> None:
        command = [sys.executable, "-m", "casebus", "ledger", "witness", "--state", str(state), "--port", "0", "--json"]
        command += arguments or ("--log-key", LOG_VKEY.format())
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        self.hello = json.loads(line) if '"address"' in line else {}
        if self.hello:
            host, _, port = self.hello["address"].removeprefix("http://").partition(":")
            self.server_address = (host, int(port))

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        self.process.send_signal(number)
        _, words = self.process.communicate(timeout=90)
        return self.process.returncode, words


def ended(state: Path, *arguments: str) -> tuple[int, str]:
    running = Running(state, *arguments)
    _, words = running.process.communicate(timeout=90)
    return running.process.returncode, words


def test_the_command_makes_its_key_says_where_it_listens_and_goes_on_after_a_kill(tmp_path):
    state = tmp_path / "deep" / "w"
    (tmp_path / "log.vkey").write_text(LOG_VKEY.format() + "\n")
    running = Running(state, "--log-key", str(tmp_path / "log.vkey"), "--name", "witness.example/w")
    key = parse_vkey((state / "witness.vkey").read_text())
    assert key == verifier_key("witness.example/w", load_signing_key(state / "witness.key"), KeyType.COSIGNATURE)
    assert (running.hello["vkey"], running.hello["origins"]) == (key.format(), [ORIGIN])
    assert (state.stat().st_mode & 0o777, (state / "witness.key").stat().st_mode & 0o777) == (0o700, 0o600)
    assert cosigned(asked(running, "POST", "/add-checkpoint", HONEST.ask(0, 5))[2], HONEST.note(5), key)
    assert running.end(signal.SIGKILL)[0] == -signal.SIGKILL
    again = Running(state)
    assert again.hello["vkey"] == key.format()
    assert asked(again, "POST", "/add-checkpoint", HONEST.ask(0, 6))[2] == b"5\n"
    assert asked(again, "POST", "/add-checkpoint", HONEST.ask(5, 6))[0] == 200
    code, words = again.end()
    assert code == 0
    lines = [json.loads(line) for line in words.splitlines()]
    assert [line["status"] for line in lines if line["event"] == "answered"] == [409, 200]
    assert [(line["origin"], line["size"]) for line in lines if line["event"] == "cosigned"] == [(ORIGIN, 6)]


def test_the_command_ends_with_130_after_an_interrupt(tmp_path):
    code, words = Running(tmp_path / "w").end(signal.SIGINT)
    assert (code, "interrupted" in words) == (130, True)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--log-key", "nonsense+key"], 2, "--log-key is not a key"),
        (["--log-key", "/nowhere/ledger.vkey"], 2, "cannot be read"),
        (["--log-key", LOG_VKEY.format(), "--log-key", LOG_VKEY.format()], 2, "given twice"),
        (["--log-key", LOG_VKEY.format(), "--name", "a name"], 2, "--name"),
        (["--log-key", LOG_VKEY.format(), "--listen", "192.0.2.1"], 7, "cannot listen"),
        (["--log-key", LOG_VKEY.format(), "--listen", "not an address"], 7, "cannot listen"),
        (["--name", "x"], 2, "--log-key"),
    ],
)
def test_the_command_refuses_in_words(tmp_path, arguments, code, said):
    ended_with, words = ended(tmp_path / "w", *arguments)
    assert (ended_with, said in words, "Traceback" in words) == (code, True, False), words


def test_the_command_refuses_a_state_that_was_lost_or_is_another_witnesss(tmp_path):
    Running(tmp_path / "w").end()
    assert ended(tmp_path / "w", "--log-key", LOG_VKEY.format(), "--name", "renamed")[0] == 2
    running = Running(tmp_path / "w")
    assert ended(tmp_path / "w")[0] == 6
    running.end()
    (tmp_path / "w" / "witness.sqlite").unlink()
    code, words = ended(tmp_path / "w")
    assert (code, "lost its state" in words, "next: " in words) == (3, True, True)
    (tmp_path / "w" / "witness.key").unlink()
    assert ended(tmp_path / "w")[0] == 4
