"""The sequencer's state as a value: the tree's right edge, the open bundle, positions, and each topic's head. Pure.

The commit path and recovery go through the same `apply`, so what a restart derives is what the commit wrote.
"""

from dataclasses import dataclass, field

from casebus.errors import VerificationFailed
from casebus.ledger.frames import Commit, Snapshot
from casebus.ledger.leaf import Chains, LeafKind, decode_leaf
from casebus.ledger.marker import opening_heads
from casebus.ledger.tiles import ENTRIES, TileName, encode_bundle
from casebus.ledger.tree import TILE_WIDTH, RightEdge, leaf_hash


@dataclass(slots=True)
class LedgerState:
    """Everything that the next commit depends on. `entries` are the leaves of the bundle that is not full yet."""

    edge: RightEdge = field(default_factory=RightEdge)
    entries: list[bytes] = field(default_factory=list)
    positions: dict[tuple[str, str], int] = field(default_factory=dict)
    chains: Chains = field(default_factory=Chains)

    @classmethod
    def of(cls, snapshot: Snapshot) -> "LedgerState":
        """Return the state that a snapshot holds. Raises `VerificationFailed` when it contradicts itself."""
        edge = snapshot.edge.copy()
        open_hashes = edge.levels[0] if edge.levels else []
        if [leaf_hash(entry) for entry in snapshot.entries] != open_hashes:
            raise VerificationFailed("a journal snapshot's open bundle does not hash to its right edge.")
        return cls(edge, list(snapshot.entries), dict(snapshot.positions), snapshot.chains.copy())

    def snapshot(self, previous: bytes) -> Snapshot:
        """Return this state as the frame that opens a segment."""
        return Snapshot(previous, dict(self.positions), self.chains.copy(), tuple(self.entries), self.edge.copy())

    def apply(self, commit: Commit, opening: bytes | None = None) -> list[tuple[TileName, bytes]]:
        """Carry out a commit; return the tiles and bundles that became full, with their bytes.

        `opening` is the content of the leaf at index 0: needed when the commit holds that leaf and it is an opening.

        Raises:
            VerificationFailed: it does not begin where the tree ends, a leaf is malformed or not its topic's next, or a
                position goes back. The state is then unusable.
        """
        if commit.start != self.edge.size:
            raise VerificationFailed(f"a commit begins at index {commit.start}; the tree ends at {self.edge.size}.")
        for key, position in commit.positions.items():
            if position < self.positions.get(key, 0):
                raise VerificationFailed(f"a position of {key[0]} on {key[1]} goes back.")
            self.positions[key] = position
        for index, data in enumerate(commit.leaves, start=commit.start):
            leaf = decode_leaf(data)
            self.chains.follow(index, leaf)
            if leaf.kind is LeafKind.OPENING:
                if opening is None:
                    raise VerificationFailed("the content of the ledger's opening is missing.")
                self.chains.seed(opening_heads(leaf, opening))
        return self._grow(commit.leaves)

    def _grow(self, leaves: tuple[bytes, ...]) -> list[tuple[TileName, bytes]]:
        full: list[tuple[TileName, bytes]] = []
        bundle = self.edge.size // TILE_WIDTH
        self.entries.extend(leaves)
        while len(self.entries) >= TILE_WIDTH:
            full.append((TileName(ENTRIES, bundle), encode_bundle(self.entries[:TILE_WIDTH])))
            del self.entries[:TILE_WIDTH]
            bundle += 1
        tiles = self.edge.extend([leaf_hash(leaf) for leaf in leaves])
        full += ((TileName(tile.level, tile.index), b"".join(tile.hashes)) for tile in tiles)
        return full

    def partials(self) -> list[tuple[TileName, bytes]]:
        """Return the partial bundle and tiles that exist at this size, with their bytes."""
        partial: list[tuple[TileName, bytes]] = []
        if self.entries:
            name = TileName(ENTRIES, self.edge.size // TILE_WIDTH, len(self.entries))
            partial.append((name, encode_bundle(self.entries)))
        index = self.edge.size
        for level, hashes in enumerate(self.edge.levels):
            index //= TILE_WIDTH
            if hashes:
                partial.append((TileName(level, index, len(hashes)), b"".join(hashes)))
        return partial
