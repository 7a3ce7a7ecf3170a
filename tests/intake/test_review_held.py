"""More faults of a rotation, proved by the second reader."""

from dataclasses import replace

from agency_harness import Known, drafting_of
from hub_harness import NOW, NZ, sealer
from test_drafting import email, tip_of
from test_restating import TIPS, Make, counts, crowd, make, tips, work  # noqa: F401

from casebus.bus.log import MAX_VALUE_BYTES
from casebus.clock import FixedClock
from casebus.intake.adapter import RecordKey
from casebus.node import STALL_AFTER_S, Component, Node


def test_a_node_whose_kept_document_cannot_be_read_goes_on(make: Make) -> None:  # noqa: F811
    agency = make(*tips())
    (agency.root / "spool/done/0.json").unlink()
    (agency.root / "spool/done/0.json").mkdir()
    agency.start((1, 2))
    clock = FixedClock(NOW)
    parts = (agency.taking, agency.restating)
    node = Node(NZ, [Component("adapter", agency.root / "adapter.lock", parts)], clock)
    end = clock.now()

    def stopped() -> bool:
        return (clock.now() - end).total_seconds() > 3 * STALL_AFTER_S

    node.run(stopped=stopped, until_idle=False, timeout_s=None)


def test_the_largest_event_under_two_keys_fits_into_a_record() -> None:
    drafting = drafting_of(epochs=(1, 2))
    priors = tuple(RecordKey("ncmec", str(n)) for n in range(100))
    draft = replace(tip_of(email("one@example.org")), source_report=RecordKey("ncmec", "1"), prior_reports=priors)
    (event,) = Known(drafting).draft(draft)
    content = event.payload.content
    one = content.sightings[0]
    tokens = tuple(one.tokens[0].model_copy(update={"family": "name_initial_born_lives"[:20], "epoch": 1000 + n % 2}) for n in range(7))
    many = tuple(one.model_copy(update={"tokens": tokens, "service": "s" * 40, "subject_no": 99_000 + n}) for n in range(500))
    payload = event.payload.model_copy(update={"content": content.model_copy(update={"sightings": many})})
    size = len(sealer(NZ).seal(replace(event, payload=payload), f"casebus.{NZ}.events", 1).value)
    print(size, MAX_VALUE_BYTES)
    assert size <= MAX_VALUE_BYTES
