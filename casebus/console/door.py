"""The one door behind the console: the desk service of one agency, opened for whoever is looking.

It opens that agency's store and keys and nothing else. Stores belong to one thread at a time, so there is a pool.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, LifoQueue

from casebus.cases.access import Viewer
from casebus.desk import Desk
from casebus.desk.checking import Checking
from casebus.desk.placed import PlacedAlerts
from casebus.desks import DeskKeys, desk_on
from casebus.errors import CasebusError
from casebus.roles import Installation
from casebus.store.store import Store


class Door:
    """Opens the desk. Raises whatever the store and the keys raise, when it is made or used.

    `placed` is what the boards of this console know of all alerts from one look to the next.
    """

    def __init__(self, installation: Installation, agency: str) -> None:
        self._in = installation
        self._agency = agency
        self._keys = DeskKeys.load(installation, agency)
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
            yield desk_on(store, viewer, self._keys, self._in)

    @contextmanager
    def checking(self, viewer: Viewer) -> Iterator[tuple[Checking, Desk]]:
        """Open the checks before acting for a viewer, and the desk, which records what is read."""
        with self.desk(viewer) as desk:
            yield desk.checking(self._in.drafting(self._agency)), desk

    def close(self) -> None:
        """Release every store that is not lent."""
        while True:
            try:
                self._stores.get_nowait().close()
            except Empty:
                return
