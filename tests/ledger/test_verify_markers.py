"""What verification says about known losses, sealed topics, a closing and an opening; and what it refuses of them."""

from dataclasses import replace

import pytest
from foreign_ledger import written
from ledgering import NAME, TOPICS, checked, failures, final_note, opened, recorded

from casebus.errors import VerificationFailed
from casebus.ledger import marker, walk
from casebus.ledger.leaf import Leaf, LeafKind, record_leaf, whole_leaf
from casebus.ledger.marker import Closing, Loss, Opening, Sealing, encode_marker, marker_hash
from casebus.ledger.record import encode_record, hash_record
from casebus.ledger.report import Outcome
from casebus.ledger.sequencer import AppendLeaf
from casebus.ledger.transaction import AppendLoss

POLICE, NCA = TOPICS
ONE, TWO = TOPICS.values()


def said(report, name):
    return next(check.actual for check in report.checks if check.name == name)


class Forger:
    """Leaves and contents as somebody with the true key may put them together."""

    def __init__(self):
        self.leaves, self.contents = [], []

    def record(self, topic, position, previous):
        content = encode_record(recorded(topic, position))
        return self.add(record_leaf(TOPICS[topic], position, previous, hash_record(content)), content)

    def marker(self, kind, marker, topic_id=ONE, position=0, previous=None):
        content = encode_marker(marker)
        leaf = Leaf(kind, topic_id, position, previous, marker_hash(content))
        if kind in (LeafKind.OPENING, LeafKind.CLOSING):
            leaf = whole_leaf(kind, marker_hash(content))
        return self.add(leaf, content)

    def add(self, leaf, content):
        self.leaves.append(leaf.encode())
        self.contents.append(content)
        return self

    def failures(self, tmp_path):
        """Return what fails besides the journal, which a forger of a whole directory would write as well."""
        directory = written(tmp_path / "forged", self.leaves, self.contents)
        return failures(checked(directory)) - {"journal"}


def test_an_ordinary_ledger_has_so_many_topics_and_no_known_loss(tmp_path):
    ledger = opened(tmp_path)
    with ledger.transaction() as tx:
        tx.apply(AppendLeaf(recorded(POLICE, 0), ONE))
        tx.apply(AppendLeaf(recorded(NCA, 0), TWO))
    ledger.close()
    assert said(checked(tmp_path), "topic_order") == "so for 2 topics; no known loss"


def test_losses_are_counted_and_a_closed_ledger_says_so(tmp_path):
    ledger = opened(tmp_path)
    with ledger.transaction() as tx:
        tx.apply(AppendLoss(ONE, 4, "retention"))
        tx.apply(AppendLeaf(recorded(POLICE, 5), ONE))
        tx.apply(AppendLoss(ONE, 6, "retention"))
        tx.apply(AppendLeaf(recorded(NCA, 0), TWO))
    ledger.close_for_good("end of year")
    ledger.close()
    report = checked(tmp_path)
    assert report.outcome is Outcome.UNWITNESSED
    told = "so for 2 topics; known losses: 2, of 6 positions; sealed topics: 2; the ledger is closed"
    assert said(report, "topic_order") == told


def test_a_ledger_that_goes_on_from_a_closed_one_starts_at_its_heads(tmp_path):
    opening = Opening(final_note(), {ONE: 41}, NAME)
    sound = Forger().marker(LeafKind.OPENING, opening).record(POLICE, 42, 41).record(NCA, 0, None)
    assert sound.failures(tmp_path / "sound") == set()
    for position, previous in [(0, None), (41, 40), (43, 41), (43, 42)]:
        forged = Forger().marker(LeafKind.OPENING, opening).record(POLICE, position, previous)
        assert forged.failures(tmp_path / f"{position}-{previous}") == {"topic_order"}


