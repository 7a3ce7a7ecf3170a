"""Values that a partner gave for a time leave nothing behind when it is over: no value, and no box beside the key that opens it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cases.test_authorship import CANARY, NZ_BOX, hub_puts, opening
from cases.test_conversation import NAME, met, ref
from hub_harness import NZ, UK
from replay_world import Node, World

from casebus.bus.timed import TimedLoop
from casebus.cases.conversation import RELEASES, SEALED, Release, ReleaseState
from casebus.cases.outgoing import OUTGOING
from casebus.clock import FixedClock
from casebus.desk.referrals import Package
from casebus.events import enumerations as en
from casebus.events.types import DeliveryRefused
from consumers.deadlines import Deadlines


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    met(world)
    yield world
    world.close()


def granted(world: World) -> Release:
    """Let UK release a name to NZ; return what NZ then holds."""
    nz = world.nodes[NZ]
    asked = nz.desk.conversation.request_release(ref(world, NZ), "why", [NAME])
    world.settle()
    world.nodes[UK].desk.conversation.grant_release(asked.request_id, ((NAME, CANARY),))
    world.settle()
    return held(nz)


def held(node: Node) -> Release:
    with node.store.view() as view:
        (release,) = view.all(RELEASES)
    return release


def at(node: Node, moment: datetime) -> None:
    """Let the node do what is due at a moment."""
    TimedLoop(Deadlines(node.code), node.store, node.publisher, FixedClock(moment)).step()


def boxes(node: Node) -> int:
    with node.store.view() as view:
        return len(list(view.all(SEALED)))


def behind(world: World) -> None:
    """Give NZ's node a directory that has not heard of UK's signing key yet."""
    whole = world.hub.directory
    known = tuple(key for key in whole.keys if key.owner != UK)
    world.nodes[NZ].opening = opening(world.nodes[NZ], replace(whole, keys=known), NZ_BOX)


def test_a_value_whose_time_is_over_is_in_no_file_of_its_agency(world: World) -> None:
    nz, release = world.nodes[NZ], granted(world)
    assert release.values == ((NAME, CANARY),)
    assert release.keep_until is not None
    at(nz, release.keep_until)
    assert held(nz).state is ReleaseState.ended
    files = list(world.hub.root.glob(f"{NZ}.sqlite*"))
    assert files
    assert [path.name for path in files if CANARY.encode() in path.read_bytes()] == []


def test_the_file_for_the_agencys_own_system_holds_no_box(world: World) -> None:
    granted(world)
    with world.nodes[NZ].store.view() as view:
        bodies = [json.loads(each.body) for each in view.all(OUTGOING)]
    (payload,) = [body["payload"] for body in bodies if body["type"] == "DisclosureGranted"]
    assert payload["fields"] == ["REPORTED_NAME"]
    assert "box" not in payload["sealed"]


def test_a_box_that_was_not_opened_goes_when_the_release_ends(world: World) -> None:
    nz = world.nodes[NZ]
    behind(world)
    release = granted(world)
    assert (release.values, boxes(nz)) == ((), 1)
    assert release.keep_until is not None
    at(nz, release.keep_until - timedelta(seconds=1))
    assert boxes(nz) == 1
    at(nz, release.keep_until)
    assert boxes(nz) == 0


@pytest.mark.parametrize("declined", [True, False])
def test_a_box_that_was_not_opened_goes_with_a_referral_that_is_declined_or_over(world: World, declined: bool) -> None:
    nz = world.nodes[NZ]
    behind(world)
    package = Package(((NAME, CANARY),))
    why = en.ReferralReason.CHILD_LIVES_THERE
    sent = world.nodes[UK].desk.referrals.send(NZ, why, en.Severity.high, ref=ref(world, UK), package=package)
    world.settle()
    at(nz, sent.sent_at)
    assert boxes(nz) == 1
    if declined:
        nz.desk.referrals.decline(sent.referral_id, en.ReferralDecline.NO_CAPACITY)
    at(nz, sent.sent_at if declined else sent.keep_until)
    assert boxes(nz) == 0


def test_a_hub_that_says_too_late_that_a_request_was_not_passed_on_keeps_no_value_past_its_time(world: World) -> None:
    release = granted(world)
    about, why = release.conflict_id, en.DeliveryRefusal.NOT_YOURS
    hub_puts(
        world,
        DeliveryRefused(
            agency=NZ, conflict_id=about, item_id=release.request_id, type="DisclosureRequested", reason=why
        ),
    )
    assert held(world.nodes[NZ]) == release
