"""What a verification says: numbered checks, and one of four outcomes."""

from dataclasses import asdict, dataclass
from enum import IntEnum, StrEnum
from typing import Any


class Step(IntEnum):
    """The numbered procedure. Code, command, console and docs use these numbers and (in lower case) these names."""

    CHECKPOINT_FORMAT = 1
    CHECKPOINT_SIGNATURE = 2
    WITNESSES = 3
    ENTRIES = 4
    TILES = 5
    ROOT = 6
    LEAF_FORMAT = 7
    TOPIC_ORDER = 8
    RECORDS = 9
    JOURNAL = 10
    SINCE = 11
    STRAY_FILES = 12


class Outcome(StrEnum):
    """What the checks add up to. Only `failed` means that something is wrong."""

    VERIFIED = "verified"
    """Whole, and a quorum of witnesses has seen this checkpoint."""
    UNWITNESSED = "unwitnessed"
    """Whole; against its own operator it proves nothing: a rollback or a fork by the true key shows only against an
    older checkpoint (`since`) or a witness."""
    PENDING = "pending"
    """Whole, and the end waits: for a checkpoint, as after a crash, or for a quorum that has cosigned an older one."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Check:
    """One step's answer, in words for people. A step that could not be reached has none."""

    step: int
    name: str
    ok: bool
    expected: str
    actual: str


@dataclass(frozen=True, slots=True)
class Report:
    """The answer. `root` is base64; size and root are None when no checkpoint could be read.

    `remarks` are for people: what the outcome does not speak of. They repeat what the checks say.
    """

    outcome: Outcome
    size: int | None
    root: str | None
    checks: tuple[Check, ...]
    remarks: tuple[str, ...] = ()

    def as_row(self) -> dict[str, Any]:
        """Return the contract's form (DESIGN.md §9)."""
        row = asdict(self)
        del row["remarks"]
        return row


class Findings:
    """Collects the steps' answers; a step's first failure stays."""

    def __init__(self) -> None:
        self._found: dict[IntEnum, Check] = {}

    def note(self, step: IntEnum, ok: bool, expected: str, actual: str) -> bool:
        """Record an answer, unless the step has failed already. Returns `ok`."""
        before = self._found.get(step)
        if before is None or before.ok:
            self._found[step] = Check(int(step), step.name.lower(), ok, expected, actual)
        return ok

    def fail(self, step: IntEnum, expected: str, actual: str) -> None:
        """Record a failure."""
        self.note(step, False, expected, actual)

    @property
    def failed(self) -> bool:
        """Tell whether any step has failed."""
        return any(not check.ok for check in self._found.values())

    def checks(self) -> tuple[Check, ...]:
        """Return the answers in the procedure's order."""
        return tuple(self._found[step] for step in sorted(self._found))
