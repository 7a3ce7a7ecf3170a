"""How the Store's contract opens the Store under test."""

from collections.abc import Callable, Iterator

import pytest

from casebus.store.store import Store

Opener = Callable[[], Store]


class StoreInstances:
    """Fixtures for every part of the contract."""

    @pytest.fixture
    def opener(self) -> Opener:
        """Return what opens another instance of the Store on the same state. It must survive pickling."""
        raise NotImplementedError("a subclass says how its Store is opened")

    @pytest.fixture
    def open_store(self, opener: Opener) -> Iterator[Opener]:
        """Open Stores on the same state and close them after the test."""
        opened: list[Store] = []

        def open_one() -> Store:
            opened.append(opener())
            return opened[-1]

        yield open_one
        for store in opened:
            store.close()

    @pytest.fixture
    def store(self, open_store: Opener) -> Store:
        """One instance."""
        return open_store()
