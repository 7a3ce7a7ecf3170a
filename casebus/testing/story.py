"""The documents of the demo's story. Deterministic, synthetic, and the same on every bus and database."""

from dataclasses import replace

from casebus.testing import synthetic

POLICE, NCA, AFFAIRS = "nz-police", "uk-nca", "nz-internal-affairs"
REGISTER_CASES = 220
CYBERTIP_NUMBER, CHILD_NUMBER, SHARED_NUMBER = "900000101", "900000102", "900000103"
PACKAGE_NUMBER = "NCA-2026-000101"

_SHARED_ACCOUNT = synthetic.person(500_001)


def register() -> bytes:
    """Internal Affairs' open cases; none concerns anybody else in the story."""
    return synthetic.dia_register(REGISTER_CASES)


def cybertip() -> bytes:
    """A CyberTip to OCEANZ about an account."""
    return synthetic.cybertip_json(CYBERTIP_NUMBER, _SHARED_ACCOUNT)


def package() -> bytes:
    """An NCA package that names the same account and e-mail, under another report."""
    known = synthetic.Person(
        service=_SHARED_ACCOUNT.service, email=_SHARED_ACCOUNT.email, account_id=_SHARED_ACCOUNT.account_id
    )
    return synthetic.nca_package(PACKAGE_NUMBER, known, reports=("900000201",))


def child_cybertip() -> bytes:
    """A CyberTip about material that a child posted from the child's own account."""
    child = replace(synthetic.person(500_002), date_of_birth="2012-06-01", age="13")
    return synthetic.cybertip_json(CHILD_NUMBER, child, self_produced=True)


def welfare_request() -> bytes:
    """A welfare visit is asked for."""
    return synthetic.nzp_returns(synthetic.welfare_requested("WR-1", CHILD_NUMBER))


def welfare_outcome() -> bytes:
    """The visit is completed and a child is safeguarded."""
    return synthetic.nzp_returns(
        synthetic.welfare_completed("WR-1", CHILD_NUMBER), synthetic.child_safeguarded("OR-1", CHILD_NUMBER)
    )


def shared_cybertip() -> bytes:
    """A CyberTip that reached OCEANZ ..."""
    return synthetic.cybertip_json(SHARED_NUMBER, synthetic.person(500_003))


def shared_referral() -> bytes:
    """... and Internal Affairs too, as a referral of the same report."""
    return synthetic.dia_referral("DIA-R-1", synthetic.person(500_003), ncmec_report=SHARED_NUMBER)


def broken_document() -> bytes:
    """A CyberTip that was cut off on the way."""
    return synthetic.bad_document()
