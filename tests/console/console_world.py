"""One agency's console over a real data directory, with alerts that a test puts into its state."""

import atexit
import re
import shutil
import tempfile
import uuid
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from cases.case_builders import IA, NZ, UK, hit
from starlette.testclient import TestClient

from casebus.bus.log import Recorded, events_topic
from casebus.cases.alert import ALERTS, Alert, told, with_theirs
from casebus.cases.alert_feed import FeedEnd, end_of_feed, saved
from casebus.clock import Clock, FixedClock
from casebus.console.app import create
from casebus.desk.office import find_alert
from casebus.events.enumerations import ConflictOutcome, Overlap, Severity
from casebus.events.types import DataAccessed, DeconflictionHit, Payload
from casebus.installing import initialise
from casebus.layout import Layout
from casebus.roles import Installation
from casebus.settings import ConsoleSettings
from casebus.store.store import Store
from casebus.wire.ids import content_id
from casebus.wire.seal import Opener

__all__ = ["IA", "NZ", "UK"]

NOW = datetime.fromisoformat("2026-07-03T09:14:00+00:00")
OFFICER, LEAD, OPERATOR = "OCEANZ-17", "OCEANZ-02", "OCEANZ-OPS"
SETTINGS = ConsoleSettings(port=8470, training_login=True)
LOGINS = ("login", "logout", "denied: login")
_CSRF = re.compile(r'name="csrf" value="([^"]+)"')


@cache
def made_once() -> Path:
    """Return a training data directory to be copied: making one anew for each test would take most of its time."""
    folder = Path(tempfile.mkdtemp(prefix="casebus-console-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    initialise(folder / "data", training=True, now=NOW - timedelta(days=1))
    return folder / "data"


PAGES = (
    "/",
    "/check",
    "/children",
    "/directory",
    "/feeds",
    "/outcomes",
    "/referrals",
    "/welfare",
    "/preferences",
    "/help",
    "/accessibility",
)
"""Pages that need no alert."""


class World:
    """A training data directory and one agency's state in it."""

    def __init__(self, root: Path, agency: str = NZ, clock: Clock | None = None) -> None:
        if not root.exists():
            shutil.copytree(made_once(), root)
        self.clock = clock or FixedClock(NOW)
        self.agency = agency
        self.installation = Installation.open(Layout(root), self.clock)
        self.store: Store = self.installation.open_store(agency)

    def hold(self, *alerts: Alert) -> None:
        """Put alerts into the state, as the desk consumer would."""
        for alert in alerts:
            with self.store.transaction() as tx:
                for effect in saved(tx, alert):
                    tx.apply(effect)

    def hold_one_of_each(self) -> None:
        """Put in a routine, a high and an immediate alert, in this order, and a notice."""
        self.hold(
            self.alert("routine", severity=Severity.routine, partner=IA),
            self.alert("high", severity=Severity.high),
            self.alert("immediate", severity=Severity.immediate),
            self.alert("notice", overlap=Overlap.same_source_report),
        )

    def alert(self, name: str, minutes: float = 10, **more: Any) -> Alert:
        """Return an alert that was raised so many minutes ago."""
        return told(self.agency, self.hit(name, **more), None, self.clock.now() - timedelta(minutes=minutes))

    def hit(self, name: str, **more: Any) -> DeconflictionHit:
        """Return what the hub tells of an alert, as its defaults or otherwise."""
        return hit(conflict_id=content_id("conflict", name), **more)

    def kept(self, alert: Alert) -> Alert:
        """Return an alert as it stands now."""
        with self.store.view() as view:
            found = view.get(ALERTS, alert.conflict_id)
        assert found is not None
        return found

    def feed_end(self) -> FeedEnd:
        """Return the place of the last change of an alert."""
        with self.store.view() as view:
            return end_of_feed(view)

    def partner_does(self, alert: Alert, outcome: ConflictOutcome | None = None) -> None:
        """Let the partner's answer arrive: an outcome, or an acknowledgement. It has seen what this side has."""
        now = self.kept(alert)
        said = now.they_said.resolved(outcome, now.shown) if outcome else now.they_said.acknowledged(now.shown)
        self.hold(with_theirs(now, said))

    def events(self) -> list[Payload]:
        """Return what waits in the outbox, opened as its readers will."""
        opener = Opener(self.installation.schemas, self.installation.directory)
        with self.store.view() as view:
            rows = view.outbox(limit=10_000)
        topic = events_topic(self.agency)
        at = self.clock.now()
        return [opener.open(Recorded(topic, r.sequence, r.record, at)).event.payload for r in rows]

    def readings(self) -> list[DataAccessed]:
        """Return the consultations on record, without the logins before them."""
        return [each for each in self.accesses() if each.resource not in LOGINS]

    def accesses(self) -> list[DataAccessed]:
        """Return the consultations and logins on record."""
        return [each for each in self.events() if isinstance(each, DataAccessed)]

    def browser(self, officer: str | None = OFFICER, settings: ConsoleSettings = SETTINGS) -> "Browser":
        """Return a browser at this console, logged in as an officer."""
        app, parts = create(self.installation, self.agency, settings)
        client = TestClient(app, base_url=settings.address, follow_redirects=False, raise_server_exceptions=False)
        browser = Browser(client, parts)
        if officer:
            browser.log_in(officer)
        return browser


class Browser:
    """What a browser without scripts does: opens pages and sends their forms."""

    def __init__(self, client: TestClient, parts: Any) -> None:
        self.client = client
        self.parts = parts

    def log_in(self, officer: str) -> Any:
        """Log in by name."""
        page = self.client.get("/login")
        return self.client.post("/login", data={"officer": officer, "csrf": csrf_of(page.text)})

    def get(self, path: str, **more: Any) -> Any:
        """Open a page."""
        return self.client.get(path, **more)

    def send(self, path: str, form: dict[str, Any] | None = None, page: str = "/help", **more: Any) -> Any:
        """Send a form as a page that was made now would: with its login's token, a command of its own, and the version
        of the alert that it is about.
        """
        made = {"csrf": csrf_of(self.client.get(page).text), "command": str(uuid.uuid4())}
        with self.parts.door.store() as store, store.view() as view:
            found = find_alert(view, path.split("/")[2]) if path.startswith("/alerts/") else None
        if found is not None:
            made["version"] = str(found.version)
        return self.client.post(path, data=made | (form or {}), **more)


def csrf_of(page: str) -> str:
    """Return the token of the first form on a page."""
    found = _CSRF.search(page)
    assert found, "the page has no form"
    return found[1]


def unlisted(world: World, officer: str) -> None:
    """Take an officer off the list of the agency."""
    path = world.installation.role(world.agency).officers
    text = path.read_text(encoding="utf-8")
    blocks = text.split("[[officers]]")
    path.write_text("[[officers]]".join(b for b in blocks if f'"{officer}"' not in b), encoding="utf-8")
