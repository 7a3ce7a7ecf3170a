"""The closed lists that events speak in, one class per Avro enum of the same name and symbols.

Sources: `docs/events.md` names the source of each list (NCMEC's XSD, NIEM, UK and NZ practice). Every list that a newer
partner may extend has UNKNOWN, which is what an older reader sees in place of a symbol that it does not know.
"""

from enum import StrEnum


class IncidentCategory(StrEnum):
    """What a tip is about, in the words of the Luxembourg Guidelines."""

    CHILD_SEXUAL_ABUSE_MATERIAL = "CHILD_SEXUAL_ABUSE_MATERIAL"
    ONLINE_ENTICEMENT = "ONLINE_ENTICEMENT"
    TRAFFICKING_FOR_SEXUAL_EXPLOITATION = "TRAFFICKING_FOR_SEXUAL_EXPLOITATION"
    EXPLOITATION_IN_TRAVEL_AND_TOURISM = "EXPLOITATION_IN_TRAVEL_AND_TOURISM"
    CONTACT_SEXUAL_ABUSE = "CONTACT_SEXUAL_ABUSE"
    UNSOLICITED_OBSCENE_MATERIAL_TO_CHILD = "UNSOLICITED_OBSCENE_MATERIAL_TO_CHILD"
    MISLEADING_DOMAIN_NAME = "MISLEADING_DOMAIN_NAME"
    MISLEADING_WORDS_OR_IMAGES = "MISLEADING_WORDS_OR_IMAGES"
    OTHER = "OTHER"
    UNKNOWN = "UNKNOWN"


class TipAnnotation(StrEnum):
    """What the provider or NCMEC marked on a report."""

    SEXUAL_EXTORTION = "SEXUAL_EXTORTION"
    CSAM_SOLICITATION = "CSAM_SOLICITATION"
    MINOR_TO_MINOR = "MINOR_TO_MINOR"
    SPAM = "SPAM"
    SADISTIC_ONLINE_EXPLOITATION = "SADISTIC_ONLINE_EXPLOITATION"
    INFORMATIONAL = "INFORMATIONAL"
    GENERATIVE_AI = "GENERATIVE_AI"
    LIVE_STREAMING = "LIVE_STREAMING"
    POSSIBLE_SELF_PRODUCTION = "POSSIBLE_SELF_PRODUCTION"
    INFANT = "INFANT"
    VIRAL = "VIRAL"
    POTENTIAL_MEME = "POTENTIAL_MEME"
    UNKNOWN = "UNKNOWN"


class TipSource(StrEnum):
    """How a tip reached the agency."""

    ESP_VIA_NCMEC = "ESP_VIA_NCMEC"
    NCMEC_PUBLIC_REPORT = "NCMEC_PUBLIC_REPORT"
    PUBLIC_REPORT = "PUBLIC_REPORT"
    HOTLINE_INHOPE = "HOTLINE_INHOPE"
    PARTNER_AGENCY = "PARTNER_AGENCY"
    OWN_INVESTIGATION = "OWN_INVESTIGATION"
    FINANCIAL_INTELLIGENCE = "FINANCIAL_INTELLIGENCE"
    UNKNOWN = "UNKNOWN"


class ReferralClass(StrEnum):
    """Whether a report holds enough to act on; BATCHED_VIRAL never takes part in matching."""

    REFERRAL = "REFERRAL"
    INFORMATIONAL = "INFORMATIONAL"
    BATCHED_VIRAL = "BATCHED_VIRAL"
    UNSTATED = "UNSTATED"
    UNKNOWN = "UNKNOWN"


class IncidentMedium(StrEnum):
    """Where it happened."""

    WEB_PAGE = "WEB_PAGE"
    EMAIL = "EMAIL"
    NEWSGROUP = "NEWSGROUP"
    CHAT_IM = "CHAT_IM"
    ONLINE_GAMING = "ONLINE_GAMING"
    CELL_PHONE = "CELL_PHONE"
    NON_INTERNET = "NON_INTERNET"
    PEER_TO_PEER = "PEER_TO_PEER"
    UNKNOWN = "UNKNOWN"


