"""A provider's report in XML, as it is sent to NCMEC (XSD of November 2025).

The XSD is weak: it lets through times without a zone, addresses that are none, and countries that are none, so nothing
is taken from it on trust. A report has no number before NCMEC gives it one; it is then known by its content.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count

from casebus.errors import RefusalCode
from casebus.events.enumerations import (
    AssertionKind,
    ChildIndicator,
    IdentifierType,
    IncidentMedium,
    SubjectCategory,
    TimeMeaning,
    TipAnnotation,
    TipSource,
    TriState,
)
from casebus.intake.adapter import Identifier, RecordKey, TipDraft
from casebus.intake.children import impossible_of, indicators_of, reference_date
from casebus.intake.civil_identity import House
from casebus.intake.countries import country
from casebus.intake.documents import refuse
from casebus.intake.elements import Element
from casebus.intake.mining import Owner, mine
from casebus.intake.ncmec import cybertip, vocabulary
from casebus.intake.ncmec.cybertip import Found, Subject
from casebus.intake.ncmec.cybertip_people import certainty, is_home, joined, of_civil_identity, port
from casebus.intake.reports import named_reports, report_key
from casebus.intake.sections import tri_state
from casebus.intake.times import stated_time

ESP_XML = "esp_xml"
_NETWORK_NAMES = frozenset({"SSID", "BSSID", "WIFI", "WI-FI", "IP"})
"""Device id types that name a network, which many devices share."""
_OWN_ACCOUNTS = frozenset({"Billing", "Linked", "Business", "Creator"})


def read_report(root: Element, digest: str) -> TipDraft:
    """Return the tip; `digest` is SHA-256 of the document, in hex.

    Raises NOT_A_DOCUMENT, LONE_FILE_DETAILS, INCIDENT_SUMMARY unless there is exactly one, REPORT_NUMBER.
    """
    if root.name == "fileDetails":
        refuse(RefusalCode.LONE_FILE_DETAILS, "a fileDetails without its report says nothing about a person.")
    if root.name != "report":
        refuse(RefusalCode.NOT_A_DOCUMENT, "the root element is not report.")
    if len(root.all("incidentSummary")) != 1:
        refuse(RefusalCode.INCIDENT_SUMMARY, "the report does not have exactly one incidentSummary.")
    return cybertip.tip_draft(_Report(root, digest).found())


class _Report:
    """One report: first who is in it, then what it says."""

    def __init__(self, root: Element, digest: str) -> None:
        self.root = root
        stated = root.first("reportId")
        self.number = report_key(stated.text, "report/reportId") if stated is not None else None
        self.key = self.number or RecordKey(ESP_XML, digest)
        self.incident = stated_time(root.value("incidentSummary", "incidentDateTime"), TimeMeaning.DETECTED_BY_PROVIDER)
        self.as_of = reference_date((self.incident,))
        self.files = root.all("fileDetails")
        self.annotations, self.unmapped = _annotations(root, self.files)
        self.of_all = cybertip.child_indicators(self.annotations)
        self.platform = root.value("incidentSummary", "platform")
        self.numbers = count()
        self.unnamed, self.recipient_no = next(self.numbers), next(self.numbers)
        self.reported = [(one, self._reported(one)) for one in root.all("personOrUserReported")]
        self.others = [(one, self._recipient(one)) for one in root.all("intendedRecipient")]
        self.others += [(one, self._victim(one)) for one in root.all("victim")]

    def found(self) -> Found:
        people = [*self.reported, *self.others]
        own = {one for _, subject in self.reported for one in subject.indicators}
        return Found(
            key=self.key,
            source_report=self.number,
            prior_reports=named_reports([text for one, _ in people for text in one.values("priorCTReports")]),
            source=TipSource.ESP_VIA_NCMEC,
            incident_type=self.root.value("incidentSummary", "incidentType"),
            batched=self.root.first("batchedReport") is not None,
            annotations=self.annotations,
            unmapped=self.unmapped,
            media=self._media(),
            escalated=self._escalated(),
            police_involved=self.root.first("lawEnforcement") is not None,
            notified=tuple(answer for one, _ in self.reported for answer in _notified(one)),
            times=(self.incident,),
            countries=[text for one, _ in people for text in _countries(one)],
            subjects=len(people),
            indicators=frozenset({*own, *self.of_all}),
            files=cybertip.file_counts([file.flag("fileViewedByEsp") for file in self.files]),
            identifiers=self._identifiers(),
            impossible=tuple(kind for one, _ in people for kind in _impossible(one)),
        )

    # --- who is in it ---

    def _reported(self, element: Element) -> Subject:
        own = self._indicators(element)
        category = cybertip.reported_category((*own, *self.of_all), element.flag("compromisedAccount"))
        return self._subject(element, category, own)

    def _recipient(self, element: Element) -> Subject:
        own = self._indicators(element)
        category = SubjectCategory.POSSIBLE_CHILD if own else SubjectCategory.INTENDED_RECIPIENT
        return self._subject(element, category, own)

    def _victim(self, element: Element) -> Subject:
        return self._subject(element, SubjectCategory.VICTIM_CHILD, self._indicators(element))

    def _subject(self, element: Element, category: SubjectCategory, own: tuple[ChildIndicator, ...]) -> Subject:
        service = element.value("espService") or self.platform
        home = next((code for text in _countries(element) if (code := country(text))), None)
        return Subject(next(self.numbers), category, own, service, home)

    def _indicators(self, element: Element) -> tuple[ChildIndicator, ...]:
        person = _person(element)
        return indicators_of(person.value("age"), person.value("dateOfBirth"), self.as_of) if person else ()

    # --- what it says ---

    def _escalated(self) -> bool:
        """The element's presence escalates; its text is a reason, which may hold a child's words."""
        stated = self.root.within("incidentSummary", "escalateToHighPriority")
        return stated is not None and tri_state(stated.text) is not TriState.NO

    def _media(self) -> frozenset[IncidentMedium]:
        details = (child for detail in self.root.all("internetDetails") for child in detail.children)
        return frozenset(medium for child in details if (medium := vocabulary.medium(child.name)) is not None)

    def _identifiers(self) -> Iterator[Identifier]:
        for element, subject in (*self.reported, *self.others):
            yield from _stated(element, subject)
            yield from self._mined(element, subject)
            for account in element.all("associatedAccount"):
                owner = self._holder(account, subject)
                yield from _contacts(account, owner, "email", "phone")
                yield from _accounts(account, owner)
                yield from self._mined(account, owner)
        for file in self.files:
            owner = self._rest()
            yield from _captures(file, owner)
            yield from self._mined(file, owner)
        for detail in self.root.all("internetDetails"):
            for incident in detail.children:
                yield from self._of_incident(incident)
        yield from self._mined(self.root, self._rest())

    def _of_incident(self, incident: Element) -> Iterator[Identifier]:
        """An address or a number in an incident's details is somebody's, the report does not say whose."""
        nobody = Subject(next(self.numbers), SubjectCategory.UNKNOWN)
        yield from _contacts(incident, nobody, "emailAddress", "phoneNumber")
        yield from _captures(incident, self._rest())
        yield from self._mined(incident, self._rest())

    def _holder(self, account: Element, subject: Subject) -> Subject:
        """Return whose an associated account is: a parent's or a third party's is not the reported person's."""
        service = account.value("espService") or subject.service
        is_own = account.attribute("type") in _OWN_ACCOUNTS
        if is_own and tri_state(account.attribute("thirdPartyUser")) is not TriState.YES:
            return replace(subject, service=service)
        return Subject(next(self.numbers), SubjectCategory.UNKNOWN, service=service)

    def _mined(self, element: Element, subject: Subject) -> Iterator[Identifier]:
        owner = Owner(subject.number, subject.category, subject.service, subject.country)
        for text in element.values("additionalInfo"):
            yield from mine(text, owner, self.recipient_no)

    def _rest(self) -> Subject:
        """Return the owner of what stands outside of any person."""
        reported = [subject for _, subject in self.reported]
        number = next(self.numbers) if reported else self.unnamed
        return cybertip.owner_of_the_rest(reported, number, self.of_all, self.platform)


