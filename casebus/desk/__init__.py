"""The desk service: what officers do at an agency's node. The command line and the console use this one door.

`casebus.desks.open_desk` puts it together. Each command is one transaction: own state and a signed event in the outbox.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from casebus.bus.outbox import Publisher
from casebus.cases.access import UNNAMED, Command, DeskRole, Kind, Thing, Viewer, may_view
from casebus.clock import Clock
from casebus.desk.alerts import ALERT_FIELDS, HISTORY_FIELDS, NOTICE_FIELDS, AlertCommands
from casebus.desk.browsing import Browsing
from casebus.desk.checking import Checking
from casebus.desk.children import Children
from casebus.desk.conversation import Conversation
from casebus.desk.office import MAX_FIELDS, MAX_NOTE_CHARS, MAX_REFERENCES, Office, pseudonym
from casebus.desk.referrals import Referrals
from casebus.directory import Directory
from casebus.events.enumerations import Purpose
from casebus.intake.drafting import Drafting
from casebus.officers import Officers
from casebus.store.store import Store

__all__ = [
    "ALERT_FIELDS",
    "HISTORY_FIELDS",
    "MAX_FIELDS",
    "MAX_NOTE_CHARS",
    "MAX_REFERENCES",
    "NOTICE_FIELDS",
    "UNNAMED",
    "Desk",
    "Office",
    "pseudonym",
]


class Desk(AlertCommands, Browsing):
    """One agency's desk, as one viewer uses it: the alerts themselves, and what belongs to them by subject.

    `actor` is the viewer's pseudonym. `officers` reads who may be given an alert; None is a desk whose list is as `init`
    leaves it, of nobody yet.
    """

    def __init__(
        self,
        viewer: Viewer,
        id_key: bytes,
        store: Store,
        publisher: Publisher,
        clock: Clock,
        directory: Directory,
        officers: Callable[[], Officers] | None = None,
    ) -> None:
        office = Office(viewer, id_key, store, publisher, clock, directory)
        drafting = Drafting(viewer.agency, directory.agency(viewer.agency).region, id_key, None)
        super().__init__(office, officers or (lambda: Officers(viewer.agency, (), DeskRole.officer)))
        self.viewer = viewer
        self.actor = office.actor
        self.conversation = Conversation(office)
        self.referrals = Referrals(office)
        self.children = Children(office, drafting)

    def checking(self, drafting: Drafting) -> Checking:
        """Return this agency's checks before acting. `drafting` is the agency's own, with the keys of its tokens."""
        return Checking(self._office, drafting)

    def may_see(self, kind: Kind) -> bool:
        """Tell whether the viewer may see this here."""
        return may_view(self.viewer, Thing(kind, self.viewer.agency)).allowed

    def require_sight(self, kind: Kind) -> None:
        """Raise `NotPermitted`, and put the attempt on record, where the viewer may not see this."""
        self._office.require_sight(kind)

    def noting_absence(self, what: Command | Kind) -> AbstractContextManager[None]:
        """Put on record, without any reference, that something was looked for in the block which is not here."""
        return self._office.noting_absence(what)

    def accessed(
        self,
        resource: str,
        references: Sequence[str],
        purpose: Purpose = Purpose.INVESTIGATION,
        fields: Sequence[str] = (),
    ) -> None:
        """Record a consultation of something that is not an alert; `fields` names what is shown of each."""
        self._office.accessed(resource, references, purpose, fields)
