"""How the console says things: plain words for symbols, times with their distance from now."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from casebus.cases.asked_of_us import AskedOfUs
from casebus.cases.conflict import ConflictState, SideState
from casebus.cases.conversation import Release, ReleaseState
from casebus.cases.desk_history import Verb
from casebus.cases.desk_work import LEEWAY_S, DeskAlert, Stage
from casebus.cases.wording import NOT_TAKEN_UP as NOT_TAKEN_UP
from casebus.cases.wording import SEVERITY
from casebus.cases.wording import escalated as escalated
from casebus.errors import CasebusError
from casebus.events.enumerations import (
    Agreement,
    Band,
    CheckBasis,
    ConflictOutcome,
    CountRule,
    IdentifierType,
    OutcomeStatus,
    PointerMode,
    Priority,
    Rarity,
    ResponseClass,
    RetractReason,
    SafeguardMeasure,
    Severity,
    Tlp,
    TriState,
    WelfareResult,
)
from casebus.witnessing.rounds import REFRESH_S

SEVERITY_RULE = {
    Severity.immediate: "One side says that a child is at immediate risk: in a tip or case, by a check before acting, or by its officer. Answer within 1 hour.",
    Severity.high: "A live match between two agencies' own cases or tips. Answer within 8 hours.",
    Severity.routine: "Everything else, and whatever a backlog load brought up. Answer within 7 days.",
}
BAND = {Band.alert: "Alert", Band.review: "Weak match, to review"}
BAND_RULE = {
    Band.alert: "The partner and this desk are each asked for an answer by a deadline.",
    Band.review: "What agrees is weak. Look at it when there is time: no answer is due, and it stands below every alert.",
}
SEVERITY_COLOUR = {Severity.immediate: "red", Severity.high: "orange", Severity.routine: "grey"}

KIND = {
    IdentifierType.EMAIL: "e-mail address",
    IdentifierType.PHONE_E164: "phone number",
    IdentifierType.SERVICE_ACCOUNT_ID: "account on a service",
    IdentifierType.SERVICE_SCREEN_NAME: "screen name on a service",
    IdentifierType.IP_AT_TIME: "network address at a time",
    IdentifierType.DEVICE: "device",
    IdentifierType.NAME_DOB: "name and date of birth",
    IdentifierType.NAME_ADDRESS: "name and address",
    IdentifierType.DOB_ADDRESS: "date of birth and address",
    IdentifierType.ADDRESS: "address",
    IdentifierType.WALLET: "wallet",
    IdentifierType.VEHICLE_PLATE: "vehicle plate",
    IdentifierType.NATIONAL_ID: "number that a state gave",
    IdentifierType.NAME: "name",
    IdentifierType.UNKNOWN: "another kind",
}
AGREEMENT = {
    Agreement.exact: "the same",
    Agreement.similar: "similar",
    Agreement.differs: "differs",
}
RARITY = {
    Rarity.unique: "nobody else has it",
    Rarity.rare: "rare",
    Rarity.uncommon: "uncommon",
    Rarity.common: "common, so it says little",
}
SIDE = {
    SideState.new: "not yet seen",
    SideState.acknowledged: "acknowledged",
    SideState.resolved: "outcome proposed",
}
STAGE = {
    Stage.new: "not yet seen",
    Stage.acknowledged: "acknowledged, nobody has it in hand",
    Stage.in_hand: "in hand",
    Stage.resolved: "outcome proposed",
}
STATE = {
    ConflictState.open: "Open",
    ConflictState.resolved: "Resolved",
    ConflictState.disputed: "Disputed",
    ConflictState.retracted: "Retracted",
}
STATE_COLOUR = {
    ConflictState.open: "blue",
    ConflictState.resolved: "green",
    ConflictState.disputed: "red",
    ConflictState.retracted: "grey",
}
OUTCOME = {
    ConflictOutcome.JOINT_INVESTIGATION: ("Joint investigation", "The same person; both agencies work together."),
    ConflictOutcome.PARALLEL_COORDINATED: ("Parallel, coordinated", "Both go on, and agree on every overt step first."),
    ConflictOutcome.PROCEED_INDEPENDENTLY: ("Proceed independently", "Both go on; neither is in the other's way."),
    ConflictOutcome.TRANSFERRED: ("Transferred", "One agency takes the whole matter over."),
    ConflictOutcome.DELAYED: ("Delayed", "One side waits until the other has acted."),
    ConflictOutcome.CANCELLED: ("Cancelled", "The planned step is given up."),
    ConflictOutcome.FALSE_MATCH: (
        "False match",
        "Different people, by what agrees now. Only something new that agrees raises it again.",
    ),
    ConflictOutcome.ALREADY_CLOSED: ("Already closed", "One side has nothing open any more."),
    ConflictOutcome.PROCEED_IMMINENT_RISK: (
        "Proceed: child at immediate risk",
        "Act now, tell the partner afterwards. No conflict ever holds this up.",
    ),
}
OUTCOME_BY_SYMBOL = {outcome.value: name for outcome, (name, _) in OUTCOME.items()}
RETRACTED = {
    RetractReason.WITHDRAWN: "one side took its record back, as a tip that was withdrawn or a check that was ended",
    RetractReason.CORRECTED: "an identifier was corrected",
    RetractReason.CASE_CLOSED: "a case was closed",
    RetractReason.COMMON_IDENTIFIER: "an identifier turned out to be common",
    RetractReason.EXPLAINED_ELSEWHERE: "each of the two records has a surer match of its own at the other agency",
    RetractReason.UNKNOWN: "for a reason that this version does not know",
}

BASIS = {
    CheckBasis.TIP: "a tip",
    CheckBasis.CASE: "a case",
    CheckBasis.PLANNED_ACTION: "a planned action: a search, an arrest, a visit",
    CheckBasis.UNDERCOVER_PERSONA: "an undercover persona",
    CheckBasis.PRESERVATION_OR_LEGAL_PROCESS: "a preservation request or another legal process",
    CheckBasis.UNKNOWN: "another reason",
}
PRIORITY = {
    Priority.IMMEDIATE: "a child is at immediate risk: partners are asked to answer within the hour",
    Priority.VERY_HIGH: "very high",
    Priority.HIGH: "high",
    Priority.MEDIUM: "medium",
    Priority.LOW: "low",
    Priority.UNASSESSED: "not assessed",
    Priority.UNKNOWN: "not known",
}
TLP = {
    Tlp.RED: "TLP:RED: for the officers who get it, nobody else",
    Tlp.AMBER_STRICT: "TLP:AMBER+STRICT: within their agency",
    Tlp.AMBER: "TLP:AMBER: their agency, and whom it must tell to act",
    Tlp.GREEN: "TLP:GREEN: among agencies of this kind",
    Tlp.CLEAR: "TLP:CLEAR: no limit",
}
POINTER = {
    PointerMode.OPEN: "who asks",
    PointerMode.DESK_ONLY: "only that the coordination desk is to be rung",
    PointerMode.SILENT: "nothing",
}

COUNT_RULE = {
    CountRule.DISTINCT_CHILDREN: "each child once",
    CountRule.CHILDREN_IN_HOUSEHOLD: "all children of a household",
    CountRule.ESTIMATE: "an estimate",
    CountRule.CUMULATIVE_RESTATED: "all so far, restated each time",
    CountRule.UNKNOWN: "by another rule",
}
OUTCOME_STATUS = {
    OutcomeStatus.PROVISIONAL: "provisional",
    OutcomeStatus.CONFIRMED: "confirmed",
    OutcomeStatus.RESTATED: "restated",
    OutcomeStatus.RETRACTED: "retracted",
    OutcomeStatus.UNKNOWN: "another status",
}
MEASURE = {
    SafeguardMeasure.SUSPECT_ARRESTED: "reported person arrested",
    SafeguardMeasure.BAIL_CONDITIONS: "bail conditions",
    SafeguardMeasure.SUSPECT_ACCESS_REMOVED: "reported person's access to the child ended",
    SafeguardMeasure.POLICE_PROTECTION: "police protection",
    SafeguardMeasure.EMERGENCY_COURT_ORDER: "emergency court order",
    SafeguardMeasure.CHILD_PROTECTION_PLAN: "child protection plan",
    SafeguardMeasure.SAFETY_PLAN: "safety plan",
    SafeguardMeasure.FAMILY_INFORMED: "family informed",
    SafeguardMeasure.SUPPORT_SERVICE: "support service",
    SafeguardMeasure.DEVICE_SEIZED: "device seized",
    SafeguardMeasure.PLATFORM_ACCOUNT_CLOSED: "account on a platform closed",
    SafeguardMeasure.UNKNOWN: "another measure",
}
RESPONSE = {
    ResponseClass.NZ_CRITICAL_24H: "critical: within 24 hours (New Zealand)",
    ResponseClass.NZ_VERY_URGENT_48H: "very urgent: within 48 hours (New Zealand)",
    ResponseClass.NZ_URGENT_7D: "urgent: within 7 days (New Zealand)",
    ResponseClass.UK_IMMEDIATE: "immediate (United Kingdom)",
    ResponseClass.UK_STRATEGY_24H: "strategy discussion within 24 hours (United Kingdom)",
    ResponseClass.OTHER: "otherwise",
    ResponseClass.UNKNOWN: "in another way",
}
WELFARE_RESULT = {
    WelfareResult.SAFE_NO_ACTION: "safe, nothing to be done",
    WelfareResult.SAFE_WITH_PLAN: "safe, with a plan",
    WelfareResult.ACTION_TAKEN: "action was taken",
    WelfareResult.NOT_LOCATED: "not found",
    WelfareResult.NOT_ATTEMPTED: "not attempted",
    WelfareResult.UNKNOWN: "another result",
}
TRI_STATE = {
    TriState.YES: "yes",
    TriState.NO: "no",
    TriState.NOT_STATED: "not known",
}


def stage(seen: DeskAlert, now: datetime) -> str:
    """Return how far this desk is: what was taken up once and is nobody's now was seen, and the partner was told so."""
    reached = seen.stage(now)
    if reached is Stage.new and seen.alert.ours.state is not SideState.new:
        return "seen, and in nobody's hand any more"
    return STAGE[reached]


