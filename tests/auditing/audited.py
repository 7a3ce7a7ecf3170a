"""What the tests of the index share: a ledger of real signed events, queries about them, and a process to kill."""

import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from ledger.ledgering import NAME, NOW, PRIVATE
from wire.generated import any_payload
from wire.network import DIRECTORY, HUB, NZ, sealer

from casebus.auditing.facts_reader import FactsReader
from casebus.auditing.indexing import open_index, update
from casebus.auditing.query import Query, tokens
from casebus.bus.log import Record, Recorded
from casebus.cases.event_filter import EventFilter, Facts
from casebus.clock import FixedClock
from casebus.errors import WireError
from casebus.events import enumerations as en
from casebus.events.catalogue import CATALOGUE, Writer, partition_key
from casebus.events.envelope import Event
from casebus.events.types import Payload, TipWithdrawn
from casebus.ledger.sequencer import AppendLeaf, Ledger
from casebus.wire.ids import content_id
from casebus.wire.seal import Sealer

TOPICS = {
    Writer.agency: f"casebus.{NZ}.events",
    Writer.hub: "casebus.hub.events",
    Writer.delivery: f"casebus.{NZ}.inbox",
}
SEALERS: dict[str, Sealer] = {NZ: sealer(NZ), HUB: sealer(HUB)}
CONSUMER = "audit_log"
payload_lists = st.lists(any_payload(), max_size=8)


def withdrawn(name: str) -> Payload:
    return TipWithdrawn(tip_id=content_id("tip", name), reason=en.WithdrawReason.ERROR)


def many(count: int, start: int = 0) -> list[Payload]:
    return [withdrawn(str(number)) for number in range(start, start + count)]


def log(directory: Path, payloads: Sequence[Payload]) -> None:
    """Add each payload to the ledger as a signed event, or as a record that nobody accepts where it may not be one."""
    with closing(Ledger.open(directory, NAME, PRIVATE, FixedClock(NOW))) as ledger:
        for payload in payloads:
            topic, record = _sealed(payload)
            with ledger.view() as view:
                position = view.position(CONSUMER, topic)
            recorded = Recorded(topic, position, record, NOW + timedelta(minutes=position))
            with ledger.transaction() as tx:
                tx.advance(CONSUMER, topic, expected=position, to=position + 1)
                tx.apply(AppendLeaf(recorded, content_id(topic).replace("-", "").encode()[:16]))


def log_at_once(directory: Path, payloads: Sequence[Payload]) -> None:
    """Add events of NZ Police in one transaction: the ledger of a test of size."""
    topic = TOPICS[Writer.agency]
    with closing(Ledger.open(directory, NAME, PRIVATE, FixedClock(NOW))) as ledger:
        with ledger.view() as view:
            start = view.position(CONSUMER, topic)
        with ledger.transaction() as tx:
            tx.advance(CONSUMER, topic, expected=start, to=start + len(payloads))
            for position, payload in enumerate(payloads, start):
                recorded = Recorded(topic, position, _sealed(payload)[1], NOW + timedelta(milliseconds=position))
                tx.apply(AppendLeaf(recorded, b"\x0a" * 16))


def _sealed(payload: Payload) -> tuple[str, Record]:
    name = type(payload).__name__
    writer = min(CATALOGUE[name].writers)
    source = NZ if writer is Writer.agency else HUB
    key = partition_key(payload)
    event = Event(content_id("event", payload.model_dump_json()), source, key, payload, correlation_id="correlation-1")
    try:
        return TOPICS[writer], SEALERS[source].seal(event, TOPICS[writer], 1)
    except WireError:
        return TOPICS[writer], Record(key.encode(errors="replace"), b"\x00 no event", ())


def reader_of(directory: Path, *, keys: bool = True) -> FactsReader:
    return FactsReader(directory, DIRECTORY if keys else None)


def index_all(directory: Path, path: Path | None = None) -> int:
    reader = reader_of(directory)
    with open_index(reader, path) as index:
        return update(index, reader)


SPELLINGS = (str, str.lower, lambda word: word.replace("_", "-"), str.title)


@st.composite
def queries(draw: st.DrawFn, facts: list[Facts]) -> Query:
    """Ask for one or two things that stand in the ledger, spelt in any way, and now and then for what does not."""
    ids = {name: {i for f in facts for i in (*getattr(f, name), *f.references)} for name in ("tips", "cases")}
    choices: dict[str, set[str | None]] = {
        "agencies": {f.agency for f in facts},
        "actors": {f.actor for f in facts},
        "conflicts": {i for f in facts for i in (f.conflict, *f.references)},
        "types": {f.type for f in facts},
        "operations": {f.operation for f in facts},
        "outcomes": {f.outcome for f in facts},
        "purposes": {f.purpose for f in facts},
        "topics": {f.topic for f in facts},
        "events": {f.event_id for f in facts},
        "words": {word for f in facts for word in tokens(f"{f.summary} {f.type}")},
        **ids,
    }
    asked: dict[str, Any] = {}
    for name in draw(st.sets(st.sampled_from([*choices, "since", "until", "range"]), min_size=1, max_size=2)):
        if name in ("since", "until"):
            asked[name] = draw(st.sampled_from([f.appended_at for f in facts])) if facts else None
        elif name == "range":
            asked |= {"start": draw(st.integers(0, 3)), "end": draw(st.none() | st.integers(0, len(facts) + 2))}
        else:
            known = [*sorted(each for each in choices[name] if each), "elsewhere"]
            some = draw(st.lists(st.sampled_from(known), min_size=1, max_size=2))
            asked[name] = tuple(_respelt(draw, name, each) for each in some)
    filtered = {name: asked.pop(name) for name in list(asked) if name in EventFilter.__dataclass_fields__}
    return Query(EventFilter(**filtered), **asked)


def _respelt(draw: st.DrawFn, name: str, word: str) -> str:
    if name == "words":
        return word[: draw(st.integers(1, len(word)))]
    if name in ("types", "operations", "outcomes", "purposes"):
        return draw(st.sampled_from(SPELLINGS))(word)
    return word


if __name__ == "__main__":
    sys.stdout.write("going\n")
    sys.stdout.flush()
    index_all(Path(sys.argv[1]))
