"""The hub's part: publishes leaves, puts each checkpoint to the witnesses, and takes in what they answer.

It is a second part of `audit_log`: what has no ledger to ask for has nothing to ask. Every note under the log's own
key that comes along is compared with the ledger: one that the ledger never was means that the key signs elsewhere, or
that this directory was put back from an older copy. Then nothing is signed any more, until people have looked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from casebus.bus.consume import Loop
from casebus.bus.log import Log, Record, Recorded
from casebus.bus.topic_identity import TopicIdentity
from casebus.clock import Clock
from casebus.errors import VerificationFailed
from casebus.ledger.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint
from casebus.ledger.note import parse_note
from casebus.ledger.policy import Policy
from casebus.ledger.read import read_bundle
from casebus.ledger.sequencer import Ledger
from casebus.ledger.submission import format_submission
from casebus.ledger.tile_tree import TileTree
from casebus.ledger.tree import TILE_WIDTH
from casebus.state import Concept
from casebus.store.store import Save, Store, Transaction
from casebus.witnessing.cosigning import Cosignatures
from casebus.witnessing.evidence import hub_evidence, keep_evidence
from casebus.witnessing.published import note_of, published_leaves
from casebus.witnessing.rounds import Rounds, Turn
from casebus.witnessing.topics import (
    ENTRIES_A_RECORD,
    LEDGER_TOPIC,
    Answered,
    Asked,
    Entries,
    entries_record,
    parse_answer_record,
    submission_record,
    witness_topic,
)

ASKING = "asking"
"""The consumer's name."""

RECORDS_A_STEP = 8
AT_REST_S = 1.0
"""While the ledger grows all the time, a round begins this often; else as soon as it rests."""

COSIGNED, STALE, LATER = 200, 409, 503


@dataclass(frozen=True, slots=True)
class WitnessStanding:
    """How a witness stands: what it cosigned last, and its answer (`status`) to the checkpoint text `answered`."""

    origin: str
    name: str
    size: int
    answered: str
    status: int


STANDINGS: Concept[WitnessStanding] = Concept(
    "witness_standings", WitnessStanding, lambda standing: f"{standing.origin}|{standing.name}"
)