def release(one: Release) -> str:
    """Return how far a request for a release is."""
    match one.state:
        case ReleaseState.granted if set(one.fields) < set(one.asked):
            return "granted in part"
        case ReleaseState.ended:
            until = f" on {utc(one.keep_until)}" if one.keep_until else ""
            return f"granted; the time for which it was given ended{until}"
        case _:
            return one.state.value


def asked(waits: AskedOfUs) -> str:
    """Return what the partner waits for at this desk, "" for nothing."""
    told = (
        (waits.releases, "they ask for a release", "they ask for {} releases"),
        (waits.messages, "they wrote", "they wrote {} messages"),
        (waits.referrals, "they refer it to us", "they sent {} referrals"),
    )
    return "; ".join((one if count == 1 else more.format(count)) for count, one, more in told if count)


def next_step(error: CasebusError) -> str:
    """Return what to do next as a sentence; "" for what is done at the command line, where no reader of a page is."""
    step = error.next_step or ""
    is_for_terminals = any(each in step for each in ("`casebus", "--", "FIELD=VALUE"))
    return "" if is_for_terminals else step[:1].upper() + step[1:]


def in_words(symbol: str) -> str:
    """Return any other symbol as words: `NZ_CRITICAL_24H` as "nz critical 24h"."""
    return str(symbol).lower().replace("_", " ")


