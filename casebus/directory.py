"""The directory: agencies, their desks, public keys with validity times, and pairwise agreements.

`directory.toml` is the same file at every node, and pinned by it. The fourth agency needs a table in it, not a new
schema. It says what may be told to whom and on what basis; it holds no private key and nobody's name.
"""

import base64
import binascii
import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from casebus.errors import NotFound, UsageError
from casebus.events.enumerations import Overlap
from casebus.events.types import AgencyCode, Contact, Country, Word

HUB = "hub"
_MAX_FILE_BYTES = 1_000_000
_Text = Annotated[str, Field(min_length=1, max_length=200)]
_Vkey = Annotated[str, Field(max_length=400, pattern=r"^[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}$")]
"""A key as signed notes name it (c2sp.org/signed-note); `casebus.ledger.vkey` reads it strictly."""

_HEADER = "# The directory of a casebus network: agencies, desks, public keys, agreements. Every node pins this file.\n"


def _is_key(text: str) -> str:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("not base64") from error
    if len(raw) != 32 or base64.b64encode(raw).decode() != text:
        raise ValueError("not the base64 of 32 bytes")
    return text


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Agency(_Entry):
    """One organisation. `region` is the ISO 3166 country in which its documents' phone numbers and dates are read.

    `witness_key` verifies its witness's cosignatures on the ledger (a vkey of type 04); absent where it has no witness.
    """

    code: AgencyCode
    name: _Text
    country: Country
    region: Country
    witness_key: _Vkey | None = None
    desk: Contact

    @field_validator("code")
    @classmethod
    def _is_not_reserved(cls, code: str) -> str:
        if code == HUB:
            raise ValueError('"hub" is the hub\'s own name')
        return code


class PublicKey(_Entry):
    """An Ed25519 key that may sign for its owner: an agency code, or "hub". Times are judged at append time.

    Of `encryption_keys` an X25519 key to which others seal what is for an agency's eyes only: to the newest that is valid
    at that moment. An agency without one is sealed nothing.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,80}$")]
    owner: AgencyCode
    public_key: Annotated[str, Field(max_length=44), AfterValidator(_is_key)]
    valid_from: AwareDatetime
    valid_to: AwareDatetime | None = None
    revoked_at: AwareDatetime | None = None

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.valid_to is not None and self.valid_to <= self.valid_from:
            raise ValueError("valid_to is not after valid_from")
        return self

    @property
    def raw(self) -> bytes:
        """The 32 bytes of the key."""
        return base64.b64decode(self.public_key)

    def valid_at(self, at: datetime) -> bool:
        """Tell whether a record appended at this moment may bear this key's signature: from valid_from on, until before
        valid_to and before revoked_at.
        """
        ended = [end for end in (self.valid_to, self.revoked_at) if end is not None and end <= at]
        return self.valid_from <= at and not ended


class Agreement(_Entry):
    """What two agencies have agreed to tell each other. `pointer` false: no match between them is told to either.

    `overlaps` says which kinds of match may be told; `basis` is the legal basis, in words.
    """

    between: Annotated[tuple[AgencyCode, AgencyCode], Field(strict=False)]
    pointer: bool
    overlaps: Annotated[tuple[Annotated[Overlap, Field(strict=False)], ...], Field(strict=False)] = tuple(Overlap)
    basis: Word


COORDINATION_DESK = Contact(
    desk="casebus coordination desk",
    phone="+64 4 555 0100",
    email="coordination@casebus.example",
    hours="24/7",
    time_zone="UTC",
)
"""Whom to ring where a holder lets only the desk be named, until a network names its own."""


class _File(_Entry):
    training: bool = False
    ledger_key: _Vkey | None = None
    coordination_desk: Contact = COORDINATION_DESK
    agencies: Annotated[tuple[Agency, ...], Field(strict=False, max_length=200)]
    keys: Annotated[tuple[PublicKey, ...], Field(strict=False, max_length=2000)] = ()
    encryption_keys: Annotated[tuple[PublicKey, ...], Field(strict=False, max_length=2000)] = ()
    agreements: Annotated[tuple[Agreement, ...], Field(strict=False, max_length=20_000)] = ()


@dataclass(frozen=True)
class Directory:
    """The directory as a value. `training` marks one whose private keys are published.

    `ledger_key` is the key of the ledger that the agencies follow and cosign; absent where none does.
    """

    agencies: tuple[Agency, ...]
    keys: tuple[PublicKey, ...] = ()
    agreements: tuple[Agreement, ...] = ()
    encryption_keys: tuple[PublicKey, ...] = ()
    training: bool = False
    coordination_desk: Contact = COORDINATION_DESK
    ledger_key: str | None = None
    _by_code: dict[str, Agency] = field(init=False, repr=False, compare=False)
    _by_key_id: dict[str, PublicKey] = field(init=False, repr=False, compare=False)
    _by_pair: dict[frozenset[str], Agreement] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for complaint in _contradictions(self):
            raise UsageError(f"the directory contradicts itself: {complaint}", next_step="correct directory.toml.")
        object.__setattr__(self, "_by_code", {agency.code: agency for agency in self.agencies})
        object.__setattr__(self, "_by_key_id", {key.id: key for key in self.keys})
        object.__setattr__(self, "_by_pair", {frozenset(each.between): each for each in self.agreements})

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read `directory.toml`. Raises `NotFound`, `UsageError`."""
        try:
            with path.open("rb") as file:
                content = file.read(_MAX_FILE_BYTES + 1)
        except FileNotFoundError as error:
            raise NotFound(f"there is no directory at {path}", next_step="copy it from another node.") from error
        except OSError as error:
            raise UsageError(f"{path} cannot be read") from error
        if len(content) > _MAX_FILE_BYTES:
            raise UsageError(f"{path} is larger than {_MAX_FILE_BYTES} bytes")
        try:
            return cls.from_toml(content.decode())
        except UnicodeDecodeError as error:
            raise UsageError(f"{path} is not UTF-8") from error

    @classmethod
    def from_toml(cls, text: str) -> Self:
        """Parse and check. Raises `UsageError` that names the place."""
        try:
            data: dict[str, Any] = tomllib.loads(text)
            read = _File.model_validate(data)
        except tomllib.TOMLDecodeError as error:
            raise UsageError(f"the directory is not TOML: {error}", next_step="correct directory.toml.") from error
        except ValidationError as error:
            raise UsageError(
                f"the directory is wrong at {_first_place(error)}", next_step="correct directory.toml."
            ) from error
        return cls(
            read.agencies,
            read.keys,
            read.agreements,
            read.encryption_keys,
            read.training,
            read.coordination_desk,
            read.ledger_key,
        )

    def to_toml(self) -> str:
        """Return the file's text; `from_toml` reads it back to an equal directory."""
        return _HEADER + "".join(f"{line}\n" for line in _lines(self))

    def agency(self, code: str) -> Agency:
        """Return an agency. Raises `NotFound`."""
        try:
            return self._by_code[code]
        except KeyError:
            raise NotFound(
                f"the directory has no agency {code[:40]!r}", next_step=f"it has: {', '.join(sorted(self._by_code))}."
            ) from None

    def contact(self, code: str) -> Contact:
        """Return whom to ring at an agency. Raises `NotFound`."""
        return self.agency(code).desk

    def encryption_key(self, code: str, at: datetime) -> PublicKey | None:
        """Return the key to which things for an agency are sealed at a moment: of those that are valid the newest; None
        where none is. Raises `NotFound`.
        """
        owner = self.agency(code).code
        valid = [key for key in self.encryption_keys if key.owner == owner and key.valid_at(at)]
        return max(valid, key=lambda key: key.valid_from, default=None)

    def key(self, key_id: str) -> PublicKey | None:
        """Return the key that has this id, whether or not it is valid at any time."""
        return self._by_key_id.get(key_id)

    def agreement(self, one: str, other: str) -> Agreement | None:
        """Return what two agencies agreed, in either order. Without an agreement nothing may be told."""
        return self._by_pair.get(frozenset((one, other)))

    def may_tell(self, one: str, other: str, overlap: Overlap) -> bool:
        """Tell whether a match of this kind between two agencies may be told to them. A match inside one agency may."""
        if one == other:
            return True
        agreement = self.agreement(one, other)
        return agreement is not None and agreement.pointer and overlap in agreement.overlaps

    def may_tell_anything(self, one: str, other: str) -> bool:
        """Tell whether there is any kind of match between two agencies that may be told to them."""
        agreement = self.agreement(one, other)
        return one == other or (agreement is not None and agreement.pointer and bool(agreement.overlaps))


