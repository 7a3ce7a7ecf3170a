"""Who is logged in at an agency's console. Kept in the agency's own state, so that a restart logs nobody out.

A row is found by the digest of the cookie's token: who reads the state cannot log in with it.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from casebus.state import Concept

LASTS = timedelta(hours=12)
"""A shift, with its handover. Then the officer logs in again."""


@dataclass(frozen=True, slots=True)
class Session:
    """One login. `csrf` must come with every form of it. What the officer may do is asked anew at every request."""

    digest: str
    officer: str
    csrf: str
    begun: datetime

    def over(self, now: datetime) -> bool:
        """Tell whether it has ended by itself; one from the future (a clock that was set back) has."""
        return not self.begun <= now < self.begun + LASTS


SESSIONS: Concept[Session] = Concept("console_sessions", Session, lambda session: session.digest)


def digest_of(token: str) -> str:
    """Return under what a token's session is kept."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
