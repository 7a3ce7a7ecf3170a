"""What the ledger's tests share: a key, records, a ledger in a directory."""

import os
import random
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import casebus
from casebus.bus.log import Record, Recorded
from casebus.clock import FixedClock
from casebus.ledger.checkpoint import Checkpoint, sign_checkpoint
from casebus.ledger.cosignature import cosign
from casebus.ledger.files import Files
from casebus.ledger.report import Report
from casebus.ledger.sequencer import AppendLeaf, Ledger
from casebus.ledger.verify import verify
from casebus.ledger.vkey import verifier_key

NAME = "casebus.example/ledger"
PRIVATE = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
VKEY = verifier_key(NAME, PRIVATE).format()
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TOPICS = {"casebus.nz-police.events": b"\x0a" * 16, "casebus.uk-nca.events": b"\x0b" * 16}


def opened(directory: Path, files: Files | None = None) -> Ledger:
    return Ledger.open(directory, NAME, PRIVATE, FixedClock(NOW), files=files)


def recorded(topic: str, position: int) -> Recorded:
    headers = (("ce_id", b"%d" % position), ("ce_id", b"twice"))
    record = Record(b"key-%d" % (position % 7), b"value %d of " % position + topic.encode(), headers)
    return Recorded(topic, position, record, NOW + timedelta(milliseconds=position))


def final_note(origin: str = "casebus.example/before", size: int = 9) -> str:
    """Return the signed end of another ledger, as an opening quotes it."""
    return sign_checkpoint(Checkpoint(origin, size, bytes(32)), PRIVATE).format().decode()


def append(ledger: Ledger, topic: str, count: int, consumer: str = "audit_log") -> None:
    """Log the topic's next `count` records in one transaction, as the consume loop does."""
    with ledger.view() as view:
        start = view.position(consumer, topic)
    with ledger.transaction() as tx:
        tx.advance(consumer, topic, expected=start, to=start + count)
        for position in range(start, start + count):
            tx.apply(AppendLeaf(recorded(topic, position), TOPICS[topic]))


def grown(directory: Path, batches: Iterable[int]) -> None:
    """Make a ledger whose transactions have these sizes, the two topics in turn."""
    ledger = opened(directory)
    for turn, count in enumerate(batches):
        append(ledger, list(TOPICS)[turn % 2], count)
    ledger.close()


def checked(directory: Path, **options: object) -> Report:
    return verify(directory, VKEY, now=NOW, **options)


def failures(report: Report) -> set[str]:
    return {check.name for check in report.checks if not check.ok}


def environment() -> dict[str, str]:
    """Return what a child process needs to import the library and this module."""
    return os.environ | {"PYTHONPATH": f"{Path(casebus.__file__).parents[1]}:{Path(__file__).parent}"}


def append_for_ever(directory: Path) -> None:
    """What the killed child does: say that it is open, then log batches of uneven size, cosigned now and then."""
    draw = random.Random(os.getpid())
    ledger = opened(directory)
    os.write(1, b"open\n")
    while True:
        append(ledger, draw.choice(list(TOPICS)), draw.choice([1, 2, 7, 150, 400]))
        if draw.random() < 0.3:
            note = ledger.note
            ledger.add_cosignatures([cosign(note.text, "witness.example", PRIVATE, int(NOW.timestamp()))], note.text)
            ledger.keep_witnessed(ledger.note)


if __name__ == "__main__":
    append_for_ever(Path(sys.argv[1]))
