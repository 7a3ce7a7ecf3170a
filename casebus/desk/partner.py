"""The partner of an alert: whether there is one to talk to, and sealing something to it."""

from casebus.cases.desk_work import DeskAlert
from casebus.desk.office import Office
from casebus.errors import Conflict, NotPermitted
from casebus.events.types import SealedBox
from casebus.sealing import Belongs, Content, seal


def partner_of(seen: DeskAlert, *, standing: bool) -> str:
    """Return the partner to whom things can be sealed; `standing`: only while the match stands.

    Raises `NotPermitted` where it may not be named, `Conflict` where there is none, or the match was retracted.
    """
    refuse_own(seen)
    if standing and seen.alert.retracted is not None:
        raise Conflict(f"alert {seen.alert.ref} was retracted: nothing is released on a match that does not stand")
    if seen.alert.partner is None:
        raise NotPermitted(
            "the partner of this alert may not be named, so nothing can be sealed to it",
            next_step="ring the coordination desk, which knows whom to ask.",
        )
    return seen.alert.partner


def refuse_own(seen: DeskAlert) -> None:
    """Raise `Conflict` where both records are this agency's own."""
    if seen.alert.partner == seen.alert.agency:
        raise Conflict(f"both records of alert {seen.alert.ref} are this agency's: there is no partner to ask")


def sealed_to(office: Office, content: Content, belongs: Belongs) -> SealedBox:
    """Return content sealed to the recipient that it belongs to. Raises `NotPermitted` where that has no key."""
    return seal(content, belongs, office.key_of(belongs.recipient))
