"""The follower: rebuilds the ledger's tree from what the hub publishes, and compares every note with it.

Leaves are not signed one by one, so they are provisional until a note signed by the log covers them, and a leaf that
contradicts the bus or the topic's chain is only remembered. The contradiction stands when the log's signature commits to
it: a note over a tree that holds the leaf. A note whose root is another than the followed tree's contradicts only where
another signed note covers that tree; else somebody may have written leaves that are not the log's, and what stands on the
topic is searched for those that are. Where they are not there, the note cannot be followed, which is no evidence. A note
beyond what was followed, or that cannot be followed, waits until the leaves have come.

A ledger that goes on from a closed one takes over where that one ended. An agency believes it of its own topics only
where it has followed the closed one itself: else records of its own might be in no ledger at all, and it cosigns nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import structlog

from casebus.bus.log import Log, Recorded
from casebus.errors import VerificationFailed
from casebus.ledger.checkpoint import Checkpoint, open_checkpoint
from casebus.ledger.leaf import Chains, decode_leaf
from casebus.ledger.vkey import VerifierKey
from casebus.store.store import Remove, Save, Transaction, View
from casebus.witnessing.followed import (
    AGREED,
    FOLLOWED,
    WAITING,
    Followed,
    WaitingNote,
    agreed_in,
    followed_in,
    grown,
    root_at,
)
from casebus.witnessing.own_records import OwnRecords
from casebus.witnessing.refitting import refitted
from casebus.witnessing.topics import LEDGER_TOPIC, Entries

MOST_WAITING = 64
"""So many notes beyond the followed tree are kept; only the log can make one, and an honest log makes none."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A note, as bytes, and the record in which it was seen."""

    note: bytes
    topic: str
    position: int


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A note under the log's own key that does not fit the followed tree, and why."""

    reason: str
    seen: Seen
    checkpoint: Checkpoint
    followed: Followed
    root: bytes
    agreed: bytes
    """The note by which the log has signed the followed tree, or one that holds it."""


