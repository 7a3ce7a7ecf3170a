"""The page, the code and the command say the same about the procedure."""

import re
from pathlib import Path

from casebus.ledger import verify
from casebus.ledger.report import Outcome, Step

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "verify.md").read_text()
NUMBERED = [(str(int(step)), step.name.lower()) for step in Step]


def test_the_page_has_every_step_by_number_and_name():
    assert re.findall(r"^\| (\d+) \| `(\w+)` \|", PAGE, re.MULTILINE) == NUMBERED


def test_the_module_has_every_step_by_number_and_name():
    assert re.findall(r"^ +(\d+) +(\w+) {2,}\w", verify.__doc__ or "", re.MULTILINE) == NUMBERED


def test_the_page_has_every_outcome():
    procedure = PAGE.partition("## With tools")[0]
    assert set(re.findall(r"^\| `(\w+)` \| \d \|", procedure, re.MULTILINE)) == set(Outcome)