class TriState(StrEnum):
    """Null is not false."""

    YES = "YES"
    NO = "NO"
    NOT_STATED = "NOT_STATED"


class Priority(StrEnum):
    """How soon; IMMEDIATE is a child at immediate risk and is never held up by anything."""

    IMMEDIATE = "IMMEDIATE"
    VERY_HIGH = "VERY_HIGH"
    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"
    UNASSESSED = "UNASSESSED"
    UNKNOWN = "UNKNOWN"


class PriorityBasis(StrEnum):
    """Why that priority."""

    CHILD_AT_IMMEDIATE_RISK = "CHILD_AT_IMMEDIATE_RISK"
    CHILD_ACCESSIBLE_TO_SUSPECT = "CHILD_ACCESSIBLE_TO_SUSPECT"
    ACTIVE_SOLICITATION = "ACTIVE_SOLICITATION"
    HOME_PRODUCED_MATERIAL = "HOME_PRODUCED_MATERIAL"
    HIGH_VOLUME_OR_SADISTIC = "HIGH_VOLUME_OR_SADISTIC"
    POSITION_OF_TRUST = "POSITION_OF_TRUST"
    SELF_HARM_RISK = "SELF_HARM_RISK"
    REPORTER_ESCALATED = "REPORTER_ESCALATED"
    KIRAT = "KIRAT"
    OTHER = "OTHER"
    UNKNOWN = "UNKNOWN"


class SubjectCategory(StrEnum):
    """Whose identifier it is, as far as the agency can say. A reported person is not a suspect."""

    REPORTED_PERSON = "REPORTED_PERSON"
    SUSPECT = "SUSPECT"
    POSSIBLE_CHILD = "POSSIBLE_CHILD"
    VICTIM_CHILD = "VICTIM_CHILD"
    POSSIBLE_VICTIM_ACCOUNT_COMPROMISED = "POSSIBLE_VICTIM_ACCOUNT_COMPROMISED"
    INTENDED_RECIPIENT = "INTENDED_RECIPIENT"
    WITNESS = "WITNESS"
    UNKNOWN = "UNKNOWN"


class AssertionKind(StrEnum):
    """How certain an identifier is: fact and opinion are kept apart."""

    OBSERVED_BY_PROVIDER = "OBSERVED_BY_PROVIDER"
    USER_DECLARED = "USER_DECLARED"
    PROVIDER_VERIFIED = "PROVIDER_VERIFIED"
    AGENCY_CONFIRMED = "AGENCY_CONFIRMED"
    ANALYST_INFERRED = "ANALYST_INFERRED"
    MINED_FROM_TEXT = "MINED_FROM_TEXT"
    UNKNOWN = "UNKNOWN"


class IdentifierType(StrEnum):
    """The kinds of identifier that a sighting can hold.

    NAME_ADDRESS and DOB_ADDRESS are a person's name or birth date with a house, ADDRESS is the house alone, NATIONAL_ID
    is a number that a state gave (passport, licence, tax). A bank account or a card has no kind, so that none can ever
    reach the hub: its owner is often not the person, and what it costs to leak one is not ours to risk.
    """

    EMAIL = "EMAIL"
    PHONE_E164 = "PHONE_E164"
    SERVICE_ACCOUNT_ID = "SERVICE_ACCOUNT_ID"
    SERVICE_SCREEN_NAME = "SERVICE_SCREEN_NAME"
    IP_AT_TIME = "IP_AT_TIME"
    DEVICE = "DEVICE"
    NAME_DOB = "NAME_DOB"
    NAME_ADDRESS = "NAME_ADDRESS"
    DOB_ADDRESS = "DOB_ADDRESS"
    ADDRESS = "ADDRESS"
    WALLET = "WALLET"
    VEHICLE_PLATE = "VEHICLE_PLATE"
    NATIONAL_ID = "NATIONAL_ID"
    NAME = "NAME"
    UNKNOWN = "UNKNOWN"


