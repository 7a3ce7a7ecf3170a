"""What two persons agree and differ in, as named facts: the terms of the model. Pure and symmetric.

1. A shared value above its family's cap says nothing, and its kind is named as suppressed.
2. Within one kind only the family that says most counts: an address, its delivered form and its handle are one fact.
3. A screen name is as rare as the bare handle: `ghost` is on every service, and another person on each.
4. A handle, or a name in one, counts once, and only where none of the kinds that it joins agrees by itself. Each side is
   told of the kind that it sent itself.
5. Name, birth date and house are read together from all composites that are shared, each as far as any of them says.
6. A kind that both persons have and of which nothing agrees counts against, unless what agrees was suppressed.

What a fact is worth beside the others is in `terms`.
"""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

from casebus.events.enumerations import Agreement, IdentifierType, Rarity
from casebus.matching.families import (
    BORN_KINDS,
    BY_RARITY,
    DIFFERING,
    FAMILIES,
    HANDLES,
    HOME_KINDS,
    NAME_KINDS,
    PERSON_KINDS,
    RANK,
    Born,
    Holders,
    Lives,
    Name,
    Says,
    rarity,
    term_of,
)
from casebus.matching.held import HeldToken
from casebus.matching.persons import Person

Counts = Mapping[HeldToken, int]
"""How many records hold each shared token; exact up to its cap."""

_PARTS_OF_A_HANDLE = ("handle_look", "name_in_handle")
"""What they are made of is less than a value of their kinds: that it is common says nothing of those."""

_SCREEN, _EMAIL = IdentifierType.SERVICE_SCREEN_NAME, IdentifierType.EMAIL


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that agrees or differs. `terms` are the model's names for it; `firm`: not many people hold such a thing."""

    terms: tuple[str, ...]
    kind: IdentifierType
    other_kind: IdentifierType
    agreement: Agreement
    rarity: Rarity
    tokens: tuple[HeldToken, ...] = ()
    firm: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """All of them, and the kinds that agree only on a value too common to count."""

    facts: tuple[Fact, ...]
    suppressed: tuple[IdentifierType, ...]


def facts(
    one: Person, other: Person, shared: Iterable[HeldToken], counts: Counts, crowded: Set[IdentifierType]
) -> Facts:
    """Return what two persons agree and differ in. `crowded` kinds are suppressed from the start."""
    every = sorted(shared, key=lambda token: (RANK[token.family], token.value))
    heard = [token for token in every if counts[token] <= FAMILIES[token.family].cap]
    both = one.kinds & other.kinds
    too_many = [token for token in every if counts[token] > FAMILIES[token.family].cap]
    unheard = [token for token in too_many if token.family not in _PARTS_OF_A_HANDLE]
    too_common = set(crowded) | _kinds_of(unheard, one, other)
    found = _identifiers(one, other, heard, counts)
    agreeing = {fact.kind for fact in found}
    if not one.kinds.isdisjoint(PERSON_KINDS) and not other.kinds.isdisjoint(PERSON_KINDS):
        person = [token for token in heard if FAMILIES[token.family].says]
        found += _person(one, other, person, counts, _hushed(unheard, too_common, crowded))
    handle = _handle(one, other, heard, counts, agreeing | (too_common & {_SCREEN, _EMAIL}))
    if handle:
        found.append(handle)
        agreeing |= {handle.kind, handle.other_kind}
        agreeing |= {_SCREEN, _EMAIL} if handle.terms[0] != "name_in_handle" else set()
    found += [_differs(kind) for kind in DIFFERING if kind in both - agreeing - too_common]
    named = {fact.kind for fact in found if fact.agreement is not Agreement.differs}
    if named & PERSON_KINDS:
        too_common -= PERSON_KINDS
    return Facts(tuple(found), tuple(sorted((too_common & both) - named)))


def _kinds_of(tokens: Iterable[HeldToken], one: Person, other: Person) -> set[IdentifierType]:
    """Return the kinds, sent by both, that carry any of the tokens."""
    found: set[IdentifierType] = set()
    for token in tokens:
        found |= (one.tokens[token] | other.tokens[token]) & one.kinds & other.kinds
    return found


def _identifiers(one: Person, other: Person, heard: list[HeldToken], counts: Counts) -> list[Fact]:
    """Return one fact for each kind of identifier of which a value agrees."""
    shared: dict[IdentifierType, list[HeldToken]] = {}
    for token in heard:
        family = FAMILIES[token.family]
        if family.says is None and token.family not in HANDLES:
            shared.setdefault(family.kinds[0], []).append(token)
    bare = [t for t in one.tokens.keys() & other.tokens.keys() if t.family == "handle"] if _SCREEN in shared else []
    handles = [counts[token] for token in bare if _SCREEN in one.tokens[token] & other.tokens[token]]
    return [_identifier(kind, tokens, counts, handles) for kind, tokens in sorted(shared.items())]


