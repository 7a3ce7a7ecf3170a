import itertools

import pytest

_NUMBERS = itertools.count(1)


@pytest.fixture
def role() -> str:
    """A role that no other test uses."""
    return f"test-role-{next(_NUMBERS)}"
