"""One new record against a register: only records that share a key with it are looked at.

It is judged as it would be in the register: by the register's model, from the weight on at which the register's own pairs
are alerts, and as a member of the group that it fits best. A register can say less to this the fewer duplicates it has: with
hardly any the priors alone weigh, and what its people have in common says how close strangers come.
"""

from collections.abc import Iterator, Set
from dataclasses import dataclass
from math import log

from casebus.matching.register.bands import NONE, alert_above
from casebus.matching.register.blocks import CAPS
from casebus.matching.register.dates import Orders
from casebus.matching.register.engine import ALERT, Band, Register, in_doubt
from casebus.matching.register.explain import reasons
from casebus.matching.register.groups import Pair, fit, strengths
from casebus.matching.register.levels import compare
from casebus.matching.register.record import Record, Row, record

KNOWN = 0.3
"""The share of new records that are assumed to have a partner in the register, for the prior log-odds of a pair."""
ENOUGH = 100
"""So many duplicates in the register, or more, tell how two records of one person differ; with fewer the priors alone do."""
LEAST = 0.0
SUPPORT = 3.0
"""What a third record can add to the weight of two at most: what contradicts itself stays apart."""
_NEW = -1
"""The place of a record that is none of the register's."""


@dataclass(frozen=True, slots=True)
class Found:
    """A record of the register that a new one may belong with."""

    record_id: str
    band: Band
    weight: float
    reasons: str


class Lookup:
    """A register that is ready to be asked."""

    def __init__(self, register: Register, orders: Orders | None = None) -> None:
        self._register = register
        self._orders = orders or Orders({})
        groups = register.groups()
        self._groups = {member: members for members in groups for member in members}
        self._known_links: dict[int, dict[Pair, float]] = {}
        is_calibrated = register.matches >= ENOUGH
        self._model = register.model if is_calibrated else register.uncalibrated
        self._rules = register.rules()
        self._shift = self._prior_shift()
        own = register.alerts_from(groups)
        self._threshold = own if is_calibrated and own < NONE else self._above_strangers(own)

    def _above_strangers(self, own: float) -> float:
        """Return the lowest weight of an alert where the register has no such weight that would hold for a new record."""
        partners = KNOWN * len(self._register.records)
        return max(ALERT, alert_above(self._strangers(own), partners / 2))  # a pair comes close to two records

    def _strangers(self, own: float) -> Iterator[float]:
        """Yield the high weights of those pairs of the register that are no alerts in it, as an answer would have them."""
        register = self._register
        weights = [self._model.weight(pattern) + self._shift for pattern in register.compared.patterns]
        pairs = zip(register.compared.first, register.compared.second, register.compared.pattern, strict=True)
        close = (pair for pair in pairs if weights[pair[2]] >= ALERT)
        for a, b, pattern in close:
            if register.weigh(a, b) < own and not register.doubts.about(register.records[a], register.records[b]):
                yield weights[pattern]

    def _prior_shift(self) -> float:
        """Return by how much a new record is likelier to have a partner than two records of the register to be one."""
        expected = log(KNOWN / max(1, len(self._register.records)))
        return max(0.0, expected - self._model.prior)

    def suspects(self, row: Row) -> list[Found]:
        """Return the records that a new one may be one person with, strongest first. One with the same record_id is left out."""
        country = next(iter(row.get("country", ())), "")
        new = record(next(iter(row.get("record_id", ())), ""), 0, row, self._orders.of(country))
        direct = self._direct(new)
        weights = self._with_groups(new, direct)
        group = self._group(new, direct)
        found = [
            self._found(
                new, self._register.records[place], weight, through=self._through(place, direct), fits=place in group
            )
            for place, weight in weights.items()
            if weight > LEAST
        ]
        found += self._of_crowds(new, {self._register.records[place].record_id for place in group if place != _NEW})
        return sorted(found, key=lambda one: (-one.weight, one.record_id))

    def _of_crowds(self, new: Record, group: Set[str]) -> Iterator[Found]:
        """Yield the rows of a crowd's rest that a new record shares an identifier with. `group`: the records it belongs with."""
        for row in self._register.rest.sharing(new):
            weight = self._weight(new, row)
            if weight > LEAST:
                fits = any(each.record_id in group for each in self._register.rest.stand_for(row))
                yield self._found(new, row, weight, through="", fits=fits)

    def _direct(self, new: Record) -> dict[int, float]:
        """Return the weight of each record that shares a key."""
        places = self._register.index.sharing(new, CAPS[0])
        return {
            place: self._weigh(new, place)
            for place in places
            if not new.record_id or self._register.records[place].record_id != new.record_id
        }

    def _weigh(self, new: Record, place: int) -> float:
        return self._weight(new, self._register.records[place])

    def _weight(self, new: Record, other: Record) -> float:
        pattern = self._register.frequencies.pattern(new, other, compare(new, other), new=1)
        return self._model.weight(pattern) + self._shift

    def _with_groups(self, new: Record, direct: dict[int, float]) -> dict[int, float]:
        """Return the weights, with the other records of a found one's group through it."""
        out = dict(direct)
        for place, weight in sorted(direct.items(), key=lambda item: (-item[1], item[0])):
            members = self._groups.get(place, [])
            if weight <= LEAST or len(members) < 2:
                continue
            links = self._links(members)
            for member in members:
                if member == place or self._register.records[member].record_id == new.record_id:
                    continue
                own = out[member] if member in out else self._weigh(new, member)
                link = min(weight, links[min(place, member), max(place, member)]) - 1.5
                out[member] = max(own, min(link, own + SUPPORT))
        return out

    def _through(self, place: int, direct: dict[int, float]) -> str:
        """Return the record_id of the strongest of a record's group that was found itself; "" where the record was."""
        if direct.get(place, LEAST) > LEAST:
            return ""
        strongest = max(self._groups[place], key=lambda member: (direct.get(member, LEAST), -member))
        return self._register.records[strongest].record_id

    def _links(self, members: list[int]) -> dict[Pair, float]:
        """Return how strongly the records of a group belong together, computed when first asked for."""
        known = self._known_links.get(members[0])
        if known is None:
            known = strengths(members, self._register.weigh, self._register.model.prior)
            self._known_links[members[0]] = known
        return known

    def _group(self, new: Record, direct: dict[int, float]) -> set[int]:
        """Return the records that the new one would make a group with: best first, as the register's own groups are made."""

        def weigh(a: int, b: int) -> float:
            place = max(a, b)
            if min(a, b) != _NEW:
                return self._register.weigh(a, b)
            return direct[place] if place in direct else self._weigh(new, place)

        group, tried = [_NEW], set[int]()
        for place, weight in sorted(direct.items(), key=lambda item: (-item[1], item[0])):
            members = self._groups.get(place, [place])
            if members[0] not in tried and weight > LEAST and fit(group, members, weight, weigh, self._rules):
                group = [*group, *members]
            tried.add(members[0])
        return set(group)

    def _found(self, new: Record, other: Record, weight: float, *, through: str, fits: bool) -> Found:
        if not fits or self._register.doubts.about(new, other):
            weight = in_doubt(weight, self._threshold)
        why = reasons(new, other, self._register.frequencies, through=through)
        return Found(other.record_id, Band.alert if weight >= self._threshold else Band.review, round(weight, 3), why)
