"""The sequencer: transactions, positions, restarts, refusals."""

import os
import shutil

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from ledgering import NAME, NOW, PRIVATE, TOPICS, VKEY, append, checked, failures, grown, opened, recorded

from casebus.clock import FixedClock
from casebus.errors import Conflict, NotFound, StalePosition, VerificationFailed
from casebus.ledger import journal
from casebus.ledger.leaf import record_leaf
from casebus.ledger.read import LedgerReader
from casebus.ledger.record import encode_record, record_hash
from casebus.ledger.report import Outcome
from casebus.ledger.sequencer import AppendLeaf, Ledger
from casebus.ledger.tiles import bundles_of, tiles_of

POLICE, NCA = TOPICS


def contents(directory):
    return {path.relative_to(directory): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_an_empty_directory_becomes_an_empty_ledger_that_verifies(tmp_path):
    ledger = opened(tmp_path / "ledger")
    assert ledger.vkey.format() == VKEY
    ledger.close()
    report = checked(tmp_path / "ledger")
    assert (report.outcome, report.size) == (Outcome.UNWITNESSED, 0)


def test_leaves_positions_and_records_are_read_back_after_a_restart(tmp_path):
    grown(tmp_path, [3, 1, 300, 250])
    ledger = opened(tmp_path)
    with ledger.view() as view:
        assert (view.position("audit_log", POLICE), view.position("audit_log", NCA)) == (303, 251)
        assert view.position("other", POLICE) == 0
        assert view.size == 554
    ledger.close()
    reader = LedgerReader(tmp_path)
    records = list(reader.records())
    assert [index for index, _ in records] == list(range(554))
    assert records[553][1] == recorded(NCA, 250) == reader.record(553)
    assert reader.leaf(3) == record_leaf(TOPICS[NCA], 0, None, record_hash(recorded(NCA, 0)))
    assert reader.leaf(553) == record_leaf(TOPICS[NCA], 250, 249, record_hash(recorded(NCA, 250)))
    assert [index for index, _ in reader.records(250, 260)] == list(range(250, 260))
    with pytest.raises(NotFound):
        reader.record(554)


def test_the_public_files_are_exactly_those_of_the_specification(tmp_path):
    grown(tmp_path, [200, 400, 13])
    there = {str(path) for path in contents(tmp_path) if path.parts[0] == "tile"}
    needed = {name.path for name in (*tiles_of(613), *bundles_of(613))}
    assert needed <= there
    stale = {"tile/0/002.p/88", "tile/entries/002.p/88"}
    assert there - needed == stale, "versions for earlier checkpoints stay until the full tile is there"


def test_a_transaction_that_fails_leaves_no_trace(tmp_path):
    ledger = opened(tmp_path)
    append(ledger, POLICE, 5)
    before = contents(tmp_path)

    def handler_with_a_bug():
        with ledger.transaction() as tx:
            tx.advance("audit_log", POLICE, expected=5, to=6)
            tx.apply(AppendLeaf(recorded(POLICE, 5), TOPICS[POLICE]))
            assert tx.position("audit_log", POLICE) == 6
            raise RuntimeError

    with pytest.raises(RuntimeError):
        handler_with_a_bug()
    assert contents(tmp_path) == before
    append(ledger, POLICE, 1)
    ledger.close()


def test_an_empty_transaction_writes_nothing(tmp_path):
    ledger = opened(tmp_path)
    append(ledger, POLICE, 1)
    before = contents(tmp_path)
    with ledger.transaction() as tx:
        tx.advance("audit_log", POLICE, expected=1, to=1)
    assert contents(tmp_path) == before
    ledger.close()


def test_a_position_moves_without_a_leaf(tmp_path):
    ledger = opened(tmp_path)
    with ledger.transaction() as tx:
        tx.advance("other", POLICE, expected=0, to=9)
    ledger.close()
    ledger = opened(tmp_path)
    with ledger.view() as view:
        assert (view.position("other", POLICE), view.size) == (9, 0)
    ledger.close()
    assert checked(tmp_path).outcome is Outcome.UNWITNESSED


def test_a_stale_position_stops_the_transaction(tmp_path):
    ledger = opened(tmp_path)
    append(ledger, POLICE, 2)
    with pytest.raises(StalePosition), ledger.transaction() as tx:
        tx.advance("audit_log", POLICE, expected=1, to=2)
    ledger.close()


@pytest.mark.parametrize("positions", [[1], [0, 0], [0, 2], [0, 1, 0]])
def test_a_hole_a_double_or_a_step_back_is_not_logged(tmp_path, positions):
    ledger = opened(tmp_path)

    def log_them():
        with ledger.transaction() as tx:
            for position in positions:
                tx.apply(AppendLeaf(recorded(POLICE, position), TOPICS[POLICE]))

    with pytest.raises(VerificationFailed):
        log_them()
    with ledger.view() as view:
        assert view.size == 0
    ledger.close()


def test_a_topic_made_again_begins_anew_under_its_new_id(tmp_path):
    ledger = opened(tmp_path)
    append(ledger, POLICE, 3)
    with ledger.transaction() as tx:
        tx.apply(AppendLeaf(recorded(POLICE, 0), b"\x0c" * 16))
    ledger.close()
    assert checked(tmp_path).outcome is Outcome.UNWITNESSED


def test_a_second_sequencer_is_refused_until_the_first_is_gone(tmp_path):
    first = opened(tmp_path)
    clock = FixedClock(NOW)
    with pytest.raises(Conflict):
        Ledger.open(tmp_path, NAME, PRIVATE, clock)
    assert (clock.at - NOW).total_seconds() >= 5
    first.close()
    opened(tmp_path).close()


def test_another_key_or_name_is_refused(tmp_path):
    grown(tmp_path, [3])
    other = Ed25519PrivateKey.from_private_bytes(b"\x02" * 32)
    for name, key in [(NAME, other), ("other.example/ledger", PRIVATE)]:
        with pytest.raises(VerificationFailed):
            Ledger.open(tmp_path, name, key, FixedClock(NOW))
    with pytest.raises(VerificationFailed):
        Ledger.open(tmp_path / "new", "a name with spaces", PRIVATE, FixedClock(NOW))


def test_a_journal_that_is_behind_the_checkpoint_is_refused(tmp_path):
    grown(tmp_path, [3])
    segment = (tmp_path / "journal" / "00000001").read_bytes()
    grown(tmp_path, [4])
    (tmp_path / "journal" / "00000001").write_bytes(segment)
    with pytest.raises(VerificationFailed):
        opened(tmp_path)
    assert failures(checked(tmp_path)) == {"journal"}


def test_a_journal_damaged_anywhere_is_refused_and_nothing_is_changed(tmp_path):
    grown(tmp_path, [3, 2, 5])
    path = tmp_path / "journal" / "00000001"
    whole = path.read_bytes()
    for at in range(0, len(whole), 7):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
        before = contents(tmp_path)
        with pytest.raises(VerificationFailed):
            opened(tmp_path)
        assert contents(tmp_path) == before
    path.write_bytes(whole)
    opened(tmp_path).close()


@pytest.mark.parametrize("name", ["tile/0/000.p/10", "tile/entries/000.p/10"])
def test_a_tile_that_differs_from_the_journal_stops_the_start(tmp_path, name):
    grown(tmp_path, [3, 2, 5])
    data = bytearray((tmp_path / name).read_bytes())
    data[-1] ^= 1
    (tmp_path / name).write_bytes(data)
    with pytest.raises(VerificationFailed):
        opened(tmp_path)


@pytest.mark.parametrize("name", ["tile", "checkpoint", "records", "journal"])
def test_what_is_lost_is_derived_again_or_the_start_is_refused(tmp_path, name):
    grown(tmp_path, [300])
    path = tmp_path / name
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    if name != "tile":
        with pytest.raises(VerificationFailed):
            opened(tmp_path)
    else:
        opened(tmp_path).close()
        assert checked(tmp_path).outcome is Outcome.UNWITNESSED


def test_records_beyond_the_last_leaf_are_cut_off_on_a_restart(tmp_path):
    grown(tmp_path, [250])
    whole = contents(tmp_path)
    with (tmp_path / "records" / "000").open("ab") as file:
        file.write(b"\0\0\0\x20half a record")
    (tmp_path / "records" / "001").write_bytes(b"more")
    assert checked(tmp_path).outcome is Outcome.PENDING
    opened(tmp_path).close()
    assert contents(tmp_path) == whole


def test_a_journal_rolls_drops_old_segments_and_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr(journal, "SEGMENT_BYTES", 20_000)
    for _ in range(3):
        ledger = opened(tmp_path)
        for _ in range(8):
            append(ledger, POLICE, 100)
            append(ledger, NCA, 11)
        ledger.close()
        assert checked(tmp_path).outcome is Outcome.UNWITNESSED
    segments = sorted(os.listdir(tmp_path / "journal"))
    assert len(segments) == 2
    assert segments[0] > "00000002"
    assert LedgerReader(tmp_path).size == 24 * 111


def test_a_directory_rolled_back_as_a_whole_opens_and_only_an_older_checkpoint_tells(tmp_path):
    grown(tmp_path / "ledger", [5])
    shutil.copytree(tmp_path / "ledger", tmp_path / "backup")
    grown(tmp_path / "ledger", [5])
    noted = (tmp_path / "ledger" / "checkpoint").read_bytes()
    opened(tmp_path / "backup").close()
    assert checked(tmp_path / "backup").outcome is Outcome.UNWITNESSED
    assert failures(checked(tmp_path / "backup", since=noted)) == {"since"}
    grown(tmp_path / "backup", [1, 4, 7])
    assert failures(checked(tmp_path / "backup", since=noted)) == {"since"}


def test_a_leaf_takes_less_than_120_bytes_of_the_disk_beyond_its_record(tmp_path):
    count = 20_480
    ledger = opened(tmp_path)
    for _ in range(count // 1024):
        append(ledger, POLICE, 1024)
    ledger.close()
    own = sum(len(encode_record(recorded(POLICE, position))) for position in range(count))
    by_kind = dict.fromkeys(("tile", "records", "journal"), 0)
    for path, data in contents(tmp_path).items():
        by_kind[path.parts[0]] = by_kind.get(path.parts[0], 0) + len(data)
    assert by_kind["records"] == own + 8 * count
    # Entries 68, hashes 32; partial tiles that are not collected yet weigh the less the more leaves there are.
    assert by_kind["tile"] < 102 * count
    # The journal is bounded: what it takes of a leaf is counted in a ledger of a million.
    journals = 2 * (journal.SEGMENT_BYTES + 1024 * 68 + 20_000)
    assert by_kind["journal"] < journals
    assert by_kind["tile"] / count + 8 + journals / 1_000_000 < 120
