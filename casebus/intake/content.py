"""The content of a draft as one text and as one digest: what tells whether a document says anything new."""

import hashlib
import json
from dataclasses import asdict, is_dataclass

from pydantic import BaseModel

from casebus.intake.adapter import Draft


def canonical(value: object) -> str:
    """Return the canonical text of a draft or a part of one: the same content gives the same text on every machine."""
    return json.dumps(value, default=_plain, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return str(value)


def content_digest(draft: Draft) -> str:
    """Return SHA-256 over the content of a draft, in hex."""
    text = f"{type(draft).__name__}\n{canonical(draft)}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
