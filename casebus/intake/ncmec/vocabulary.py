"""NCMEC's words in ours: incident types, annotations, media, capture events (XSD of November 2025)."""

from casebus.events.enumerations import IncidentCategory, IncidentMedium, TimeMeaning, TipAnnotation

_CATEGORIES = {
    "child pornography (possession, manufacture, and distribution)": IncidentCategory.CHILD_SEXUAL_ABUSE_MATERIAL,
    "child sexual abuse material": IncidentCategory.CHILD_SEXUAL_ABUSE_MATERIAL,
    "csam": IncidentCategory.CHILD_SEXUAL_ABUSE_MATERIAL,
    "online enticement of children for sexual acts": IncidentCategory.ONLINE_ENTICEMENT,
    "child sex trafficking": IncidentCategory.TRAFFICKING_FOR_SEXUAL_EXPLOITATION,
    "child sex tourism": IncidentCategory.EXPLOITATION_IN_TRAVEL_AND_TOURISM,
    "child sexual molestation": IncidentCategory.CONTACT_SEXUAL_ABUSE,
    "unsolicited obscene material sent to a child": IncidentCategory.UNSOLICITED_OBSCENE_MATERIAL_TO_CHILD,
    "misleading domain name": IncidentCategory.MISLEADING_DOMAIN_NAME,
    "misleading words or digital images on the internet": IncidentCategory.MISLEADING_WORDS_OR_IMAGES,
}

REPORT_ANNOTATIONS = {
    "sextortion": TipAnnotation.SEXUAL_EXTORTION,
    "csamSolicitation": TipAnnotation.CSAM_SOLICITATION,
    "minorToMinorInteraction": TipAnnotation.MINOR_TO_MINOR,
    "spam": TipAnnotation.SPAM,
    "sadisticOnlineExploitation": TipAnnotation.SADISTIC_ONLINE_EXPLOITATION,
    "informational": TipAnnotation.INFORMATIONAL,
}

FILE_ANNOTATIONS = {
    "potentialMeme": TipAnnotation.POTENTIAL_MEME,
    "viral": TipAnnotation.VIRAL,
    "possibleSelfProduction": TipAnnotation.POSSIBLE_SELF_PRODUCTION,
    "liveStreaming": TipAnnotation.LIVE_STREAMING,
    "infant": TipAnnotation.INFANT,
    "generativeAi": TipAnnotation.GENERATIVE_AI,
}

FILE_ANNOTATIONS_NOT_CARRIED = frozenset({"animeDrawingVirtualHentai", "physicalHarm", "violenceGore", "bestiality"})
"""What a file shows is not carried; these are known, hence not counted as unmapped."""

_TAGS = {
    TipAnnotation.POSSIBLE_SELF_PRODUCTION: ("selfproduc", "selfgenerat", "firstpersonproduc"),
    TipAnnotation.GENERATIVE_AI: ("generativeai", "aigenerated"),
    TipAnnotation.LIVE_STREAMING: ("livestream",),
    TipAnnotation.INFANT: ("infant", "toddler"),
    TipAnnotation.VIRAL: ("viral",),
    TipAnnotation.POTENTIAL_MEME: ("potentialmeme",),
}

_MEDIA = {
    "webpageincident": IncidentMedium.WEB_PAGE,
    "emailincident": IncidentMedium.EMAIL,
    "newsgroupincident": IncidentMedium.NEWSGROUP,
    "chatimincident": IncidentMedium.CHAT_IM,
    "onlinegamingincident": IncidentMedium.ONLINE_GAMING,
    "cellphoneincident": IncidentMedium.CELL_PHONE,
    "noninternetincident": IncidentMedium.NON_INTERNET,
    "peer2peerincident": IncidentMedium.PEER_TO_PEER,
}

_CAPTURES = {"LOGIN": TimeMeaning.LOGIN, "UPLOAD": TimeMeaning.UPLOAD}

VIRAL_BATCH = "VIRAL_POTENTIAL_MEME"


def category(incident_type: str | None) -> IncidentCategory:
    """Return what a tip is about: OTHER for a type that is not on NCMEC's list, UNKNOWN when none is stated."""
    if incident_type is None:
        return IncidentCategory.UNKNOWN
    return _CATEGORIES.get(" ".join(incident_type.lower().split()), IncidentCategory.OTHER)


def medium(name: str) -> IncidentMedium | None:
    """Return the medium that a section of the incident's details stands for."""
    return _MEDIA.get(name.lower())


def capture_meaning(event_name: str | None) -> TimeMeaning:
    """Return what happened at a capture: police see the names in capitals, providers write them in mixed case."""
    return _CAPTURES.get((event_name or "").strip().upper(), TimeMeaning.UNKNOWN)


def tag_annotations(tag: str) -> set[TipAnnotation]:
    """Return what an NCMEC analyst's tag on a file says that an event may carry."""
    letters = "".join(filter(str.isalnum, tag[:200].lower()))
    return {annotation for annotation, words in _TAGS.items() if any(word in letters for word in words)}
