"""What the tests of an agency's own records share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from agency_harness import Agency, Make, Scripted

from casebus.intake.adapter import Draft


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[Agency] = []

    def _make(*drafts: Draft) -> Agency:
        adapter = Scripted()
        made.append(Agency(tmp_path, adapter=adapter))
        for number, draft in enumerate(drafts):
            adapter.says[str(number).encode()] = [draft]
            made[-1].offer(f"{number}.json", str(number).encode())
        made[-1].settle()
        return made[-1]

    yield _make
    for agency in made:
        agency.close()