def encryption_key_lines(key: PublicKey) -> list[str]:
    """Return the lines by which a directory names an encryption key; they may stand anywhere after its first lines."""
    return ["[[encryption_keys]]", *_pairs(key.model_dump())]


def _contradictions(directory: Directory) -> Iterator[str]:
    codes = [agency.code for agency in directory.agencies]
    yield from _repeated("agency", codes)
    yield from _repeated("key", [key.id for key in directory.keys])
    yield from _repeated("encryption key", [key.id for key in directory.encryption_keys])
    yield from _repeated("witness key", [agency.witness_key for agency in directory.agencies if agency.witness_key])
    yield from _repeated("agreement", [" and ".join(sorted(each.between)) for each in directory.agreements])
    known = {*codes, HUB}
    yield from (f"key {key.id} belongs to nobody listed" for key in directory.keys if key.owner not in known)
    for key in directory.encryption_keys:
        if key.owner not in codes:
            yield f"encryption key {key.id} belongs to no agency listed"
    for each in directory.agreements:
        if each.between[0] == each.between[1] or not set(each.between) <= set(codes):
            yield f"the agreement between {' and '.join(each.between)} is not between two listed agencies"


def _repeated(what: str, names: list[str]) -> Iterator[str]:
    yield from (f"{what} {name} is listed twice" for name in sorted({name for name in names if names.count(name) > 1}))


def _first_place(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"]) or "the top"
    return f"{place}: {first['msg']}"


def _lines(directory: Directory) -> Iterator[str]:
    yield f"training = {_value(directory.training)}"
    yield from _pairs({"ledger_key": directory.ledger_key})
    yield from ("", "[coordination_desk]", *_pairs(directory.coordination_desk.model_dump()))
    for agency in directory.agencies:
        yield from ("", "[[agencies]]")
        yield from _pairs(agency.model_dump(exclude={"desk"}))
        yield "[agencies.desk]"
        yield from _pairs(agency.desk.model_dump())
    for key in directory.keys:
        yield from ("", "[[keys]]", *_pairs(key.model_dump()))
    for key in directory.encryption_keys:
        yield from ("", *encryption_key_lines(key))
    for agreement in directory.agreements:
        yield from ("", "[[agreements]]", *_pairs(agreement.model_dump()))


def _pairs(table: dict[str, Any]) -> Iterator[str]:
    # TOML has no null: what is absent is left out.
    yield from (f"{name} = {_value(value)}" for name, value in table.items() if value is not None)


def _value(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            # TOML's basic strings take JSON's escapes, except surrogate pairs; and they want DEL escaped.
            return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007F")
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case tuple():
            return f"[{', '.join(_value(item) for item in value)}]"
        case _:
            raise AssertionError(f"bug: no TOML for {type(value).__name__}")
