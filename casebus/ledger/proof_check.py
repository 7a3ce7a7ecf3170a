"""The numbered procedure by which anyone checks a proof that travels alone, offline.

    1 proof_format           the proof is a tlog-proof or one of our consistency proofs, canonical
    2 checkpoint_signature   the key that was asked for signed its checkpoint (both of them), under its own name
    3 witnesses              cosignatures by the policy's witnesses verify; is the quorum met?
    4 path                   the hashes lead from the leaf, or from the older root, to the checkpoint's root
    5 leaf_format            the leaf is one of ours, canonical (only when a record is to be checked)
    6 record                 the record's bytes hash to what the leaf names

It answers whatever it is given. Pure.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum

from casebus.errors import VerificationFailed
from casebus.ledger.checkpoint import Checkpoint, open_checkpoint, parse_checkpoint
from casebus.ledger.leaf import LeafKind, decode_leaf
from casebus.ledger.marker import marker_hash
from casebus.ledger.note import Note
from casebus.ledger.policy import parse_policy
from casebus.ledger.proof import ConsistencyProof, InclusionProof, parse_proof, witnessed
from casebus.ledger.record import hash_record
from casebus.ledger.report import Findings, Outcome, Report
from casebus.ledger.vkey import VerifierKey, encode_base64, parse_vkey


class ProofStep(IntEnum):
    """The numbered procedure."""

    PROOF_FORMAT = 1
    CHECKPOINT_SIGNATURE = 2
    WITNESSES = 3
    PATH = 4
    LEAF_FORMAT = 5
    RECORD = 6


@dataclass(frozen=True, slots=True)
class Given:
    """What is checked against each other. The leaf is not needed for a consistency proof; the record never is."""

    proof: bytes
    vkey: str
    policy: str | None = None
    leaf: bytes | None = None
    record: bytes | None = None


def check_proof(given: Given, *, now: datetime) -> Report:
    """Check a proof. Size and root are those of its (newer) checkpoint."""
    findings = Findings()
    opened = _open(given, findings)
    if opened is None:
        return Report(Outcome.FAILED, None, None, findings.checks())
    proof, key, checkpoint = opened
    note = proof.note if isinstance(proof, InclusionProof) else proof.new
    quorum = check_witnesses(note, key, given.policy, now, findings, ProofStep.WITNESSES)
    if isinstance(proof, InclusionProof):
        _check_inclusion(proof, checkpoint, given, findings)
    else:
        _check_consistency(proof, key, findings)
    outcome = Outcome.FAILED if findings.failed else Outcome.VERIFIED if quorum else Outcome.UNWITNESSED
    return Report(outcome, checkpoint.size, encode_base64(checkpoint.root), findings.checks())


def check_witnesses(
    note: Note, key: VerifierKey, policy: str | None, now: datetime, findings: Findings, step: IntEnum
) -> bool:
    """Put into the findings who has cosigned a note, and when; tell whether that is the policy's quorum."""
    if policy is None:
        findings.note(step, True, "no policy was given", "unwitnessed")
        return False
    try:
        parsed = parse_policy(policy)
        seen = witnessed(note, key, parsed, now)
    except VerificationFailed as error:
        findings.fail(step, "a policy for this log, and sound cosignatures", error.what)
        return False
    told = ", ".join(f"{name} at {moment(at)}" for name, at in seen.times.items())
    counted = f"{len(seen.times)} of {len(parsed.witnesses)} witnesses have cosigned{': ' if told else ''}{told}"
    findings.note(step, True, f"quorum: {parsed.quorum}", counted if seen.quorum else f"{counted}; unwitnessed")
    return seen.quorum


def moment(seconds: int) -> str:
    """Return POSIX seconds as people and machines read them; a time after the year 9999 stays a number."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return f"second {seconds}"


_Opened = tuple[InclusionProof | ConsistencyProof, VerifierKey, Checkpoint]


def _open(given: Given, findings: Findings) -> _Opened | None:
    """Steps 1 and 2."""
    step, expected = ProofStep.PROOF_FORMAT, "a canonical proof"
    try:
        proof = parse_proof(given.proof)
        notes = [proof.note] if isinstance(proof, InclusionProof) else [proof.old, proof.new]
        sizes = [parse_checkpoint(note.text).size for note in notes]
        findings.note(step, True, expected, f"up to {sizes[-1]} leaves")
        step, expected = (
            ProofStep.CHECKPOINT_SIGNATURE,
            "a signature by the key that was given, whose name is the origin",
        )
        key = parse_vkey(given.vkey)
        checkpoint = [open_checkpoint(note.format(), key) for note in notes][-1]
        findings.note(step, True, expected, "so it is")
    except VerificationFailed as error:
        findings.fail(step, expected, error.what)
        return None
    return proof, key, checkpoint


def _check_inclusion(proof: InclusionProof, checkpoint: Checkpoint, given: Given, findings: Findings) -> None:
    """Steps 4 to 6."""
    step, expected = ProofStep.PATH, f"the leaf is at index {proof.index} of {checkpoint.size} leaves"
    try:
        if given.leaf is None:
            raise VerificationFailed("there is no leaf to check the proof with.")
        proof.check_root(given.leaf, checkpoint)
        findings.note(step, True, expected, "so it is")
        if given.record is None:
            return
        step, expected = ProofStep.LEAF_FORMAT, "a leaf of 66 bytes"
        leaf = decode_leaf(given.leaf)
        findings.note(step, True, expected, f"a {leaf.kind.name.lower()}, position {leaf.position}")
        found = hash_record(given.record) if leaf.kind is LeafKind.RECORD else marker_hash(given.record)
        same = found == leaf.content_hash
        findings.note(ProofStep.RECORD, same, f"bytes that hash to {leaf.content_hash.hex()}", found.hex())
    except VerificationFailed as error:
        findings.fail(step, expected, error.what)


def _check_consistency(proof: ConsistencyProof, key: VerifierKey, findings: Findings) -> None:
    """Step 4."""
    expected = "the newer tree begins with the whole older one"
    try:
        old, new = proof.check(key)
        findings.note(ProofStep.PATH, True, expected, f"so it does: {old.size} of {new.size} leaves")
    except VerificationFailed as error:
        findings.fail(ProofStep.PATH, expected, error.what)
