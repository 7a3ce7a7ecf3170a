"""`casebus ledger prove`, `check-proof` and `checkpoint`: one event's inclusion, and today's log as an extension of what
was noted down last year, as small files that anybody checks offline.
"""

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from casebus.cli.event_options import given_id
from casebus.cli.ledger_access import record_reading
from casebus.cli.ledger_finding import directory_of, find_asked, find_place
from casebus.cli.ledger_options import (
    Key,
    LedgerDirectory,
    checked_policy,
    checked_since,
    given_file,
    given_key,
    refuse_missing,
)
from casebus.cli.ledger_reports import tell_report
from casebus.cli.options import AsJson, Officer, clock
from casebus.cli.output import print_json, words
from casebus.errors import Conflict, StoreError, UsageError
from casebus.ledger.checkpoint import parse_checkpoint
from casebus.ledger.leaf import LeafKind
from casebus.ledger.policy import parse_policy
from casebus.ledger.proof import MAX_PROOF_BYTES, SUFFIX, ConsistencyProof
from casebus.ledger.proof_check import Given, check_proof, moment
from casebus.ledger.proving import Proven, Prover
from casebus.ledger.record import MAX_RECORD_BYTES, decode_record
from casebus.ledger.tiles import MAX_ENTRY_BYTES
from casebus.ledger.vkey import VerifierKey, encode_base64, parse_vkey, shown_name

HiddenData = Annotated[Path | None, typer.Option("--data", envvar="CASEBUS_DATA", hidden=True)]
OptionalKey = Annotated[str | None, typer.Option("--key", help="Refuse a ledger that is not signed by this key.")]
PolicyFile = Annotated[Path | None, typer.Option("--policy", help="A tlog-policy: which witnesses must cosign.")]
FIELDS = ("index", "topic", "position", "record")


def prove(
    ledger: LedgerDirectory,
    index: Annotated[int | None, typer.Option("--index", help="The leaf at this index.", min=0)] = None,
    event: Annotated[str | None, typer.Option("--event", help="The record of the event with this id.")] = None,
    at: Annotated[str | None, typer.Option("--at", help="The record at TOPIC/POSITION of the bus.")] = None,
    since: Annotated[
        Path | None, typer.Option("--since", help="That the ledger extends this older checkpoint.")
    ] = None,
    key: OptionalKey = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write the proof here, leaf and record beside it.")] = None,
    officer: Officer = None,
    data: HiddenData = None,
    as_json: AsJson = False,
) -> None:
    """Prove that one record is in the ledger, or that the ledger extends an older checkpoint.

    The first is a .tlog-proof (c2sp.org/tlog-proof): it goes with the leaf and the record, which --out puts beside it.
    """
    refuse_missing(ledger)
    event = given_id("--event", event)
    if sum(asked is not None for asked in (index, event, at, since)) != 1:
        raise UsageError("one thing is proved at a time", next_step="give one of --index, --event, --at and --since.")
    prover = Prover(ledger, _key_of(key))
    if (older := checked_since(since)) is not None:
        _tell_extension(prover.extends(older, _key_of(key)), out, as_json)
        return
    also: tuple[int, ...] = ()
    if event is not None:
        index, *more = find_asked(ledger, directory_of(ledger, data), "event", event).indices
        also = tuple(more)
    elif at is not None:
        index = find_place(ledger, at)
    assert index is not None, "bug: one of the four was given"
    proven = prover.prove(index)
    record_reading(ledger, fields=FIELDS, references=[event or f"index-{index}"], officer=officer, data=data)
    _tell_inclusion(proven, also, out, as_json)


def check(
    proof: Annotated[Path, typer.Argument(help="A proof that `casebus ledger prove` wrote.", show_default=False)],
    key: Key,
    policy: PolicyFile = None,
    leaf: Annotated[
        Path | None, typer.Option("--leaf", help="The leaf's bytes; by default the .leaf file beside the proof.")
    ] = None,
    record: Annotated[
        Path | None, typer.Option("--record", help="The record's bytes, that the leaf must name.")
    ] = None,
    data: HiddenData = None,
    as_json: AsJson = False,
) -> None:
    """Check a proof offline: against the ledger's key, the leaf's bytes, and the record's where they are given."""
    given = Given(
        given_file(proof, MAX_PROOF_BYTES),
        given_key(key),
        policy=checked_policy(policy),
        leaf=_leaf_beside(proof, leaf),
        record=given_file(record, MAX_RECORD_BYTES) if record else None,
    )
    tell_report(check_proof(given, now=clock().now()), "the proof", as_json)


