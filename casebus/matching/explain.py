"""A match in plain words, one line per fact. Holds no value, no agency and no case: there is none in a match."""

from casebus.events.enumerations import Agreement, IdentifierType, Overlap, Rarity, Strength
from casebus.matching.held import Agreed, Match

KIND_WORDS: dict[IdentifierType, str] = {
    IdentifierType.EMAIL: "e-mail address",
    IdentifierType.PHONE_E164: "phone number",
    IdentifierType.SERVICE_ACCOUNT_ID: "account id",
    IdentifierType.SERVICE_SCREEN_NAME: "screen name",
    IdentifierType.IP_AT_TIME: "IP address at a time",
    IdentifierType.DEVICE: "device",
    IdentifierType.NAME_DOB: "name and date of birth",
    IdentifierType.NAME_ADDRESS: "name and address",
    IdentifierType.DOB_ADDRESS: "date of birth and address",
    IdentifierType.ADDRESS: "address of a house",
    IdentifierType.WALLET: "cryptocurrency wallet",
    IdentifierType.VEHICLE_PLATE: "vehicle's number plate",
    IdentifierType.NATIONAL_ID: "number given by a state",
    IdentifierType.NAME: "name",
    IdentifierType.UNKNOWN: "another kind of identifier",
}

OVERLAP_WORDS: dict[Overlap, str] = {
    Overlap.same_person: "possible same person",
    Overlap.same_child: "possible same child",
    Overlap.same_source_report: "same source report",
}

STRENGTH_WORDS: dict[Strength, str] = {
    Strength.very_strong: "very strong",
    Strength.strong: "strong",
    Strength.moderate: "moderate",
    Strength.weak: "weak",
}

RARITY_WORDS: dict[Rarity, str] = {
    Rarity.unique: "unique",
    Rarity.rare: "rare",
    Rarity.uncommon: "uncommon",
    Rarity.common: "common",
}

_AGREEMENT_WORDS: dict[Agreement, str] = {
    Agreement.exact: "same",
    Agreement.similar: "similar",
    Agreement.differs: "different",
}


def explain(match: Match) -> tuple[str, ...]:
    """Return the lines for people: what it is, what agrees or differs, what was left out as too common."""
    if match.overlap is Overlap.same_source_report:
        return (
            f"{OVERLAP_WORDS[match.overlap]}: both sides hold the same upstream report",
            "not a conflict: what one report says twice confirms nothing",
        )
    head = f"{OVERLAP_WORDS[match.overlap]}: {STRENGTH_WORDS[match.strength]} ({match.score:.1f})"
    return (head, *(line(agreed) for agreed in match.matched), *left_out(match.suppressed))


def line(agreed: Agreed) -> str:
    """Return one line, as `same account id (rare) +8.00`."""
    return f"{fact(agreed.kind, agreed.agreement, agreed.rarity)} {agreed.weight:+.2f}"


def fact(kind: IdentifierType, agreement: Agreement, rarity: Rarity) -> str:
    """Return what one kind says, without its weight; "different" names the kind only."""
    words = f"{_AGREEMENT_WORDS[agreement]} {KIND_WORDS[kind]}"
    return words if agreement is Agreement.differs else f"{words} ({RARITY_WORDS[rarity]})"


def left_out(suppressed: tuple[IdentifierType, ...]) -> tuple[str, ...]:
    """Return one line for each kind that agrees on a value too common to count."""
    return tuple(f"not counted, too common: {KIND_WORDS[kind]}" for kind in suppressed)
