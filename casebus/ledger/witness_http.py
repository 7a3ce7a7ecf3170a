"""A witness's HTTP listener (c2sp.org/tlog-witness, v1.0.0): who may ask is anybody, so every resource is bounded.

    POST /add-checkpoint                      a submission; the answers of `casebus.ledger.witness_rules`
    GET  /<hex sha256(origin)>/checkpoint     the note cosigned last, for monitors; 404 before the first

Also 404 another path, 405 another method, 400 a bad length, 408 too slow, 411 no length (or chunked), 413 too long,
414 and 431 too long a head, 503 too many at once. One request a connection. There is no TLS: a machine that faces the
internet puts a proxy in front of it.
"""

import socket
import sys
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedReader
from threading import BoundedSemaphore
from typing import Any, cast

import structlog

from casebus.clock import Clock
from casebus.errors import CasebusError, Unavailable
from casebus.ledger.bounded_reader import BoundedReader, TooLong, TooSlow
from casebus.ledger.submission import MAX_SUBMISSION_BYTES
from casebus.ledger.witness import Witness
from casebus.ledger.witness_marks import origin_hash
from casebus.ledger.witness_rules import TEXT_TYPE, Answer, say

SUBMIT_PATH = "/add-checkpoint"
MAX_LINE_BYTES = 4_096
MAX_HEAD_BYTES = 16_384
MAX_CONNECTIONS = 64
REQUEST_SECONDS = 10.0
"""For a whole request, head and body: one that drips byte by byte holds its thread no longer than this."""

_LINGER_SECONDS = 1.0
_MAX_LINGER_BYTES = 1_048_576
_BUSY = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class WitnessServer(ThreadingHTTPServer):
    """Listens from its making on; `serve_forever` answers. Port 0 takes any free one: see `address`."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, witness: Witness, host: str, port: int, clock: Clock, seconds: float = REQUEST_SECONDS) -> None:
        """Raise `Unavailable` when the address cannot be listened on. `seconds` bounds each request."""
        self.witness = witness
        self.clock = clock
        self.seconds = seconds
        self.log = structlog.get_logger()
        self.monitored = {f"/{origin_hash(origin)}/checkpoint": origin for origin in witness.origins}
        self._slots = BoundedSemaphore(MAX_CONNECTIONS)
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            super().__init__((host, port), _Handler)
        except (OSError, OverflowError) as error:
            raise Unavailable(
                f"the witness cannot listen on {host}, port {port}: {error}",
                next_step="name another port or address; port 0 takes any that is free.",
            ) from error

    @property
    def address(self) -> str:
        """Return the URL prefix under which it answers."""
        host, port = str(self.server_address[0]), self.server_address[1]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def server_bind(self) -> None:
        """Bind without asking a name server for this machine's name, which the base class does and may wait for."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread of its own, or at once with 503 when all are taken."""
        if self._slots.acquire(blocking=False):
            super().process_request(request, client_address)
            return
        self.log.warning("answered", status=503, reason="too many connections at once")
        with suppress(OSError):
            request.setblocking(False)
            request.send(_BUSY)
        self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer, and free the place."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._slots.release()

    def handle_error(self, _request: Any, _client_address: Any) -> None:
        """Log the kind of an error alone: a client that went away, or a bug of ours."""
        kind = sys.exc_info()[0]
        self.log.error("request_failed", error_type="" if kind is None else kind.__name__)


