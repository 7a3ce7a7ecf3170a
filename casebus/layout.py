"""Where everything lies under one data directory (DESIGN.md §9). Paths only; nothing is read or written here."""

from dataclasses import dataclass
from pathlib import Path

HUB = "hub"


@dataclass(frozen=True, slots=True)
class RoleLayout:
    """The directory of one role: an agency's own, the only place with clear data, or the hub's."""

    directory: Path
    code: str

    @property
    def state(self) -> Path:
        """The embedded Store."""
        return self.directory / "state.sqlite"

    @property
    def log(self) -> Path:
        """What the role's processes say, one JSON object a line."""
        return self.directory / "log.jsonl"

    @property
    def officers(self) -> Path:
        """Who may act at an agency's desk, and as what."""
        return self.directory / "officers.toml"

    @property
    def spool(self) -> Path:
        """Where documents come in and inbox events go out."""
        return self.directory / "spool"

    @property
    def keys(self) -> Path:
        """Where the role's private keys lie."""
        return self.directory / "keys"

    def key(self, name: str) -> Path:
        """One of the role's keys: signing, token, id, witness, encryption; for the hub signing, ledger, id."""
        return self.keys / f"{name}.key"

    def lock(self, component: str) -> Path:
        """What a running component holds, so that there is one of it."""
        return self.directory / "locks" / f"{component}.lock"

    def stopped(self, component: str) -> Path:
        """What a component leaves that has stopped for good (`casebus.node`), until it is started again."""
        return self.lock(component).with_suffix(".stopped")

    @property
    def witness(self) -> Path:
        """What an agency's witness remembers, and the evidence that it found."""
        return self.directory / "witness"

    @property
    def evidence(self) -> Path:
        """Contradictions under the ledger's own key: at an agency its witness's, at the hub its own."""
        return (self.directory if self.code == HUB else self.witness) / "evidence"

    @property
    def ledger(self) -> Path:
        """The ledger's public directory (the hub's)."""
        return self.directory / "ledger"

    @property
    def ledger_vkey(self) -> Path:
        """The key against which the ledger is verified, one line in C2SP form."""
        return self.directory / "ledger.vkey"

    @property
    def policy(self) -> Path:
        """Which witnesses must have cosigned (tlog-policy)."""
        return self.directory / "policy.txt"


@dataclass(frozen=True, slots=True)
class Layout:
    """One data directory."""

    root: Path

    @property
    def settings(self) -> Path:
        """`casebus.toml`."""
        return self.root / "casebus.toml"

    @property
    def directory(self) -> Path:
        """`directory.toml`: agencies, desks, public keys, agreements."""
        return self.root / "directory.toml"

    @property
    def bus(self) -> Path:
        """The embedded Log, one file per topic."""
        return self.root / "bus"

    def role(self, code: str) -> RoleLayout:
        """The directory of an agency or the hub."""
        return RoleLayout(self.root / HUB if code == HUB else self.root / "agencies" / code, code)