class Follower:
    """Follows one log. All state is in the transactions that it is handed."""

    def __init__(self, key: VerifierKey, own: OwnRecords, log: Log) -> None:
        self._key = key
        self._bus = log
        self._own = own
        self._log = structlog.get_logger()

    def followed(self, view: View) -> Followed:
        """Return how far the log was followed."""
        return followed_in(view, self._key.name)

    def grow(self, entries: Entries, where: Recorded, tx: Transaction) -> list[Contradiction]:
        """Take leaves that come next; those that were there before are passed over. Return what waiting notes then say.

        Raises:
            BusError: the agency's own records could not be compared; nothing is to be kept of the transaction.
        """
        before = self.followed(tx)
        if entries.start > before.size:
            self._ignore(where, "leaves that do not go on from what was followed")
            return []
        leaves = entries.leaves[before.size - entries.start :]
        if not leaves:
            return []
        after = grown(self._examined(before, leaves, tx), leaves, tx)
        tx.apply(Save(FOLLOWED, after))
        return self._look_at_waiting(after, tx)

    def _examined(self, followed: Followed, leaves: Sequence[bytes], view: View) -> Followed:
        """Walk the chains and compare with the bus, up to the first leaf that contradicts."""
        if followed.fault:
            return followed
        chains = followed.chains()
        for index, data in enumerate(leaves, start=followed.size):
            followed = self._with_doubt(followed, chains, data, view)
            fault = self._fault_of(index, data, chains)
            if fault:
                self._log.error("ledger_fault", index=index, reason=fault)
                return replace(followed.with_chains(chains), fault_at=index, fault=fault, fault_leaf=data.hex())
        return followed.with_chains(chains)

    def _with_doubt(self, followed: Followed, chains: Chains, data: bytes, view: View) -> Followed:
        """Note that an own topic begins later than where any ledger that was followed has ended."""
        if not chains.trusting or followed.unvouched:
            return followed
        try:
            leaf = decode_leaf(data)
        except VerificationFailed:
            return followed
        topic = self._own.names().get(leaf.topic_id)
        if topic is None or leaf.topic_id in chains.heads or leaf.previous is None:
            return followed
        if any(each.closed and each.head(leaf.topic_id) == leaf.previous for each in view.all(FOLLOWED)):
            return followed
        reason = f"it begins after position {leaf.previous} of {topic}, which is in no ledger that was followed here"
        self._log.error("ledger_unvouched", topic=topic, position=leaf.previous, reason=reason)
        return replace(followed, unvouched=reason)

    def _fault_of(self, index: int, data: bytes, chains: Chains) -> str:
        try:
            leaf = decode_leaf(data)
            chains.follow(index, leaf)
        except VerificationFailed as error:
            return error.what
        return self._own.fault_of(leaf)

    def compare(self, seen: Seen, tx: Transaction) -> Contradiction | None:
        """Compare a note with the followed tree, now or when the leaves have come; one by another key says nothing."""
        try:
            checkpoint = open_checkpoint(seen.note, self._key)
        except VerificationFailed as error:
            self._log.warning("note_ignored", topic=seen.topic, position=seen.position, reason=error.what)
            return None
        if not self._agrees(seen, checkpoint, tx) and checkpoint.size > agreed_in(tx, self._key.name).size:
            self._refit(seen, checkpoint, tx)
            if not self._agrees(seen, checkpoint, tx):
                self._keep_waiting(seen, checkpoint, tx)
                return None
        return self._contradiction(seen, checkpoint, tx)

    def can_follow(self, checkpoint: Checkpoint, view: View) -> bool:
        """Tell whether the tree of a checkpoint is the one that was followed."""
        followed = self.followed(view)
        return (
            not followed.unvouched
            and checkpoint.size <= followed.size
            and root_at(followed, checkpoint.size, view) == checkpoint.root
        )

    def _agrees(self, seen: Seen, checkpoint: Checkpoint, tx: Transaction) -> bool:
        """Compare a note's root; where it is the followed tree's, the log has signed that tree: remember it."""
        if not self.can_follow(checkpoint, tx):
            return False
        followed, agreed = self.followed(tx), agreed_in(tx, self._key.name)
        if checkpoint.size > agreed.size:
            agreed = replace(agreed, size=checkpoint.size, note=seen.note)
            if checkpoint.size == followed.size:
                # What goes on from here stands after the submission; of another topic's note that is not known.
                position = seen.position if seen.topic == LEDGER_TOPIC else agreed.position
                agreed = replace(agreed, base=followed, position=position)
            tx.apply(Save(AGREED, agreed))
        return True

    def _refit(self, seen: Seen, checkpoint: Checkpoint, tx: Transaction) -> None:
        """Fall back to what the log has signed, where other leaves after it lead to a note's root. Raises `BusError`."""
        if seen.topic != LEDGER_TOPIC:
            return
        agreed = agreed_in(tx, self._key.name)
        leaves = refitted(agreed.base, agreed.position, seen.position, checkpoint, self._bus)
        if leaves is None:
            return
        self._log.warning("leaves_replaced", index=agreed.base.size, topic=seen.topic, position=seen.position)
        tx.apply(Save(FOLLOWED, grown(self._examined(agreed.base, leaves, tx), leaves, tx)))

    def _contradiction(self, seen: Seen, checkpoint: Checkpoint, view: View) -> Contradiction | None:
        followed, agreed = self.followed(view), agreed_in(view, self._key.name)
        root = root_at(followed, checkpoint.size, view)
        if root != checkpoint.root:
            reason = f"the log signed another tree of {checkpoint.size} leaves than it published"
        elif followed.fault_at is not None and followed.fault_at < checkpoint.size:
            reason = f"the log signed the leaf of index {followed.fault_at}: {followed.fault}"
        else:
            return None
        return Contradiction(reason, seen, checkpoint, followed, root, agreed.note)

    def _keep_waiting(self, seen: Seen, checkpoint: Checkpoint, tx: Transaction) -> None:
        if sum(1 for _ in tx.all(WAITING)) < MOST_WAITING:
            tx.apply(Save(WAITING, WaitingNote(checkpoint.size, seen.note, seen.topic, seen.position)))
        else:
            self._log.warning("note_dropped", topic=seen.topic, position=seen.position)

    def _look_at_waiting(self, followed: Followed, tx: Transaction) -> list[Contradiction]:
        found: list[Contradiction] = []
        due = [waiting for waiting in tx.all(WAITING) if waiting.size <= followed.size]
        notes = [(w, Seen(w.note, w.topic, w.position), open_checkpoint(w.note, self._key)) for w in due]
        for _, seen, checkpoint in notes:
            self._agrees(seen, checkpoint, tx)
        signed = agreed_in(tx, self._key.name).size
        for waiting, seen, checkpoint in notes:
            # One beyond what the log has signed waits on: the leaves may be somebody else's.
            if checkpoint.size <= signed:
                tx.apply(Remove(WAITING, WAITING.key(waiting)))
                contradiction = self._contradiction(seen, checkpoint, tx)
                found += [contradiction] if contradiction else []
        return found

    def _ignore(self, where: Recorded, reason: str) -> None:
        self._log.warning("record_ignored", topic=where.topic, position=where.position, reason=reason)
