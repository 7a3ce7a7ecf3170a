"""What waits at the hub for its conflict goes out in the order in which it was read, whatever a sender's clock says."""

from datetime import datetime, timedelta
from typing import Any

from cases.case_builders import NZ, UK, combined, party
from wire.network import DIRECTORY

from casebus.cases.conveying import Conveying, Item
from casebus.cases.pair import Told
from casebus.cases.passing_on import WAITING
from casebus.events.enumerations import LeadBasis, LeadSide
from casebus.events.types import LeadAgencyProposed
from casebus.state import Remove, Save
from casebus.wire.ids import uuid7

NOW = datetime.fromisoformat("2026-03-01T12:00:00+00:00")


class Held:
    """What the hub holds, in memory."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], Any] = {}

    def get(self, concept: Any, key: str) -> Any:
        return self.rows.get((concept.table, key))

    def by(self, concept: Any, index: str, value: str) -> list[Any]:
        return [
            e for (table, _), e in self.rows.items() if table == concept.table and concept.indexes[index](e) == value
        ]

    def apply(self, effects: Any) -> None:
        for effect in effects:
            if isinstance(effect, Save):
                self.rows[effect.concept.table, effect.concept.key(effect.entity)] = effect.entity
            elif isinstance(effect, Remove):
                self.rows.pop((effect.concept.table, effect.key), None)


def test_what_waits_goes_out_as_it_was_read_though_the_senders_clock_was_set_back() -> None:
    first, second = party(NZ, "a"), party(UK, "b")
    conflict_id = combined(first, second).conflict_id
    held = Held()
    hub = Conveying(held, DIRECTORY)
    sides = [LeadSide.PROPOSER, LeadSide.PARTNER] * 6
    for number, side in enumerate(sides):
        proposed = LeadAgencyProposed(
            conflict_id=conflict_id, agency=NZ, lead=side, basis=next(iter(LeadBasis)), actor="officer-x"
        )
        made = uuid7(NOW - timedelta(hours=number), bytes(10))
        held.apply(hub.convey(Item(made, NZ, proposed)).effects)
    released = hub.released(Told(conflict_id, (first, second), (NZ, UK), 1))
    assert [copy.payload.lead for copy in released.copies if isinstance(copy.payload, LeadAgencyProposed)] == sides
    held.apply(released.effects)
    assert not held.by(WAITING, "about", conflict_id), "and waits no more"
