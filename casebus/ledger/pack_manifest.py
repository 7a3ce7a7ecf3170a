"""The manifest of an evidence pack: what is in it, who made it, how it was selected, and what it states in plain words.

The manifest is the exporter's word and signed by nobody. `check_pack` compares each of its statements with what the
checkpoint, the proofs and the records show by themselves. Pure.
"""

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from casebus.errors import VerificationFailed
from casebus.ledger.pack_zip import MAX_FILES, MAX_RECORDS

FORMAT: Literal["casebus/evidence-pack@v1"] = "casebus/evidence-pack@v1"
MANIFEST = "manifest.json"
MAX_MANIFEST_BYTES = 16 * 1024 * 1024

Hex32 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Text = Annotated[str, Field(max_length=1000)]
Count = Annotated[int, Field(ge=0, lt=2**63)]
Way = Literal["case", "tip", "conflict", "event", "index", "range"]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class PackedFile(_Entry):
    """A file of the pack."""

    sha256: Hex32
    size: Count


class Selection(_Entry):
    """How the records were chosen. `id` is the opaque id that was asked for, null for `index` and `range`.

    `searched` leaves, from index 0 on, were looked at; `unread` of their records could not be read, and may have been
    meant. For `index` and `range` nothing was searched: the records were named.
    """

    by: Way
    id: Text | None
    matched: Count
    searched: Count
    unread: Count


class PackedWitness(_Entry):
    """Who cosigned the checkpoint, by its name in the policy, and when."""

    name: Text
    time: Text


class PackedRecord(_Entry):
    """One leaf of the pack. `topic` is null for a marker."""

    index: Count
    kind: Text
    topic: Text | None
    topic_id: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    position: Count
    content_hash: Hex32


class Facts(_Entry):
    """What the pack claims about the ledger. `quorum` is null where no policy was named."""

    origin: Text
    size: Count
    root: Text
    witnesses: Annotated[tuple[PackedWitness, ...], Field(strict=False, max_length=1000)]
    quorum: bool | None
    selection: Selection
    records: Annotated[tuple[PackedRecord, ...], Field(strict=False, max_length=MAX_RECORDS)]


class Manifest(_Entry):
    """`manifest.json`. `command` is the command line without the values that were given."""

    format: Literal["casebus/evidence-pack@v1"]
    tool: Text
    command: Text
    made_by: Text
    made_at: Text
    facts: Facts
    statement: Annotated[tuple[Text, ...], Field(strict=False, max_length=MAX_RECORDS + 20)]
    not_shown: Annotated[tuple[Text, ...], Field(strict=False, max_length=20)]
    files: Annotated[dict[str, PackedFile], Field(max_length=MAX_FILES)]

    def format_bytes(self) -> bytes:
        """Return the file's bytes."""
        return (json.dumps(self.model_dump(mode="json"), indent=2, sort_keys=True, ensure_ascii=True) + "\n").encode()


def parse_manifest(data: bytes) -> Manifest:
    """Read a manifest. Raises `VerificationFailed` for anything that `format_bytes` does not write."""
    if len(data) > MAX_MANIFEST_BYTES:
        raise VerificationFailed("the manifest is too long.")
    try:
        manifest = Manifest.model_validate_json(data)
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors(include_input=False, include_url=False)[0]["loc"])
        raise VerificationFailed(f"the manifest is not of its form at {place[:80] or 'the top'}.") from None
    if manifest.format_bytes() != data:
        raise VerificationFailed("the manifest is not written canonically.")
    return manifest


def packed(content: bytes) -> PackedFile:
    """Return a file's line of the manifest."""
    return PackedFile(sha256=sha256(content).hexdigest(), size=len(content))


def stem(index: int) -> str:
    """Return the name that a leaf's files share."""
    return f"{index:06d}"


def statement_of(facts: Facts) -> tuple[str, ...]:
    """Return what the pack states, in plain words: a function of the facts alone, so that a checker writes it again."""
    return tuple(_sentences(facts))


def _sentences(facts: Facts) -> Iterator[str]:
    yield f"The log {facts.origin} signed a checkpoint of {facts.size} entries with root {facts.root}."
    told = ", ".join(f"{each.name} at {each.time}" for each in facts.witnesses)
    if facts.quorum is None:
        yield "No policy was named: nothing is stated about witnesses."
    elif facts.quorum:
        yield f"It was cosigned by a quorum of the policy's witnesses: {told}."
    else:
        yield f"The policy's witnesses are not a quorum; of them cosigned: {told or 'none'}."
    for each in facts.records:
        what = (
            f"the record at position {each.position} of topic {each.topic}" if each.topic else f"a marker ({each.kind})"
        )
        yield (
            f"Entry {each.index} of the log is in that tree; it names {what} (topic id {each.topic_id}), "
            f"whose bytes hash to {each.content_hash}."
        )
    yield _selected(facts.selection)


def _selected(selection: Selection) -> str:
    if selection.by in ("index", "range"):
        return f"The {selection.matched} entries were named by whoever exported; nothing was searched for."
    return (
        f"Entries 0 to {selection.searched - 1} were searched, all of them: {selection.matched} name the {selection.by} "
        f"that was asked for; {selection.unread} records could not be read and may have been meant."
    )


NOT_SHOWN = (
    "That these are all the records of a case, tip, conflict or event: that count is the exporter's word. Whoever needs "
    "it shown searches a full copy of the ledger, verified, whose checkpoint is this one or a later one.",
    "That the log was not forked or rolled back by its own key, unless a quorum of witnesses that you know cosigned the "
    "checkpoint, or you hold an older checkpoint that it extends.",
    "That what a record says is true: shown is that its agency signed it, when the bus took it in, and that it has not "
    "changed since. Tokens stand for identifiers, which the agency alone can resolve.",
    "Who made this pack and when: the manifest is signed by nobody.",
)
