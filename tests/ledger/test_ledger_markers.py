"""Losses, closing and opening, as the sequencer writes them: in one commit, readable afterwards, and final."""

import shutil

import pytest
from ledgering import NAME, NOW, PRIVATE, TOPICS, append, checked, failures, grown, opened, recorded

from casebus.clock import FixedClock
from casebus.errors import Conflict, NotFound, VerificationFailed
from casebus.ledger.cosignature import cosign
from casebus.ledger.leaf import LeafKind
from casebus.ledger.marker import Closing, Loss, Opening, Sealing, decode_marker
from casebus.ledger.predecessor import read_predecessor
from casebus.ledger.read import LedgerReader
from casebus.ledger.report import Outcome
from casebus.ledger.sequencer import AppendLeaf, AppendLoss, Ledger
from casebus.ledger.verify import verify
from casebus.ledger.vkey import verifier_key

POLICE, NCA = TOPICS
NEXT_NAME = "casebus.example/ledger-2"


def lose(ledger, topic, last):
    with ledger.transaction() as tx:
        tx.apply(AppendLoss(TOPICS[topic], last, "the bus no longer has these positions"))


def marker_at(directory, index):
    reader = LedgerReader(directory)
    return decode_marker(reader.leaf(index), reader.content(index))


def test_a_loss_stands_in_the_topics_chain_and_the_next_record_follows_it(tmp_path):
    ledger = opened(tmp_path)
    append(ledger, POLICE, 3)
    with ledger.transaction() as tx:
        assert tx.next_position(TOPICS[POLICE]) == 3
        tx.apply(AppendLoss(TOPICS[POLICE], 6, "gone"))
        assert tx.next_position(TOPICS[POLICE]) == 7
        tx.apply(AppendLeaf(recorded(POLICE, 7), TOPICS[POLICE]))
    ledger.close()
    assert marker_at(tmp_path, 3) == Loss(3, 6, "gone")
    assert (LedgerReader(tmp_path).leaf(4).previous, LedgerReader(tmp_path).leaf(4).position) == (6, 7)
    assert checked(tmp_path).outcome is Outcome.UNWITNESSED
    opened(tmp_path).close()


def test_the_beginning_of_a_topic_may_be_lost(tmp_path):
    ledger = opened(tmp_path)
    lose(ledger, POLICE, 4)
    ledger.close()
    assert marker_at(tmp_path, 0) == Loss(0, 4, "the bus no longer has these positions")
    assert checked(tmp_path).outcome is Outcome.UNWITNESSED


def test_what_is_in_the_ledger_cannot_be_lost(tmp_path):
    ledger = opened(tmp_path)
    append(ledger, POLICE, 3)
    for last in (0, 2):
        with pytest.raises(VerificationFailed):
            lose(ledger, POLICE, last)
    with ledger.view() as view:
        assert view.size == 3
    ledger.close()


def test_readers_of_records_pass_markers_over_and_readers_of_entries_see_them(tmp_path):
    ledger = opened(tmp_path)
    append(ledger, POLICE, 300)
    lose(ledger, POLICE, 310)
    append(ledger, NCA, 5)
    ledger.close()
    reader = LedgerReader(tmp_path)
    assert [index for index, _ in reader.records(298)] == [298, 299, 301, 302, 303, 304, 305]
    kinds = [leaf.kind for _, leaf, _ in reader.entries(299, 303)]
    assert kinds == [LeafKind.RECORD, LeafKind.LOSS, LeafKind.RECORD, LeafKind.RECORD]
    assert reader.record(299) == recorded(POLICE, 299)
    with pytest.raises(NotFound):
        reader.record(300)


def closed(directory, batches=(5, 3)):
    grown(directory, batches)
    ledger = opened(directory)
    note = ledger.close_for_good("the year is over")
    ledger.close()
    return note


def test_a_closed_ledger_is_sealed_topic_by_topic_and_says_where_each_ends(tmp_path):
    note = closed(tmp_path)
    assert (tmp_path / "checkpoint").read_bytes() == note.format()
    assert LedgerReader(tmp_path).size == 8 + 3
    assert marker_at(tmp_path, 8) == Sealing(4, "the year is over")
    assert marker_at(tmp_path, 9) == Sealing(2, "the year is over")
    heads = {TOPICS[POLICE]: 4, TOPICS[NCA]: 2}
    assert marker_at(tmp_path, 10) == Closing(heads, NAME, "the year is over")
    assert checked(tmp_path).outcome is Outcome.UNWITNESSED


def test_nothing_follows_a_closing_and_the_error_says_how_to_begin_the_next(tmp_path):
    closed(tmp_path)
    ledger = opened(tmp_path)
    assert ledger.is_closed
    for attempt in (lambda: append(ledger, POLICE, 1), lambda: ledger.close_for_good("again")):
        with pytest.raises(Conflict) as caught:
            attempt()
        assert "ledger_continues" in caught.value.next_step
        assert "ledger_origin" in caught.value.next_step
    ledger.close()
    assert LedgerReader(tmp_path).size == 11


