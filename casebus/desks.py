"""Opening an agency's desk on a data directory; its node may be running or not. The command line and the console ask here."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from casebus import keys
from casebus.cases.access import Viewer
from casebus.desk import Desk
from casebus.errors import NotPermitted
from casebus.officers import Officers
from casebus.roles import Installation


def officers_of(installation: Installation, agency: str) -> Officers:
    """Return who may act at a desk. Raises `NotFound` for an agency that the directory does not have."""
    installation.directory.agency(agency)  # the hub is a role, and has no desk
    return Officers.load(installation.role(agency).officers, agency)


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
    role = installation.role(viewer.agency)
    store = installation.open_store(viewer.agency)
    try:
        id_key = keys.load_secret(role.key("id"))
        yield Desk(
            viewer,
            id_key,
            store,
            installation.publisher(viewer.agency),
            installation.clock,
            installation.directory,
            partial(officers_of, installation, viewer.agency),
        )
    finally:
        store.close()
