"""However many records share a value, and however many values one record has: what is read is bounded.

What SQLite itself reads for it is bounded too: tests/store/test_sqlite_store.py.
"""

import sqlite3
from collections.abc import Collection, Mapping
from contextlib import closing

import pytest
from hub_harness import Network, tip, token

from casebus.cases.holding import Holding, changed
from casebus.cases.matchmaking import Changes, Matchmaking
from casebus.cases.pair import PAIRS
from casebus.events.enumerations import IdentifierType, SubjectCategory
from casebus.events.types import MAX_SIGHTINGS, DeconflictionNoHit
from casebus.matching.candidates import cap, index_key, indexed
from casebus.matching.held import HeldRecord, HeldSighting, HeldToken
from casebus.store.store import View
from consumers.duplicate_suspects import HubState

MANY = 100_000


class Counting(HubState):
    """The hub's state, and how much of it was asked for."""

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self.questions = self.postings = self.records = 0

    def holders(self, wanted: Mapping[int, int]) -> dict[int, list[str]]:
        found = super().holders(wanted)
        self.questions += 1
        self.postings += sum(map(len, found.values()))
        return found

    def holdings(self, record_ids: Collection[str]) -> dict[str, Holding]:
        self.records += len(record_ids)
        return super().holdings(record_ids)


def post(network: Network, holders: int, *tokens: HeldToken) -> None:
    """Let so many records hold these tokens: straight into the file, because only their number matters."""
    numbers = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
    with closing(sqlite3.connect(network.root / "hub.sqlite")) as connection, connection:
        connection.execute(
            f"INSERT INTO owners (owner) {numbers} SELECT 'record-' || i FROM n WHERE true ON CONFLICT DO NOTHING",
            (holders,),
        )
        for each in tokens:
            key = index_key(each.family, each.value)
            connection.execute(f"INSERT INTO postings {numbers} SELECT ?, i FROM n", (holders, key))


def held(*tokens: HeldToken, kind: IdentifierType) -> Holding:
    """Return a tip that names each token in a sighting of its own."""
    holding = changed(None, "nz-police", tip("n"), 0)
    assert holding is not None
    one = HeldSighting(kind, 0, SubjectCategory.REPORTED_PERSON, ())
    sightings = tuple(HeldSighting(one.kind, one.subject_no, one.subject, (each,)) for each in tokens)
    record = HeldRecord(
        **{name: getattr(holding.record, name) for name in HeldRecord.__slots__} | {"sightings": sightings}
    )
    return Holding(record, tuple(f"sighting-{number}" for number in range(len(tokens))))


def matched(network: Network, holding: Holding) -> tuple[Changes, Counting]:
    with network.store.view() as view:
        known = Counting(view)
        return Matchmaking(known, None, holding, network.directory).changes(), known


def test_a_value_that_everybody_holds_makes_no_candidates_and_is_counted_no_further_than_its_cap(
    network: Network,
) -> None:
    everybody = HeldToken("account_id", f"1:{token('account_id', 'everybody').value}")
    post(network, MANY, everybody)
    network.publish(tip("n", {"account_id": "everybody"}))
    network.settle()
    (none,) = network.inbox("nz-police", DeconflictionNoHit)
    assert none.suppressed == (IdentifierType.SERVICE_ACCOUNT_ID,)
    with network.store.view() as view:
        assert list(view.all(PAIRS)) == []
    changes, known = matched(network, held(everybody, kind=IdentifierType.SERVICE_ACCOUNT_ID))
    assert (changes.combined, known.questions, known.records) == ((), 1, 0)
    assert known.postings <= cap("account_id") + 2


@pytest.mark.parametrize("holders", [cap("ip_time"), cap("ip_time") + 1, 300])
def test_as_many_values_as_a_tip_may_carry_are_looked_up_in_one_question_each_no_further_than_its_cap(
    network: Network, holders: int
) -> None:
    """Values that never speak alone: what shares one of them with the tip is not even read."""
    tokens = [HeldToken("ip_time", f"1:{number:032d}") for number in range(MAX_SIGHTINGS)]
    post(network, holders, *tokens)
    holding = held(*tokens, kind=IdentifierType.IP_AT_TIME)
    changes, known = matched(network, holding)
    assert len(indexed(holding.record)) == MAX_SIGHTINGS
    assert (changes.combined, known.questions) == ((), 1)
    assert known.postings <= MAX_SIGHTINGS * (cap("ip_time") + 2)
    crossing = holders == cap("ip_time")
    assert known.records <= (holders if crossing else 0), "whom a crossing concerns is read, once each"