@pytest.mark.parametrize(
    ("forged", "check"),
    [
        (Forger().record(POLICE, 0, None).marker(LeafKind.OPENING, Opening(final_note(), {}, NAME)), "topic_order"),
        (Forger().marker(LeafKind.OPENING, Opening(final_note(), {}, "other.example")), "records"),
        (Forger().marker(LeafKind.CLOSING, Closing({}, NAME, "x")).record(POLICE, 0, None), "topic_order"),
        (Forger().marker(LeafKind.CLOSING, Closing({}, "other.example", "x")), "records"),
        (Forger().record(POLICE, 0, None).marker(LeafKind.CLOSING, Closing({ONE: 1}, NAME, "x")), "records"),
        (
            Forger().record(POLICE, 0, None).marker(LeafKind.SEALING, Sealing(0, "x"), ONE, 1, 0).record(POLICE, 1, 0),
            "topic_order",
        ),
        (Forger().record(POLICE, 0, None).marker(LeafKind.SEALING, Sealing(7, "x"), ONE, 1, 0), "records"),
        (Forger().record(POLICE, 0, None).marker(LeafKind.LOSS, Loss(2, 4, "x"), ONE, 4, 0), "records"),
        (Forger().record(POLICE, 0, None).marker(LeafKind.LOSS, Loss(1, 4, "x"), ONE, 4, 2), "topic_order"),
        (Forger().record(POLICE, 0, None).marker(LeafKind.LOSS, Loss(1, 4, "x"), ONE, 4, 0), None),
    ],
)
def test_markers_that_contradict_their_place_are_refused_by_name(tmp_path, forged, check):
    assert forged.failures(tmp_path) >= ({check} if check else set())
    assert bool(forged.failures(tmp_path)) == (check is not None)


def test_a_gap_between_two_swept_ranges_is_told(tmp_path):
    """600 leaves of one topic; the checkpoint that is given puts a border between the first and the second bundle."""
    for gap in (0, 1):
        forged = Forger()
        for index in range(600):
            position = index + (gap if index >= 256 else 0)
            forged.record(POLICE, position, None if not index else position - 1)
        directory = written(tmp_path / f"gap-{gap}", forged.leaves, forged.contents)
        older = written(tmp_path / f"older-{gap}", forged.leaves[:256])
        report = checked(directory, since=(older / "checkpoint").read_bytes())
        assert failures(report) == ({"journal", "topic_order"} if gap else {"journal"})
        if gap:
            order = next(check for check in report.checks if check.name == "topic_order")
            assert order.expected == "the leaf at index 256 is its topic's next"


def ordinary(count, *, changed=lambda index, leaf, content: (leaf, content)):
    """Return a forger with the first `count` records of one topic, some of them changed: the first bundle is swept."""
    forged = Forger()
    for index in range(count):
        content = encode_record(recorded(POLICE, index))
        leaf = record_leaf(ONE, index, index - 1 if index else None, hash_record(content))
        forged.add(*changed(index, leaf, content))
    return forged


@pytest.mark.parametrize("at", [1, 100, 255, 299])
@pytest.mark.parametrize(
    ("change", "check"),
    [
        (lambda leaf: replace(leaf, position=leaf.position + 1), "topic_order"),
        (lambda leaf: replace(leaf, position=leaf.position + 1, previous=leaf.position), "topic_order"),
        (lambda leaf: replace(leaf, position=leaf.position - 1, previous=leaf.position - 2), "topic_order"),
        (lambda leaf: replace(leaf, previous=None), "topic_order"),
        (lambda leaf: replace(leaf, content_hash=bytes(32)), "records"),
    ],
)
def test_one_leaf_that_is_wrong_in_a_sound_tree_is_told(tmp_path, at, change, check):
    def changed(index, leaf, content):
        # The doubled position of the second leaf would be a negative one: any wrong previous does there.
        wrong = change(leaf) if index != 1 or change(leaf).previous != -1 else replace(leaf, position=0, previous=None)
        return (wrong if index == at else leaf), content

    assert check in ordinary(300, changed=changed).failures(tmp_path)


@pytest.mark.parametrize("at", [0, 100, 299])
def test_an_archive_that_holds_another_sound_record_is_told(tmp_path, at):
    other = encode_record(recorded(POLICE, 7777))
    forged = ordinary(300, changed=lambda index, leaf, content: (leaf, other if index == at else content))
    assert forged.failures(tmp_path) == {"records"}


