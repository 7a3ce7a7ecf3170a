"""The numbered procedure by which anyone checks an evidence pack: offline, from its bytes, a key and a policy.

    1  zip_form              the file holds exactly its files, each once, plainly stored, of bounded size
    2  manifest              every file is listed with its size and SHA-256, and every listed file is there
    3  checkpoint_format     the checkpoint is a signed note with three lines, canonical
    4  checkpoint_signature  the key that was given signed it, and is the one that the pack names
    5  witnesses             cosignatures by the given policy's witnesses verify; is the quorum met?
    6  proofs                each leaf is in the tree under the checkpoint, at its index
    7  records               each content is canonical and hashes to what its leaf names
    8  signatures            each record is accepted by the directory's keys, or the pack says that it is not
    9  decoded               each JSON file says what the bytes say
    10 schemas               the schemas are those that the records name
    11 selection             each record names what was asked for
    12 statement             the manifest says what the steps above found, and nothing else

It answers whatever it is given. What it cannot show is said in the pack and in step 11's answer: that nothing is missing
from a case rests on whoever exported it, or on the full ledger. `now` is for the witnesses' times.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path

from casebus.bus.log import Recorded
from casebus.directory import Directory
from casebus.errors import CasebusError, VerificationFailed
from casebus.ledger.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint
from casebus.ledger.leaf import Leaf, LeafKind, decode_leaf
from casebus.ledger.note import Note, parse_note
from casebus.ledger.pack import (
    CHECKPOINT,
    DIRECTORY,
    KEYS,
    MAX_DIRECTORY_BYTES,
    PAGE,
    POLICY,
    STATEMENTS,
    VKEY,
    keys_text,
    made_at_text,
    record_line,
    witness_lines,
)
from casebus.ledger.pack_manifest import (
    MANIFEST,
    NOT_SHOWN,
    Manifest,
    PackedWitness,
    packed,
    parse_manifest,
    statement_of,
    stem,
)
from casebus.ledger.pack_records import RecordTeller, check_canonical
from casebus.ledger.pack_schemas import check_schemas
from casebus.ledger.pack_selection import check_selection
from casebus.ledger.pack_zip import PackReader
from casebus.ledger.proof import InclusionProof, parse_proof
from casebus.ledger.proof_check import check_witnesses
from casebus.ledger.proving import check_content
from casebus.ledger.record import decode_record
from casebus.ledger.report import Findings, Outcome, Report
from casebus.ledger.vkey import VerifierKey, encode_base64, parse_vkey
from casebus.wire.schemas import Schemas


class PackStep(IntEnum):
    """The numbered procedure. Code, command and the page in the pack use these numbers and (in lower case) names."""

    ZIP_FORM = 1
    MANIFEST = 2
    CHECKPOINT_FORMAT = 3
    CHECKPOINT_SIGNATURE = 4
    WITNESSES = 5
    PROOFS = 6
    RECORDS = 7
    SIGNATURES = 8
    DECODED = 9
    SCHEMAS = 10
    SELECTION = 11
    STATEMENT = 12


@dataclass(frozen=True, slots=True)
class Trust:
    """What the checker brings: the log's key, and, where there is one, a policy and a directory of one's own."""

    vkey: str
    policy: str | None = None
    directory: Directory | None = None


@dataclass(slots=True)
class _Pack:
    """What has been read and found sound so far."""

    reader: PackReader
    manifest: Manifest
    note: Note
    checkpoint: Checkpoint
    key: VerifierKey
    leaves: dict[int, Leaf] = field(default_factory=dict)
    directory: Directory | None = None

    def content(self, index: int) -> bytes:
        """Return a content's bytes, read again each time: a pack may hold half a gigabyte of them."""
        return self.reader.read(f"records/{stem(index)}.record")

    def record(self, index: int) -> Recorded | None:
        """Return a record, None for a marker."""
        leaf = self.leaves[index]
        return decode_record(self.content(index), leaf.position) if leaf.kind is LeafKind.RECORD else None

    def records(self) -> Iterator[tuple[int, Recorded]]:
        """Return the records by index; markers are passed over."""
        for index in self.leaves:
            recorded = self.record(index)
            if recorded is not None:
                yield index, recorded


def check_pack(path: Path, trust: Trust, *, now: datetime) -> Report:
    """Check a pack. Size and root are those of its checkpoint."""
    findings = Findings()
    try:
        with PackReader.open(path) as reader:
            findings.note(PackStep.ZIP_FORM, True, "a plain zip", f"{len(reader.names)} files")
            return _checked(reader, trust, now, findings)
    except CasebusError as error:
        findings.fail(PackStep.ZIP_FORM, "a plain zip", error.what)
        return Report(Outcome.FAILED, None, None, findings.checks())


