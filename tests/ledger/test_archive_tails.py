"""What follows the archive's committed contents: a crash leaves whole entries, one cut short, or zeros; nothing else."""

import pytest
from ledgering import append, checked, failures, grown, opened, recorded

from casebus.ledger.archive import encode_archived
from casebus.ledger.record import encode_record
from casebus.ledger.report import Outcome

POLICE = "casebus.nz-police.events"
ENTRY = encode_archived(encode_record(recorded(POLICE, 99)))
SPOILT = ENTRY[:-1] + bytes([ENTRY[-1] ^ 1])

LEFT = [ENTRY, ENTRY * 3, ENTRY + ENTRY[:20], ENTRY[:5], ENTRY[:8], bytes(5), bytes(4096), ENTRY + bytes(100)]
HIDDEN = [b"something else that was hidden", SPOILT, ENTRY + SPOILT, ENTRY * 300, bytes(8) + b"x", bytes(2**25)]


@pytest.fixture(scope="module", params=[100, 256, 300])
def ledger(request, tmp_path_factory):
    root = tmp_path_factory.mktemp("tails") / "ledger"
    grown(root, [request.param])
    last = root / "records" / f"{request.param // 256:03d}"
    return root, last, last.read_bytes() if last.exists() else None


def restored(last, content):
    last.unlink(missing_ok=True)
    if content is not None:
        last.write_bytes(content)


@pytest.mark.parametrize("tail", LEFT, ids=len)
def test_what_a_crash_leaves_is_pending_and_counted(ledger, tail):
    root, last, content = ledger
    last.write_bytes((content or b"") + tail)
    report = checked(root)
    restored(last, content)
    assert report.outcome is Outcome.PENDING
    actual = next(check.actual for check in report.checks if check.name == "records")
    assert f"{len(tail)} bytes follow that no commit covers" in actual


@pytest.mark.parametrize("tail", HIDDEN, ids=len)
def test_anything_else_fails_by_name(ledger, tail):
    root, last, content = ledger
    last.write_bytes((content or b"") + tail)
    report = checked(root)
    restored(last, content)
    assert failures(report) == {"records"}


def test_the_next_start_cuts_the_tail_off(tmp_path):
    grown(tmp_path, [10])
    with (tmp_path / "records" / "000").open("ab") as file:
        file.write(ENTRY + ENTRY[:9])
    assert checked(tmp_path).outcome is Outcome.PENDING
    ledger = opened(tmp_path)
    append(ledger, POLICE, 1)
    ledger.close()
    assert checked(tmp_path).outcome is Outcome.UNWITNESSED
