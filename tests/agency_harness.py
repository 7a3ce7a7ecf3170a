"""One agency's node in parts, for tests: a real spool, Store and adapter, with the published training keys."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hub_harness import NZ, sealer

from casebus import keys
from casebus.bus.consumer import Role
from casebus.bus.outbox import Publisher
from casebus.discovery import adapter_of
from casebus.events.envelope import Event
from casebus.intake.adapter import Adapter, Document, Draft
from casebus.intake.drafting import Drafting
from casebus.intake.records import OWN_RECORDS, TAKEN, OwnRecord, Taken
from casebus.intake.restating import Restating
from casebus.intake.spool import Spool
from casebus.intake.taking import Taking
from casebus.matching.tokens import Tokeniser
from casebus.roles import concepts_of
from casebus.store.sqlite import SqliteStore
from casebus.store.store import Store


def drafting_of(agency: str = NZ, *, id_label: str | None = None, epochs: Sequence[int] = (1,)) -> Drafting:
    id_key = keys.training_secret(id_label or f"id/{agency}")
    token_keys = {epoch: keys.training_secret("token" if epoch == 1 else f"token-{epoch}") for epoch in epochs}
    return Drafting(agency, adapter_of(agency).region, id_key, Tokeniser(token_keys))


class Scripted:
    """An adapter that says what a test tells it: `name` of a document to its drafts."""

    def __init__(self, agency: str = NZ) -> None:
        self.agency = agency
        self.region = "NZ"
        self.says: dict[bytes, list[Draft]] = {}
        self.translated: list[str] = []

    def translate(self, document: Document) -> list[Draft]:
        self.translated.append(document.name)
        return self.says[document.content]


class Agency:
    """The adapter component with what it stands on. `wrap` may put something around the Store."""

    def __init__(
        self,
        root: Path,
        *,
        agency: str = NZ,
        adapter: Adapter | None = None,
        wrap: Callable[[Store], Store] = lambda store: store,
        spool: type[Spool] = Spool,
    ) -> None:
        self.root = root
        self.code = agency
        self.adapter = adapter or adapter_of(agency)
        self.spool = spool(root / "spool")
        self.store: Store = SqliteStore(root / "agency.sqlite", concepts_of(Role.agency))
        self._wrap = wrap
        self.start((1,))

    def start(self, epochs: Sequence[int]) -> None:
        """Put the adapter component together, as a start of the node with these token keys does."""
        drafting, store = drafting_of(self.code, epochs=epochs), self._wrap(self.store)
        shared = self.adapter, drafting, self.spool, store, Publisher(sealer(self.code))
        self.taking, self.restating = Taking(*shared), Restating(*shared)

    def offer(self, name: str, content: bytes) -> Path:
        """Hand a document over, as an agency's own system does: under another name, then renamed."""
        path = self.root / "spool" / "in" / name
        part = path.parent / ".offered"
        part.write_bytes(content)
        part.rename(path)
        return path

    def settle(self) -> None:
        while self.taking.step():
            pass

    def names(self, folder: str) -> list[str]:
        """Return the names in a folder of the spool, reports included, what is hidden not."""
        return sorted(p.name for p in (self.root / "spool" / folder).iterdir() if not p.name.startswith("."))

    def report(self, name: str, folder: str = "done") -> dict[str, Any]:
        found = json.loads((self.root / "spool" / folder / f"{name}.report.json").read_text())
        assert isinstance(found, dict)
        return found

    def outbox(self) -> list[str]:
        """Return the ids of the events that were published, in order."""
        with self.store.view() as view:
            return [row.event_id for row in view.outbox(limit=1000)]

    def records(self) -> list[OwnRecord]:
        with self.store.view() as view:
            return list(view.all(OWN_RECORDS))

    def taken(self) -> list[Taken]:
        with self.store.view() as view:
            return list(view.all(TAKEN))

    def stands(self) -> dict[str, Any]:
        """Return all that a disturbed run must end with, as an undisturbed one does."""
        folders = {folder: self.names(folder) for folder in ("in", "done", "refused")}
        reports = {
            name: (self.root / "spool" / folder / name).read_text()
            for folder, names in folders.items()
            for name in names
            if name.endswith(".report.json")
        }
        unfiled = [taken.document for taken in self.taken() if not taken.filed]
        return {
            "folders": folders,
            "reports": reports,
            "outbox": self.outbox(),
            "records": self.records(),
            "taken": len(self.taken()),
            "unfiled": unfiled,
        }

    def close(self) -> None:
        self.store.close()


Make = Callable[..., Agency]
"""Makes an agency that has taken one document for each draft, under the first key: `0.json` for the first."""


def scripted(agency: Agency) -> Scripted:
    """Return the agency's adapter, to tell it what a document says."""
    assert isinstance(agency.adapter, Scripted)
    return agency.adapter


class Known:
    """The own records as a drafting session sees them: what `draft` made stands for the next."""

    def __init__(self, drafting: Drafting) -> None:
        self._drafting = drafting
        self.records: dict[str, OwnRecord] = {}

    def draft(self, *drafts: Draft) -> Sequence[Event]:
        """Draft in order; return the events of all."""
        events: list[Event] = []
        for draft in drafts:
            drafted = self._drafting.draft(draft, self.records.get)
            events += drafted.events
            if drafted.record is not None:
                self.records[drafted.record.record_id] = drafted.record
        return events
