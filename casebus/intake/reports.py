"""What the three agencies' tips share: NCMEC's report number, the handling that a tip starts with."""

import re

from casebus.errors import DocumentRefused, RefusalCode
from casebus.events.enumerations import EvidentialUse, PointerMode, Purpose, Tlp
from casebus.events.types import Handling
from casebus.intake.adapter import RecordKey

NCMEC = "ncmec"
_REPORT_NUMBER = re.compile(r"[0-9]{1,20}")
_OWN_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._/\-]{0,99}")


def report_key(text: str | None, place: str) -> RecordKey:
    """Return the key of an NCMEC report, its number as written. Raises REPORT_NUMBER unless it is 1 to 20 digits."""
    if text is None or not _REPORT_NUMBER.fullmatch(text):
        raise DocumentRefused(RefusalCode.REPORT_NUMBER, f"{place} is not a report number of 1 to 20 digits.")
    return RecordKey(NCMEC, text)


def named_reports(texts: list[str]) -> tuple[RecordKey, ...]:
    """Return the keys of the report numbers among some texts, each once; what is not one is passed over."""
    numbers = (number for text in texts for number in re.split(r"[\s,;|]+", text))
    return tuple(RecordKey(NCMEC, number) for number in dict.fromkeys(numbers) if _REPORT_NUMBER.fullmatch(number))


def own_key(system: str, text: str, place: str) -> RecordKey:
    """Return the key of an agency's own record: letters, digits and a few signs, at most 100. Raises UNKNOWN_VALUE."""
    if not _OWN_NUMBER.fullmatch(text):
        raise DocumentRefused(RefusalCode.UNKNOWN_VALUE, f"{place} is not a record number.")
    return RecordKey(system, text)


def handling(*, pointer: PointerMode = PointerMode.OPEN, tlp: Tlp = Tlp.AMBER, safeguarding: bool = False) -> Handling:
    """Return the handling that a record starts with: a pointer may be told, content goes to nobody."""
    return Handling(
        tlp=tlp,
        pointer=pointer,
        releasable_to=(),
        evidential_use=EvidentialUse.INTELLIGENCE_ONLY,
        purpose=Purpose.SAFEGUARDING_CHILD if safeguarding else Purpose.INVESTIGATION,
    )
