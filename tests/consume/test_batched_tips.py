"""A batched viral report names hundreds of strangers who shared one file: it is never matched, whoever else holds them."""

from pathlib import Path
from typing import Any

from agency_harness import drafting_of
from hub_harness import NZ, UK, Network, amended, case, tip

from casebus.discovery import adapter_of
from casebus.events import enumerations as en
from casebus.events.types import DataCombined, Payload, TipAmended, TipReceived
from casebus.intake.adapter import Document
from casebus.matching.families import FAMILIES

SHARED = {"account_id": "shared", "email": "shared"}
BATCHED = (Path(__file__).parents[1] / "fixtures" / "provider_batched_report.xml").read_bytes()
ON_A_PLATFORM = BATCHED.replace(b"<incidentDateTime>", b"<platform>ExampleChat</platform><incidentDateTime>", 1)


def batched(payload: TipReceived | TipAmended) -> Any:
    content = payload.content.model_copy(update={"referral_class": en.ReferralClass.BATCHED_VIRAL})
    return payload.model_copy(update={"content": content})


def told(network: Network) -> list[Any]:
    return [*network.hub_events(DataCombined), *(one for agency in (NZ, UK) for one in network.inbox(agency))]


def test_a_batched_tip_meets_no_tip_no_case_and_no_other_batched_tip(network: Network) -> None:
    network.publish(batched(tip("n", SHARED, report="r")), batched(tip("n2", SHARED)))
    network.publish(batched(tip("u", SHARED, report="r")), tip("u2", {"account_id": "other"}), agency=UK)
    network.publish(case("c", SHARED), agency=UK)
    network.settle()
    assert network.hub_events(DataCombined) == []
    assert len(network.inbox(NZ)) == 0
    assert len(network.inbox(UK)) == 1  # the answer to the one tip that asks


def test_a_tip_takes_part_only_while_it_is_not_batched(network: Network) -> None:
    network.publish(batched(tip("n", SHARED)))
    network.publish(tip("u", SHARED), agency=UK)
    network.settle()
    assert network.hub_events(DataCombined) == []
    network.publish(amended("n", 2, SHARED))
    network.settle()
    network.publish(batched(amended("n", 3, SHARED)))
    network.settle()
    assert [one.status for one in network.hub_events(DataCombined)] == [en.MatchStatus.found, en.MatchStatus.retracted]


def test_batched_holders_beyond_the_cap_do_not_make_an_identifier_common(network: Network) -> None:
    cap = FAMILIES["account_id"].cap
    network.publish(*(batched(tip(f"b{n}", SHARED)) for n in range(cap + 1)))
    network.publish(tip("n", SHARED))
    network.publish(tip("u", SHARED), agency=UK)
    network.settle()
    assert [one.status for one in network.hub_events(DataCombined)] == [en.MatchStatus.found]


def test_the_same_batched_report_through_two_agencies_adapters_tells_nobody_anything(network: Network) -> None:
    for agency in (NZ, UK):
        (draft,) = adapter_of(agency).translate(Document("batched.xml", ON_A_PLATFORM))
        drafted = drafting_of(agency).draft(draft, lambda _: None)
        payloads: list[Payload] = [event.payload for event in drafted.events]
        assert sum(len(one.tokens) for payload in payloads for one in payload.content.sightings) >= 3  # type: ignore[union-attr]
        network.publish(*payloads, agency=agency)
    network.settle()
    assert told(network) == []