@pytest.mark.parametrize("at", [100, 299])
def test_a_topic_id_that_stands_for_two_names_is_told(tmp_path, at):
    content = encode_record(recorded(NCA, at))
    other = record_leaf(ONE, at, at - 1, hash_record(content))
    forged = ordinary(300, changed=lambda index, leaf, own: (other, content) if index == at else (leaf, own))
    assert forged.failures(tmp_path) == {"records"}


@pytest.mark.parametrize(
    ("index", "offset", "byte", "check"),
    [(100, 25, 2, "leaf_format"), (0, 33, 1, "leaf_format"), (100, 0, 9, "leaf_format"), (100, 0, 4, "records")],
)
def test_a_leaf_that_is_not_canonical_or_of_another_kind_is_told(tmp_path, index, offset, byte, check):
    """The flag of a previous position; a previous position without it; a kind that is none; a record called a loss."""
    forged = ordinary(300)
    leaf = bytearray(forged.leaves[index])
    leaf[offset] = byte
    forged.leaves[index] = bytes(leaf)
    assert check in forged.failures(tmp_path)


@pytest.mark.parametrize("ending", ["sealed", "closed"])
def test_a_whole_swept_bundle_after_an_end_is_told(tmp_path, monkeypatch, ending):
    monkeypatch.setattr(walk, "SWEPT_BUNDLES", 1)
    forged = ordinary(255)
    if ending == "sealed":
        forged.marker(LeafKind.SEALING, Sealing(254, "x"), ONE, 255, 254)
    else:
        forged.marker(LeafKind.CLOSING, Closing({ONE: 254}, NAME, "x"))
    for position in range(255, 255 + 256):
        forged.record(POLICE, position, position - 1)
    assert "topic_order" in forged.failures(tmp_path)


@pytest.mark.parametrize("at", [1, 100, 255, 256, 280])
def test_a_gap_that_the_later_leaves_agree_on_is_told(tmp_path, at):
    def changed(index, leaf, content):
        if index < at:
            return leaf, content
        return replace(leaf, position=index + 1, previous=index if index > at else at - 1), content

    assert "topic_order" in ordinary(300, changed=changed).failures(tmp_path)


@pytest.mark.parametrize("at", [100, 299])
def test_an_archived_record_that_hashes_to_its_leaf_but_is_not_canonical_is_told(tmp_path, at):
    def changed(index, leaf, content):
        longer = content + b"\0"
        return (replace(leaf, content_hash=hash_record(longer)), longer) if index == at else (leaf, content)

    assert ordinary(300, changed=changed).failures(tmp_path) == {"records"}


NOT_AN_END = [
    "there never was such a ledger",
    final_note(NAME),
    final_note(size=0),
    final_note().replace("before\n", "other\n", 1),
    final_note() + "\n",
    final_note().replace("\n9\n", "\n09\n"),
]


@pytest.mark.parametrize("text", NOT_AN_END)
def test_an_opening_that_names_no_signed_end_of_another_ledger_is_refused(tmp_path, monkeypatch, text):
    with pytest.raises(VerificationFailed):
        encode_marker(Opening(text, {ONE: 2}, NAME))
    with monkeypatch.context() as forging:
        forging.setattr(marker, "_check_opening", lambda opening: None)
        forged = Forger().marker(LeafKind.OPENING, Opening(text, {ONE: 2}, NAME)).record(POLICE, 3, 2)
    assert "records" in forged.failures(tmp_path)


def test_what_begins_at_an_opening_says_where_and_on_what_the_rest_rests(tmp_path):
    opening = Opening(final_note(), {ONE: 2}, NAME)
    forged = Forger().marker(LeafKind.OPENING, opening).record(POLICE, 3, 2)
    report = checked(written(tmp_path / "forged", forged.leaves, forged.contents))
    told = said(report, "topic_order")
    assert f"begins at position 3 of topic {POLICE}, after ledger casebus.example/before of 9 leaves" in told
    assert told.split("; ")[1].endswith("it was not given")
    (remark,) = report.remarks
    assert "casebus.example/before" in remark
    assert "remarks" not in report.as_row()
