"""What the hub holds for matching, in memory: the same questions and effects without a Store."""

from collections.abc import Collection, Iterable, Mapping
from sys import getsizeof

from casebus.cases.grouping import GROUPED, Grouped
from casebus.cases.holding import HELD, Holding
from casebus.cases.judgement import Judgement
from casebus.cases.matchmaking import POSTINGS
from casebus.cases.pair import PAIRS, Pair
from casebus.state import Effect, Post, Remove, Save, Unpost


class MemoryHub:
    """Answers the matchmaker, and takes its effects. A token that one record holds has no list of its own."""

    def __init__(self) -> None:
        self._held: dict[str, Holding] = {}
        self._postings: dict[int, str | list[str]] = {}
        self._pairs: dict[str, Pair] = {}
        self._pairs_of: dict[str, list[str]] = {}
        self._grouped: dict[str, Grouped] = {}

    def holders(self, wanted: Mapping[int, int]) -> dict[int, list[str]]:
        """Return the ids of the records that hold each token."""
        return {token: self._owners(token)[:most] for token, most in wanted.items()}

    def _owners(self, token: int) -> list[str]:
        owners = self._postings.get(token, [])
        return [owners] if isinstance(owners, str) else owners

    def holdings(self, record_ids: Collection[str]) -> dict[str, Holding]:
        """Return those of the records that are held, by id."""
        return {record_id: self._held[record_id] for record_id in record_ids if record_id in self._held}

    def pair(self, conflict_id: str) -> Pair | None:
        """Return a pair that was found before."""
        return self._pairs.get(conflict_id)

    def pairs_of(self, record_id: str) -> list[Pair]:
        """Return the pairs of a record that were found before."""
        return [self._pairs[conflict_id] for conflict_id in self._pairs_of.get(record_id, [])]

    def judgements(self, conflict_id: str) -> list[Judgement]:
        """Return what officers said of a pair: no officer is asked here."""
        return []

    def grouped(self, record_id: str) -> Grouped | None:
        """Return the group that a record is in."""
        return self._grouped.get(record_id)

    def index_bytes(self) -> int:
        """Return what the index takes: the table, its keys, and lists; the ids are the records' own."""
        lists = (owners for owners in self._postings.values() if isinstance(owners, list))
        return sum(map(getsizeof, (self._postings, *self._postings, *lists)))

    def apply(self, effects: Iterable[Effect]) -> None:
        """Carry out what the matchmaker wants done."""
        for effect in effects:
            match effect:
                case Save(concept, Holding() as holding) if concept is HELD:
                    self._held[holding.record.record_id] = holding
                case Save(concept, Pair() as pair) if concept is PAIRS:
                    self._save(pair)
                case Save(concept, Grouped() as grouped) if concept is GROUPED:
                    self._grouped[grouped.record_id] = grouped
                case Remove(concept, record_id) if concept is GROUPED:
                    self._grouped.pop(record_id, None)
                case Post(index, owner, tokens) if index is POSTINGS:
                    for token in tokens:
                        self._post(token, owner)
                case Unpost(index, owner, tokens) if index is POSTINGS:
                    for token in tokens:
                        self._postings[token] = [other for other in self._owners(token) if other != owner]
                case _:
                    raise AssertionError(effect)

    def _save(self, pair: Pair) -> None:
        if pair.conflict_id not in self._pairs:
            for record_id in pair.record_ids:
                self._pairs_of.setdefault(record_id, []).append(pair.conflict_id)
        self._pairs[pair.conflict_id] = pair

    def _post(self, token: int, owner: str) -> None:
        owners = self._postings.get(token)
        if owners is None:
            self._postings[token] = owner
        elif isinstance(owners, str):
            self._postings[token] = [owners, owner]
        else:
            owners.append(owner)