def _identifier(kind: IdentifierType, tokens: list[HeldToken], counts: Counts, handles: list[int]) -> Fact:
    best = min(tokens, key=lambda token: (RANK[token.family], counts[token], token.value))
    family = FAMILIES[best.family]
    band = rarity(counts[best], family.cap)
    terms = (family.name, *_band(family.name, band))
    if kind is _SCREEN:
        band = rarity(max(handles), FAMILIES["handle"].cap) if handles else Rarity.common
        terms = (family.name, *(_band(family.name, band) if handles else ("screen_name.short",)))
    firm = family.holders is not Holders.many and band is not Rarity.common
    if kind is _SCREEN and band is Rarity.uncommon:
        firm = False  # on so many accounts that strangers use it too
    return Fact(terms, kind, kind, family.agreement, band, tuple(tokens), firm)


def _band(name: str, band: Rarity) -> tuple[str, ...]:
    return () if band is Rarity.unique else (f"{name}.{band}",)


def _handle(
    one: Person, other: Person, heard: list[HeldToken], counts: Counts, taken: Set[IdentifierType]
) -> Fact | None:
    """Return the best of the shared handles, None where the kinds that it joins speak for themselves.

    The best by band, not by count: within a band nothing is compared again, so what stands must not depend on counts.
    All that could have been it are its evidence: whoever judged the pair has judged each of them.
    """

    def speaks(token: HeldToken) -> bool:
        ours, theirs = one.tokens[token] - NAME_KINDS, other.tokens[token] - NAME_KINDS
        joins = bool(ours or theirs) and not (ours | theirs) & taken
        return joins and (token.family == "name_in_handle" or not {_SCREEN, _EMAIL} & taken)

    def rank(token: HeldToken) -> tuple[int, int, str]:
        band = rarity(counts[token], FAMILIES[token.family].cap)
        return HANDLES.index(token.family), BY_RARITY.index(band), token.value

    shared = sorted([token for token in heard if token.family in HANDLES and speaks(token)], key=rank)
    if not shared:
        return None
    best = shared[0]
    return _joined(one.tokens[best], other.tokens[best], tuple(shared), counts[best])


def _joined(ours: Set[IdentifierType], theirs: Set[IdentifierType], tokens: tuple[HeldToken, ...], count: int) -> Fact:
    """Return the fact of handles, the best of them first; `ours` and `theirs` are the kinds that carry that one."""
    family = FAMILIES[tokens[0].family]
    band = rarity(count, family.cap)
    common = sorted(ours & theirs - NAME_KINDS)
    kind, other_kind = (common[0], common[0]) if common else (_told(ours), _told(theirs))
    firm = family.holders is not Holders.many
    return Fact((family.name, *_band(family.name, band)), kind, other_kind, family.agreement, band, tokens, firm)


def _told(kinds: Set[IdentifierType]) -> IdentifierType:
    """Return the kind under which a side is told of what it sent: a name, whatever it was sent with."""
    return IdentifierType.NAME if kinds <= NAME_KINDS else min(kinds - NAME_KINDS)


# --- name, birth date, house ---


def _person(one: Person, other: Person, tokens: list[HeldToken], counts: Counts, hushed: Set[str]) -> list[Fact]:
    said = _said(tokens)
    terms = _Terms(said, one, other, hushed)
    if not tokens:
        return terms.differing()
    rarest = min(tokens, key=lambda token: counts[token])
    band = rarity(counts[rarest], FAMILIES[rarest.family].cap)
    facts_found = [
        Fact(names, kind, kind, agreement, band, told, terms.firm)
        for kind, agreement, names, told in terms.agreeing(_band("person", band), tuple(tokens))
    ]
    return facts_found + terms.differing()


def _hushed(
    unheard: Iterable[HeldToken], too_common: Set[IdentifierType], crowded: Set[IdentifierType]
) -> frozenset[str]:
    """Return of which of the three something agrees that is too common to count, so that it does not differ."""
    if not too_common:  # what says a birth date or a house is carried under one kind, which is too common then
        return frozenset()
    said = _said(token for token in unheard if FAMILIES[token.family].says)
    parts = (
        ("name", bool(too_common & NAME_KINDS)),
        ("born", bool(said.born or crowded & BORN_KINDS)),
        ("lives", bool(said.lives or crowded & HOME_KINDS)),
    )
    return frozenset(part for part, is_hushed in parts if is_hushed)


