"""What the records of a ledger say: each checked against its leaf, the leaf against the tree, and then told.

Every record has facts, also one that no consumer could accept: its place, its time, and why. Markers have none.
"""

from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import groupby
from pathlib import Path

from casebus.bus.log import Recorded
from casebus.cases.event_filter import Facts, facts_of, facts_of_unread
from casebus.directory import Directory
from casebus.errors import NotFound, ParkReason, VerificationFailed, WireError
from casebus.events.envelope import Event
from casebus.ledger.leaf import Leaf, LeafKind
from casebus.ledger.read import LedgerReader
from casebus.ledger.record import decode_record, hash_record
from casebus.ledger.tile_tree import TileTree
from casebus.ledger.tree import TILE_WIDTH, leaf_hash
from casebus.wire.codec import decode
from casebus.wire.headers import parse_headers
from casebus.wire.schemas import Schemas
from casebus.wire.seal import Opener


class FactsReader:
    """A ledger at the size of its checkpoint when this was made. Without a directory signatures are not checked.

    Whatever it tells hangs under that checkpoint's root. Who signed the checkpoint is not asked here: that, and the rest
    of the ledger, is what `casebus ledger verify` shows. Raises `VerificationFailed` where tiles, leaves or records
    are not those that the root commits to.
    """

    def __init__(self, ledger: Path, directory: Directory | None) -> None:
        self._reader = LedgerReader(ledger)
        self.tree = TileTree(ledger, self._reader.size)
        if self.tree.root() != self._reader.checkpoint.root:
            raise VerificationFailed("the tiles do not have the root that the checkpoint states.")
        self._schemas = Schemas.load()
        self._opener = Opener(self._schemas, directory) if directory else None
        self.ledger = ledger
        self.basis = _basis(self._schemas, directory)
        """Names what the facts depend on besides the records: the schemas, and the keys or that there were none."""

    @property
    def size(self) -> int:
        """Return how many leaves there are."""
        return self._reader.size

    @property
    def checks_signatures(self) -> bool:
        """Tell whether facts are those of verified records, not only what the bytes say."""
        return self._opener is not None

    def facts(self, start: int = 0, end: int | None = None) -> Iterator[Facts]:
        """Return the facts of each record from index `start` up to, not including, `end`; markers are passed over."""
        for index, leaf, content in self._reader.entries(start, end):
            told = self._facts(index, leaf, content)
            if told is not None:
                yield told

    def at(self, index: int) -> Facts | None:
        """Return the facts of one record, None for a marker. Raises `NotFound` beyond the end."""
        return self._facts(index, self._reader.leaf(index), self._reader.content(index))

    def several(self, indices: Iterable[int]) -> Iterator[Facts | None]:
        """Return the facts at indices that ascend, as `at` does; of those in one file of the archive, it is read once."""
        for _, group in groupby(indices, key=lambda index: index // TILE_WIDTH):
            wanted = list(group)
            if not 0 <= wanted[0] <= wanted[-1] < self.size:
                raise NotFound(f"the ledger has {self.size} leaves.")
            found = set(wanted)
            for index, leaf, content in self._reader.entries(wanted[0], wanted[-1] + 1):
                if index in found:
                    yield self._facts(index, leaf, content)

    def _facts(self, index: int, leaf: Leaf, content: bytes) -> Facts | None:
        if leaf_hash(leaf.encode()) != self.tree.leaf_hash(index):
            raise VerificationFailed(f"the leaf of index {index} is not the one in the tree.")
        if leaf.kind is not LeafKind.RECORD:
            return None
        if hash_record(content) != leaf.content_hash:
            raise VerificationFailed(f"the archived record of index {index} is not the one that its leaf names.")
        return self.told(decode_record(content, leaf.position), index)

    def told(self, recorded: Recorded, index: int | None = None) -> Facts:
        """Return what a record says, at its index; or where it stands and why it was not accepted."""
        topic, position, appended_at = recorded.topic, recorded.position, recorded.appended_at
        try:
            event = self._opened(recorded)
        except WireError as error:
            why = f"{'a record that was not accepted' if self._opener else 'a record that cannot be read'}: "
            why += error.reason.value.replace("_", " ")
            return facts_of_unread(why, topic=topic, position=position, appended_at=appended_at, index=index)
        return facts_of(event, topic=topic, position=position, appended_at=appended_at, index=index)

    def _opened(self, recorded: Recorded) -> Event:
        if self._opener is not None:
            return self._opener.open(recorded).event
        attributes = parse_headers(recorded.record.headers).attributes
        schema = self._schemas.by_guid(attributes.schema_guid)
        if schema is None:
            raise WireError(ParkReason.UNKNOWN_SCHEMA, "the schema is not on the pinned list")
        return Event(
            id=attributes.id,
            source=attributes.source,
            partition_key=attributes.partition_key,
            payload=decode(recorded.record.value, schema, self._schemas),
            classification=attributes.classification,
            correlation_id=attributes.correlation_id,
            causation_id=attributes.causation_id,
        )


def _basis(schemas: Schemas, directory: Directory | None) -> str:
    parts = sorted(schema.guid.hex() for schema in schemas)
    if directory is None:
        parts.append("no keys")
    else:
        parts += sorted(key.model_dump_json() for key in directory.keys)
    return sha256("\n".join(parts).encode()).hexdigest()