def test_an_empty_ledger_can_be_closed(tmp_path):
    closed(tmp_path, [])
    assert checked(tmp_path).outcome is Outcome.UNWITNESSED


def continued(directory, before, **options):
    return Ledger.open(
        directory, NEXT_NAME, PRIVATE, FixedClock(NOW), continues=lambda: read_predecessor(before), **options
    )


def verified(directory, **options):
    return verify(directory, verifier_key(NEXT_NAME, PRIVATE).format(), now=NOW, **options)


def test_the_next_ledger_opens_with_the_closed_ones_checkpoint_and_goes_on_where_it_ended(tmp_path):
    note = closed(tmp_path / "first")
    for turn in range(2):
        ledger = continued(tmp_path / "second", tmp_path / "first")
        with ledger.view() as view:
            assert (view.position("audit_log", POLICE), view.position("audit_log", NCA)) == (5 + 2 * turn, 3)
        append(ledger, POLICE, 2)
        ledger.close()
    opening = Opening(note.format().decode(), {TOPICS[POLICE]: 4, TOPICS[NCA]: 2}, NEXT_NAME)
    assert marker_at(tmp_path / "second", 0) == opening
    assert (LedgerReader(tmp_path / "second").leaf(1).previous, LedgerReader(tmp_path / "second").size) == (4, 5)
    assert verified(tmp_path / "second").outcome is Outcome.UNWITNESSED


def test_the_closed_ledger_that_is_given_must_be_the_one_that_the_opening_names(tmp_path):
    closed(tmp_path / "first")
    ledger = continued(tmp_path / "second", tmp_path / "first")
    append(ledger, POLICE, 2)
    ledger.close()
    report = verified(tmp_path / "second", predecessor=tmp_path / "first")
    assert (report.outcome, report.remarks) == (Outcome.UNWITNESSED, ())
    told = next(check.actual for check in report.checks if check.name == "topic_order")
    assert (
        f"begins at position 5 of topic {POLICE}, position 3 of topic {TOPICS[NCA].hex()}, after ledger {NAME} of 11"
        in told
    )
    assert "which was given, and ends so" in told
    closed(tmp_path / "other", (7, 3))
    grown(tmp_path / "open", [3])
    for name in ("other", "open", "nothing"):
        report = verified(tmp_path / "second", predecessor=tmp_path / name)
        assert [check.name for check in report.checks if not check.ok] == ["topic_order"]
    assert failures(checked(tmp_path / "first", predecessor=tmp_path / "other")) == {"topic_order"}


def test_a_closed_ledger_that_was_cosigned_since_is_still_the_one(tmp_path):
    note = closed(tmp_path / "first")
    continued(tmp_path / "second", tmp_path / "first").close()
    ledger = opened(tmp_path / "first")
    ledger.add_cosignatures([cosign(note.text, "w0", PRIVATE, 5)], note.text)
    ledger.close()
    assert verified(tmp_path / "second", predecessor=tmp_path / "first").outcome is Outcome.UNWITNESSED


def test_a_ledger_that_was_not_closed_or_was_changed_is_not_gone_on_from(tmp_path):
    grown(tmp_path / "open", [3])
    closed(tmp_path / "changed")
    tile = next(path for path in (tmp_path / "changed/tile/0/000.p").iterdir() if path.name == "11")
    tile.write_bytes(bytes(32) + tile.read_bytes()[32:])
    for name in ("open", "changed"):
        with pytest.raises(VerificationFailed):
            continued(tmp_path / "next", tmp_path / name)
    with pytest.raises(NotFound):
        continued(tmp_path / "next", tmp_path / "nothing")
    continued(tmp_path / "other", _closed_copy(tmp_path)).close()


def test_a_ledger_that_began_by_itself_does_not_go_on_from_another(tmp_path):
    closed(tmp_path / "first")
    ledger = Ledger.open(tmp_path / "second", NEXT_NAME, PRIVATE, FixedClock(NOW))
    append(ledger, POLICE, 2)
    ledger.close()
    with pytest.raises(Conflict):
        continued(tmp_path / "second", tmp_path / "first")


def _closed_copy(directory):
    closed(directory / "sound")
    shutil.copytree(directory / "sound", directory / "copy")
    return directory / "copy"


@pytest.mark.parametrize("name", ["records/000", "tile/entries/000.p/1"])
def test_an_opening_that_was_changed_fails_by_name(tmp_path, name):
    closed(tmp_path / "first")
    continued(tmp_path / "second", tmp_path / "first").close()
    path = tmp_path / "second" / name
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    assert verified(tmp_path / "second").outcome is Outcome.FAILED
    with pytest.raises(VerificationFailed):
        continued(tmp_path / "second", tmp_path / "first")