def _checked(reader: PackReader, trust: Trust, now: datetime, findings: Findings) -> Report:
    pack = _open(reader, trust, findings)
    if pack is None:
        return Report(Outcome.FAILED, None, None, findings.checks())
    quorum = check_witnesses(pack.note, pack.key, trust.policy, now, findings, PackStep.WITNESSES)
    count = len(pack.manifest.facts.records)
    _step(findings, PackStep.PROOFS, f"{count} leaves in the tree of {pack.checkpoint.size}", lambda: _proofs(pack))
    _step(findings, PackStep.RECORDS, f"{count} contents that their leaves name", lambda: _records(pack))
    if not findings.failed:
        _check_contents(pack, trust, findings)
    outcome = Outcome.FAILED if findings.failed else Outcome.VERIFIED if quorum else Outcome.UNWITNESSED
    return Report(outcome, pack.checkpoint.size, encode_base64(pack.checkpoint.root), findings.checks())


def _check_contents(pack: _Pack, trust: Trust, findings: Findings) -> None:
    """Steps 8 to 12, on contents that the log holds."""
    schemas = Schemas.load()
    _step(findings, PackStep.SIGNATURES, "what the pack says", lambda: _signatures(pack, trust, schemas))
    if findings.failed:
        return
    _step(findings, PackStep.DECODED, "JSON that says what the bytes say", lambda: _decoded(pack, schemas))
    _step(findings, PackStep.SCHEMAS, "the schemas that the records name", lambda: _schemas(pack, schemas))
    _step(findings, PackStep.SELECTION, "records that name what was asked for", lambda: _selection(pack, schemas))
    _step(findings, PackStep.STATEMENT, "what was found, and nothing else", lambda: _statement(pack))


def _step(findings: Findings, step: PackStep, expected: str, run: Callable[[], str]) -> None:
    try:
        findings.note(step, True, expected, run())
    except CasebusError as error:
        findings.fail(step, expected, error.what)


def _open(reader: PackReader, trust: Trust, findings: Findings) -> _Pack | None:
    """Steps 2 to 4."""
    step, expected = PackStep.MANIFEST, "a manifest of exactly these files"
    try:
        manifest = parse_manifest(reader.read(MANIFEST))
        _check_files(reader, manifest)
        findings.note(step, True, expected, f"{len(manifest.files)} files, by {manifest.tool}")
        step, expected = PackStep.CHECKPOINT_FORMAT, "a signed checkpoint of three lines"
        note = parse_note(reader.read(CHECKPOINT))
        checkpoint = parse_checkpoint(note.text)
        findings.note(step, True, expected, f"{checkpoint.size} leaves")
        step, expected = (
            PackStep.CHECKPOINT_SIGNATURE,
            "a signature by the key that was given, whose name is the origin",
        )
        key = parse_vkey(trust.vkey)
        open_checkpoint(note.format(), key)
        if reader.read(VKEY) != f"{key.format()}\n".encode():
            raise VerificationFailed("the pack names another key.")
        findings.note(step, True, expected, "so it is")
    except CasebusError as error:
        findings.fail(step, expected, error.what)
        return None
    return _Pack(reader, manifest, note, checkpoint, key)


def _check_files(reader: PackReader, manifest: Manifest) -> None:
    if reader.names != {MANIFEST, *manifest.files}:
        odd = sorted(reader.names ^ {MANIFEST, *manifest.files})[0]
        raise VerificationFailed(f"{odd[:80]} is listed and not there, or there and not listed.")
    for name, line in manifest.files.items():
        if packed(reader.read(name)) != line:
            raise VerificationFailed(f"{name} has another size or hash than the manifest says.")
    stems = {stem(record.index) for record in manifest.facts.records}
    needed = {CHECKPOINT, VKEY, PAGE, STATEMENTS}
    needed |= {f"leaves/{each}.{end}" for each in stems for end in ("leaf", "tlog-proof")}
    needed |= {f"records/{each}.{end}" for each in stems for end in ("record", "json")}
    others = {name for name in reader.names - needed if not name.startswith("schemas/")}
    if not needed <= reader.names or not others <= {MANIFEST, POLICY, DIRECTORY, KEYS}:
        raise VerificationFailed("the pack does not hold the files of exactly the records that it lists.")


def _proofs(pack: _Pack) -> str:
    """Step 6."""
    for record in pack.manifest.facts.records:
        entry = pack.reader.read(f"leaves/{stem(record.index)}.leaf")
        proof = parse_proof(pack.reader.read(f"leaves/{stem(record.index)}.tlog-proof"))
        if not isinstance(proof, InclusionProof) or proof.index != record.index or proof.note != pack.note:
            raise VerificationFailed(f"the proof of index {record.index} is for another index or checkpoint.")
        proof.check_root(entry, pack.checkpoint)
        pack.leaves[record.index] = decode_leaf(entry)
    return "so they are"