def verb(done: Verb) -> str:
    """Return what was done in words: one side alone resolves nothing, it proposes."""
    return "proposed" if done is Verb.resolved else done.value


def detail(text: str) -> str:
    """Return the detail of a deed: a symbol as words, an officer's id and whatever else as it is."""
    try:
        return utc(datetime.fromisoformat(text)) if text[:2] == "20" else _symbol(text)
    except ValueError:
        return text


def _symbol(text: str) -> str:
    known = (
        OUTCOME_BY_SYMBOL
        | {each.value: SEVERITY[each] for each in Severity}
        | {each.value: RETRACTED[each] for each in RETRACTED}
    )
    return known[text].lower() if text in known else text


def utc(at: datetime) -> str:
    """Return a moment: "3 July 2026, 21:14 UTC"."""
    there = at.astimezone(UTC)
    return f"{there.day} {there:%B %Y, %H:%M} UTC"


def local(at: datetime, zone: str) -> str | None:
    """Return a moment where somebody is: "Saturday 9:14 am NZST"; None where the machine does not know the zone."""
    try:
        there = at.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError):
        return None
    hour = there.hour % 12 or 12
    return f"{there:%A} {hour}:{there:%M} {'am' if there.hour < 12 else 'pm'} {there.tzname()}"


def span(length: timedelta) -> str:
    """Return a length of time in at most two units: "2 h 5 min"."""
    minutes = max(0, int(length.total_seconds() // 60))
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def due(respond_by: datetime | None, now: datetime) -> str:
    """Return how long there is to answer, or by how much it is late; a weak match has no deadline."""
    if respond_by is None:
        return "no answer is due"
    if respond_by > now:
        return f"{span(respond_by - now)} left"
    return f"overdue by {span(now - respond_by)}"


HUB_IS_SILENT_AFTER = timedelta(seconds=REFRESH_S + LEEWAY_S)
"""The hub publishes its ledger's head anew though there be nothing to tell."""


def last_heard(at: datetime, now: datetime) -> str:
    """Return when the hub was last heard, and what that means: a time to come is a clock's that was ahead."""
    if at > now + timedelta(seconds=LEEWAY_S):
        return f"The hub's last record is of {utc(at)}, which is yet to come: whether it is silent cannot be told."
    if at < now - HUB_IS_SILENT_AFTER:
        return f"The hub's feed is silent since {utc(at)}, {ago(at, now)}."
    return f"The hub was last heard {ago(at, now)}."


def ago(at: datetime, now: datetime) -> str:
    """Return how long ago something was."""
    length = span(now - at)
    return "less than a minute ago" if length == "0 min" else f"{length} ago"
