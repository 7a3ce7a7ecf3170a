"""What one commit of the ledger will hold, gathered before anything is written: leaves, contents, positions."""

from collections.abc import Mapping
from dataclasses import dataclass

from casebus.bus.log import Recorded
from casebus.errors import StalePosition, VerificationFailed
from casebus.ledger.leaf import Chains, Leaf, LeafKind, record_leaf, whole_leaf
from casebus.ledger.marker import Closing, Loss, Marker, Opening, Sealing, encode_marker, marker_hash
from casebus.ledger.predecessor import Predecessor
from casebus.ledger.record import encode_record, hash_record
from casebus.ledger.state import LedgerState


@dataclass(frozen=True, slots=True)
class AppendLeaf:
    """The effect of logging a record: its bytes go to the archive, its leaf to the tree. `topic_id` is the Log's."""

    recorded: Recorded
    topic_id: bytes


@dataclass(frozen=True, slots=True)
class AppendLoss:
    """The effect of logging that a topic's positions from its head up to `last` are not on the bus any more."""

    topic_id: bytes
    last: int
    reason: str


class LedgerView:
    """What can be read: the ledger at its last commit."""

    def __init__(self, state: LedgerState) -> None:
        self._state = state

    def position(self, consumer: str, topic: str) -> int:
        """Return the position that this consumer reads next; 0 at first."""
        return self._state.positions.get((consumer, topic), 0)

    @property
    def size(self) -> int:
        """Return how many leaves there are."""
        return self._state.edge.size

    @property
    def root(self) -> bytes:
        """Return the root over all leaves."""
        return self._state.edge.root()


class LedgerTransaction(LedgerView):
    """What will be written, all of it together.

    Its own writes are visible in `position` and `next_position`, not in `size` and `root`.
    """

    def __init__(self, state: LedgerState) -> None:
        super().__init__(state)
        self.positions: dict[tuple[str, str], int] = {}
        self.leaves: list[bytes] = []
        self.contents: list[bytes] = []
        self._chains: Chains = state.chains.copy()

    def position(self, consumer: str, topic: str) -> int:
        """Return the position that this consumer reads next, after what this transaction did."""
        own = self.positions.get((consumer, topic))
        return super().position(consumer, topic) if own is None else own

    def next_position(self, topic_id: bytes) -> int:
        """Return the position of the topic's next leaf, after what this transaction did."""
        return self._chains.heads.get(topic_id, -1) + 1

    def advance(self, consumer: str, topic: str, *, expected: int, to: int) -> None:
        """Move a position by compare-and-set. Raises `StalePosition` when it is not `expected`: a second instance."""
        actual = self.position(consumer, topic)
        if actual != expected:
            raise StalePosition(f"{consumer} on {topic} is at {actual}, not at {expected}: another instance moved it.")
        assert to >= expected, "bug: a position never goes back"
        if to != expected:
            self.positions[consumer, topic] = to

    def apply(self, effect: AppendLeaf | AppendLoss) -> None:
        """Log a record, or a loss.

        Raises:
            VerificationFailed: it is not its topic's next: a record is missing on the bus, doubled or out of order.
        """
        if isinstance(effect, AppendLoss):
            loss = Loss(self.next_position(effect.topic_id), effect.last, effect.reason)
            self._append_marker(LeafKind.LOSS, effect.topic_id, effect.last, loss)
            return
        recorded, head = effect.recorded, self._chains.heads.get(effect.topic_id)
        encoded = encode_record(recorded)
        leaf = record_leaf(effect.topic_id, recorded.position, head, hash_record(encoded))
        try:
            self._append(leaf, encoded)
        except VerificationFailed as error:
            raise VerificationFailed(
                f"{recorded.topic}: position {recorded.position} came after {'none' if head is None else head}.",
                unchanged="nothing was logged: a ledger with a hole would show a complete topic.",
                next_step="find out why the bus no longer has the record, or has it twice; do not skip it.",
            ) from error

    def close(self, origin: str, reason: str) -> None:
        """Seal every topic, and say that nothing follows."""
        heads = dict(self._chains.heads)
        for topic_id in sorted(heads.keys() - self._chains.sealed):
            last = heads[topic_id]
            self._append_marker(LeafKind.SEALING, topic_id, last + 1, Sealing(last, reason))
        self._append_whole(LeafKind.CLOSING, Closing(heads, origin, reason))

    def open_after(self, predecessor: Predecessor, origin: str) -> None:
        """Say, as the very first leaf, which closed ledger this one goes on from; take over its heads and positions."""
        self._append_whole(LeafKind.OPENING, Opening(predecessor.note, predecessor.heads, origin))
        self._chains.seed(dict(predecessor.heads))
        self._take_over(predecessor.positions)

    def _take_over(self, positions: Mapping[tuple[str, str], int]) -> None:
        own = self._state.positions
        self.positions.update({key: to for key, to in positions.items() if to > own.get(key, 0)})

    def _append_marker(self, kind: LeafKind, topic_id: bytes, position: int, marker: Marker) -> None:
        content = encode_marker(marker)
        self._append(Leaf(kind, topic_id, position, self._chains.heads.get(topic_id), marker_hash(content)), content)

    def _append_whole(self, kind: LeafKind, marker: Marker) -> None:
        content = encode_marker(marker)
        self._append(whole_leaf(kind, marker_hash(content)), content)

    def _append(self, leaf: Leaf, content: bytes) -> None:
        self._chains.follow(self._state.edge.size + len(self.leaves), leaf)
        self.contents.append(content)
        self.leaves.append(leaf.encode())
