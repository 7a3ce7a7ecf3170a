"""A real Chromium at a console that is really served, watched for what must never happen."""

import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from console.console_world import NZ, OFFICER, World
from playwright.sync_api import Browser, BrowserContext, Page
from real_parts import require_or_skip

from casebus.console import serving
from casebus.console.assets import is_styled
from casebus.settings import ConsoleSettings

ROOT = Path(__file__).parents[2]
AXE = ROOT / "node_modules/axe-core/axe.min.js"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WATCH = """
document.addEventListener("securitypolicyviolation", (event) => window.__violation(`${event.violatedDirective} ${event.blockedURI}`));
"""


def chromium() -> str:
    """Return where Chromium is. The test skips where it, or the console's assets, are missing; in CI it fails."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        require_or_skip("browser", "Chromium is not installed (Debian: apt-get install chromium fonts-dejavu)")
    if not is_styled() or not AXE.exists():
        require_or_skip("browser", "the console's assets are not there (tools/fetch_assets.py, needs npm)")
    return path


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def served(world: World, port: int | None = None, agency: str = NZ) -> Iterator[str]:
    """Serve a console; yield its address."""
    settings = ConsoleSettings(port=port or free_port(), training_login=True)
    console = serving.served(world.installation, agency, settings)
    try:
        yield settings.address
    finally:
        console.close()


class Window:
    """A browser of one officer's. What it asked of others, what its policy refused and what went wrong is kept."""

    def __init__(self, browser: Browser, address: str, **more: Any) -> None:
        self.address = address
        self.context: BrowserContext = browser.new_context(base_url=address, **more)
        self.violations: list[str] = []
        self.outside: list[str] = []
        self.errors: list[str] = []
        self.context.expose_binding("__violation", lambda _, words: self.violations.append(words))
        self.context.add_init_script(WATCH)
        self.context.on("request", lambda request: self._asked(request.url))
        self.context.on("weberror", lambda error: self.errors.append(str(error.error)))
        self.page: Page = self.context.new_page()
        self.page.on("console", lambda message: self._said(message.type, message.text))

    def _asked(self, url: str) -> None:
        if urlsplit(url).netloc != urlsplit(self.address).netloc:
            self.outside.append(url)

    def _said(self, kind: str, text: str) -> None:
        # A connection that is refused, or lost, is what some tests are about; the browser and htmx say so by themselves.
        expected = ("the server responded with a status of", "net::ERR_", "htmx:sse:error")
        if kind == "error" and not any(words in text for words in expected):
            self.errors.append(text)

    def log_in(self, officer: str = OFFICER) -> Page:
        """Log in by name, with the mouse."""
        self.page.goto("/login")
        self.page.get_by_label(officer).check()
        self.page.get_by_role("button", name="Log in").click()
        self.page.wait_for_url(f"{self.address}/")
        return self.page

    def close(self) -> None:
        """Close it, and see that nothing happened in it that must never happen."""
        self.context.close()
        assert self.violations == [], f"the content security policy refused something of our own: {self.violations}"
        assert self.outside == [], f"a page asked something of another machine: {self.outside}"
        assert self.errors == [], f"something went wrong in a page: {self.errors}"


def axe_finds(page: Page) -> list[str]:
    """Return what axe finds on a page: the rule, and where."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(
        """() => axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })
            .then((result) => result.violations.map((each) => each.id + ": " + each.nodes.map((node) => node.target + " " + node.failureSummary).join(" | ")))"""
    )
    return list(found)
