"""What has no room for tokens under two keys loses nothing: it stands under the older one until that is ended, then under the newer."""

from collections.abc import Callable

import pytest
from agency_harness import Agency, Make, scripted
from test_drafting import case_of, email, tip_of
from test_restating import ask, counts, revisions, work

from casebus.events.types import MAX_SIGHTINGS
from casebus.intake.adapter import Identifier, RecordKey
from casebus.intake.content import content_digest
from casebus.intake.records import Behind


def crowd() -> list[Identifier]:
    """Return identifiers that fill an event under one key, and not under two."""
    return [email(f"given{n}.family{n}@example.org", n) for n in range(MAX_SIGHTINGS)]


def offer(agency: Agency, *drafts: object) -> None:
    for number, draft in enumerate(drafts):
        scripted(agency).says[b"new %d" % number] = [draft]  # type: ignore[list-item]
        agency.offer(f"new-{number}.json", b"new %d" % number)
    agency.settle()


MAKES: dict[str, Callable[[Agency, tuple[int, ...]], None]] = {
    "tip": lambda agency, _: offer(agency, tip_of(*crowd())),
    "case": lambda agency, _: offer(agency, case_of(*crowd())),
    "check": lambda agency, epochs: ask(agency, 1, *crowd(), watched=True, epochs=epochs),
}


@pytest.mark.parametrize("stated", [(1,), (1, 2)], ids=["before", "while two keys stand"])
@pytest.mark.parametrize("kind", MAKES)
def test_a_record_without_room_for_two_keys_keeps_all_it_says_and_moves_when_the_older_is_ended(
    make: Make, kind: str, stated: tuple[int, ...]
) -> None:
    agency = make()
    agency.start(stated)
    MAKES[kind](agency, stated)
    carried, published = [len(record.sightings) for record in agency.records()], len(agency.outbox())
    agency.start((1, 2))
    assert (counts(agency)[:2] == (0, 0)) == (stated == (1, 2)), "one that is new is known for what it is at once"
    work(agency)
    assert counts(agency) == (0, 0, {Behind.too_large: 1})
    assert len(agency.outbox()) == published
    agency.start((2,))
    work(agency)
    assert counts(agency, (2,)) == (1, 0, {})
    assert [(len(r.sightings), r.epochs, r.revision) for r in agency.records()] == [(carried[0], (2,), 2)]
    assert set(revisions(agency).values()) <= {2}


def test_once_the_older_key_is_ended_it_is_left_to_be_stated(make: Make) -> None:
    """Or `run all --until-idle` would end before it is."""
    agency = make(tip_of(*crowd()))
    agency.start((1, 2))
    work(agency)
    agency.start((2,))
    assert (agency.restating.idle(), counts(agency, (2,))) == (False, (0, 1, {}))


@pytest.mark.parametrize("kind", MAKES)
def test_one_that_missed_the_end_of_its_key_moves_to_the_older_of_the_next_two(make: Make, kind: str) -> None:
    agency = make()
    MAKES[kind](agency, (1,))
    agency.start((2, 3))
    work(agency)
    assert counts(agency, (2, 3)) == (0, 0, {Behind.too_large: 1})
    assert [record.epochs for record in agency.records()] == [(2,)]


def test_what_a_newer_document_said_meanwhile_is_not_taken_back(make: Make) -> None:
    """Two documents are behind; while one is stated, a newer one arrives about the other that has no room for two keys."""
    agency = make(*(tip_of(email(f"p{n}@example.org"), key=RecordKey("ncmec", str(n))) for n in range(2)))
    agency.start((1, 2))
    assert agency.restating.step() == 1
    (other,) = [record.number for record in agency.records() if record.epochs == (1,)]
    newer = tip_of(*crowd(), key=RecordKey("ncmec", other))
    offer(agency, newer)
    work(agency)
    (record,) = [record for record in agency.records() if record.number == other]
    assert (record.digest, record.revision) == (content_digest(newer), 2)
    assert counts(agency) == (1, 0, {Behind.too_large: 1})
