"""A CyberTip in JSON, as police receive it from NCMEC's Case Management Tool.

The key paths are those on which working officers' tools rely; keys that only providers' XML fixes (annotations,
escalation, a compromised account) are read under the XML's names. Any key may be null, absent, or a number or "true"
where text or a flag is usual.
"""

from collections.abc import Iterator, Sequence
from itertools import count

from casebus.events.enumerations import (
    ChildIndicator,
    IncidentMedium,
    SubjectCategory,
    TimeMeaning,
    TipAnnotation,
    TipSource,
    TriState,
)
from casebus.intake.adapter import Identifier, TipDraft
from casebus.intake.children import impossible_of, indicators_of, reference_date
from casebus.intake.countries import country
from casebus.intake.ncmec import cybertip, vocabulary
from casebus.intake.ncmec.cybertip import Found, Subject
from casebus.intake.ncmec.cybertip_people import Person, Reading
from casebus.intake.reports import named_reports, report_key
from casebus.intake.sections import Section, tri_state
from casebus.intake.times import stated_time


def is_cybertip(root: Section) -> bool:
    """Tell whether a JSON object is a CyberTip."""
    return "reportedInformation" in root.values or "reportId" in root.values


def read_cybertip(root: Section) -> TipDraft:
    """Return the tip. Raises REPORT_NUMBER, and WRONG_TYPE for a section that is not what it should be."""
    return cybertip.tip_draft(_Report(root).found())


class _Report:
    """One report: first who is in it, then what it says."""

    def __init__(self, root: Section) -> None:
        self.key = report_key(root.text("reportId"), "reportId")
        self.info = root.section("reportedInformation")
        self.summary = self.info.section("incidentSummary")
        self.files = self.info.section("uploadedFiles").sections("uploadedFiles")
        # What the JSON as police see it does not fix may stand on any of the three.
        self.places = (root, self.info, self.summary)
        self.received = stated_time(root.text("dateReceived"), TimeMeaning.RECEIVED)
        self.incident = stated_time(
            self.summary.text("incidentDateTime"),
            TimeMeaning.DETECTED_BY_PROVIDER,
            not_after=self.received.instant,
        )
        self.as_of = reference_date((self.incident, self.received))
        self.annotations, self.unmapped = _annotations(self.summary, self.files)
        self.of_all = cybertip.child_indicators(self.annotations)
        self.provider = self.info.section("reportingEsp").text("espName")
        self.numbers = count()
        self.unnamed = next(self.numbers)
        self.reported = [self._reported(one) for one in self.info.section("reportedPeople").sections("reportedPersons")]
        self.others = [*self._others("intendedRecipients"), *self._others("victims")]

    def found(self) -> Found:
        people = [*self.reported, *self.others]
        own = {one for person in self.reported for one in person.subject.indicators}
        return Found(
            key=self.key,
            source_report=self.key,
            prior_reports=named_reports([text for one in people for text in _texts(one.section, "priorCTReports")]),
            source=TipSource.ESP_VIA_NCMEC if self.info.has("reportingEsp") else TipSource.UNKNOWN,
            incident_type=self.summary.text("incidentType"),
            batched=any(_is_stated(place, "batchedReport") for place in self.places),
            annotations=self.annotations,
            unmapped=self.unmapped,
            media=self._media(),
            escalated=any(_escalates(place) for place in self.places),
            police_involved=any(_is_stated(self.info.section("lawEnforcement"), key) for key in _LAW_ENFORCEMENT),
            notified=tuple(answer for one in self.reported for answer in _notified(one.section)),
            times=(self.incident, self.received),
            countries=[text for one in people for text in _countries(one.section)],
            subjects=len(people),
            indicators=frozenset({*own, *self.of_all}),
            files=cybertip.file_counts([file.flag("viewedByEsp") for file in self.files]),
            identifiers=self._identifiers(people),
            impossible=tuple(kind for one in people for kind in _impossible(one.section)),
        )

    # --- who is in it ---

    def _reported(self, section: Section) -> Person:
        own = self._indicators(section)
        category = cybertip.reported_category((*own, *self.of_all), section.flag("compromisedAccount"))
        return self._person(section, category, own)

    def _others(self, kind: str) -> list[Person]:
        """Return intended recipients or victims; tools differ on whether they stand under reportedPeople."""
        places = (self.info.section("reportedPeople"), self.info)
        sections = [one for place in places for one in place.section(kind).sections(kind)]
        return [self._other(section, is_victim=kind == "victims") for section in sections]

    def _other(self, section: Section, *, is_victim: bool) -> Person:
        """A recipient may be the child or another offender: nothing is assumed but what an age says."""
        own = self._indicators(section)
        recipient = SubjectCategory.POSSIBLE_CHILD if own else SubjectCategory.INTENDED_RECIPIENT
        return self._person(section, SubjectCategory.VICTIM_CHILD if is_victim else recipient, own)

    def _person(self, section: Section, category: SubjectCategory, own: tuple[ChildIndicator, ...]) -> Person:
        service = section.text("espService") or self.provider
        home = next((code for text in _countries(section) if (code := country(text))), None)
        return Person(section, Subject(next(self.numbers), category, own, service, home))

    def _indicators(self, section: Section) -> tuple[ChildIndicator, ...]:
        found = {one for age in _ages(section) for one in indicators_of(age, section.text("dateOfBirth"), self.as_of)}
        return tuple(sorted(found))

    # --- what it says ---

    def _identifiers(self, people: Sequence[Person]) -> Iterator[Identifier]:
        reading = Reading(self.received.instant, next(self.numbers))
        for person in people:
            yield from reading.of_person(person)
        for file in self.files:
            owner = self._rest()
            yield from reading.of_captures(file, owner)
            yield from reading.of_texts(file, owner)
        yield from reading.of_texts(self.info, self._rest())
        yield from self._from_incident(reading)

    def _from_incident(self, reading: Reading) -> Iterator[Identifier]:
        details = self.info.section("incidentDetails")
        for incident in details.sections("emailIncident"):
            yield from reading.of_mail(incident, Subject(next(self.numbers), SubjectCategory.UNKNOWN))
        for incident in details.sections("webpageIncident"):
            yield from reading.of_texts(incident, self._rest())

    def _rest(self) -> Subject:
        """Return the owner of what stands outside of any person."""
        reported = [person.subject for person in self.reported]
        number = next(self.numbers) if reported else self.unnamed
        return cybertip.owner_of_the_rest(reported, number, self.of_all, self.provider)

    def _media(self) -> frozenset[IncidentMedium]:
        details = self.info.section("incidentDetails").values
        stated = (vocabulary.medium(key) for key, value in details.items() if value not in (None, [], {}, ""))
        return frozenset(medium for medium in stated if medium is not None)


