"""The content of a draft: as one digest, which tells whether a document says anything new, and within an event's bounds."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, is_dataclass, replace

from pydantic import BaseModel

from casebus.events.enumerations import CorrectionReason
from casebus.events.types import MAX_SIGHTINGS, Sighting
from casebus.intake.adapter import CaseDraft, Draft

NO_CONTENT = frozenset({"impossible"})
"""What a draft says to whoever filed the document, and to nobody else: another word of it makes no other content."""

MAX_TOKENS_IN_ALL = 3_500
"""About 180 KB of tokens: with 500 sightings around them an event stays below the Log's limit of 256 KiB."""


def canonical(value: object) -> str:
    """Return the canonical text of a draft or a part of one: the same content gives the same text on every machine."""
    return json.dumps(value, default=_plain, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if is_dataclass(value) and not isinstance(value, type):
        return {name: each for name, each in asdict(value).items() if name not in NO_CONTENT}
    return str(value)


def content_digest(draft: Draft) -> str:
    """Return SHA-256 over the content of a draft, in hex."""
    text = f"{type(draft).__name__}\n{canonical(draft)}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def rest_digest(draft: CaseDraft) -> str:
    """Return the digest of a case without its identifiers and the reason for which those changed."""
    return content_digest(replace(draft, identifiers=(), correction_reason=CorrectionReason.TRANSCRIPTION))


def carried(sightings: Sequence[Sighting]) -> list[Sighting]:
    """Return the sightings that an event carries: the first 500, and no more tokens than fit into one record."""
    kept: list[Sighting] = []
    tokens = 0
    for sighting in sightings[:MAX_SIGHTINGS]:
        tokens += len(sighting.tokens)
        if tokens > MAX_TOKENS_IN_ALL:
            break
        kept.append(sighting)
    return kept
