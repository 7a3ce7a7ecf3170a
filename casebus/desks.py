"""Opening an agency's desk on a data directory; its node may be running or not. The command line and the console ask here."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from casebus import keys
from casebus.bus.outbox import Publisher
from casebus.cases.access import Viewer
from casebus.desk import Desk
from casebus.errors import NotPermitted
from casebus.officers import Officers
from casebus.roles import Installation
from casebus.store.store import Store


def officers_of(installation: Installation, agency: str) -> Officers:
    """Return who may act at a desk. Raises `NotFound` for an agency that the directory does not have."""
    installation.directory.agency(agency)  # the hub is a role, and has no desk
    return Officers.load(installation.role(agency).officers, agency)


@dataclass(frozen=True, slots=True)
class DeskKeys:
    """What a desk signs and names its officers with."""

    id_key: bytes
    publisher: Publisher

    @staticmethod
    def load(installation: Installation, agency: str) -> "DeskKeys":
        """Read an agency's keys. Raises `NotFound` for an agency that the directory does not have, `NotPermitted` where they
        are not readable.
        """
        installation.directory.agency(agency)  # the hub is a role, and has no desk
        return DeskKeys(keys.load_secret(installation.role(agency).key("id")), installation.publisher(agency))


def desk_on(store: Store, viewer: Viewer, held: DeskKeys, installation: Installation) -> Desk:
    """Return the desk of a viewer's agency on its open Store, which stays the caller's."""
    officers = partial(officers_of, installation, viewer.agency)
    return Desk(viewer, held.id_key, store, held.publisher, installation.clock, installation.directory, officers)


@contextmanager
def open_desk(installation: Installation, viewer: Viewer) -> Iterator[Desk]:
    """Yield a desk for as long as the block runs.

    Raises `NotFound` for an agency that the directory does not have, `NotPermitted` where its keys are not readable, and
    what opening its Store raises.
    """
    installation.directory.agency(viewer.agency)
    if viewer.role is None:
        raise NotPermitted(
            f"officers.toml of {viewer.agency} does not list who is asking",
            next_step="give --officer ID as it stands there, or have the desk's lead list it.",
        )
    held = DeskKeys.load(installation, viewer.agency)
    store = installation.open_store(viewer.agency)
    try:
        yield desk_on(store, viewer, held, installation)
    finally:
        store.close()