def checkpoint(
    ledger: LedgerDirectory,
    save: Annotated[Path | None, typer.Option("--save", help="Write it to this file too, for --since later.")] = None,
    key: OptionalKey = None,
    policy: PolicyFile = None,
    data: HiddenData = None,
    as_json: AsJson = False,
) -> None:
    """Print the ledger's checkpoint of now, and note it down: against it any later rewriting shows.

    Witnesses' names and times are what their lines say; `verify` with a policy checks them.
    """
    refuse_missing(ledger)
    found = Prover(ledger, _key_of(key)).newest
    names = _names(checked_policy(policy))
    witnesses = [
        {
            "name": names.get((line.name, line.key_id), line.name),
            "time": moment(int.from_bytes(line.signature[:8], "big")),
        }
        for line in found.note.signatures
        if len(line.signature) > 64  # a log's own line is 64 bytes; a cosignature has eight more, the time
    ]
    if save is not None:
        write_new(save, found.note.format())
    root = encode_base64(found.checkpoint.root)
    told = {"origin": found.checkpoint.origin, "size": found.checkpoint.size, "root": root, "witnesses": witnesses}
    if as_json:
        print_json({**told, "checkpoint": found.note.format().decode()})
        return
    _print_exactly(found.note.format())
    cosigned = ", ".join(f"{shown_name(str(each['name']))} at {each['time']}" for each in witnesses) or "no witness"
    words().print(f"{found.checkpoint.size} leaves, root {root}; cosigned by {cosigned}", markup=False)


def write_new(path: Path, content: bytes, mode: int = 0o666) -> None:
    """Write a file that was not there. Raises `Conflict` for one that is, unless it holds the same bytes."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode), "wb") as file:
            file.write(content)
    except FileExistsError as error:
        if path.is_file() and path.read_bytes() == content:
            return
        raise Conflict(f"{path} is there already", next_step="name another file: nothing is written over.") from error
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}.") from error


def _print_exactly(text: bytes) -> None:
    """Print a note or a proof byte for byte, also where stdout would be in another encoding."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(encoding="utf-8", newline="\n")
    sys.stdout.write(text.decode())
    sys.stdout.flush()


def _key_of(key: str | None) -> VerifierKey | None:
    return parse_vkey(given_key(key)) if key else None


def _names(policy: str | None) -> dict[tuple[str, bytes], str]:
    if policy is None:
        return {}
    parsed = parse_policy(policy)
    return {(witness.name, witness.key_id): name for name, witness in parsed.witnesses.items()}


def _leaf_beside(proof: Path, leaf: Path | None) -> bytes | None:
    beside = _stem(proof).with_name(_stem(proof).name + ".leaf")
    if leaf is None and not beside.exists():
        return None
    return given_file(leaf or beside, MAX_ENTRY_BYTES)


def _stem(proof: Path) -> Path:
    return proof.with_name(proof.name.removesuffix(SUFFIX))


def _tell_extension(proof: ConsistencyProof, out: Path | None, as_json: bool) -> None:
    text = proof.format()
    if out is not None:
        write_new(out, text)
    if as_json:
        old, new = (parse_checkpoint(note.text).size for note in (proof.old, proof.new))
        files = [str(out)] if out else []
        print_json({"kind": "consistency", "from": old, "to": new, "proof": text.decode(), "files": files})
    elif out is None:
        _print_exactly(text)
    words().print("The ledger extends the older checkpoint. `casebus ledger check-proof` checks the file.")


def _tell_inclusion(proven: Proven, also: tuple[int, ...], out: Path | None, as_json: bool) -> None:
    text = proven.proof.format()
    files = _write_beside(out, proven, text) if out else []
    if as_json:
        print_json({**_told(proven), "also_at": list(also), "proof": text.decode(), "files": files})
    elif out is None:
        _print_exactly(text)
    for index in also:
        words().print(f"The same event was appended again, at index {index}.")
    words().print(f"Index {proven.proof.index} is in the ledger. `casebus ledger check-proof` checks the proof.")


def _write_beside(out: Path, proven: Proven, text: bytes) -> list[str]:
    stem = _stem(out)
    files = {out: text, stem.with_name(stem.name + ".leaf"): proven.entry}
    if proven.content is not None:
        files[stem.with_name(stem.name + ".record")] = proven.content
    for path, content in files.items():
        # A record is for whoever it is handed to; leaf and proof say nothing of it.
        write_new(path, content, 0o600 if path.name.endswith(".record") else 0o666)
    return [str(path) for path in files]


def _told(proven: Proven) -> dict[str, Any]:
    """Return what is known of the leaf. Null is present, never absent."""
    leaf, content = proven.leaf, proven.content
    is_record = leaf is not None and leaf.kind is LeafKind.RECORD
    return {
        "kind": "inclusion",
        "index": proven.proof.index,
        "size": proven.checkpoint.size,
        "root": encode_base64(proven.checkpoint.root),
        "leaf": proven.entry.hex(),
        "leaf_kind": leaf.kind.name.lower() if leaf else None,
        "topic": decode_record(content, leaf.position).topic if leaf and content is not None and is_record else None,
        "position": leaf.position if leaf else None,
        "content_hash": leaf.content_hash.hex() if leaf else None,
        "content": encode_base64(content) if content is not None else None,
    }