def _records(pack: _Pack) -> str:
    """Step 7."""
    for index, leaf in pack.leaves.items():
        content = pack.content(index)
        check_content(index, leaf, content)
        check_canonical(leaf, content)
    return "so they are"


def _signatures(pack: _Pack, trust: Trust, schemas: Schemas) -> str:
    """Step 8."""
    pack.directory = _own_directory(pack)
    judge = trust.directory or pack.directory
    if judge is None:
        return "there is no directory in the pack, and none was given: not checked"
    teller, claims = RecordTeller(schemas, judge), RecordTeller(schemas, pack.directory) if pack.directory else None
    accepted, refused = 0, []
    for index, recorded in pack.records():
        why = teller.refusal(recorded)
        if why is None:
            accepted += 1
            continue
        if claims is None or claims.refusal(recorded) is None:
            raise VerificationFailed(f"the record of index {index} is not accepted by the keys that were given: {why}.")
        refused.append(f"{index} ({why})")
    whose = "the directory that was given" if trust.directory else "the pack's own directory"
    told = f"; not accepted, as the pack says: {', '.join(refused[:20])}" if refused else ""
    return f"{accepted} records bear the signature of their topic's owner, by {whose}{told}"


def _own_directory(pack: _Pack) -> Directory | None:
    names = {DIRECTORY, KEYS} & pack.reader.names
    if not names:
        return None
    if len(names) == 1:
        raise VerificationFailed("the pack has a directory without its list of keys, or the list without it.")
    text = pack.reader.read(DIRECTORY)
    if len(text) > MAX_DIRECTORY_BYTES:
        raise VerificationFailed(f"the pack's directory is larger than {MAX_DIRECTORY_BYTES} bytes.")
    try:
        directory = Directory.from_toml(text.decode())
    except (UnicodeDecodeError, RecursionError) as error:
        raise VerificationFailed("the pack's directory cannot be read.") from error
    if keys_text(directory) != pack.reader.read(KEYS):
        raise VerificationFailed("the pack's list of keys is not that of its directory.")
    return directory


def _decoded(pack: _Pack, schemas: Schemas) -> str:
    """Step 9."""
    teller = RecordTeller(schemas, pack.directory)
    for index, leaf in pack.leaves.items():
        if teller.told(index, leaf, pack.content(index)) != pack.reader.read(f"records/{stem(index)}.json"):
            raise VerificationFailed(f"the JSON of index {index} says something else than its bytes.")
    return "so they do"


def _schemas(pack: _Pack, schemas: Schemas) -> str:
    """Step 10."""
    teller = RecordTeller(schemas, None)
    used = {schema for _, recorded in pack.records() if (schema := teller.schema_of(recorded))}
    files = {name.removeprefix("schemas/") for name in pack.reader.names if name.startswith("schemas/")}
    return check_schemas(used, {name: pack.reader.read(f"schemas/{name}") for name in files})


def _selection(pack: _Pack, schemas: Schemas) -> str:
    """Step 11."""
    teller = RecordTeller(schemas, pack.directory)
    return check_selection(pack.manifest.facts.selection, pack.leaves, pack.checkpoint.size, pack.record, teller)


def _statement(pack: _Pack) -> str:
    """Step 12."""
    facts, manifest = pack.manifest.facts, pack.manifest
    if (facts.origin, facts.size, facts.root) != (
        pack.checkpoint.origin,
        pack.checkpoint.size,
        encode_base64(pack.checkpoint.root),
    ):
        raise VerificationFailed("the manifest names another tree than the checkpoint.")
    if list(facts.records) != [record_line(i, leaf, pack.content(i)) for i, leaf in sorted(pack.leaves.items())]:
        raise VerificationFailed("the manifest says something else about a record than its leaf does.")
    if (facts.witnesses, facts.quorum) != _claimed_witnesses(pack):
        raise VerificationFailed(
            "the manifest says something else about the witnesses than the pack's own policy shows."
        )
    if manifest.statement != statement_of(facts) or manifest.not_shown != NOT_SHOWN:
        raise VerificationFailed("the manifest's words are not those of what was found.")
    return f"so it says; made by {manifest.made_by} at {manifest.made_at}, which nothing shows"


def _claimed_witnesses(pack: _Pack) -> tuple[tuple[PackedWitness, ...], bool | None]:
    """Return what the manifest should say: by the policy in the pack, at the time when the pack was made."""
    if POLICY not in pack.reader.names:
        return (), None
    try:
        policy = pack.reader.read(POLICY).decode()
        made_at = datetime.fromisoformat(pack.manifest.made_at)
    except ValueError as error:
        raise VerificationFailed("the pack's policy is not UTF-8, or its time of making is no time.") from error
    if made_at.tzinfo is not UTC or made_at_text(made_at) != pack.manifest.made_at:
        raise VerificationFailed("the pack's time of making is not written as we write it.")
    return witness_lines(pack.note, pack.key, policy, made_at)
