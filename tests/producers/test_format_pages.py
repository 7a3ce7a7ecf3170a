"""The pages on formats: every sample on them is accepted, and every column is explained."""

import re
from pathlib import Path

import pytest
from samples import SAMPLES, sample, translate

from producers.nz_internal_affairs import case_register, referral
from producers.nz_police import outcome_returns as nzp_returns
from producers.uk_nca import outcome_returns as nca_returns

PAGES = Path(__file__).parents[2] / "docs" / "formats"
BLOCKS = {
    name: block
    for page in sorted(PAGES.glob("*.md"))
    for name, block in re.findall(r"^```\w+ ([\w.]+)\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
}


@pytest.mark.parametrize("name", sorted(BLOCKS))
def test_a_sample_on_a_page_is_the_fixture_and_is_accepted(name):
    assert BLOCKS[name].strip() == sample(name).decode().strip()
    assert translate(SAMPLES[name], BLOCKS[name])


def test_every_format_has_a_sample():
    assert set(BLOCKS) == {name for name in SAMPLES if "full" not in name and "batched" not in name}


@pytest.mark.parametrize(
    ("page", "columns"),
    [
        ("nz-police.md", nzp_returns.COLUMNS),
        ("uk-nca.md", nca_returns.COLUMNS),
        ("nz-internal-affairs.md", case_register.COLUMNS | referral.COLUMNS),
    ],
)
def test_every_column_stands_on_its_page(page, columns):
    text = (PAGES / page).read_text("utf-8")
    assert [column for column in sorted(columns) if not re.search(rf"\b{column}\b", text)] == []