_LAW_ENFORCEMENT = (
    "agencyName",
    "caseNumber",
    "officerContact",
    "reportedToLe",
    "servedLegalProcessDomestic",
    "servedLegalProcessInternational",
)


def _ages(section: Section) -> tuple[str | None, str | None]:
    return section.text("approximateAge"), section.text("age")


def _impossible(section: Section) -> tuple[str, ...]:
    return impossible_of(_ages(section), section.text("dateOfBirth"))


def _annotations(summary: Section, files: Sequence[Section]) -> tuple[frozenset[TipAnnotation], int]:
    """Return the annotations that an event can name, and how many stated ones it cannot."""
    found: set[TipAnnotation] = set()
    unmapped = 0
    stated = [(summary.section("reportAnnotations"), vocabulary.REPORT_ANNOTATIONS)]
    stated += [(file.section("fileAnnotations"), vocabulary.FILE_ANNOTATIONS) for file in files]
    for section, names in stated:
        for key in section.values:
            if _is_stated(section, key) and key in names:
                found.add(names[key])
            elif _is_stated(section, key) and key not in vocabulary.FILE_ANNOTATIONS_NOT_CARRIED:
                unmapped += 1
    for file in files:
        for group in file.section("ncmecTags").sections("groups"):
            for tag in group.sections("tags"):
                found |= vocabulary.tag_annotations(tag.text("value") or "")
    return frozenset(found), unmapped


def _is_stated(section: Section, key: str) -> bool:
    """Tell whether a key says anything but no: the formats differ on whether it is a flag, a reason or an object."""
    value = section.values.get(key)
    if value is None or isinstance(value, (dict, list)):
        return bool(value)
    return bool(str(value).strip()) and tri_state(str(value)) is not TriState.NO


def _escalates(section: Section) -> bool:
    return any("escalat" in key.lower() and _is_stated(section, key) for key in section.values)


def _texts(section: Section, key: str) -> list[str]:
    """Return one text or a list of them: tools write prior reports either way."""
    value = section.values.get(key)
    if isinstance(value, list) and any(isinstance(one, dict) for one in value):
        return [text for one in section.sections(key) if (text := one.text("value"))]
    if isinstance(value, list):
        return section.texts(key)
    text = section.text(key)
    return [text] if text else []


def _countries(section: Section) -> list[str | None]:
    stated = [address.text("country") for address in section.section("addresses").sections("addresses")]
    return [*stated, section.section("estimatedLocation").text("countryCode")]


def _notified(section: Section) -> Iterator[TriState]:
    for key in ("accountTemporarilyDisabled", "accountPermanentlyDisabled"):
        value = section.values.get(key)
        if isinstance(value, dict):
            yield section.section(key).flag("userNotified")
