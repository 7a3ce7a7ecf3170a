"""A ledger told leaf by leaf: what is missing, damaged, lost or not accepted is told in its place, never passed over."""

from contextlib import closing
from pathlib import Path

import pytest
from auditing.audited import CONSUMER, log, many
from ledger.ledgering import NAME, NOW, PRIVATE
from wire.network import DIRECTORY

from casebus.auditing.ledger_walk import Entry, LedgerWalk, Marked, Missing, Told
from casebus.auditing.replaying import Asked, Replaying
from casebus.bus.log import Record, Recorded
from casebus.clock import FixedClock
from casebus.ledger.marker import Closing, Loss, Sealing
from casebus.ledger.sequencer import AppendLeaf, AppendLoss, Ledger

NCA, NCA_ID = "casebus.uk-nca.events", b"\x0b" * 16
COUNT = 5


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """Five events of NZ Police; then the NCA's position 0, a loss up to 3, position 4; closed."""
    directory = tmp_path / "ledger"
    log(directory, many(COUNT))
    with closing(Ledger.open(directory, NAME, PRIVATE, FixedClock(NOW))) as opened:
        with opened.transaction() as tx:
            tx.advance(CONSUMER, NCA, expected=0, to=5)
            tx.apply(AppendLeaf(Recorded(NCA, 0, Record(b"k", b"no event"), NOW), NCA_ID))
            tx.apply(AppendLoss(NCA_ID, 3, "retention\x1b was too short"))
            tx.apply(AppendLeaf(Recorded(NCA, 4, Record(b"k", b"no event"), NOW), NCA_ID))
        opened.close_for_good("moved")
    return directory


def walk(ledger: Path, *, keys: bool = True, start: int = 0) -> list[Entry]:
    return list(LedgerWalk(ledger, DIRECTORY if keys else None).entries(start))


def damage(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def archived(ledger: Path) -> Path:
    (found,) = (path for path in (ledger / "records").rglob("*") if path.is_file())
    return found


def test_every_leaf_is_told_as_what_it_is(ledger: Path) -> None:
    entries = walk(ledger)
    assert [entry.index for entry in entries] == list(range(len(entries)))
    assert all(isinstance(e, Told) and e.received for e in entries[:COUNT])
    refused, lost = entries[COUNT], entries[COUNT + 1]
    assert isinstance(refused, Told)
    assert refused.refused is not None
    assert refused.facts.summary.startswith("a record that was not accepted")
    assert isinstance(lost, Marked)
    assert (lost.topic, lost.marker) == (NCA, Loss(1, 3, "retention\x1b was too short"))
    kinds = [type(e.marker) for e in entries[COUNT + 3 :] if isinstance(e, Marked)]
    assert kinds == [Sealing, Sealing, Closing]


def test_without_keys_a_record_says_what_its_bytes_say(ledger: Path) -> None:
    first = walk(ledger, keys=False)[0]
    assert isinstance(first, Told)
    assert (first.received, first.refused, first.facts.type) == (None, None, "TipWithdrawn")


@pytest.mark.parametrize("at", [20, 900])
def test_one_damaged_record_is_told_and_the_others_are_too(ledger: Path, at: int) -> None:
    damage(archived(ledger), at)
    entries = walk(ledger)
    (missing,) = (e for e in entries if isinstance(e, Missing))
    assert missing.leaf is not None
    assert len(entries) == len(walk(ledger)) == COUNT + 6
    assert sum(isinstance(e, Told) for e in entries) == COUNT + 1


def test_an_archive_that_is_gone_leaves_every_leaf_told(ledger: Path) -> None:
    archived(ledger).unlink()
    entries = walk(ledger)
    assert all(isinstance(e, Missing) for e in entries)
    assert [e.index for e in entries] == list(range(COUNT + 6))


def test_a_bundle_that_is_gone_leaves_every_index_told(ledger: Path) -> None:
    for path in (ledger / "tile" / "entries").rglob("*"):
        if path.is_file():
            path.unlink()
    entries = walk(ledger)
    assert [(e.index, e.leaf) for e in entries if isinstance(e, Missing)] == [(n, None) for n in range(COUNT + 6)]


def test_markers_are_rows_only_when_asked_for_and_a_loss_is_told_anyhow(ledger: Path) -> None:
    plain = Replaying(LedgerWalk(ledger, DIRECTORY), Asked(), rebuild=True)
    rows = list(plain.rows())
    assert len(rows) == COUNT + 2
    assert plain.short.losses == [
        f"{NCA} positions 1 to 3 were lost before they were read: retention\ufffd was too short"
    ]
    assert (plain.short.gaps, plain.short.missing) == ([], 0)
    marked = list(Replaying(LedgerWalk(ledger, DIRECTORY), Asked(markers=True), rebuild=False).rows())
    assert [row["index"] for row in marked] == list(range(COUNT + 6))
    assert [row["type"] for row in marked if row not in rows] == [
        "marker:loss",
        "marker:sealing",
        "marker:sealing",
        "marker:closing",
    ]
    assert all("\x1b" not in row["summary"] for row in marked)


def test_a_viewer_is_told_nothing_of_other_topics_not_even_that_something_is_missing(ledger: Path) -> None:
    damage(archived(ledger), 900)
    seen = Replaying(LedgerWalk(ledger, DIRECTORY), Asked(viewer="uk-nca", markers=True), rebuild=False)
    assert {row["topic"] for row in seen.rows()} == {NCA}
    assert seen.short.missing == 0


def test_unread_records_are_counted_where_content_is_asked_for(ledger: Path) -> None:
    from casebus.cases.event_filter import EventFilter

    asked = Replaying(LedgerWalk(ledger, DIRECTORY), Asked(EventFilter(types=("TipWithdrawn",))), rebuild=False)
    assert len(list(asked.rows())) == COUNT
    assert asked.short.unread == 2