class TimeQuality(StrEnum):
    """What a stated time is worth. Only EXACT_OFFSET and UTC_ASSERTED name an instant that may be matched on."""

    EXACT_OFFSET = "EXACT_OFFSET"
    UTC_ASSERTED = "UTC_ASSERTED"
    OFFSET_ASSUMED = "OFFSET_ASSUMED"
    NO_OFFSET = "NO_OFFSET"
    DATE_ONLY = "DATE_ONLY"
    AMBIGUOUS_DAY_MONTH = "AMBIGUOUS_DAY_MONTH"
    IMPLAUSIBLE = "IMPLAUSIBLE"
    UNPARSEABLE = "UNPARSEABLE"
    MISSING = "MISSING"
    UNKNOWN = "UNKNOWN"


class TimeMeaning(StrEnum):
    """What happened at a stated time. A provider's incident time is usually when it found the item."""

    OFFENCE = "OFFENCE"
    UPLOAD = "UPLOAD"
    LOGIN = "LOGIN"
    DETECTED_BY_PROVIDER = "DETECTED_BY_PROVIDER"
    REPORTED = "REPORTED"
    RECEIVED = "RECEIVED"
    OPENED = "OPENED"
    UNKNOWN = "UNKNOWN"


class Tlp(StrEnum):
    """Traffic Light Protocol 2.0."""

    RED = "RED"
    AMBER_STRICT = "AMBER_STRICT"
    AMBER = "AMBER"
    GREEN = "GREEN"
    CLEAR = "CLEAR"


class PointerMode(StrEnum):
    """Whether a match may be told at all, under the agreement: OPEN names the agency, DESK_ONLY only the coordination
    desk, SILENT nobody but the holder.
    """

    OPEN = "OPEN"
    DESK_ONLY = "DESK_ONLY"
    SILENT = "SILENT"


class EvidentialUse(StrEnum):
    """What a recipient may do with it; INTELLIGENCE_ONLY is Europol's H1."""

    INTELLIGENCE_ONLY = "INTELLIGENCE_ONLY"
    WITH_ORIGINATOR_CONSENT = "WITH_ORIGINATOR_CONSENT"
    UNKNOWN = "UNKNOWN"


class GradingScheme(StrEnum):
    """Kept native: there is no silent conversion between schemes."""

    UK_3X5X2 = "UK_3X5X2"
    ADMIRALTY_6X6 = "ADMIRALTY_6X6"
    EUROPOL_4X4 = "EUROPOL_4X4"
    UNKNOWN = "UNKNOWN"


class ChildIndicator(StrEnum):
    """Why the person behind the reported account may be a child."""

    AGE_STATED = "AGE_STATED"
    BIRTH_DATE = "BIRTH_DATE"
    POSSIBLE_SELF_PRODUCTION = "POSSIBLE_SELF_PRODUCTION"
    MINOR_TO_MINOR = "MINOR_TO_MINOR"
    AGENCY_ASSESSED = "AGENCY_ASSESSED"
    UNKNOWN = "UNKNOWN"


class AmendReason(StrEnum):
    """Why a tip changed, or (TOKENS_RENEWED) that it did not: it is stated again under another token key."""

    UPSTREAM_RECLASSIFIED = "UPSTREAM_RECLASSIFIED"
    SUPPLEMENTAL_INFO = "SUPPLEMENTAL_INFO"
    CORRECTION = "CORRECTION"
    CONTENT_CHANGED = "CONTENT_CHANGED"
    TOKENS_RENEWED = "TOKENS_RENEWED"
    UNKNOWN = "UNKNOWN"


class WithdrawReason(StrEnum):
    """Why a tip was taken back."""

    RETRACTED_UPSTREAM = "RETRACTED_UPSTREAM"
    ERROR = "ERROR"
    DUPLICATE = "DUPLICATE"
    UNKNOWN = "UNKNOWN"


