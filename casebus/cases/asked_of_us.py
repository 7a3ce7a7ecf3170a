"""What the partner asked of this desk, wrote to it or referred to it, and nobody here has answered or read yet. Pure.

It marks an alert on the board and is among what needs us, whatever else stands about the alert.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from casebus.cases.conversation import Message, Release, ReleaseState
from casebus.cases.referral import Referral, ReferralState


@dataclass(frozen=True, slots=True)
class AskedOfUs:
    """How many requests for a release, unread messages and referrals wait at this desk about one alert."""

    releases: int = 0
    messages: int = 0
    referrals: int = 0

    def __bool__(self) -> bool:
        """Tell whether anything waits."""
        return bool(self.releases or self.messages or self.referrals)


NOTHING = AskedOfUs()


def asked_by_conflict(
    releases: Iterable[Release], messages: Iterable[Message], referrals: Iterable[Referral]
) -> Mapping[str, AskedOfUs]:
    """Return what waits, by conflict; conflicts about which nothing waits are left out."""
    asked = Counter(each.conflict_id for each in releases if not each.ours and each.state is ReleaseState.asked)
    wrote = Counter(each.conflict_id for each in messages if not each.ours and not each.read)
    referred = Counter(each.conflict_id for each in referrals if each.conflict_id and is_asked_of_us(each))
    return {each: AskedOfUs(asked[each], wrote[each], referred[each]) for each in (asked | wrote | referred) if each}


def is_asked_of_us(referral: Referral) -> bool:
    """Tell whether this desk has still to accept or decline a referral."""
    return not referral.outgoing and referral.state is ReferralState.sent