class Asking:
    """The hub's side of witnessing. `directory` is the ledger's, `evidence` where contradictions are kept."""

    def __init__(
        self,
        ledger: Ledger,
        directory: Path,
        evidence: Path,
        policy: Policy,
        agencies: Sequence[str],
        log: Log,
        store: Store,
        clock: Clock,
    ) -> None:
        self._ledger = ledger
        self._directory = directory
        self._evidence = evidence
        self._bus = log
        self._store = store
        self._clock = clock
        self._log = structlog.get_logger()
        self._names = {witness_topic(name): name for name in policy.witnesses if name in agencies}
        self._cosignatures = Cosignatures(ledger, policy)
        self._rounds = self._restored()
        self._published: int | None = None
        self._tree = TileTree(directory, 0)
        self._asked_of = ledger.note
        self._last_text = ""
        self._began = clock.monotonic()
        topics = [LEDGER_TOPIC, *self._names]
        self._loop: Loop[Transaction] = Loop(ASKING, topics, log, store, self._take, TopicIdentity(ASKING, log, store))

    def _restored(self) -> Rounds:
        """Return the rounds as they stood: who has answered the published checkpoint is not asked again."""
        rounds = Rounds.of(self._names.values())
        with self._store.view() as view:
            for standing in view.all(STANDINGS):
                if standing.origin == self._ledger.vkey.name and standing.name in rounds.turns:
                    answered = "" if standing.status in (STALE, LATER) else standing.answered
                    rounds.turns[standing.name] = Turn(standing.size, answered)
        return rounds

    def step(self) -> int:
        """Take in answers, publish leaves, ask.

        Raises:
            VerificationFailed: the log's key has signed what this ledger never was.
            BusError, StoreError: to be tried again.
        """
        done = self._loop.step()
        self._begin_round()
        return done + self._publish() + self._ask()

    def idle(self) -> bool:
        """Tell whether the newest checkpoint was put to every witness, and every answer that is there was taken in.

        Who does not answer is not waited for.
        """
        return self._rounds.text == self._ledger.note.text and self._is_published() and self._loop.idle()

    def _begin_round(self) -> None:
        note, now = self._ledger.note, self._clock.monotonic()
        rests, self._last_text = note.text == self._last_text, note.text
        if (rests or now - self._began >= AT_REST_S) and self._rounds.may_begin(note.text, now):
            self._rounds.begin(note.text, now)
            self._cosignatures.begin(note)
            self._asked_of = note
            self._began = now

    # --- leaves

    def _is_published(self) -> bool:
        return self._published is not None and self._published >= self._round_size()

    def _round_size(self) -> int:
        return parse_checkpoint(self._asked_of.text).size if self._rounds.text else 0

    def _publish(self) -> int:
        """Publish the next leaves of the round's checkpoint; return how many records.

        After an error some may be on the bus: they are sent again, and readers pass over what they have.
        """
        if not self._rounds.text:
            return 0
        size = self._round_size()
        if self._published is None:
            # What somebody else put there is passed over, and so never makes a gap.
            self._published = published_leaves(
                self._bus,
                self._ledger.vkey.name,
                lambda found: found.end <= size and self._leaves(found.start, found.end, size) == found.leaves,
            )
        at = self._published
        records: list[Record] = []
        while at < size and len(records) < RECORDS_A_STEP:
            leaves = self._leaves(at, min(size, at + ENTRIES_A_RECORD), size)
            records.append(entries_record(self._ledger.vkey.name, Entries(at, leaves)))
            at += len(leaves)
        if records:
            self._bus.append(LEDGER_TOPIC, records)
        self._published = at
        return len(records)

    def _leaves(self, start: int, end: int, size: int) -> tuple[bytes, ...]:
        leaves: list[bytes] = []
        while start < end:
            number, within = divmod(start, TILE_WIDTH)
            bundle = read_bundle(self._directory, number, min(TILE_WIDTH, size - number * TILE_WIDTH))
            if bundle is None:
                raise VerificationFailed(f"the entry bundle of index {start} is missing.")
            leaves += bundle[within : within + end - start]
            start = number * TILE_WIDTH + len(bundle)
        return tuple(leaves)

    # --- asking

    def _ask(self) -> int:
        now = self._clock.monotonic()
        if not self._is_published():
            return 0
        records: list[Record] = []
        for name in self._rounds.due(now):
            old = self._rounds.turns[name].size
            if old > self._round_size():
                # Remembered from before: it is asked as if it had cosigned nothing, and says again where it stands.
                old = 0
            records.append(submission_record(self._ledger.vkey.name, Asked(name, self._submission(old))))
            self._rounds.asked(name, now)
        if records:
            self._bus.append(LEDGER_TOPIC, records)
        return len(records)

    def _submission(self, old: int) -> bytes:
        proof = self._grown_tree().consistency(old, self._round_size())
        return format_submission(old, proof, self._asked_of, self._ledger.vkey)

    def _grown_tree(self) -> TileTree:
        size = parse_checkpoint(self._ledger.note.text).size
        if self._tree.size != size:
            self._tree = TileTree(self._directory, size)
        return self._tree

    # --- answers

    def _take(self, recorded: Recorded, tx: Transaction) -> None:
        note = note_of(self._ledger.vkey.name, recorded)
        own = None if note is None else self._examined(note, recorded)
        name = self._names.get(recorded.topic)
        if name is None:
            return
        answered = parse_answer_record(self._ledger.vkey.name, recorded.record)
        if answered is None or (answered.status == COSIGNED and own is None):
            self._ignore(recorded, "not an answer")
        elif own is not None and note is not None:
            self._cosigned(name, note, own, recorded, tx)
        else:
            self._not_cosigned(name, answered, recorded, tx)

    def _examined(self, note: bytes, recorded: Recorded) -> Checkpoint | None:
        """Return the checkpoint of a note under our own key; None for any other note.

        Raises:
            VerificationFailed: this ledger never was what our key has signed there.
        """
        try:
            checkpoint = open_checkpoint(note, self._ledger.vkey)
        except VerificationFailed:
            return None
        tree, reason = self._grown_tree(), ""
        if checkpoint.size > tree.size:
            reason = f"our key signed {checkpoint.size} leaves, and this ledger has {tree.size}"
        elif tree.root(checkpoint.size) != checkpoint.root:
            reason = f"our key signed another tree of {checkpoint.size} leaves than this ledger's"
        if reason:
            self._stop(reason, note, recorded)
        return checkpoint

    def _stop(self, reason: str, note: bytes, recorded: Recorded) -> None:
        own = self._ledger.note
        content = hub_evidence(self._ledger.vkey.name, reason, recorded.topic, recorded.position, note, own)
        path = keep_evidence(self._evidence, content)
        self._log.error("ledger_contradiction", reason=reason, topic=recorded.topic, position=recorded.position)
        raise stopped_by(reason, path)

    def _cosigned(self, name: str, note: bytes, own: Checkpoint, recorded: Recorded, tx: Transaction) -> None:
        if not self._cosignatures.add(name, parse_note(note)):
            self._ignore(recorded, "no sound cosignature by this witness")
            return
        self._rounds.cosigned(name, own.format(), own.size)
        tx.apply(Save(STANDINGS, WitnessStanding(own.origin, name, own.size, own.format(), COSIGNED)))

    def _not_cosigned(self, name: str, answered: Answered, recorded: Recorded, tx: Transaction) -> None:
        text = answered.value[:200].decode("utf-8", "replace").strip()
        if answered.status == STALE and text.isascii() and text.isdigit() and len(text) <= 18:
            if int(text) <= self._round_size():
                # Asked again at once from where it stands; a second answer to one submission is no news.
                if not self._rounds.holds(name, int(text)):
                    self._stands(name, answered.status, tx)
                return
            # A mere claim, which must not stop the hub. Taken as its answer; each round asks again.
            self._log.error(
                "witness_ahead", topic=recorded.topic, reason=f"{name} says that it has cosigned {text} leaves"
            )
        self._log.warning("witness_refused", topic=recorded.topic, outcome=answered.status, reason=text)
        if answered.status != LATER:
            self._rounds.refused(name)
        self._stands(name, answered.status, tx)

    def _stands(self, name: str, status: int, tx: Transaction) -> None:
        origin, size = self._ledger.vkey.name, self._rounds.turns[name].size
        tx.apply(Save(STANDINGS, WitnessStanding(origin, name, size, self._rounds.text, status)))

    def _ignore(self, recorded: Recorded, reason: str) -> None:
        self._log.warning("record_ignored", topic=recorded.topic, position=recorded.position, reason=reason)


def stopped_by(reason: str, evidence: Path) -> VerificationFailed:
    """Return why nothing is signed any more."""
    return VerificationFailed(
        f"the ledger has stopped: {reason}.",
        unchanged="no further checkpoint is signed; the hub's other work goes on.",
        next_step=f"keep {evidence}, and find out where else the ledger's key is used. A log that signed two histories is "
        "over: begin another ledger, with a new origin and a new key.",
    )
