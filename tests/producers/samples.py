"""The fixtures of the three agencies' formats, and short ways to translate them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from casebus.errors import DocumentRefused, RefusalCode
from casebus.intake.adapter import Adapter, Document, Draft, TipDraft
from producers.nz_internal_affairs import ADAPTER as NZ_INTERNAL_AFFAIRS
from producers.nz_police import ADAPTER as NZ_POLICE
from producers.uk_nca import ADAPTER as UK_NCA

FIXTURES = Path(__file__).parents[1] / "fixtures"

SAMPLES: dict[str, Adapter] = {
    "cybertip.json": NZ_POLICE,
    "cybertip_full.json": NZ_POLICE,
    "provider_report.xml": NZ_POLICE,
    "provider_batched_report.xml": NZ_POLICE,
    "provider_full_report.xml": NZ_POLICE,
    "nzp_returns.csv": NZ_POLICE,
    "nca_package.json": UK_NCA,
    "nca_returns.csv": UK_NCA,
    "dia_register.csv": NZ_INTERNAL_AFFAIRS,
    "dia_referral.json": NZ_INTERNAL_AFFAIRS,
    "dia_referrals.csv": NZ_INTERNAL_AFFAIRS,
}
ADAPTERS = (NZ_POLICE, UK_NCA, NZ_INTERNAL_AFFAIRS)


def sample(name: str) -> bytes:
    return (FIXTURES / name).read_bytes()


def translate(adapter: Adapter, content: bytes | str) -> list[Draft]:
    return adapter.translate(Document("document", content.encode() if isinstance(content, str) else content))


def tip(adapter: Adapter, content: bytes | str) -> TipDraft:
    (draft,) = translate(adapter, content)
    assert isinstance(draft, TipDraft)
    return draft


def changed(name: str, change: Callable[[dict], object]) -> bytes:  # type: ignore[type-arg]
    """Return a JSON fixture with something changed in place."""
    document = json.loads(sample(name))
    change(document)
    return json.dumps(document).encode()


def refusal(adapter: Adapter, content: bytes | str) -> RefusalCode:
    with pytest.raises(DocumentRefused) as caught:
        translate(adapter, content)
    return caught.value.refusal
