"""Tells a document of NCMEC's from any other, by content, and translates it. The door that each agency's adapter uses."""

import hashlib

from casebus.intake.adapter import Document, Draft
from casebus.intake.documents import read_xml
from casebus.intake.ncmec import cybertip_json, cybertip_xml
from casebus.intake.sections import Section


def is_cybertip(root: Section) -> bool:
    """Tell whether a JSON document is a CyberTip."""
    return cybertip_json.is_cybertip(root)


def read_cybertip(root: Section) -> list[Draft]:
    """Return what a CyberTip says. Raises `DocumentRefused`."""
    return [cybertip_json.read_cybertip(root)]


def read_provider_report(text: str, document: Document) -> list[Draft]:
    """Return what a provider's XML report says; one without a number is known by its content. Raises `DocumentRefused`."""
    digest = hashlib.sha256(document.content).hexdigest()
    return [cybertip_xml.read_report(read_xml(text), digest)]
