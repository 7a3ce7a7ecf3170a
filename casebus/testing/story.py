"""The documents of the demo's story. Deterministic, synthetic, and the same on every bus and database."""

from dataclasses import replace

from casebus.testing import synthetic, synthetic_returns

POLICE, NCA, AFFAIRS = "nz-police", "uk-nca", "nz-internal-affairs"
REGISTER_CASES = 220
CYBERTIP_NUMBER, CHILD_NUMBER, SHARED_NUMBER = "900000101", "900000102", "900000103"
PACKAGE_NUMBER = "NCA-2026-000101"
NEAR_NUMBER, NEAR_PACKAGE = "900000104", "NCA-2026-000102"
COMMON_NUMBER, COMMON_PACKAGE = "900000105", "NCA-2026-000103"
MISTAKEN_NUMBER, MISTAKEN_PACKAGE = "900000106", "NCA-2026-000104"
CROWD = 22
"""More reports than a value of an address may have before it says nothing."""

TIPS = 6 + 4 + 1 + CROWD
"""CyberTips, packages and referrals in the story, each a tip of its own; one package is corrected once."""

NOBODYS_EMAIL = "nobody.fictional@example.org"

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
    return synthetic_returns.nzp_returns(synthetic_returns.welfare_requested("WR-1", CHILD_NUMBER))


def welfare_outcome() -> bytes:
    """The visit is completed and a child is safeguarded."""
    return synthetic_returns.nzp_returns(
        synthetic_returns.welfare_completed("WR-1", CHILD_NUMBER),
        synthetic_returns.child_safeguarded("OR-1", CHILD_NUMBER),
    )


def shared_cybertip() -> bytes:
    """A CyberTip that reached OCEANZ ..."""
    return synthetic.cybertip_json(SHARED_NUMBER, synthetic.person(500_003))


def shared_referral() -> bytes:
    """... and Internal Affairs too, as a referral of the same report."""
    return synthetic.dia_referral("DIA-R-1", synthetic.person(500_003), ncmec_report=SHARED_NUMBER)


_NEAR = synthetic.Person(name="Placida Nearby", date_of_birth="1984-01-01")
_CARRIER = synthetic.Person(ip="2001:db8:ffff::7", ip_at="2025-03-01T10:00:00Z")
_COMMON = replace(_CARRIER, email=synthetic.person(500_004).email)
_MISTAKEN = synthetic.person(500_005)


def near_cybertip() -> bytes:
    """A CyberTip about a name and a year of birth (1 January often stands for a year) ..."""
    return synthetic.cybertip_json(NEAR_NUMBER, _NEAR)


def near_package() -> bytes:
    """... and a package about the same, and nothing else."""
    return synthetic.nca_package(NEAR_PACKAGE, _NEAR, reports=("900000202",))


def crowd_referrals() -> bytes:
    """Referrals of many people whom one carrier gave one address on one day."""
    people = [replace(_CARRIER, account_id=f"u-crowd-{number:02d}") for number in range(CROWD)]
    return synthetic.dia_referrals("DIA-CROWD", people)


def common_cybertip() -> bytes:
    """A CyberTip about somebody with an e-mail, and the carrier's address of that day ..."""
    return synthetic.cybertip_json(COMMON_NUMBER, replace(_COMMON, account_id="u-common-1"))


def common_package() -> bytes:
    """... and a package with both."""
    return synthetic.nca_package(COMMON_PACKAGE, _COMMON, reports=("900000203",))


def mistaken_cybertip() -> bytes:
    """A CyberTip about a person ..."""
    return synthetic.cybertip_json(MISTAKEN_NUMBER, _MISTAKEN)


def mistyped_package() -> bytes:
    """... a package about another, in which somebody typed the first one's e-mail ..."""
    return synthetic.nca_package(MISTAKEN_PACKAGE, synthetic.Person(name="Testor Wrongly", email=_MISTAKEN.email))


def corrected_package() -> bytes:
    """... and the package as it should have been."""
    right = synthetic.Person(name="Testor Wrongly", email="testor.wrongly@example.net")
    return synthetic.nca_package(MISTAKEN_PACKAGE, right)


def broken_document() -> bytes:
    """A CyberTip that was cut off on the way."""
    return synthetic.bad_document()