def _impossible(element: Element) -> tuple[str, ...]:
    person = _person(element)
    return impossible_of([person.value("age")], person.value("dateOfBirth")) if person else ()


def _annotations(root: Element, files: Sequence[Element]) -> tuple[frozenset[TipAnnotation], int]:
    """Return the annotations that an event can name, and how many stated ones it cannot."""
    found: set[TipAnnotation] = set()
    unmapped = 0
    stated = [(root.within("incidentSummary", "reportAnnotations"), vocabulary.REPORT_ANNOTATIONS)]
    stated += [(file.first("fileAnnotations"), vocabulary.FILE_ANNOTATIONS) for file in files]
    for element, names in stated:
        for child in element.children if element else ():
            if element is None or element.flag(child.name) is TriState.NO:
                continue
            if child.name in names:
                found.add(names[child.name])
            elif child.name not in vocabulary.FILE_ANNOTATIONS_NOT_CARRIED:
                unmapped += 1
    return frozenset(found), unmapped


def _person(element: Element) -> Element | None:
    for name in ("personOrUserReportedPerson", "intendedRecipientPerson", "victimPerson"):
        if (person := element.first(name)) is not None:
            return person
    return None


def _stated(element: Element, subject: Subject) -> Iterator[Identifier]:
    person = _person(element)
    if person is not None:
        yield from _contacts(person, subject, "email", "phone")
        yield from _civil(person, subject)
    yield from _accounts(element, subject)


