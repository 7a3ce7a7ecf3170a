"""What a notification says, and who carries it."""

from dataclasses import dataclass
from typing import Protocol

from casebus.cases.notification import Notification


class Messenger(Protocol):
    """One way to tell somebody. It may block for some seconds; it is asked from a thread of its own."""

    def send(self, notification: Notification) -> str | None:
        """Send; return None where it was taken over, else why not, in words without a secret or an address."""
        ...


@dataclass(frozen=True, slots=True)
class Links:
    """Where an alert is read. `address` is the console's, None where the agency serves none: then nothing is linked."""

    address: str | None

    def to(self, notification: Notification) -> str | None:
        """Return the address of the alert's page, or the referrals'."""
        if notification.referral_id is not None:
            return f"{self.address}/referrals" if self.address else None
        return f"{self.address}/alerts/{notification.ref}" if self.address else None
