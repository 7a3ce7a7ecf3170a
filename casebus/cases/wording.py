"""What an officer reads of how severe an alert is, and of whom it is for since nobody answered: one wording, wherever it is
said, on a page, in a notice, in a message to somebody who looks at neither. Pure.
"""

from datetime import datetime

from casebus.cases.desk_work import DeskAlert, Escalation, Stage
from casebus.events.enumerations import Severity

SEVERITY = {
    Severity.immediate: "Immediate risk to a child",
    Severity.high: "High",
    Severity.routine: "Routine",
}
NOT_TAKEN_UP = {
    Escalation.none: "",
    Escalation.desk_lead: "nobody took it up in half its time: tell the desk's lead",
    Escalation.coordination_desk: "nobody took it up in its time: ring the coordination desk",
}
IN_HAND = {
    Escalation.none: "",
    Escalation.desk_lead: "no outcome was proposed in its time: tell the desk's lead",
    Escalation.coordination_desk: "its time is long over without an outcome: ring the coordination desk",
}


def escalated(seen: DeskAlert, now: datetime) -> str:
    """Return what is to be done about an alert that nobody answered in time, by whoever reads it; "" while there is time."""
    return late(seen.work.escalated, in_hand=seen.stage(now) is Stage.in_hand) if seen.alert.waits else ""


def late(level: Escalation, *, in_hand: bool) -> str:
    """Return what is to be done about what escalated to a level while somebody had it in hand, or nobody; "" for none."""
    return (IN_HAND if in_hand else NOT_TAKEN_UP)[level]