def _accounts(element: Element, subject: Subject) -> Iterator[Identifier]:
    for kind, name in (
        (IdentifierType.SERVICE_ACCOUNT_ID, "espIdentifier"),
        (IdentifierType.SERVICE_SCREEN_NAME, "screenName"),
    ):
        for value in element.values(name):
            yield Identifier(kind, value, subject.number, subject.category, service=subject.service)
    yield from _captures(element, subject)


def _contacts(element: Element, subject: Subject, email: str, phone: str) -> Iterator[Identifier]:
    for kind, name in ((IdentifierType.EMAIL, email), (IdentifierType.PHONE_E164, phone)):
        for contact in element.all(name):
            if contact.text:
                verified = tri_state(contact.attribute("verified"))
                yield Identifier(
                    kind=kind,
                    value=_with_calling_code(contact),
                    subject_no=subject.number,
                    subject=subject.category,
                    certainty=certainty(verified, AssertionKind.USER_DECLARED),
                    verified=verified,
                    country=subject.country if kind is IdentifierType.PHONE_E164 else None,
                )


def _with_calling_code(contact: Element) -> str:
    code = contact.attribute("countryCallingCode")
    return f"{code} {contact.text}" if code and not contact.text.startswith("+") else contact.text


def _civil(person: Element, subject: Subject) -> Iterator[Identifier]:
    name = joined([person.value("firstName"), person.value("lastName")])
    homes = [_house(address) for address in person.all("address") if is_home(address.attribute("type"))]
    yield from of_civil_identity(name, person.value("dateOfBirth"), homes, subject)


def _house(address: Element) -> House:
    return House(
        line=address.value("address"),
        postcode=address.value("zipCode"),
        city=address.value("city"),
        country=country(address.value("country")),
    )


def _captures(element: Element, subject: Subject) -> Iterator[Identifier]:
    for capture in element.all("ipCaptureEvent"):
        if (address := capture.value("ipAddress")) is not None:
            yield _captured(IdentifierType.IP_AT_TIME, address, capture, subject)
    for device in element.all("deviceId"):
        is_network = (device.value("idType") or "").upper() in _NETWORK_NAMES
        if (value := device.value("idValue")) is not None and not is_network:
            yield _captured(IdentifierType.DEVICE, value, device, subject)


def _captured(kind: IdentifierType, value: str, capture: Element, subject: Subject) -> Identifier:
    meaning = vocabulary.capture_meaning(capture.value("eventName"))
    return Identifier(
        kind=kind,
        value=value,
        subject_no=subject.number,
        subject=subject.category,
        port=port(capture.value("port")),
        seen_at=stated_time(capture.value("dateTime"), meaning),
    )


def _countries(element: Element) -> Iterator[str | None]:
    person = _person(element)
    for address in person.all("address") if person else ():
        yield address.value("country")
    yield element.value("estimatedLocation", "countryCode")


def _notified(element: Element) -> Iterator[TriState]:
    for name in ("accountTemporarilyDisabled", "accountPermanentlyDisabled"):
        if (disabled := element.first(name)) is not None:
            yield tri_state(disabled.attribute("userNotified"))
