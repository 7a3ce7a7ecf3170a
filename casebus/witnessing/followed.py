"""The ledger's tree as an agency has followed it, kept in its Store: enough to know the root at any size so far.

The open tiles and the topics' chains are one row, each tile that became full is a row of its own. All change in the
transaction that moves the follower's position, so a crash leaves a tree that fits the position.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import sha256

from casebus.ledger.leaf import Chains
from casebus.ledger.tree import HASH_BYTES, TILE_WIDTH, RightEdge, leaf_hash
from casebus.state import Concept
from casebus.store.store import Save, Transaction, View


@dataclass(frozen=True, slots=True)
class Followed:
    """How far a ledger was followed. `edge` holds each level's open tile, its hashes in a row.

    `fault` says what `fault_leaf` (hex), the leaf at `fault_at`, contradicts; empty while none does. From there on leaves
    are only hashed. `unvouched` says which of the agency's own records the ledger takes for logged elsewhere, in no
    ledger that the agency has followed; empty for none.
    """

    origin: str
    size: int = 0
    edge: tuple[bytes, ...] = ()
    heads: tuple[tuple[str, int], ...] = ()
    sealed: tuple[str, ...] = ()
    closed: bool = False
    trusting: bool = False
    fault_at: int | None = None
    fault: str = ""
    fault_leaf: str = ""
    unvouched: str = ""

    def chains(self) -> Chains:
        """Return the topics' chains, to be walked on."""
        heads = {bytes.fromhex(topic): position for topic, position in self.heads}
        return Chains(heads, {bytes.fromhex(topic) for topic in self.sealed}, self.closed, self.trusting)

    def with_chains(self, chains: Chains) -> "Followed":
        """Return the same tree with other chains."""
        return replace(
            self,
            heads=tuple(sorted((topic.hex(), position) for topic, position in chains.heads.items())),
            sealed=tuple(sorted(topic.hex() for topic in chains.sealed)),
            closed=chains.closed,
            trusting=chains.trusting,
        )

    def head(self, topic_id: bytes) -> int | None:
        """Return the last position of a topic that the ledger accounts for, None when it has none."""
        return dict(self.heads).get(topic_id.hex())


@dataclass(frozen=True, slots=True)
class Agreed:
    """What the log has signed: a tree of `size` leaves that was followed, by `note`. `base` is the last tree that ended
    where a note did, and the leaves after it stand from `position` on the ledger's topic. What was followed beyond
    `size` is provisional: anybody may have written it.
    """

    origin: str
    size: int
    note: bytes
    base: Followed
    position: int


@dataclass(frozen=True, slots=True)
class FollowedTile:
    """A full tile."""

    origin: str
    level: int
    index: int
    hashes: bytes


@dataclass(frozen=True, slots=True)
class WaitingNote:
    """A note that the log signed for a size which was not followed yet, and where it was seen."""

    size: int
    note: bytes
    topic: str
    position: int


def _tile_key(origin: str, level: int, index: int) -> str:
    return f"{origin}|{level}|{index}"


FOLLOWED: Concept[Followed] = Concept("ledger_followed", Followed, lambda followed: followed.origin)
AGREED: Concept[Agreed] = Concept("ledger_agreed", Agreed, lambda agreed: agreed.origin)
TILES: Concept[FollowedTile] = Concept(
    "ledger_tiles", FollowedTile, lambda tile: _tile_key(tile.origin, tile.level, tile.index)
)
WAITING: Concept[WaitingNote] = Concept("ledger_waiting", WaitingNote, lambda note: sha256(note.note).hexdigest())

FOLLOWER_CONCEPTS = (FOLLOWED, AGREED, TILES, WAITING)


def followed_in(view: View, origin: str) -> Followed:
    """Return how far a ledger was followed: not at all, at first."""
    return view.get(FOLLOWED, origin) or Followed(origin)


def agreed_in(view: View, origin: str) -> Agreed:
    """Return the largest tree that the log has signed: the empty one, at first."""
    return view.get(AGREED, origin) or Agreed(origin, 0, b"", Followed(origin), 0)


def edge_of(followed: Followed) -> RightEdge:
    """Return the growing side of the tree."""
    return RightEdge(followed.size, [_split(row) for row in followed.edge])


def grown(followed: Followed, leaves: Iterable[bytes], tx: Transaction) -> Followed:
    """Return the tree with more leaves; the tiles that become full are saved, the rest is the caller's to save."""
    edge = edge_of(followed)
    for tile in edge.extend([leaf_hash(leaf) for leaf in leaves]):
        tx.apply(Save(TILES, FollowedTile(followed.origin, tile.level, tile.index, b"".join(tile.hashes))))
    return replace(followed, size=edge.size, edge=tuple(b"".join(row) for row in edge.levels))


def root_at(followed: Followed, size: int, view: View) -> bytes:
    """Return the root over the first `size` leaves."""
    assert 0 <= size <= followed.size, "bug: the tree was not followed so far"
    levels: list[list[bytes]] = []
    rest = size
    while rest:
        index, width = divmod(rest, TILE_WIDTH)
        levels.append(_tile(followed, len(levels), index, view)[:width] if width else [])
        rest = index
    return RightEdge(size, levels).root()


def _tile(followed: Followed, level: int, index: int, view: View) -> list[bytes]:
    subtree: int = TILE_WIDTH ** (level + 1)
    if index == followed.size // subtree:
        return _split(followed.edge[level])
    tile = view.get(TILES, _tile_key(followed.origin, level, index))
    assert tile is not None, "bug: a full tile was not saved with the tree that it belongs to"
    return _split(tile.hashes)


def _split(row: bytes) -> list[bytes]:
    return [row[at : at + HASH_BYTES] for at in range(0, len(row), HASH_BYTES)]
