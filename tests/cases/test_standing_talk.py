"""A referral stands by what its two sides and the hub said, in whichever order the two topics are read."""

from itertools import permutations

import pytest
from case_builders import NZ, UK

from casebus.cases.referral import ReferralState
from casebus.cases.standing_talk import ReferralRegisters, after_own, after_told, referral_of
from casebus.events import enumerations as en
from casebus.events.types import (
    DeliveryRefused,
    Payload,
    ReferralAccepted,
    ReferralDeclined,
    ReferralExpired,
    ReferralSent,
    SealedBox,
)
from casebus.wire.ids import content_id

ID = content_id("referral")
BOX = SealedBox(key_id="k", box="AAAA", signed_with=None, signature=None)
ACCEPTED = ReferralAccepted(referral_id=ID, agency=UK, actor=None)
DECLINED = ReferralDeclined(referral_id=ID, agency=UK, reason=en.ReferralDecline.NO_CAPACITY, actor=None)
EXPIRED = ReferralExpired(referral_id=ID, agency=NZ)
REFUSED = DeliveryRefused(
    agency=NZ, conflict_id=None, item_id=ID, type="ReferralSent", reason=en.DeliveryRefusal.NO_AGREEMENT
)


def sent(agency: str | None = NZ, to: str = UK) -> ReferralSent:
    return ReferralSent(
        referral_id=ID, conflict_id=None, agency=agency, to=to, record_ids=(), fields=(), sealed=BOX, actor=None,
        reason=en.ReferralReason.CHILD_LIVES_THERE, urgency=en.Severity.high, tlp=en.Tlp.RED,
        evidential_use=en.EvidentialUse.INTELLIGENCE_ONLY, keep_days=30,
    )  # fmt: skip


def stands(agency: str, own: tuple[Payload, ...], told: tuple[Payload, ...]) -> set[tuple[bool, str, bool] | None]:
    """Return what stands after every order in which the two topics can be read."""
    found = set()
    for order in set(permutations([True] * len(own) + [False] * len(told))):
        topics = {True: iter(own), False: iter(told)}
        registers = ReferralRegisters(agency, ID)
        for is_own in order:
            registers = (after_own if is_own else after_told)(registers, next(topics[is_own]))
        referral = registers.standing()
        found.add((referral.outgoing, referral.state.value, referral.ours) if referral else None)
    return found


@pytest.mark.parametrize(
    ("own", "told", "state", "ours"),
    [
        ((sent(),), (), ReferralState.sent, True),
        ((sent(),), (ACCEPTED,), ReferralState.accepted, False),
        ((sent(),), (DECLINED,), ReferralState.declined, True),
        ((sent(),), (REFUSED,), ReferralState.undelivered, True),
        ((sent(), EXPIRED), (), ReferralState.expired, True),
        ((sent(), EXPIRED), (ACCEPTED,), ReferralState.accepted, False),
        ((sent(), ACCEPTED), (), ReferralState.sent, True),
        ((sent(),), (sent(UK, NZ),), ReferralState.sent, True),
        ((sent(),), (EXPIRED,), ReferralState.sent, True),
    ],
)
def test_what_was_sent_is_moved_by_its_recipient_and_ended_by_its_sender(
    own: tuple[Payload, ...], told: tuple[Payload, ...], state: ReferralState, ours: bool
) -> None:
    assert stands(NZ, own, told) == {(True, state.value, ours)}


@pytest.mark.parametrize(
    ("own", "told", "state", "ours"),
    [
        ((), (sent(),), ReferralState.sent, False),
        ((ACCEPTED,), (sent(),), ReferralState.accepted, True),
        ((ACCEPTED,), (sent(), EXPIRED), ReferralState.accepted, True),
        ((DECLINED,), (sent(),), ReferralState.declined, False),
        ((), (sent(), EXPIRED), ReferralState.expired, False),
        ((), (EXPIRED, sent()), ReferralState.sent, False),
        ((), (sent(), ACCEPTED), ReferralState.sent, False),
        ((), (sent(), REFUSED), ReferralState.sent, False),
    ],
)
def test_what_was_told_is_answered_by_this_desk_alone(
    own: tuple[Payload, ...], told: tuple[Payload, ...], state: ReferralState, ours: bool
) -> None:
    assert stands(UK, own, told) == {(False, state.value, ours)}


@pytest.mark.parametrize(("own", "told"), [((ACCEPTED,), ()), ((), (ACCEPTED, DECLINED)), ((), (sent(None),))])
def test_what_neither_topic_asks_does_not_stand(own: tuple[Payload, ...], told: tuple[Payload, ...]) -> None:
    assert stands(UK, own, told) == {None}


def test_a_refusal_of_something_else_is_about_no_referral() -> None:
    assert referral_of(REFUSED) == ID
    assert referral_of(REFUSED.model_copy(update={"type": "DeskMessage"})) is None
