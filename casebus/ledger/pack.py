"""Making an evidence pack: some leaves of a ledger with everything that shows, offline, that they are in it.

    manifest.json            what is in it, how it was selected, what it states in plain words
    checkpoint               the signed checkpoint with its cosignatures, verbatim
    ledger.vkey policy.txt   the log's key; the witnesses' (when a policy was named)
    directory.toml keys.txt  the agencies' public keys and agreements (when a directory was at hand)
    schemas/*.avsc           the schemas by which the records are read
    leaves/N.leaf  leaves/N.tlog-proof     the leaf's bytes and its proof of inclusion
    records/N.record  records/N.json       the content's bytes, and the same as JSON; identifiers are tokens
    VERIFY.md STATEMENTS.md  how to check each of it, also with programs that are not ours; statement templates

Nothing goes in that does not hold: each proof was checked against the checkpoint, each content against its leaf.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from casebus import __version__
from casebus.directory import Directory
from casebus.errors import UsageError, VerificationFailed
from casebus.ledger.leaf import Leaf, LeafKind
from casebus.ledger.note import Note
from casebus.ledger.pack_manifest import (
    FORMAT,
    MANIFEST,
    NOT_SHOWN,
    Facts,
    Manifest,
    PackedFile,
    PackedRecord,
    PackedWitness,
    Selection,
    packed,
    statement_of,
    stem,
)
from casebus.ledger.pack_page import statement_templates, verify_page
from casebus.ledger.pack_records import RecordTeller
from casebus.ledger.pack_zip import MAX_RECORDS, PackWriter
from casebus.ledger.policy import parse_policy
from casebus.ledger.proof import witnessed
from casebus.ledger.proof_check import moment
from casebus.ledger.proving import Proven, Prover, Published
from casebus.ledger.record import decode_record
from casebus.ledger.vkey import VerifierKey, encode_base64
from casebus.wire.schemas import Schema, Schemas, schemas_directory

CHECKPOINT, VKEY, POLICY = "checkpoint", "ledger.vkey", "policy.txt"
DIRECTORY, KEYS, PAGE, STATEMENTS = "directory.toml", "keys.txt", "VERIFY.md", "STATEMENTS.md"
MAX_DIRECTORY_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class PackOrder:
    """What to export. `directory` is the text of a directory.toml; `command` has no values in it.

    `made_at` is in whole seconds, as the manifest can say it.
    """

    key: VerifierKey
    indices: Sequence[int]
    selection: Selection
    made_by: str
    made_at: datetime
    command: str
    policy: str | None = None
    directory: str | None = None


def export_pack(ledger: Path, out: Path, order: PackOrder) -> Manifest:
    """Write a pack to a file that is not there yet, and return its manifest.

    Raises:
        UsageError: too many records at once, or none.
        NotFound: there is no ledger, or no such index.
        Conflict: the file is there.
        VerificationFailed: the ledger does not hold together, or is not signed by the key.
    """
    if not 0 < len(order.indices) <= MAX_RECORDS:
        raise UsageError(f"a pack holds 1 to {MAX_RECORDS} entries; {len(order.indices)} were selected")
    prover = Prover(ledger, order.key)
    under = prover.covering(max(order.selection.searched, max(order.indices) + 1))
    seen = _witnesses(order, under.note)
    with PackWriter(out, order.made_at) as writer:
        return _Packing(writer, order, under, seen).run(prover)


class _Packing:
    """One pack that is being written."""

    def __init__(
        self,
        writer: PackWriter,
        order: PackOrder,
        under: Published,
        seen: tuple[tuple[PackedWitness, ...], bool | None],
    ) -> None:
        self._writer, self._order, self._under, self._seen = writer, order, under, seen
        self._files: dict[str, PackedFile] = {}
        self._schemas: dict[str, Schema] = {}
        directory = Directory.from_toml(order.directory) if order.directory is not None else None
        self._directory = directory
        self._teller = RecordTeller(Schemas.load(), directory)

    def run(self, prover: Prover) -> Manifest:
        order = self._order
        self._add(CHECKPOINT, self._under.note.format())
        self._add(VKEY, f"{order.key.format()}\n".encode())
        if order.policy is not None:
            self._add(POLICY, order.policy.encode())
        if order.directory is not None and self._directory is not None:
            self._add(DIRECTORY, order.directory.encode())
            self._add(KEYS, keys_text(self._directory))
        records = [self._leaf(prover.prove(index, self._under)) for index in sorted(set(order.indices))]
        for name in sorted(self._schemas):
            self._add(f"schemas/{name}", (schemas_directory() / name).read_bytes())
        return self._finish(tuple(records))

    def _leaf(self, proven: Proven) -> PackedRecord:
        leaf, content, index = proven.leaf, proven.content, proven.proof.index
        if leaf is None or content is None:
            raise VerificationFailed("a pack needs the ledger's archive, and this directory has none.")
        name = stem(index)
        self._add(f"leaves/{name}.leaf", proven.entry)
        self._add(f"leaves/{name}.tlog-proof", proven.proof.format())
        self._add(f"records/{name}.record", content)
        self._add(f"records/{name}.json", self._teller.told(index, leaf, content))
        if leaf.kind is LeafKind.RECORD and (schema := self._teller.schema_of(decode_record(content, leaf.position))):
            self._schemas[schema.file] = schema
        return record_line(index, leaf, content)

    def _finish(self, records: tuple[PackedRecord, ...]) -> Manifest:
        order, (witnesses, quorum) = self._order, self._seen
        facts = Facts(
            origin=self._under.checkpoint.origin,
            size=self._under.checkpoint.size,
            root=encode_base64(self._under.checkpoint.root),
            witnesses=witnesses,
            quorum=quorum,
            selection=order.selection,
            records=records,
        )
        statement = statement_of(facts)
        self._add(PAGE, verify_page(facts, statement, NOT_SHOWN))
        self._add(STATEMENTS, statement_templates(facts))
        manifest = Manifest(
            format=FORMAT,
            tool=f"casebus {__version__}",
            command=order.command,
            made_by=order.made_by,
            made_at=made_at_text(order.made_at),
            facts=facts,
            statement=statement,
            not_shown=NOT_SHOWN,
            files=self._files,
        )
        self._writer.add(MANIFEST, manifest.format_bytes())
        return manifest

    def _add(self, name: str, content: bytes) -> None:
        self._writer.add(name, content)
        self._files[name] = packed(content)


def made_at_text(moment: datetime) -> str:
    """Return a moment in UTC, in whole seconds, as the manifest has it."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def record_line(index: int, leaf: Leaf, content: bytes) -> PackedRecord:
    """Return what the manifest says about a leaf. Raises `VerificationFailed` for content that is not canonical."""
    topic = decode_record(content, leaf.position).topic if leaf.kind is LeafKind.RECORD else None
    return PackedRecord(
        index=index,
        kind=leaf.kind.name.lower(),
        topic=None if topic is None else topic.encode(errors="replace").decode(),
        topic_id=leaf.topic_id.hex(),
        position=leaf.position,
        content_hash=leaf.content_hash.hex(),
    )


