"""What has stopped for good in a data directory, and who takes part in witnessing: as seen from outside.

A component stops for good when it finds that the ledger, or a witness's memory, is not whole. The rest of its role
goes on; this is where operators are told.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from casebus.errors import (
    CasebusError,
    Conflict,
    LedgerClosed,
    NotFound,
    NotPermitted,
    UsageError,
    VerificationFailed,
)
from casebus.layout import HUB
from casebus.roles import Installation
from casebus.witnessing.answering import WITNESS, topics_followed
from casebus.witnessing.asking import ASKING
from casebus.witnessing.assembling import asked_agencies
from casebus.witnessing.evidence import evidence_in
from casebus.witnessing.topics import LEDGER_TOPIC, witness_topic

AUDIT_LOG = "audit_log"


@dataclass(frozen=True, slots=True)
class Stop:
    """A component of a role that has stopped, and why."""

    role: str
    component: str
    reason: str


def component_of(consumer: str) -> str:
    """Return the component that runs a consumer: they share their names, but for what asks the witnesses."""
    return AUDIT_LOG if consumer == ASKING else consumer


def stops_in(installation: Installation, codes: Sequence[str]) -> list[Stop]:
    """Return the components of some roles that have ended with the ledger not whole, since they were last started."""
    found: list[Stop] = []
    for code in codes:
        role = installation.role(code)
        for path in sorted(role.lock("x").parent.glob("*.stopped")):
            reason = path.read_text(encoding="utf-8", errors="replace").partition("\n")[0]
            found.append(Stop(code, path.stem, reason))
    return found


def evidence_of(installation: Installation, codes: Sequence[str]) -> list[str]:
    """Return the files in which some roles keep that the ledger's key signed what cannot be true."""
    return [str(path) for code in codes for path in evidence_in(installation.role(code).evidence)]


def alarm_of(installation: Installation, codes: Sequence[str]) -> CasebusError | None:
    """Return what operators must be told of some roles: that something has stopped, or that there is evidence."""
    stops, evidence = stops_in(installation, codes), evidence_of(installation, codes)
    if not stops and not evidence:
        return None
    if not evidence and not any(VerificationFailed.code in stop.reason for stop in stops):
        return _stopped(stops)
    told = [f"{stop.component} of {stop.role} has stopped ({stop.reason})" for stop in stops]
    told += [f"there is evidence in {path}" for path in evidence]
    return VerificationFailed(
        f"the ledger is not what its witnesses hold it to be: {'; '.join(told)}",
        unchanged="everything else goes on; what has stopped signs nothing.",
        next_step="keep the evidence, compare the ledger with the other agencies' copies (`casebus ledger verify --since`), "
        "and see SECURITY.md.",
    )


def _stopped(stops: Sequence[Stop]) -> CasebusError:
    """Return the error of what has stopped for another reason than that the ledger is not whole."""
    kinds: list[type[CasebusError]] = [UsageError, NotFound, NotPermitted, LedgerClosed, Conflict]
    kind = next((kind for kind in kinds if f" {kind.code}:" in stops[0].reason), CasebusError)
    return kind(
        "; ".join(f"{stop.component} of {stop.role} has stopped ({stop.reason})" for stop in stops),
        unchanged="everything else goes on; nothing is lost, and what has stopped signs nothing.",
        next_step="mend what is named and start the role again; docs/errors.md has each code.",
    )


def forget_stops(installation: Installation, codes: Sequence[str]) -> None:
    """Forget earlier stops before some roles are started again: what is still wrong stops again."""
    for code in codes:
        for path in installation.role(code).lock("x").parent.glob("*.stopped"):
            path.unlink(missing_ok=True)


def witnessing_of(installation: Installation, code: str) -> tuple[str, list[str]]:
    """Return a role's consumer in witnessing, and what it reads: nothing where it takes no part."""
    directory, agencies = installation.directory, installation.agencies
    if code != HUB:
        takes_part = directory.ledger_key is not None and directory.agency(code).witness_key is not None
        return WITNESS, topics_followed(agencies, code) if takes_part else []
    try:
        asked = asked_agencies(installation.role(HUB), agencies, installation.settings.ledger_origin)
    except CasebusError:
        asked = []
    return ASKING, [LEDGER_TOPIC, *map(witness_topic, asked)] if asked else []
