"""Who may see and do what at a desk. Pure: a viewer and a thing go in, a decision with its reason comes out.

Nobody may do anything that no rule here allows. An officer works on the agency's own alerts; a desk lead may besides
lower a severity that says immediate, and propose the lead agency; an operator looks after the machine and sees nothing of
any case. What belongs to another agency is nobody's here, and looks like what is not there.
"""

from dataclasses import dataclass
from enum import StrEnum

UNNAMED = "unnamed"
"""Who reads without giving a name. Nobody decides so."""


class DeskRole(StrEnum):
    """What somebody is at a desk."""

    officer = "officer"
    desk_lead = "desk_lead"
    operator = "operator"


class Kind(StrEnum):
    """What is looked at or acted upon."""

    alert = "alert"
    notice = "notice"
    conversation = "conversation"
    referral = "referral"
    check = "check"
    outcome = "outcome"
    audit = "audit"
    machine = "machine"


class Command(StrEnum):
    """What can be done at a desk."""

    acknowledge = "acknowledge"
    assign = "assign"
    hand_over = "hand over"
    snooze = "snooze"
    set_severity = "set the severity"
    lower_immediate = "lower an immediate severity"
    resolve = "resolve"
    reopen = "reopen"
    request_release = "request a release"
    grant_release = "grant a release"
    refuse_release = "refuse a release"
    send_message = "send a message"
    propose_lead = "propose the lead agency"
    send_referral = "send a referral"
    answer_referral = "answer a referral"
    request_welfare_check = "request a welfare check"
    complete_welfare_check = "complete a welfare check"
    record_outcome = "record an outcome"
    ask = "ask before acting"
    close_check = "end a check"


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is looking: an officer of an agency, by the id that the agency gave. `role` None: nobody that it knows."""

    agency: str
    officer: str | None
    role: DeskRole | None


@dataclass(frozen=True, slots=True)
class Thing:
    """What is looked at or acted upon, and whose it is."""

    kind: Kind
    agency: str


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether, and why or why not."""

    allowed: bool
    reason: str


_CASEWORK = frozenset({Kind.alert, Kind.notice, Kind.conversation, Kind.referral, Kind.check, Kind.outcome})
_SEES: dict[DeskRole, frozenset[Kind]] = {
    DeskRole.officer: _CASEWORK,
    DeskRole.desk_lead: _CASEWORK | {Kind.audit},
    DeskRole.operator: frozenset({Kind.machine}),
}
_LEAD_ONLY = frozenset({Command.lower_immediate, Command.propose_lead})
_DOES: dict[DeskRole, frozenset[Command]] = {
    DeskRole.officer: frozenset(Command) - _LEAD_ONLY,
    DeskRole.desk_lead: frozenset(Command),
    DeskRole.operator: frozenset(),
}


def may_view(viewer: Viewer, thing: Thing) -> Decision:
    """Decide whether somebody may see a thing."""
    if viewer.agency != thing.agency:
        return Decision(False, "it belongs to another agency")
    if viewer.role is None:
        return Decision(False, "the agency knows nobody of that name at this desk")
    if thing.kind not in _SEES[viewer.role]:
        return Decision(False, f"the role {viewer.role.value} does not see {thing.kind.value}s")
    return Decision(True, f"the role {viewer.role.value} at its own agency")


def may_act(viewer: Viewer, command: Command, thing: Thing) -> Decision:
    """Decide whether somebody may do something to a thing: who may not see it may not, and nobody without a name."""
    seen = may_view(viewer, thing)
    if not seen.allowed or viewer.role is None:
        return seen
    if not viewer.officer:
        return Decision(False, "a decision needs a name")
    if command not in _DOES[viewer.role]:
        needed = " or ".join(sorted(role.value for role, does in _DOES.items() if command in does))
        return Decision(False, f"to {command.value} is for the role {needed}")
    return seen
