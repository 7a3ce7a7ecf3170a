"""Real receivers on this machine: a webhook's web server, a mail server that speaks just enough SMTP; and a notifier at rest."""

import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from casebus.notifying.notifier import Notifier


@dataclass
class WebhookServer:
    """Keeps what was posted; answers with `status`, after `gate` was opened."""

    port: int = 0
    status: int = 200
    posted: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}/hook"


@contextmanager
def webhook_server() -> Iterator[WebhookServer]:
    """Serve until the end."""
    state = WebhookServer()
    state.gate.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            state.gate.wait(30)
            state.posted.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(state.status)
            self.send_header("location", "http://127.0.0.1:9/elsewhere")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield state
    finally:
        state.gate.set()
        server.shutdown()
        server.server_close()


@dataclass
class MailServer:
    """Keeps the messages that it took; `refuses` are recipients that it does not know."""

    port: int = 0
    taken: list[str] = field(default_factory=list)
    refuses: tuple[str, ...] = ()


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """Serve until the end."""
    state = MailServer()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.say("220 mail.example")
            while line := self.rfile.readline().decode().strip():
                word = line.upper()
                if word.startswith("RCPT") and any(each in line for each in state.refuses):
                    self.say("550 nobody here")
                elif word == "DATA":
                    self.say("354 go on")
                    state.taken.append(self.text())
                    self.say("250 taken")
                elif word == "QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("250 mail.example")

        def say(self, line: str) -> None:
            self.wfile.write(line.encode() + b"\r\n")

        def text(self) -> str:
            lines = []
            while (line := self.rfile.readline().decode()) not in (".\r\n", ""):
                lines.append(line)
            return "".join(lines)

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()


def settle(notifier: Notifier) -> None:
    """Step until nothing is due."""
    for _ in range(2000):
        if not notifier.step() and notifier.idle():
            return
        time.sleep(0.005)
    raise AssertionError("the notifier did not settle")
