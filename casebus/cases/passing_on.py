"""What one agency published for another: whether it is passed on, and what of it. Pure.

The rules are those of `casebus.cases.disclosure`, applied to what desks say to each other:

- only the two parties of a conflict, as far as they were told of it;
- a side whose record is not OPEN is never named to the other: what it says arrives without its agency and its signature;
- what is sealed is sealed to somebody whom the sender knows: to a partner that may not be named nothing sealed is passed
  on, whether or not the sender guessed right;
- a referral names its sender, so one about a conflict is passed on between two OPEN sides only, and any other under an
  agreement only;
- no copy carries the sender's records, its officer's pseudonym, or the id of its event.

What is not passed on is told to its publisher, with the reason: nothing is lost in silence.
"""

from dataclasses import dataclass

from casebus.cases.authorship import unsigned
from casebus.cases.disclosure import Copy
from casebus.cases.pair import Told
from casebus.directory import Directory
from casebus.events.enumerations import DeliveryRefusal, PointerMode
from casebus.events.types import (
    DeliveryRefused,
    DeskMessage,
    DisclosureGranted,
    DisclosureRefused,
    DisclosureRequested,
    LeadAgencyProposed,
    Payload,
    ReferralAccepted,
    ReferralDeclined,
    ReferralExpired,
    ReferralSent,
)
from casebus.state import Concept

AboutConflict = DisclosureRequested | DisclosureGranted | DisclosureRefused | DeskMessage | LeadAgencyProposed
ReferralAnswer = ReferralAccepted | ReferralDeclined | ReferralExpired
Conveyed = AboutConflict | ReferralSent | ReferralAnswer


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that was published before the hub read what it is about: it waits for that (`about`).

    `number` counts what waits for one thing, in the order in which the hub read it: a sender's own clock orders nothing.
    """

    event_id: str
    about: str
    number: int
    sender: str
    type: str
    body: str


WAITING: Concept[Waiting] = Concept(
    "waiting_items", Waiting, lambda item: item.event_id, {"about": lambda item: item.about}
)


@dataclass(frozen=True, slots=True)
class Referred:
    """What the hub knows of a referral: between whom, and whether it was passed on."""

    referral_id: str
    sender: str
    to: str
    passed_on: bool


REFERRED: Concept[Referred] = Concept("referred", Referred, lambda referred: referred.referral_id)


def about_conflict(payload: AboutConflict, sender: str, event_id: str, told: Told, directory: Directory) -> Copy:
    """Return the partner's copy, or the publisher's copy of the refusal."""
    sealed = getattr(payload, "sealed", None) is not None
    refusal = _between(sender, told, named=sealed)
    if refusal is not None:
        return refused(payload, sender, event_id, refusal)
    mine, other = _sides(sender, told)
    named = sender if told.parties[mine].pointer is PointerMode.OPEN else None
    recipient = told.parties[other].agency
    copy = payload.model_copy(update={"agency": named, "actor": None})
    copy = copy if named else unsigned(copy)
    return Copy(recipient, copy, event_id, disclosed_fields(payload), _basis(sender, recipient, directory))


def referral(payload: ReferralSent, sender: str, event_id: str, told: Told | None, directory: Directory) -> Copy:
    """Return the recipient's copy of a referral, or the sender's copy of the refusal. `told` where it names a conflict."""
    refusal = _referral_refusal(payload, sender, told, directory)
    if refusal is not None:
        return refused(payload, sender, event_id, refusal)
    copy = payload.model_copy(update={"record_ids": (), "actor": None})
    return Copy(payload.to, copy, event_id, disclosed_fields(payload), _basis(sender, payload.to, directory))


def referral_answer(
    payload: ReferralAnswer, sender: str, event_id: str, referred: Referred, directory: Directory
) -> Copy:
    """Return the other side's copy of an answer, or the refusal: only the recipient answers, only the sender expires."""
    allowed = referred.sender if isinstance(payload, ReferralExpired) else referred.to
    if sender != allowed or not referred.passed_on:
        return refused(payload, sender, event_id, DeliveryRefusal.NOT_YOURS)
    recipient = referred.to if sender == referred.sender else referred.sender
    hidden = {} if isinstance(payload, ReferralExpired) else {"actor": None}
    return Copy(
        recipient, payload.model_copy(update=hidden), event_id, ("state",), _basis(sender, recipient, directory)
    )


def refused(payload: Conveyed, sender: str, event_id: str, reason: DeliveryRefusal) -> Copy:
    """Return the publisher's copy of a refusal."""
    told = DeliveryRefused(
        agency=sender,
        conflict_id=getattr(payload, "conflict_id", None),
        item_id=item_of(payload),
        type=type(payload).__name__,
        reason=reason,
    )
    return Copy(sender, told, event_id, ("reason",), "its own record")


def is_refusal(copy: Copy) -> bool:
    """Tell whether a copy is the publisher's, of a refusal."""
    return isinstance(copy.payload, DeliveryRefused)


def item_of(payload: Payload) -> str:
    """Return the id of what is conveyed."""
    for name in ("request_id", "message_id", "referral_id", "conflict_id"):
        if (found := getattr(payload, name, None)) is not None:
            return str(found)
    raise AssertionError("bug: what is conveyed has an id")


def disclosed_fields(payload: Payload) -> tuple[str, ...]:
    """Return the names of what a copy discloses: of a release or a package the fields that an officer named."""
    match payload:
        case DisclosureGranted():
            return tuple(field.value for field in payload.fields)
        case ReferralSent():
            return ("reason", "urgency", *(field.value for field in payload.fields))
        case DisclosureRequested():
            return ("purpose", "urgency", "asked", "reason")
        case DisclosureRefused():
            return ("reason",)
        case DeskMessage():
            return ("message",)
        case _:
            return ("lead", "basis")


def _sides(sender: str, told: Told) -> tuple[int, int]:
    mine = 0 if told.parties[0].agency == sender else 1
    return mine, 1 - mine


def _between(sender: str, told: Told, *, named: bool) -> DeliveryRefusal | None:
    """Return why nothing may pass between the two sides of a conflict; `named`: the sender must know its partner."""
    agencies = [party.agency for party in told.parties]
    if sender not in agencies or agencies[0] == agencies[1] or sender not in told.agencies:
        return DeliveryRefusal.NOT_YOURS
    _, other = _sides(sender, told)
    if named and told.parties[other].pointer is not PointerMode.OPEN:
        return DeliveryRefusal.PARTNER_NOT_NAMED
    return None if agencies[other] in told.agencies else DeliveryRefusal.PARTNER_NOT_TOLD


def _referral_refusal(
    payload: ReferralSent, sender: str, told: Told | None, directory: Directory
) -> DeliveryRefusal | None:
    agreement = directory.agreement(sender, payload.to)
    if payload.conflict_id is not None and told is not None:
        refusal = _between(sender, told, named=True)
        if refusal is not None:
            return refusal
        mine, other = _sides(sender, told)
        if told.parties[other].agency != payload.to:
            return DeliveryRefusal.PARTNER_NOT_NAMED
        if told.parties[mine].pointer is not PointerMode.OPEN:
            return DeliveryRefusal.SENDER_NOT_NAMED
    return None if agreement is not None and agreement.pointer else DeliveryRefusal.NO_AGREEMENT


def _basis(sender: str, recipient: str, directory: Directory) -> str:
    agreement = directory.agreement(sender, recipient)
    return agreement.basis if agreement else ""