class CaseCloseReason(StrEnum):
    """Why a case left matching (NIEM incident status)."""

    CLOSED = "CLOSED"
    CLEARED_BY_ARREST = "CLEARED_BY_ARREST"
    UNFOUNDED = "UNFOUNDED"
    TRANSFERRED = "TRANSFERRED"
    ERROR = "ERROR"
    UNKNOWN = "UNKNOWN"


class CheckBasis(StrEnum):
    """Why an agency asks before it acts."""

    TIP = "TIP"
    CASE = "CASE"
    PLANNED_ACTION = "PLANNED_ACTION"
    UNDERCOVER_PERSONA = "UNDERCOVER_PERSONA"
    PRESERVATION_OR_LEGAL_PROCESS = "PRESERVATION_OR_LEGAL_PROCESS"
    UNKNOWN = "UNKNOWN"


class CorrectionReason(StrEnum):
    """What was wrong with an identifier."""

    TRANSCRIPTION = "TRANSCRIPTION"
    TIME_ZONE = "TIME_ZONE"
    WRONG_SUBJECT = "WRONG_SUBJECT"
    REASSIGNED = "REASSIGNED"
    PROVIDER_ERROR = "PROVIDER_ERROR"
    UNKNOWN = "UNKNOWN"


class RecordKind(StrEnum):
    """What a match is about."""

    tip = "tip"
    case = "case"
    check = "check"


class Overlap(StrEnum):
    """What two agencies may have in common; in words always "possible"."""

    same_person = "same_person"
    same_child = "same_child"
    same_source_report = "same_source_report"


class Severity(StrEnum):
    """How soon an alert wants an officer."""

    immediate = "immediate"
    high = "high"
    routine = "routine"


class Band(StrEnum):
    """What a match asks of an officer: `alert` wants an answer, `review` is a weak match to look at."""

    alert = "alert"
    review = "review"


class Agreement(StrEnum):
    """How two sides agree on one kind of identifier."""

    exact = "exact"
    similar = "similar"
    differs = "differs"


class Rarity(StrEnum):
    """How rare the shared value is, as a band: a count would reveal third agencies."""

    unique = "unique"
    rare = "rare"
    uncommon = "uncommon"
    common = "common"


class Strength(StrEnum):
    """How strong a match is, as a word; the number stands beside it."""

    very_strong = "very_strong"
    strong = "strong"
    moderate = "moderate"
    weak = "weak"


class MatchStatus(StrEnum):
    """What became of a pair."""

    found = "found"
    revised = "revised"
    retracted = "retracted"


class RetractReason(StrEnum):
    """Why a match no longer stands."""

    WITHDRAWN = "WITHDRAWN"
    CORRECTED = "CORRECTED"
    CASE_CLOSED = "CASE_CLOSED"
    COMMON_IDENTIFIER = "COMMON_IDENTIFIER"
    EXPLAINED_ELSEWHERE = "EXPLAINED_ELSEWHERE"
    UNKNOWN = "UNKNOWN"


class ConflictOutcome(StrEnum):
    """How a conflict may end. Equal proposals of both sides make it resolved."""

    PROCEED_INDEPENDENTLY = "PROCEED_INDEPENDENTLY"
    JOINT_INVESTIGATION = "JOINT_INVESTIGATION"
    PARALLEL_COORDINATED = "PARALLEL_COORDINATED"
    DELAYED = "DELAYED"
    CANCELLED = "CANCELLED"
    TRANSFERRED = "TRANSFERRED"
    FALSE_MATCH = "FALSE_MATCH"
    ALREADY_CLOSED = "ALREADY_CLOSED"
    PROCEED_IMMINENT_RISK = "PROCEED_IMMINENT_RISK"


class DisclosedField(StrEnum):
    """The names of what a release holds. The hub sees them, and never a value."""

    REPORTED_NAME = "REPORTED_NAME"
    DATE_OF_BIRTH = "DATE_OF_BIRTH"
    EMAIL = "EMAIL"
    PHONE = "PHONE"
    ACCOUNT_ID = "ACCOUNT_ID"
    SCREEN_NAME = "SCREEN_NAME"
    IP_ADDRESS = "IP_ADDRESS"
    DEVICE = "DEVICE"
    ADDRESS = "ADDRESS"
    RECORD_REFERENCE = "RECORD_REFERENCE"
    CASE_STATUS = "CASE_STATUS"
    OTHER = "OTHER"
    UNKNOWN = "UNKNOWN"


