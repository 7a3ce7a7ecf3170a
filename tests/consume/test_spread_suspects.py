"""Matching over several instances finds, publishes and keeps what one instance does, whatever the interleaving."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hub_harness import DIA, HUB, NZ, UK, Network, amended, case, gated_by, sealer, tip, tip_id
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from casebus.bus.consume import HUB_EVENTS
from casebus.bus.outbox import Publisher
from casebus.bus.parking import PARKED_RECORDS
from casebus.bus.topic_identity import TOPICS_READ
from casebus.cases.grouping import GROUPED
from casebus.cases.holding import HELD
from casebus.cases.judgement import JUDGEMENTS
from casebus.cases.matchmaking import POSTINGS
from casebus.cases.pair import PAIRS, conflict_id_of
from casebus.cases.portions import ASKED, Portion
from casebus.errors import Conflict
from casebus.events import enumerations as en
from casebus.events.types import DeconflictionResolved, Payload, TipWithdrawn
from casebus.matching.families import FAMILIES
from casebus.store.sqlite import SqliteStore
from casebus.store.store import Kept, Store
from consumers.spread_suspects import FRONT, FRONT_KEEPS, SHARD_KEEPS, WEIGHER_KEEPS, Front, Shard, Weigher

SHARED = {"account_id": "shared"}
COMMON = {"national_id": "common"}
CAP = FAMILIES["national_id"].cap
ALL = 10_000


class Spread:
    """A front, some shards and a weigher on the Log of a network, each with a real Store in a file of its own."""

    def __init__(self, network: Network, shards: int) -> None:
        self._network = network
        self._shards = shards
        self.open()

    def open(self) -> None:
        """Put the parts together, as a restart does."""
        network = self._network
        self.front_store = self._store("front", (PARKED_RECORDS, TOPICS_READ, *FRONT_KEEPS))
        self.shard_stores = [self._store(f"shard-{n}", SHARD_KEEPS) for n in range(self._shards)]
        self.store = self._store("weigher", WEIGHER_KEEPS)
        self.front = gated_by(FRONT, Front(), network.log, self.front_store, network.directory)
        portions = [Portion(n, self._shards) for n in range(self._shards)]
        self.shards = [
            Shard(portion, self.front_store, store) for portion, store in zip(portions, self.shard_stores, strict=True)
        ]
        publisher = Publisher(sealer(HUB))
        self.weigher = Weigher(network.directory, self.front_store, self.shard_stores, self.store, publisher)

    def _store(self, name: str, kept: tuple[Kept, ...]) -> Store:
        return SqliteStore(self._network.root / f"{name}.sqlite", kept)

    def follow(self, part: int) -> int:
        """Let one part follow what the front has numbered: a shard, the weigher, or (the last number) all start anew."""
        parts = [*self.shards, self.weigher]
        if part < len(parts):
            return parts[part].step()
        self.close()
        self.open()
        return 0

    def settle(self) -> None:
        while sum(part.step() for part in (self.front, *self.shards, self.weigher)):
            pass

    def close(self) -> None:
        for store in (self.front_store, *self.shard_stores, self.store):
            store.close()


@pytest.fixture
def spread(network: Network) -> Iterator[Spread]:
    spread = Spread(network, 2)
    yield spread
    spread.close()


def kept(store: Store) -> dict[str, list[Any]]:
    """Return what matching keeps of records, pairs and groups, revisions and all."""
    with store.view() as view:
        return {concept.table: list(view.all(concept)) for concept in (HELD, PAIRS, JUDGEMENTS, GROUPED)}


def published(store: Store) -> list[tuple[str, bytes]]:
    """Return what was published, in order: ids and payloads, byte by byte."""
    with store.view() as view:
        return [(row.event_id, row.record.value) for row in view.outbox(limit=ALL) if row.topic == HUB_EVENTS]


# --- whatever the interleaving ---


def scripts() -> dict[str, list[Payload]]:
    """Three agencies; common values pass their caps upwards and downwards, tips change, an officer judges a pair, and a
    likeness of two cases is explained elsewhere.
    """
    pair = conflict_id_of(tip_id("n0"), tip_id("u0"))
    joint = en.ConflictOutcome.JOINT_INVESTIGATION
    judged = DeconflictionResolved(conflict_id=pair, agency=NZ, revision=1, outcome=joint, actor=None)
    gone = TipWithdrawn(tip_id=tip_id("n3"), reason=en.WithdrawReason.ERROR)
    many = CAP // 3 + 1
    both = {**SHARED, "email": "both"}
    one, other, alike = {"account_id": "1"}, {"account_id": "2"}, {"name_year": "alike"}
    ours, theirs = [case("A", one | alike), case("D", other)], [case("B", other | alike), case("C", one)]
    return {
        NZ: [
            tip("n0", SHARED),
            *(tip(f"n{n}", COMMON) for n in range(1, many)),
            judged,
            gone,
            amended("n0", 2, both),
            *ours,
        ],
        UK: [
            tip("u0", both),
            *(tip(f"u{n}", COMMON, report="r") for n in range(1, many)),
            amended("u2", 2, SHARED),
            *theirs,
        ],
        DIA: [*(case(f"d{n}", COMMON) for n in range(many)), tip("late", {**both, **COMMON}, report="r"), tip("alone")],
    }


ORDER = [agency for agency, script in scripts().items() for _ in script]


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.permutations(ORDER), st.sampled_from([2, 3]), st.data())
def test_several_instances_keep_and_publish_what_one_does(order: list[str], shards: int, data: st.DataObject) -> None:
    """The front reads when the one instance reads; shards and weigher follow at their own pace, and start anew at times."""
    with tempfile.TemporaryDirectory() as folder:
        network = Network(Path(folder))
        spread = Spread(network, shards)
        left = {agency: list(script) for agency, script in scripts().items()}
        for agency in order:
            network.publish(left[agency].pop(0), agency=agency)
            if data.draw(st.booleans()):
                network.suspects.step()
                spread.front.step()
            for part in data.draw(st.lists(st.integers(0, shards + 1), max_size=3)):
                spread.follow(part)
        network.suspects.step()
        spread.front.step()
        spread.settle()
        assert kept(spread.store) == kept(network.store)
        assert published(spread.store) == published(network.store)
        spread.close()
        network.close()


def test_the_scripts_say_something(network: Network) -> None:
    """A pair is judged, pairs stand, some were taken back because a value became common, and one is set aside."""
    for agency, script in scripts().items():
        network.publish(*script, agency=agency)
        network.suspects.step()
    with network.store.view() as view:
        pairs, judgements = list(view.all(PAIRS)), list(view.all(JUDGEMENTS))
    assert judgements
    assert any(pair.finding is not None for pair in pairs)
    assert any(pair.finding is None and pair.revision > 1 for pair in pairs)
    assert any(pair.aside is not None for pair in pairs)


# --- what each holds ---


def test_each_token_lies_in_one_shard_and_the_weigher_knows_those_that_two_records_hold(
    network: Network, spread: Spread
) -> None:
    for agency, script in scripts().items():
        network.publish(*script, agency=agency)
    network.suspects.step()
    spread.settle()
    with spread.front_store.view() as view:
        keys = {key.key: ALL for change in view.all(ASKED) for key in change.keys}
    with network.store.view() as view:
        one = {key: set(holders) for key, holders in view.holders(POSTINGS, keys).items()}
    for number, store in enumerate(spread.shard_stores):
        with store.view() as view:
            mine = {key: set(holders) for key, holders in view.holders(POSTINGS, keys).items()}
        assert mine == {key: holders if Portion(number, 2).has(key) else set() for key, holders in one.items()}
        assert any(mine.values())
    with spread.store.view() as view:
        known = {key: set(holders) for key, holders in view.holders(POSTINGS, keys).items()}
    assert all(known[key] <= holders for key, holders in one.items())
    assert {key: known[key] for key in keys if len(one[key]) > 1} == {
        key: holders for key, holders in one.items() if len(holders) > 1
    }
    assert any(not known[key] and one[key] for key in keys), "what one record holds is no business of the weigher's"


def test_nothing_is_weighed_before_every_shard_has_handed_over(network: Network, spread: Spread) -> None:
    network.publish(tip("n", SHARED))
    network.publish(tip("u", SHARED), agency=UK)
    spread.front.step()
    spread.shards[0].step()
    assert spread.weigher.step() == 0
    spread.shards[1].step()
    assert spread.weigher.step() == 2
    assert len(kept(spread.store)["pairs"]) == 1


def test_a_state_is_not_opened_as_another_portion(spread: Spread) -> None:
    """Its postings would be missed in silence."""
    for portion in (Portion(1, 2), Portion(0, 3)):
        with pytest.raises(Conflict, match="portion 0 of 2"):
            Shard(portion, spread.front_store, spread.shard_stores[0])


def test_portions_share_out_every_key() -> None:
    keys = [*range(-128, 128), 2**63 - 1, -(2**63)]
    for of in (1, 2, 3):
        assert all(sum(Portion(number, of).has(key) for number in range(of)) == 1 for key in keys)
