"""Which of the leaves that stand on the ledger's topic the log has signed, where somebody else's stand among them.

Leaves are not signed one by one, and whoever may write the topic may put some there. The root that the log signed tells
which are its own. The search is bounded: where too much stands there, it finds nothing.
"""

from collections.abc import Iterator, Sequence

from casebus.bus.log import Log
from casebus.errors import RecordsGone
from casebus.ledger.checkpoint import Checkpoint
from casebus.ledger.tree import RightEdge, leaf_hash
from casebus.witnessing.followed import Followed, edge_of
from casebus.witnessing.topics import LEDGER_TOPIC, Entries, parse_ledger_record

MOST_RECORDS = 2_048
"""So many records are read again. At 1,000 leaves a record, more than an honest log publishes between two notes."""

MOST_LEAVES = 1_000_000
MOST_STEPS = 4_096
"""So many ways to go on are tried."""

READ_AT_ONCE = 64


def refitted(followed: Followed, since: int, until: int, checkpoint: Checkpoint, log: Log) -> list[bytes] | None:
    """Return the leaves after `followed` that lead to a checkpoint's root; None where none were found.

    `since` and `until` are the positions on the ledger's topic between which they are looked for. Raises `BusError`.
    """
    found = list(_entries(followed, since, until, checkpoint, log))
    edge = edge_of(followed)
    ways: list[tuple[RightEdge, tuple[Sequence[bytes], ...], int]] = [(edge, (), 0)]
    steps = 0
    while ways and steps < MOST_STEPS:
        edge, path, least = ways.pop()
        if edge.size == checkpoint.size:
            if edge.root() == checkpoint.root:
                return [leaf for leaves in path for leaf in leaves]
            continue
        seen: set[tuple[bytes, ...]] = set()
        for at in range(least, len(found)):
            leaves = _next_leaves(found[at], edge.size, checkpoint.size)
            if leaves and leaves not in seen:
                seen.add(leaves)
                longer = edge.copy()
                longer.extend([leaf_hash(leaf) for leaf in leaves])
                steps += 1
                # The log publishes in order, so what goes on from a record stands after it.
                ways.append((longer, (*path, leaves), at + 1))
            if steps >= MOST_STEPS:
                break
    return None


def _next_leaves(entries: Entries, start: int, end: int) -> tuple[bytes, ...]:
    if not entries.start <= start < entries.end:
        return ()
    return entries.leaves[start - entries.start : end - entries.start]


def _entries(followed: Followed, since: int, until: int, checkpoint: Checkpoint, log: Log) -> Iterator[Entries]:
    records = leaves = 0
    while since < until and records < MOST_RECORDS and leaves < MOST_LEAVES:
        try:
            batch = log.read(LEDGER_TOPIC, since, limit=min(READ_AT_ONCE, until - since))
        except RecordsGone as gone:
            since = gone.first
            continue
        if not batch:
            return
        for recorded in batch:
            entries = parse_ledger_record(followed.origin, recorded.record)
            in_reach = isinstance(entries, Entries) and entries.end > followed.size and entries.start < checkpoint.size
            if recorded.position < until and in_reach and isinstance(entries, Entries):
                leaves += len(entries.leaves)
                yield entries
        records += len(batch)
        since = batch[-1].position + 1
