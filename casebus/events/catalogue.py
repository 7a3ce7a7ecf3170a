"""The visible table: type, schema, topics, key, writer. `docs/events.md` is generated from it."""

from dataclasses import dataclass
from enum import StrEnum

from casebus.events import types
from casebus.events.types import Payload


class Writer(StrEnum):
    """Who may write a type, hence to which topic: agencies and the hub to their own `events`, delivery to an `inbox`.

    On the last two no event stands, but the ledger's notes (`casebus.witnessing.topics`).
    """

    agency = "casebus.<agency>.events"
    hub = "casebus.hub.events"
    delivery = "casebus.<agency>.inbox"
    ledger = "casebus.ledger"
    witness = "casebus.<agency>.witness"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the table. `key` names the payload field that is the record's key."""

    model: type[Payload]
    writers: frozenset[Writer]
    key: str

    @property
    def name(self) -> str:
        """The type's name, which is also its schema's file name and record name."""
        return self.model.__name__


_AGENCY = frozenset({Writer.agency})
_BOTH_WAYS = frozenset({Writer.agency, Writer.delivery})
_TOLD = frozenset({Writer.hub, Writer.delivery})
_INBOX = frozenset({Writer.delivery})
_HUB = frozenset({Writer.hub})

CATALOGUE: dict[str, Entry] = {
    entry.name: entry
    for entry in (
        Entry(types.TipReceived, _AGENCY, "tip_id"),
        Entry(types.TipAmended, _AGENCY, "tip_id"),
        Entry(types.TipWithdrawn, _AGENCY, "tip_id"),
        Entry(types.CaseOpened, _AGENCY, "case_id"),
        Entry(types.CaseClosed, _AGENCY, "case_id"),
        Entry(types.IdentifierCorrected, _AGENCY, "record_id"),
        Entry(types.DeconflictionRequested, _AGENCY, "check_id"),
        Entry(types.DeconflictionHit, _INBOX, "conflict_id"),
        Entry(types.DeconflictionNoHit, _TOLD, "own_id"),
        Entry(types.DeconflictionRetracted, _INBOX, "conflict_id"),
        Entry(types.DeconflictionAcknowledged, _BOTH_WAYS, "conflict_id"),
        Entry(types.DeconflictionResolved, _BOTH_WAYS, "conflict_id"),
        Entry(types.DisclosureRequested, _BOTH_WAYS, "conflict_id"),
        Entry(types.DisclosureGranted, _BOTH_WAYS, "conflict_id"),
        Entry(types.DisclosureRefused, _BOTH_WAYS, "conflict_id"),
        Entry(types.DeskMessage, _BOTH_WAYS, "conflict_id"),
        Entry(types.LeadAgencyProposed, _BOTH_WAYS, "conflict_id"),
        Entry(types.ReferralSent, _BOTH_WAYS, "referral_id"),
        Entry(types.ReferralAccepted, _BOTH_WAYS, "referral_id"),
        Entry(types.ReferralDeclined, _BOTH_WAYS, "referral_id"),
        Entry(types.ReferralExpired, _BOTH_WAYS, "referral_id"),
        Entry(types.DeliveryRefused, _INBOX, "agency"),
        Entry(types.WelfareCheckRequested, _AGENCY, "check_id"),
        Entry(types.WelfareCheckCompleted, _AGENCY, "check_id"),
        Entry(types.ChildSafeguarded, _AGENCY, "outcome_id"),
        Entry(types.DataAccessed, frozenset({Writer.agency, Writer.hub}), "resource"),
        Entry(types.DataCombined, _HUB, "conflict_id"),
        Entry(types.DataDisclosed, _HUB, "recipient"),
        Entry(types.RecordParked, _TOLD, "agency"),
    )
}


def partition_key(payload: Payload) -> str:
    """Return the key of the record that carries this payload."""
    return str(getattr(payload, CATALOGUE[type(payload).__name__].key))


def writer_of(topic: str) -> tuple[Writer, str]:
    """Return who may write a topic and for whom: `casebus.nz-police.inbox` is written by delivery, for nz-police.

    Raises `ValueError` for a name that is no topic of ours.
    """
    match topic.split("."):
        case ["casebus", "hub", "events"]:
            return Writer.hub, "hub"
        case ["casebus", agency, "events"] if agency:
            return Writer.agency, agency
        case ["casebus", agency, "inbox"] if agency and agency != "hub":
            return Writer.delivery, agency
        case ["casebus", "ledger"]:
            return Writer.ledger, "hub"
        case ["casebus", agency, "witness"] if agency and agency != "hub":
            return Writer.witness, agency
        case _:
            raise ValueError(f"not a topic of casebus: {topic[:80]!r}")


def signer_of(topic: str) -> str:
    """Return whose signature a record of this topic must bear: the agency's, or the hub's for its own and inboxes."""
    writer, owner = writer_of(topic)
    return owner if writer in (Writer.agency, Writer.witness) else "hub"
