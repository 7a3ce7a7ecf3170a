"""The one door behind the console: the desk service of one agency, opened for whoever is looking.

It opens that agency's store and keys and nothing else. Stores belong to one thread at a time, so there is a pool.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from queue import Empty, LifoQueue

from casebus import keys
from casebus.cases.access import Viewer
from casebus.checking import Checking
from casebus.desk import Desk
from casebus.desk.placed import PlacedAlerts
from casebus.desks import officers_of
from casebus.errors import CasebusError
from casebus.roles import Installation
from casebus.store.store import Store


class Door:
    """Opens the desk. Raises whatever the store and the keys raise, when it is made or used.

    `placed` is what the boards of this console know of all alerts from one look to the next.
    """

    def __init__(self, installation: Installation, agency: str) -> None:
        installation.directory.agency(agency)  # the hub is a role, and has no desk
        self._in = installation
        self._agency = agency
        self._id_key = keys.load_secret(installation.role(agency).key("id"))
        self._publisher = installation.publisher(agency)
        self.placed = PlacedAlerts()
        self._stores: LifoQueue[Store] = LifoQueue()
        self._stores.put(installation.open_store(agency))

    @contextmanager
    def store(self) -> Iterator[Store]:
        """Lend a store to the calling thread. One that failed is closed, not lent again."""
        store = self._taken()
        try:
            yield store
        except CasebusError as error:
            self._stores.put(store) if not error.retryable else store.close()
            raise
        except BaseException:
            store.close()
            raise
        self._stores.put(store)

    def _taken(self) -> Store:
        try:
            return self._stores.get_nowait()
        except Empty:
            return self._in.open_store(self._agency)

    @contextmanager
    def desk(self, viewer: Viewer) -> Iterator[Desk]:
        """Open the desk for a viewer."""
        with self.store() as store:
            yield self._desk(viewer, store)

    def _desk(self, viewer: Viewer, store: Store) -> Desk:
        officers = partial(officers_of, self._in, self._agency)
        return Desk(viewer, self._id_key, store, self._publisher, self._in.clock, self._in.directory, officers)

    @contextmanager
    def checking(self, viewer: Viewer) -> Iterator[tuple[Checking, Desk]]:
        """Open the checks before acting for a viewer, and the desk, which says who may and records what is read."""
        with self.store() as store:
            desk = self._desk(viewer, store)
            drafting = self._in.drafting(self._agency)
            yield Checking(self._agency, desk.actor, drafting, store, self._publisher, self._in.clock), desk

    def close(self) -> None:
        """Release every store that is not lent."""
        while True:
            try:
                self._stores.get_nowait().close()
            except Empty:
                return