class _Handler(BaseHTTPRequestHandler):
    """One connection, one request."""

    protocol_version = "HTTP/1.1"
    server_version = "casebus-witness"
    sys_version = ""

    def setup(self) -> None:
        super().setup()
        self._witness_server = cast("WitnessServer", self.server)
        clock, seconds = self._witness_server.clock, self._witness_server.seconds
        self._bounded = BoundedReader(self.connection, clock.monotonic, seconds, MAX_HEAD_BYTES)
        self.rfile = BufferedReader(self._bounded)
        self._answered = self._read_all = False

    def handle(self) -> None:
        self.close_connection = True
        # Until the first line is parsed, an answer needs these.
        self.command, self.request_version, self.requestline = "", self.protocol_version, ""
        try:
            self._handle()
        except TooSlow:
            self._send(say(408, "the request did not come in time."))
        except TooLong:
            self._send(say(431, "the request's head is too long."))
        except ConnectionError:
            return
        if self._answered and not self._read_all:
            self._linger()

    def _handle(self) -> None:
        self.raw_requestline = self.rfile.readline(MAX_LINE_BYTES + 1)
        if not self.raw_requestline:
            return
        if len(self.raw_requestline) > MAX_LINE_BYTES:
            self._send(say(414, "the request's first line is too long."))
        elif self.parse_request():
            self._send(self._route())

    def _route(self) -> Answer:
        if self.path == SUBMIT_PATH:
            return self._submit() if self.command == "POST" else self._wrong_method("POST")
        origin = self._witness_server.monitored.get(self.path)
        if origin is None:
            return say(404, "there is nothing under this path.")
        return self._monitor(origin) if self.command == "GET" else self._wrong_method("GET")

    def _wrong_method(self, allowed: str) -> Answer:
        return say(405, f"this path is for {allowed}.")

    def _submit(self) -> Answer:
        if "Transfer-Encoding" in self.headers or "Content-Length" not in self.headers:
            return say(411, "a submission comes with its length, in one piece.")
        lengths = self.headers.get_all("Content-Length", [])
        digits = lengths[0].strip()
        if len(lengths) > 1 or not (digits.isascii() and digits.isdigit()):
            return say(400, "the length is not one decimal number.")
        if len(digits) > 9 or int(digits) > MAX_SUBMISSION_BYTES:
            return say(413, f"a submission is at most {MAX_SUBMISSION_BYTES} bytes.")
        if "Expect" in self.headers:
            self.send_response_only(HTTPStatus.CONTINUE)
            self.end_headers()
        self._bounded.allow(int(digits))
        body = self.rfile.read(int(digits))
        if len(body) < int(digits):
            return say(400, "the submission is shorter than its length says.")
        self._read_all = True
        return self._witness_server.witness.add_checkpoint(body)

    def _monitor(self, origin: str) -> Answer:
        try:
            note = self._witness_server.witness.latest(origin)
        except CasebusError:
            return say(503, "this witness cannot read its state at the moment.")
        if note is None:
            return say(404, "this witness has not cosigned a checkpoint of this log yet.")
        return Answer(200, TEXT_TYPE, note.format())

    def _send(self, answer: Answer) -> None:
        if self._answered:
            return
        self._answered = True
        self._note(answer)
        # A head that is no HTTP leaves "HTTP/0.9" here, and with it an answer without a status.
        self.request_version = self.protocol_version
        self.connection.settimeout(self._witness_server.seconds)
        with suppress(OSError):
            self.send_response_only(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
            self.send_header("Connection", "close")
            if answer.status == HTTPStatus.METHOD_NOT_ALLOWED:
                self.send_header("Allow", "POST" if self.path == SUBMIT_PATH else "GET")
            self.end_headers()
            self.wfile.write(b"" if self.command == "HEAD" else answer.body)

    def _note(self, answer: Answer) -> None:
        """Write a line about the answer: our own words, nothing of what the client sent."""
        words = "" if answer.status == HTTPStatus.OK else answer.body.decode().strip()
        self._witness_server.log.info("answered", status=answer.status, reason=words)

    def _linger(self) -> None:
        """Take what the client still sends, for a moment: to close at once would reset it, and the answer with it."""
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(_LINGER_SECONDS)
            taken = 0
            while taken < _MAX_LINGER_BYTES and (data := self.connection.recv(65_536)):
                taken += len(data)

    def handle_expect_100(self) -> bool:
        """Wait with "100 Continue" until the length has been looked at."""
        return True

    def send_error(self, code: int, _message: str | None = None, _explain: str | None = None) -> None:
        """Answer what the base class finds wrong with the head, in words of ours instead of a page."""
        self._send(say(int(code), f"{HTTPStatus(code).phrase}."))
