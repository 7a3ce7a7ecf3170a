"""A provider's XML report: everything in it that may leave is read, and nothing is taken from the XSD on trust."""

from samples import sample, tip

from casebus.events.enumerations import (
    ChildIndicator,
    IdentifierType,
    IncidentMedium,
    SubjectCategory,
    TimeQuality,
    TipAnnotation,
    TriState,
)
from casebus.intake.ncmec.cybertip_xml import ESP_XML
from casebus.intake.reports import NCMEC
from producers.nz_police import ADAPTER as NZ_POLICE

FULL = tip(NZ_POLICE, sample("provider_full_report.xml"))
BY_VALUE = {one.value: one for one in FULL.identifiers}
MINIMAL = "<report><incidentSummary>{}</incidentSummary></report>"


def test_a_report_without_a_number_is_known_by_its_content():
    draft = tip(NZ_POLICE, sample("provider_report.xml"))
    assert draft.key.system == ESP_XML
    assert len(draft.key.number) == 64
    assert draft.source_report is None
    assert tip(NZ_POLICE, sample("provider_report.xml") + b"\n").key != draft.key
    assert tip(NZ_POLICE, sample("provider_report.xml")).key == draft.key


def test_a_report_with_a_number_is_known_by_it():
    draft = tip(NZ_POLICE, "<report><reportId>900000005</reportId><incidentSummary/></report>")
    assert (draft.key.system, draft.key.number) == (NCMEC, "900000005")
    assert draft.source_report == draft.key


def test_a_report_with_nothing_in_it_is_a_tip():
    draft = tip(NZ_POLICE, "<report><incidentSummary/></report>")
    assert draft.identifiers == ()
    assert draft.content.times[0].quality is TimeQuality.MISSING


def test_annotations_are_read_and_strange_ones_counted():
    assert FULL.content.annotations == (
        TipAnnotation.SEXUAL_EXTORTION,
        TipAnnotation.MINOR_TO_MINOR,
        TipAnnotation.INFORMATIONAL,
        TipAnnotation.GENERATIVE_AI,
    )
    assert FULL.content.unmapped_annotations == 1
    assert FULL.content.media == (IncidentMedium.CELL_PHONE, IncidentMedium.PEER_TO_PEER)


def test_another_forces_part_and_a_warned_account_holder_are_told():
    assert FULL.content.police_already_involved is TriState.YES
    assert FULL.content.account_user_notified is TriState.YES
    assert [prior.number for prior in FULL.prior_reports] == ["900000090"]


def test_the_reported_child_the_recipient_and_the_victim_are_told_apart():
    assert FULL.content.possible_child.indicators == (
        ChildIndicator.AGE_STATED,
        ChildIndicator.BIRTH_DATE,
        ChildIndicator.MINOR_TO_MINOR,
    )
    assert BY_VALUE["g-1"].subject is SubjectCategory.POSSIBLE_CHILD
    assert BY_VALUE["g-2"].subject is SubjectCategory.POSSIBLE_CHILD
    assert BY_VALUE["g-3"].subject is SubjectCategory.VICTIM_CHILD
    assert len({BY_VALUE[value].subject_no for value in ("g-1", "g-2", "g-3")}) == 3


def test_a_guardians_account_is_not_the_reported_persons():
    assert BY_VALUE["guardian@example.net"].subject is SubjectCategory.UNKNOWN
    assert BY_VALUE["guardian@example.net"].subject_no != BY_VALUE["g-1"].subject_no
    assert BY_VALUE["u-linked"].subject_no == BY_VALUE["g-1"].subject_no


def test_a_number_in_the_incidents_details_is_nobodys_in_particular():
    assert BY_VALUE["+64 20 0000 0009"].subject is SubjectCategory.UNKNOWN


def test_a_network_is_no_device():
    assert [one.value for one in FULL.identifiers if one.kind is IdentifierType.DEVICE] == ["490154203237518"]


def test_a_calling_code_goes_before_its_number():
    assert BY_VALUE["+44 7700 900111"].kind is IdentifierType.PHONE_E164


def test_what_the_xsd_lets_through_is_accepted_and_marked():
    for text, quality in (
        ("2025-01-01T00:00:00", TimeQuality.NO_OFFSET),
        ("2099-01-01T00:00:00Z", TimeQuality.IMPLAUSIBLE),
    ):
        draft = tip(NZ_POLICE, MINIMAL.format(f"<incidentDateTime>{text}</incidentDateTime>"))
        assert draft.content.times[0].quality is quality
    assert FULL.content.countries == ("NZ",)


def test_the_presence_of_an_escalation_escalates():
    assert tip(NZ_POLICE, MINIMAL.format("<escalateToHighPriority/>")).content.provider_escalated
    assert not tip(NZ_POLICE, MINIMAL.format("")).content.provider_escalated


def test_character_references_and_cdata_are_text():
    report = "<report><incidentSummary/><personOrUserReported><screenName>a&amp;b<![CDATA[ ]]>&#99;</screenName>"
    draft = tip(NZ_POLICE, report + "</personOrUserReported></report>")
    assert [one.value for one in draft.identifiers] == ["a&b c"]