def witness_lines(note: Note, key: VerifierKey, policy: str, at: datetime) -> tuple[tuple[PackedWitness, ...], bool]:
    """Return who of a policy's witnesses had cosigned a checkpoint at a moment, and whether that was its quorum.

    Raises:
        VerificationFailed: the policy is malformed or for another log, or a cosignature does not verify.
    """
    seen = witnessed(note, key, parse_policy(policy), at)
    return tuple(PackedWitness(name=name, time=moment(when)) for name, when in seen.times.items()), seen.quorum


def keys_text(directory: Directory) -> bytes:
    """Return the agencies' keys, one a line: id, owner, base64 of the Ed25519 key, valid from, to, revoked at."""
    return "".join(_key_lines(directory)).encode()


def _key_lines(directory: Directory) -> Iterator[str]:
    for key in directory.keys:
        times: Iterable[datetime | None] = (key.valid_from, key.valid_to, key.revoked_at)
        told = " ".join(time.isoformat().replace("+00:00", "Z") if time else "-" for time in times)
        yield f"{key.id} {key.owner} {key.public_key} {told}\n"


def _witnesses(order: PackOrder, note: Note) -> tuple[tuple[PackedWitness, ...], bool | None]:
    return ((), None) if order.policy is None else witness_lines(note, order.key, order.policy, order.made_at)