def _said(tokens: Iterable[HeldToken]) -> Says:
    said = [says for token in tokens if (says := FAMILIES[token.family].says)]
    return Says(
        max((s.name for s in said), default=Name.unknown),
        max((s.born for s in said), default=Born.unknown),
        max((s.lives for s in said), default=Lives.unknown),
    )


_Line = tuple[IdentifierType, Agreement, tuple[str, ...], tuple[HeldToken, ...]]


class _Terms:
    """The terms of a pair's name, birth date and house, and the lines in which people are told of them."""

    def __init__(self, said: Says, one: Person, other: Person, hushed: Set[str]) -> None:
        self._said = said
        self._hushed = hushed
        self._both_named = bool(one.kinds & NAME_KINDS) and bool(other.kinds & NAME_KINDS)
        self._both_born = bool(one.kinds & BORN_KINDS) and bool(other.kinds & BORN_KINDS)
        self._both_live = bool(one.kinds & HOME_KINDS) and bool(other.kinds & HOME_KINDS)

    @property
    def firm(self) -> bool:
        """Tell whether it is more than a household, namesakes or a shared birthday."""
        said = self._said
        return said.born >= Born.month_day and (said.name >= Name.near or said.lives >= Lives.street)

    def agreeing(self, band: tuple[str, ...], tokens: tuple[HeldToken, ...]) -> list[_Line]:
        """Return the lines of what agrees; the first has the rarity and the tokens."""
        said = self._said
        name = (term_of("name", said.name), *self._namesake()) if said.name else ()
        born = (term_of("born", said.born), *self._word_and_day()) if said.born else ()
        lives = (term_of("lives", said.lives), *self._household(), *self._undated()) if said.lives else ()
        if name and born:
            exact = said.name is Name.exact and said.born is Born.day
            lines = [(IdentifierType.NAME_DOB, _how(exact), name + born + band, tokens)]
            return [*lines, (IdentifierType.ADDRESS, self._housed(), lives, ())] if lives else lines
        kinds = {(True, False): IdentifierType.NAME_ADDRESS, (False, True): IdentifierType.DOB_ADDRESS}
        if lives:
            kind = kinds.get((bool(name), bool(born)), IdentifierType.ADDRESS)
            return [(kind, self._alike(), name + born + lives + band, tokens)]
        return [(IdentifierType.NAME, _how(said.name is Name.exact), name + band, tokens)]

    def differing(self) -> list[Fact]:
        """Return what both persons have and does not agree."""
        found = []
        if self._both_named and not self._said.name and "name" not in self._hushed:
            found.append(_differs(IdentifierType.NAME, "name.differs"))
        if self._both_born and not self._said.born and "born" not in self._hushed:
            found.append(_differs(IdentifierType.NAME_DOB, "born.differs"))
        if self._both_live and not self._said.lives and "lives" not in self._hushed:
            found.append(_differs(IdentifierType.ADDRESS, "lives.differs"))
        return found

    def _word_and_day(self) -> tuple[str, ...]:
        """One word of the name and a birthday: twins, and namesakes of a surname, share as much."""
        said = self._said
        return ("word_and_day",) if said.name is Name.word and said.born is Born.day and not said.lives else ()

    def _namesake(self) -> tuple[str, ...]:
        """A name, and nothing else of what both are known by: namesakes share as much."""
        said = self._said
        is_alone = said.name >= Name.near and not said.born and not said.lives
        return ("namesake",) if is_alone and (self._both_born or self._both_live) else ()

    def _household(self) -> tuple[str, ...]:
        """A house without the person's own name: a household shares as much."""
        said = self._said
        return ("household",) if self._both_named and said.name < Name.near and said.lives >= Lives.street else ()

    def _undated(self) -> tuple[str, ...]:
        """A name at home without a birth date that agrees: a father and a son share as much."""
        said = self._said
        is_so = said.name >= Name.near and said.lives >= Lives.street and not said.born
        return ("undated_at_home",) if is_so else ()

    def _alike(self) -> Agreement:
        said = self._said
        named = not said.name or said.name is Name.exact
        born = not said.born or said.born is Born.day
        return _how(named and born and said.lives is Lives.house)

    def _housed(self) -> Agreement:
        return _how(self._said.lives is Lives.house)


def _how(exact: bool) -> Agreement:
    return Agreement.exact if exact else Agreement.similar


def _differs(kind: IdentifierType, term: str = "") -> Fact:
    """Return a fact that counts against. It names a kind only: the band says nothing, so it is the plainest one."""
    return Fact((term or f"{kind.lower()}.differs",), kind, kind, Agreement.differs, Rarity.common)
