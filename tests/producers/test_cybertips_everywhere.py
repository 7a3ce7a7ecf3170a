"""Every agency may receive NCMEC's own documents."""

import pytest
from samples import NZ_INTERNAL_AFFAIRS, NZ_POLICE, UK_NCA, sample

from casebus.intake.adapter import Adapter, Document, TipDraft


@pytest.mark.parametrize("name", ["cybertip.json", "provider_report.xml"])
@pytest.mark.parametrize("adapter", [UK_NCA, NZ_INTERNAL_AFFAIRS], ids=["uk-nca", "nz-internal-affairs"])
def test_a_cybertip_says_the_same_at_every_agency(adapter: Adapter, name: str) -> None:
    document = Document(name, sample(name))
    (there,) = adapter.translate(document)
    (here,) = NZ_POLICE.translate(document)
    assert isinstance(there, TipDraft)
    assert there == here