class DisclosureRefusal(StrEnum):
    """Why nothing is released (modelled on Directive (EU) 2023/977 article 6)."""

    NOT_HELD = "NOT_HELD"
    NO_LEGAL_BASIS = "NO_LEGAL_BASIS"
    HARM_TO_INVESTIGATION = "HARM_TO_INVESTIGATION"
    HARM_TO_PERSON = "HARM_TO_PERSON"
    DISPROPORTIONATE = "DISPROPORTIONATE"
    JUDICIAL_AUTHORISATION_NEEDED = "JUDICIAL_AUTHORISATION_NEEDED"
    ORIGINATOR_CONSENT_NEEDED = "ORIGINATOR_CONSENT_NEEDED"
    UNKNOWN = "UNKNOWN"


class LeadSide(StrEnum):
    """Who should lead, seen from the side that proposes it: no agency need be named for that."""

    PROPOSER = "PROPOSER"
    PARTNER = "PARTNER"
    UNKNOWN = "UNKNOWN"


class LeadBasis(StrEnum):
    """Why that agency should lead."""

    CHILD_LOCATION = "CHILD_LOCATION"
    REPORTED_PERSON_LOCATION = "REPORTED_PERSON_LOCATION"
    FIRST_TO_ACT = "FIRST_TO_ACT"
    EVIDENCE_LOCATION = "EVIDENCE_LOCATION"
    MOST_SERIOUS = "MOST_SERIOUS"
    AGREEMENT = "AGREEMENT"
    UNKNOWN = "UNKNOWN"


class ReferralReason(StrEnum):
    """Why responsibility is to move."""

    CHILD_LIVES_THERE = "CHILD_LIVES_THERE"
    CHILD_FOUND_THERE = "CHILD_FOUND_THERE"
    REPORTED_PERSON_THERE = "REPORTED_PERSON_THERE"
    ALREADY_INVESTIGATING = "ALREADY_INVESTIGATING"
    OUT_OF_JURISDICTION = "OUT_OF_JURISDICTION"
    SPECIALIST_CAPABILITY = "SPECIALIST_CAPABILITY"
    UNKNOWN = "UNKNOWN"


class ReferralDecline(StrEnum):
    """Why a referral is declined; responsibility stays with the sender."""

    OUT_OF_JURISDICTION = "OUT_OF_JURISDICTION"
    ALREADY_HELD = "ALREADY_HELD"
    INSUFFICIENT_INFORMATION = "INSUFFICIENT_INFORMATION"
    NO_CAPACITY = "NO_CAPACITY"
    UNKNOWN = "UNKNOWN"


class DeliveryRefusal(StrEnum):
    """Why what one agency published for another was not passed on."""

    NOT_YOURS = "NOT_YOURS"
    PARTNER_NOT_TOLD = "PARTNER_NOT_TOLD"
    PARTNER_NOT_NAMED = "PARTNER_NOT_NAMED"
    SENDER_NOT_NAMED = "SENDER_NOT_NAMED"
    NO_AGREEMENT = "NO_AGREEMENT"
    UNKNOWN = "UNKNOWN"


class ResponseClass(StrEnum):
    """How soon a welfare check is wanted (Oranga Tamariki, UK strategy discussion)."""

    NZ_CRITICAL_24H = "NZ_CRITICAL_24H"
    NZ_VERY_URGENT_48H = "NZ_VERY_URGENT_48H"
    NZ_URGENT_7D = "NZ_URGENT_7D"
    UK_IMMEDIATE = "UK_IMMEDIATE"
    UK_STRATEGY_24H = "UK_STRATEGY_24H"
    OTHER = "OTHER"
    UNKNOWN = "UNKNOWN"


