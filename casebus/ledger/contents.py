"""Steps 7 to 9: what the leaves say, and whether the archive holds what they were made from.

A directory that another program wrote, or a mirror, has neither archive nor journal: then these steps say so.
"""

from collections.abc import Sequence
from pathlib import Path

from casebus.errors import CasebusError, VerificationFailed
from casebus.ledger.archive import read_archived, read_archived_segment, uncommitted_bytes
from casebus.ledger.leaf import Chains, Leaf, LeafKind, decode_leaf
from casebus.ledger.marker import Closing, Marker, Opening, decode_marker
from casebus.ledger.note import parse_note
from casebus.ledger.predecessor import read_predecessor
from casebus.ledger.record import decode_record, hash_record
from casebus.ledger.report import Findings, Step
from casebus.ledger.sweep import Swept
from casebus.ledger.tree import TILE_WIDTH
from casebus.ledger.vkey import shown_name

MAX_TOLD = 20


class Contents:
    """The leaves so far: each topic's chain, its name, and what is known to be lost."""

    def __init__(self, directory: Path, origin: str, findings: Findings) -> None:
        self._records = directory / "records"
        self._origin = origin
        self._findings = findings
        self._prefixes: dict[bytes, bytes] = {}
        self._losses = 0
        self._lost = 0
        self._opening: Opening | None = None
        self._before = ""
        self.chains = Chains()
        self.uncommitted = 0
        """How many bytes of the archive no commit covers."""

    def join(self, swept: Swept) -> bool:
        """Take a swept range where it fits on what came before; False, with nothing changed, where it does not."""
        chains = self.chains
        if chains.closed or chains.trusting or any(topic_id in chains.sealed for topic_id in swept.chains):
            return False
        for topic_id, chain in swept.chains.items():
            fits = chains.heads.get(topic_id) == chain.previous
            if not fits or self._prefixes.get(topic_id, chain.prefix) != chain.prefix:
                return False
        for topic_id, chain in swept.chains.items():
            self._prefixes[topic_id] = chain.prefix
            chains.heads[topic_id] = chain.last
        return True

    def check_leaf(self, index: int, data: bytes) -> Leaf | None:
        """Steps 7 and 8: the leaf is canonical, and its topic's next; None when it cannot be read."""
        try:
            leaf = decode_leaf(data)
        except VerificationFailed as error:
            self._findings.fail(Step.LEAF_FORMAT, f"the leaf at index {index} is canonical", error.what)
            return None
        try:
            self.chains.follow(index, leaf)
        except VerificationFailed as error:
            self._findings.fail(Step.TOPIC_ORDER, f"the leaf at index {index} is its topic's next", error.what)
            # Go on from what is there, so that one gap is told once.
            if leaf.kind in (LeafKind.RECORD, LeafKind.LOSS):
                self.chains.heads[leaf.topic_id] = leaf.position
            return leaf
        if leaf.kind is LeafKind.OPENING:
            self._seed(leaf)
        elif leaf.kind is LeafKind.LOSS:
            self._losses += 1
            self._lost += leaf.position - (-1 if leaf.previous is None else leaf.previous)
        return leaf

    def _seed(self, leaf: Leaf) -> None:
        try:
            opening = decode_marker(leaf, read_archived(self._records, 0))
            assert isinstance(opening, Opening), "bug: an opening's leaf has an opening's content"
            self.chains.seed(dict(opening.heads))
            self._opening = opening
        except CasebusError as error:
            self._findings.fail(Step.RECORDS, "the ledger's opening is in the archive, unchanged", error.what)

    def check_archive(self, number: int, leaves: Sequence[Leaf | None]) -> None:
        """Step 9: an archive file holds exactly what each of these leaves, the file's first ones, was made from."""
        index = number * TILE_WIDTH
        found = read_archived_segment(self._records, number)
        try:
            for leaf in leaves:
                content = next(found, None)
                if content is None:
                    raise VerificationFailed("it is missing.")
                self._check_content(content, leaf)
                index += 1
            if len(leaves) == TILE_WIDTH:
                # Asking for one more makes the reader look for anything that follows the 256th.
                next(found, None)
        except CasebusError as error:
            self._findings.fail(Step.RECORDS, f"the record of index {index} is in the archive, unchanged", error.what)

    def _check_content(self, content: bytes, leaf: Leaf | None) -> None:
        if leaf is None:
            return
        if leaf.kind is not LeafKind.RECORD:
            self._check_marker(decode_marker(leaf, content))
            return
        if hash_record(content) != leaf.content_hash:
            raise VerificationFailed("its bytes do not hash to the leaf's record hash.")
        decode_record(content, leaf.position)
        prefix = content[: 4 + int.from_bytes(content[:4], "big")]
        if self._prefixes.setdefault(leaf.topic_id, prefix) != prefix:
            raise VerificationFailed("its topic's id stands for two names.")

    def _check_marker(self, marker: Marker) -> None:
        if isinstance(marker, Opening | Closing) and marker.origin != self._origin:
            raise VerificationFailed("it opens or closes a ledger of another origin.")
        # Nothing follows a closing, so the heads are those that it speaks of.
        if isinstance(marker, Closing) and dict(marker.heads) != self.chains.heads:
            raise VerificationFailed("it names other last positions than the leaves before it.")

    def check_tail(self, committed: int) -> None:
        """Step 9's end: what follows the committed contents has the archive's form, as a crash leaves it."""
        try:
            self.uncommitted = uncommitted_bytes(self._records, committed)
        except CasebusError as error:
            self._findings.fail(Step.RECORDS, "only whole or cut-short entries follow the last commit's", error.what)
            return
        if self.uncommitted and not self._findings.failed:
            expected = "every leaf's record is in the archive, byte for byte"
            told = f"so for {committed} leaves; {self.uncommitted} bytes follow that no commit covers"
            self._findings.note(Step.RECORDS, True, expected, told)

    def check_predecessor(self, directory: Path) -> None:
        """Step 8: the closed ledger in `directory` is the one that this one goes on from, with these heads."""
        expected = "the ledger goes on from the closed one that was given, at its last positions"
        try:
            if self._opening is None:
                raise VerificationFailed("it does not go on from any.")
            given = read_predecessor(directory)
            # Cosignatures may have come since: what the log signed is the text.
            if parse_note(given.note.encode()).text != parse_note(self._opening.continues.encode()).text:
                raise VerificationFailed("it goes on from another final checkpoint.")
            if dict(given.heads) != dict(self._opening.heads):
                raise VerificationFailed("it takes over other last positions.")
        except CasebusError as error:
            self._findings.fail(Step.TOPIC_ORDER, expected, error.what)
            return
        self._before = "which was given, and ends so"
        self._findings.note(Step.TOPIC_ORDER, True, expected, self.summary())

    @property
    def trusted(self) -> str | None:
        """Return, for people, on what the completeness before the first leaf rests; None where nothing is before it."""
        if self._opening is None or self._before:
            return None
        before = self._opening.predecessor
        return f"complete only from its opening on: before it, ledger {shown_name(before.origin)} answers"

    def _beginning(self, opening: Opening) -> str:
        before = opening.predecessor
        at = [
            f"position {head + 1} of topic {self._name(topic_id)}" for topic_id, head in sorted(opening.heads.items())
        ]
        more = f" and {len(at) - MAX_TOLD} more" if len(at) > MAX_TOLD else ""
        places = f"at {', '.join(at[:MAX_TOLD])}{more}, " if at else ""
        rests = self._before or "on which completeness before that rests: it was not given"
        return f"begins {places}after ledger {shown_name(before.origin)} of {before.size} leaves, {rests}"

    def _name(self, topic_id: bytes) -> str:
        prefix = self._prefixes.get(topic_id)
        return topic_id.hex() if prefix is None else shown_name(prefix[4:].decode("utf-8", "replace"))

    def summary(self) -> str:
        """Say what step 8 has seen: how many topics, and which positions are known to be lost."""
        chains = self.chains
        told = [f"so for {len(chains.heads)} topics"]
        if self._opening is not None:
            told.append(self._beginning(self._opening))
        told.append(f"known losses: {self._losses}, of {self._lost} positions" if self._losses else "no known loss")
        if chains.sealed:
            told.append(f"sealed topics: {len(chains.sealed)}")
        if chains.closed:
            told.append("the ledger is closed")
        return "; ".join(told)