class WelfareResult(StrEnum):
    """What a welfare check found."""

    SAFE_NO_ACTION = "SAFE_NO_ACTION"
    SAFE_WITH_PLAN = "SAFE_WITH_PLAN"
    ACTION_TAKEN = "ACTION_TAKEN"
    NOT_LOCATED = "NOT_LOCATED"
    NOT_ATTEMPTED = "NOT_ATTEMPTED"
    UNKNOWN = "UNKNOWN"


class SafeguardOutcome(StrEnum):
    """Three different counts are called "safeguarded"; they are kept apart."""

    RESCUED_FROM_CURRENT_ABUSE = "RESCUED_FROM_CURRENT_ABUSE"
    SAFEGUARDED_FROM_POTENTIAL_ABUSE = "SAFEGUARDED_FROM_POTENTIAL_ABUSE"
    VICTIM_IDENTIFIED_FROM_MATERIAL = "VICTIM_IDENTIFIED_FROM_MATERIAL"
    LOCATED_MISSING = "LOCATED_MISSING"
    RISK_ASSESSED_NO_CONCERN = "RISK_ASSESSED_NO_CONCERN"
    UNKNOWN = "UNKNOWN"


class CountRule(StrEnum):
    """What a number counts."""

    DISTINCT_CHILDREN = "DISTINCT_CHILDREN"
    CHILDREN_IN_HOUSEHOLD = "CHILDREN_IN_HOUSEHOLD"
    ESTIMATE = "ESTIMATE"
    CUMULATIVE_RESTATED = "CUMULATIVE_RESTATED"
    UNKNOWN = "UNKNOWN"


class SafeguardMeasure(StrEnum):
    """What was done. An arrest is a measure, never an outcome."""

    SUSPECT_ARRESTED = "SUSPECT_ARRESTED"
    BAIL_CONDITIONS = "BAIL_CONDITIONS"
    SUSPECT_ACCESS_REMOVED = "SUSPECT_ACCESS_REMOVED"
    POLICE_PROTECTION = "POLICE_PROTECTION"
    EMERGENCY_COURT_ORDER = "EMERGENCY_COURT_ORDER"
    CHILD_PROTECTION_PLAN = "CHILD_PROTECTION_PLAN"
    SAFETY_PLAN = "SAFETY_PLAN"
    FAMILY_INFORMED = "FAMILY_INFORMED"
    SUPPORT_SERVICE = "SUPPORT_SERVICE"
    DEVICE_SEIZED = "DEVICE_SEIZED"
    PLATFORM_ACCOUNT_CLOSED = "PLATFORM_ACCOUNT_CLOSED"
    UNKNOWN = "UNKNOWN"


class OutcomeStatus(StrEnum):
    """Figures move; a restated figure names the one that it replaces."""

    PROVISIONAL = "PROVISIONAL"
    CONFIRMED = "CONFIRMED"
    RESTATED = "RESTATED"
    RETRACTED = "RETRACTED"
    UNKNOWN = "UNKNOWN"


class CreditRole(StrEnum):
    """An agency's part in an outcome, so that two do not count it as their own."""

    LEAD = "LEAD"
    SUPPORT = "SUPPORT"
    INTELLIGENCE = "INTELLIGENCE"
    UNKNOWN = "UNKNOWN"


class AccessOperation(StrEnum):
    """The six operations of the UK Data Protection Act 2018 s.62(1)."""

    COLLECTION = "COLLECTION"
    ALTERATION = "ALTERATION"
    CONSULTATION = "CONSULTATION"
    DISCLOSURE = "DISCLOSURE"
    COMBINATION = "COMBINATION"
    ERASURE = "ERASURE"


class Purpose(StrEnum):
    """Why data is handled (UK DPA 2018 s.31)."""

    PREVENTION = "PREVENTION"
    INVESTIGATION = "INVESTIGATION"
    DETECTION = "DETECTION"
    SAFEGUARDING_CHILD = "SAFEGUARDING_CHILD"
    AUDIT = "AUDIT"
    UNKNOWN = "UNKNOWN"
